"""A part of one pass is changed, and the network goes on with it; all others' passes stay."""

import threading
from typing import Any

import numpy as np
import pytest
import torch

from components.inspection.anatomy import part
from components.inspection.copies import duplicate
from components.inspection.edits import MOST_EDITS, Edit, edited
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.model import Model
from components.inspection.premises.stream import stream_check
from components.inspection.stacks import blocks_of, output_matrix
from components.inspection.wrapping import wrapped
from tests import tiny
from tests.inspection.test_forward_pass import TARGET, TEXT, hooks

FAMILIES = list(tiny.FAMILIES)
DTYPES = ["float32", "bfloat16", "float16"]
LAYER = 1


def spoken(model: Model) -> str | None:
    return TARGET if model.kind == "seq2seq" else None


def recorded(model: Model, *edits: Edit) -> Any:
    return record(model, TEXT, spoken(model), edits=edits)


def without(family: str, path_of: Any, rows: slice = slice(None)) -> Model:
    """The model again, with the weights that make a part 0: an oracle without a hook."""
    model = tiny.model(family)
    network = duplicate(model.network)
    stack = list(model.anatomy.stacks)[-1]
    parts = model.anatomy.stacks[stack]
    every = blocks_of(network, parts)
    module = path_of(every[LAYER % len(every)], parts)
    with torch.no_grad():
        if rows == slice(None):
            # Gemma's norms multiply by 1 + weight.
            plus_one = type(module).__name__.startswith("Gemma") and "Norm" in type(module).__name__
            for weight in module.parameters(recurse=True):
                weight.fill_(-1.0 if plus_one else 0.0)
        elif isinstance(module, torch.nn.Linear):
            module.weight[:, rows] = 0
        else:  # GPT-2's Conv1D lies [input, output]
            module.weight[rows] = 0
    return wrapped(network, model.tokenizer, model.kind, model.source)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", FAMILIES)
def test_editing_nothing_is_the_plain_pass_bit_for_bit(family, dtype):
    model = tiny.model(family, dtype)
    plain, again = recorded(model), recorded(model, *[])
    same = Edit("stream", 1, "put", vector=plain.stack().residual[1])
    for found in (again, recorded(model, same)):
        np.testing.assert_array_equal(found.logits, plain.logits)
        np.testing.assert_array_equal(found.stack().residual, plain.stack().residual)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", ["attention", "mlp"])
def test_a_part_at_0_is_a_network_whose_weights_for_it_are_0(family, name):
    model = tiny.model(family)
    stack = list(model.anatomy.stacks)[-1]
    parts = model.anatomy.stacks[stack]
    if len(blocks_of(model.network, parts)) == 1:
        pytest.skip("its one block is read again and again: all layers have the same weights")
    path = {"attention": parts.attention_write, "mlp": parts.mlp_write}[name]
    other = without(family, lambda block, _: part(block, path))
    found = recorded(model, Edit(name, LAYER, "zero"))
    written = {"attention": "attention_writes", "mlp": "mlp_writes"}[name]
    assert not getattr(found.stack(), written)[LAYER].any()
    np.testing.assert_allclose(found.logits, recorded(other).logits, rtol=1e-4, atol=1e-5)
    assert np.abs(found.logits - recorded(model).logits).max() > 1e-4
    check, why = stream_check(model, found)
    assert check.holds, why


@pytest.mark.parametrize("family", FAMILIES)
def test_a_head_at_0_is_a_network_whose_output_projection_lacks_its_slice(family):
    model = tiny.model(family)
    stack = list(model.anatomy.stacks)[-1]
    parts = model.anatomy.stacks[stack]
    every = blocks_of(model.network, parts)
    if len(every) == 1:
        pytest.skip("its one block is read again and again: all layers have the same weights")
    matrix = output_matrix(every[LAYER], parts)
    inputs = matrix.weight.shape[1 if isinstance(matrix, torch.nn.Linear) else 0]
    size, head = inputs // model.facts.heads, 2
    rows = slice(head * size, (head + 1) * size)
    other = without(family, lambda block, parts: output_matrix(block, parts), rows)
    found = recorded(model, Edit("head", LAYER, "zero", head=head))
    np.testing.assert_allclose(found.logits, recorded(other).logits, rtol=1e-4, atol=1e-5)
    one = next(each for each in found.of(stack) if each.layer == LAYER)
    assert not one.outputs[head].any()
    assert one.outputs[[0, 1, 3]].any(axis=(1, 2)).all()


@pytest.mark.parametrize("family", ["t5", "bart"])
def test_cross_attention_and_its_heads_are_edited_apart_from_the_decoder_s_own(family):
    model = tiny.model(family)
    found = recorded(model, Edit("cross", LAYER, "zero"))
    stack = found.stack("decoder")
    assert not stack.cross_writes[LAYER].any()
    assert stack.attention_writes[LAYER].any()
    found = recorded(model, Edit("head", LAYER, "zero", head=1, kind="cross"))
    crossing = [one for one in found.of("decoder", "cross") if one.layer == LAYER]
    own = [one for one in found.of("decoder") if one.layer == LAYER]
    assert not crossing[0].outputs[1].any()
    assert own[0].outputs[1].any()
    # Only the encoder is edited here: the decoder's heads are as recorded.
    found = recorded(model, Edit("head", LAYER, "zero", head=1, stack="encoder"))
    assert next(one for one in found.of("decoder") if one.layer == LAYER).outputs[1].any()
    assert not next(one for one in found.of("encoder") if one.layer == LAYER).outputs[1].any()


