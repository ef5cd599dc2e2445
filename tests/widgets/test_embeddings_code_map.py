"""The code below the map of the table prints what is on screen."""

import contextlib
import io
import re

import numpy as np
import pytest

from components.engine import ModelChoice
from components.inspection.embeddings.maps import Settings
from components.inspection.embeddings.token_map import token_map
from components.inspection.load import load_model
from pages.text.embeddings import code_map


def printed(code: str) -> tuple[np.ndarray, float]:
    """Run code, and return the three places and the trustworthiness that it prints."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, "shown", "exec"), {})
    *places, trust = (
        float(each) for each in re.findall(r"-?\d+\.\d*(?:e[-+]\d+)?", said.getvalue())
    )
    return np.array(places).reshape(3, 2), trust


@pytest.mark.parametrize(
    ("settings", "most"),
    [
        (Settings("UMAP", neighbours=8, seed=3), 300),
        (Settings("UMAP", metric="euclidean"), 300),
        (Settings("PCA"), 2_560),
        (Settings("t-SNE", perplexity=12), 120),
    ],
    ids=["UMAP", "UMAP, euclidean", "PCA", "t-SNE"],
)
def test_the_code_prints_the_places_on_screen(settings, most):
    found = token_map(load_model("storyteller"), "input", most, settings)
    places, trust = printed(code_map.reduced(ModelChoice("storyteller"), found))
    # PCA's axes may point either way.
    signs = np.sign(places[0] * found.places[0]) if settings.method == "PCA" else 1
    np.testing.assert_allclose(places * signs, found.places[:3], rtol=2e-5, atol=2e-5)
    assert trust == pytest.approx(found.faithful.scores.trustworthiness, abs=6e-4)
