"""A model whose numbers grow too large for float16: views say so, and show no NaN as right."""

import numpy as np
import pytest
import torch

from components.inspection.rounding import NO_NUMBERS
from components.widgets.markup import literal
from tests import tiny
from tests.pages.test_lessons import LATER, PARTS, opened

LOUD = "Z"
"""A token whose vector is so large that what the first block adds to it is infinite in float16."""
PROMPT = f"to be or not to be, {LOUD} that is"
OF_NETWORKS = [part for part in PARTS if part[0].parent.parent.name != "text"]
WHY = (
    literal(NO_NUMBERS),
    "Some logits are not numbers",
    "No table of positions can be seen here",
    "lenses were trained for storyteller only",
)
"""Why a view may refuse to show such a model: nothing is said that does not hold."""
LAST = 2
"""The last layer: from the first block on all is NaN, as weights of 0 times NaN are NaN too."""
REDDENED = {
    "attention-all_heads": "the weights are the softmax of the scores",
    "attention-one_head": "each head's output is its weights times the values",
    "kv_cache-contents": "what the cache holds are numbers",
    "kv_cache-cache_types": "kinds that keep everything give the dynamic cache's logits",
    "kv_cache-logits": "with the cache the logits are those without",
    "positions-rotation": "turned by these angles, queries and keys become those the network "
    "multiplies",
}
"""Views that show such numbers as missing, and a check that turns red for it."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder of a tiny Llama that answers an ordinary text with numbers."""
    folder = tmp_path_factory.mktemp("models") / "overflows"
    tokenizer, network = tiny.tokenizer(), tiny.network("llama")
    (loud,) = tokenizer.encode(LOUD, add_special_tokens=False)
    with torch.no_grad():
        network.get_input_embeddings().weight[loud] = 65_500
        for layer in network.model.layers:
            layer.mlp.down_proj.weight *= 100
    network.config.max_position_embeddings = 512
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


def address_of(model: str, dtype: str, layer: int) -> dict[str, str]:
    return {"model": model, "dtype": dtype, "device": "cpu", "prompt": PROMPT, "layer": str(layer)}


@pytest.mark.parametrize("layer", [0, LAST])
@pytest.mark.parametrize(
    ("path", "address", "key"),
    OF_NETWORKS,
    ids=[" ".join(part[1].values()) for part in OF_NETWORKS],
)
def test_no_view_breaks_or_shows_what_is_no_number_as_right(
    path, address, key, layer, model, drawn
):
    app = opened(path, address | address_of(model, "float16", layer))
    assert not app.exception
    refused = [error.value for error in app.error]
    assert [said for said in refused if not any(why in said for why in WHY)] == []
    assert key in drawn or refused or key in LATER
    if key not in drawn:
        return
    shown = drawn[key]
    numbers = shown.table().select_dtypes("number").to_numpy(dtype=float)
    if np.isnan(numbers).any() or "nan" in shown.alt:
        assert any(check.verdict == "fails" for check in shown.checks)


@pytest.mark.parametrize("key", REDDENED)
def test_what_is_no_number_is_red_and_drawn_as_missing(key, model, drawn):
    # Of a view with several kinds, the last is the model's own.
    path, address = [(path, one) for path, one, own in OF_NETWORKS if own == key][-1]
    app = opened(path, address | address_of(model, "float16", LAST))
    assert not app.exception
    failed = {check.says: check for check in drawn[key].checks if check.verdict == "fails"}
    assert NO_NUMBERS in failed[REDDENED[key]].meaning
    assert any(literal(NO_NUMBERS) in line.value for line in app.markdown), "its reader is told"
    figure = drawn[key].figure
    if figure is not None:
        assert "NaN" not in figure.to_json()
    drawn.clear()
    opened(path, address | address_of(model, "float32", LAST))
    assert [str(check) for check in drawn[key].checks if check.verdict == "fails"] == []