@pytest.mark.parametrize("family", ["gpt2", "llama", "bert", "falcon", "opt"])
def test_a_vector_is_added_where_and_only_where_it_was_meant(family):
    model = tiny.model(family)
    plain = recorded(model).stack().residual
    vector = np.linspace(-1, 1, plain.shape[-1], dtype=np.float32)
    found = recorded(model, Edit("stream", 2, "add", tokens=(3,), vector=vector)).stack().residual
    np.testing.assert_array_equal(found[:2], plain[:2])
    np.testing.assert_allclose(found[2, 3], plain[2, 3] + vector, rtol=1e-6)
    others = [token for token in range(plain.shape[1]) if token != 3]
    np.testing.assert_array_equal(found[2, others], plain[2, others])
    assert np.abs(found[3, 3] - plain[3, 3]).max() > 1e-3
    entering = recorded(model, Edit("stream", 0, "add", vector=vector)).stack().residual
    np.testing.assert_allclose(entering[0], plain[0] + vector, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("family", ["gpt2", "llama", "bert"])
def test_another_run_s_stream_at_every_token_gives_that_run_s_answer(family):
    model = tiny.model(family)
    source = record(model, "or not to be, that is")
    length = len(source.stack().ids)
    ids = record(model, TEXT).stack().ids
    ids = (ids * 3)[:length]
    put = Edit("stream", 2, "put", vector=source.stack().residual[2])
    np.testing.assert_allclose(
        record(model, ids, edits=[put]).logits, source.logits, rtol=1e-4, atol=1e-5
    )


def test_the_mean_is_over_the_text_s_tokens():
    model = tiny.model("llama")
    plain = recorded(model).stack().attention_writes[0]
    found = recorded(model, Edit("attention", 0, "mean")).stack().attention_writes[0]
    np.testing.assert_allclose(found, np.broadcast_to(plain.mean(0), plain.shape), atol=1e-6)


def test_edits_of_one_place_are_made_in_their_order():
    rows = torch.ones(2, 3)
    found = edited(edited(rows, Edit("mlp", 0, "zero", tokens=(0,))), Edit("mlp", 0, "mean"))
    assert found.tolist() == [[0.5] * 3] * 2
    assert rows.tolist() == [[1.0] * 3] * 2


def test_no_hook_stays_and_two_readers_with_other_edits_get_their_own():
    model = tiny.model("llama")
    expected = [recorded(model, Edit("attention", layer, "zero")).logits for layer in range(3)]
    found: dict[int, list[Any]] = {0: [], 1: [], 2: []}

    def read(layer: int) -> None:
        for _ in range(8):
            found[layer].append(recorded(model, Edit("attention", layer, "zero")).logits)

    threads = [threading.Thread(target=read, args=(layer,)) for layer in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for layer, logits in found.items():
        assert len(logits) == 8
        for each in logits:
            np.testing.assert_array_equal(each, expected[layer])
    assert hooks(model.network) == 0


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (lambda: Edit("head", 0, "zero"), "names the head"),
        (lambda: Edit("mlp", 0, "zero", head=1), "names the head"),
        (lambda: Edit("mlp", 0, "add"), "no vector"),
        (lambda: Edit("mlp", 0, "zero", vector=np.zeros(3, np.float32)), "a vector"),
    ],
)
def test_an_edit_that_means_nothing_is_refused(made, says):
    with pytest.raises(InspectionError, match=says):
        made()


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (Edit("mlp", 3, "zero"), "no such layer"),
        (Edit("stream", 4, "zero"), "no such layer"),
        (Edit("stream", -1, "zero"), "no such layer"),
        (Edit("head", 0, "zero", head=4), "no head 4"),
        (Edit("mlp", 0, "zero", tokens=(99,)), "no token 99"),
        (Edit("mlp", 0, "zero", stack="encoder"), "has no encoder"),
        (Edit("cross", 0, "zero"), "no cross-attention"),
        (Edit("mlp", 0, "add", vector=np.zeros(5, np.float32)), r"\(24,\)"),
    ],
)
def test_what_is_not_there_is_refused_in_words(edit, says):
    model = tiny.model("llama")
    with pytest.raises(InspectionError, match=says):
        recorded(model, edit)
    assert hooks(model.network) == 0


def test_edits_are_bounded():
    with pytest.raises(InspectionError, match=f"at most {MOST_EDITS}"):
        recorded(tiny.model("llama"), *[Edit("mlp", 0, "zero")] * (MOST_EDITS + 1))
