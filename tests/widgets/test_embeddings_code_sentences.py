"""The code that the view of sentences offers prints the cosines on screen."""

import contextlib
import io
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from components.inspection.embeddings.sentences import embed
from components.inspection.embeddings.similarity import cosines_of
from pages.text.embeddings.code_sentences import similarity_code
from tests import tiny

SENTENCES = ("a dog", "the cat sat near the old castle", "to be", 'it\'s "odd" \\ here\u2028!')


@pytest.fixture(scope="module", params=["llama", "bert", "bert_classifier", "t5"])
def saved(request, tmp_path_factory):
    """A tiny model that also lies in a folder whose tokenizer asks for padding."""
    model = tiny.model(request.param)
    folder = tmp_path_factory.mktemp(request.param)
    model.network.save_pretrained(folder)
    tokenizer = tiny.tokenizer()
    tokenizer.backend_tokenizer.enable_padding(length=50)
    tokenizer.save_pretrained(folder)
    return replace(model, source=str(folder))


@pytest.mark.parametrize("way", ["mean", "cls", "last"])
@pytest.mark.parametrize("most", [64, 7])
def test_the_offered_code_prints_the_cosines_on_screen(saved, way, most):
    shown = embed(replace(saved, context=most), SENTENCES, way)
    choice = SimpleNamespace(source=saved.source, revision="main")
    code = similarity_code(
        SimpleNamespace(facts=saved.facts, choice=choice), SENTENCES, way, way == "mean", most
    )
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(code, "offered", "exec"), {})
    printed = [[float(one) for one in line.split()] for line in output.getvalue().splitlines()]
    np.testing.assert_allclose(printed, cosines_of(shown.vectors), atol=6e-5)
