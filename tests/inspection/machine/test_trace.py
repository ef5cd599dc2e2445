"""One block's modules watched: each run by itself, and nobody else's pass."""

import threading
from itertools import pairwise

import numpy as np
import pytest
import torch

from components.inspection.errors import InspectionError
from components.inspection.machine.matching import matched
from components.inspection.machine.opened import opened_block
from components.inspection.machine.trace import laid, traced
from components.inspection.model import Model
from tests import tiny
from tests.inspection.machine.read import TEXT, flowed, target_of
from tests.inspection.positions import networks
from tests.inspection.positions.tools import state_of


@pytest.mark.parametrize(
    ("family", "stack"),
    [("gpt2", "decoder"), ("t5", "encoder"), ("bart", "decoder"), ("opt", "decoder")],
)
def test_what_flowed_is_what_a_hook_sees(family, stack):
    model = tiny.model(family)
    recording, trace = traced(model, TEXT, target_of(model), stack, 1)
    tokens = len(recording.stack(stack).tokens)
    rows = {path: call for path, call in trace.calls.items() if call.gave(tokens) is not None}
    seen = flowed(model, stack, 1, [p for p, c in rows.items() if c.given is not None])
    assert len(seen) > 4
    for path, (given, gave) in seen.items():
        assert np.array_equal(rows[path].gave(tokens), gave), path
        if len(given) == tokens:
            assert np.array_equal(rows[path].read(tokens), given), path


def albert() -> Model:
    import transformers as hf

    config = hf.AlbertConfig(**tiny.FAMILIES["bert"][3] | {"embedding_size": 24})
    return networks.model(tiny.built(hf.AlbertForMaskedLM, config), "masked")


def test_a_block_that_is_read_again_and_again_is_opened_at_each_run():
    model = albert()
    blocks = [opened_block(model, TEXT, None, "encoder", layer, 1, 2) for layer in range(3)]
    for one, following in pairwise(blocks):
        assert np.array_equal(one.left, following.entered)
        assert not np.array_equal(one.entered, following.entered)
    for block in blocks:
        assert all(check.holds for check in block.checks) and block.unknown == ()
    with pytest.raises(InspectionError, match="layers 0 to 2"):
        opened_block(model, TEXT, None, "encoder", 3, 1, 2)


def test_two_readers_at_once_see_their_own_texts():
    model = tiny.model("llama")
    texts = ["an old castle", "the dog was tired", "keys", "near the squirrel"]
    alone = [opened_block(model, text, None, "decoder", 1, 1, 1) for text in texts]
    before = state_of(model)
    found: dict[tuple[int, int], object] = {}

    def read(number: int) -> None:
        for turn in range(5):
            found[number, turn] = opened_block(model, texts[number], None, "decoder", 1, 1, 1)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(len(texts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 20 and state_of(model) == before
    for (number, _), block in found.items():
        assert np.array_equal(block.mlp.gate, alone[number].mlp.gate)
        assert np.array_equal(block.queries_before, alone[number].queries_before)


def test_a_tensor_is_laid_out_as_it_is_said_to_be():
    heads = torch.arange(2 * 5 * 3).float().reshape(1, 2, 5, 3)  # [text, head, token, size]
    assert laid(heads, 5, 0) is None
    rows = laid(heads, 5, 1)
    assert rows.shape == (5, 6) and rows[4].tolist() == [12, 13, 14, 27, 28, 29]
    assert laid(heads.transpose(1, 2), 5, 0)[4].tolist() == rows[4].tolist()
    assert laid(heads, 7, 1) is None and laid(torch.arange(5), 5, 0) is None


def test_columns_are_found_where_they_stand_and_nowhere_else():
    draw = np.random.default_rng(0)
    first, second = (draw.normal(size=(4, 9)).astype(np.float32) for _ in range(2))
    wanted = np.stack([first[:, [5, 6]], second[:, [0, 8]]])
    found = matched(wanted, {"a": first, "b": second})
    assert found.paths == ("a", "b")
    assert found.which.tolist() == [[0, 0], [1, 1]] and found.columns.tolist() == [[5, 6], [0, 8]]
    assert matched(wanted[1:], {"a": first, "b": second}).paths == ("b",)
    wanted[0, 0, 0] = np.nextafter(wanted[0, 0, 0], 9)
    assert matched(wanted, {"a": first, "b": second}) is None


def test_of_like_columns_the_following_one_is_taken():
    """Two experts of a broken model may give the same; zeros are zeros, whatever their sign."""
    rows = np.array([[1, 0, -0.0, 0, 2], [3, 0, 0, 0, 4]], np.float32)
    found = matched(rows[None, :, 2:5], {"a": rows})
    assert found.columns.tolist() in ([[1, 2, 4]], [[2, 3, 4]])
    assert matched(rows[None], {"a": rows}).columns.tolist() == [[0, 1, 2, 3, 4]]
