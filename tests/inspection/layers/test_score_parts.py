"""A score is the sum of its parts in every family, or the model says why it cannot be split."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

from components.inspection.attention.projection import output_projection
from components.inspection.errors import InspectionError
from components.inspection.layers import score_parts as module
from components.inspection.layers import score_parts_side, score_parts_written
from components.inspection.layers.score_parts import PARTS, ScoreParts, score_parts
from components.inspection.layers.score_parts_pairs import pairs
from components.inspection.layers.score_parts_written import written_at
from components.inspection.load import load_model
from components.inspection.model import Model
from tests import tiny
from tests.inspection.breaking import fresh

TEXT = "the keys near"
DTYPES = ("float32", "bfloat16", "float16")
POST_NORM = ("bert", "distilbert", "roberta", "bert_classifier", "bart")
WHOLE = ("gemma2", "gemma3", "olmo2")
"""A norm stands between their heads and the stream."""
DRINK = "When Mary and John went to the shop, Mary gave a drink to"


def split(model: Model, layer: int, key: int = 3, query: int = 9, head: int = 2, **more):
    stack = list(model.anatomy.stacks)[-1]
    return score_parts(model, TEXT, stack, layer, head, query, key, **more)


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_parts_sum_to_the_score_or_the_model_says_why_not(family):
    model = tiny.model(family)
    for stack in model.anatomy.stacks:
        there = pairs(model, TEXT, stack)
        layer, head, key = there.home[there.place]
        assert len(there.home) == len(there.tokens)
        found = score_parts(model, TEXT, stack, layer, head, there.place, key)
        assert found.checks[0].says == PARTS
        assert all(check.holds for check in found.checks), found.checks
        assert found.matrix.sum() == pytest.approx(found.score, abs=1e-4)
        assert bool(found.said) == (family in WHOLE and layer > 0)
        if family in POST_NORM:
            assert there.layers == (0,)
            with pytest.raises(InspectionError, match="norms its stream behind each sum"):
                score_parts(model, TEXT, stack, 1, 0, 1, 0)
        elif family not in WHOLE:
            crossing = family == "t5" and stack == "decoder"
            assert layer > 0 and found.matrix.shape == (2 + layer * (5 + crossing),) * 2


@pytest.mark.parametrize("dtype", DTYPES[1:])
@pytest.mark.parametrize("family", ["gpt2", "llama", "qwen3", "gemma2", "opt"])
def test_in_sixteen_bits_too(family, dtype):
    found = split(tiny.model(family, dtype), 2, key=8)
    assert all(check.holds for check in found.checks), found.checks
    assert found.checks[0].error < {"bfloat16": 0.05, "float16": 0.006}[dtype]


def test_an_entry_is_what_plain_torch_gives():
    """Of Llama: what the embedding, and what layer 0's MLP, wrote, normed, mapped and turned."""
    model = tiny.model("llama")
    network, layer, query, key, head, kept = model.network.model, 1, 9, 3, 2, {}
    block = network.layers[layer]
    hooks = [
        network.layers[0].mlp.register_forward_hook(lambda m, g, out: kept.update(mlp=out)),
        network.layers[0].register_forward_pre_hook(lambda m, given: kept.update(first=given[0])),
        block.register_forward_pre_hook(lambda m, given: kept.update(stream=given[0])),
    ]
    with torch.no_grad():
        network(torch.tensor([model.encode(TEXT)]))
        for hook in hooks:
            hook.remove()
        stream = kept["stream"][0]
        deviation = (stream.square().mean(-1) + block.input_layernorm.variance_epsilon).sqrt()
        held = block.input_layernorm.weight / deviation[:, None]
        cos, sin = network.rotary_emb(stream, torch.arange(len(stream))[None])

        def scored(rows, place, projection, number):
            vector = (projection.weight @ (rows[0, place] * held[place])).view(1, -1, 1, 6)
            at = (cos[:, place : place + 1], sin[:, place : place + 1])
            return apply_rotary_pos_emb(vector, vector, *at)[0][0, number, 0]

        q = scored(kept["mlp"], query, block.self_attn.q_proj, head)
        k = scored(kept["first"], key, block.self_attn.k_proj, head // 2)
        first = scored(kept["first"], query, block.self_attn.q_proj, head)
    found = split(model, layer)
    names = [part.short for part in found.parts]
    assert names == ["embedding", *(f"L0 H{n}" for n in range(4)), "L0 MLP", "biases"]
    assert found.matrix[5, 0] == pytest.approx(float(q @ k) / 6**0.5, abs=1e-6)
    assert found.matrix[0, 0] == pytest.approx(float(first @ k) / 6**0.5, abs=1e-6)
    assert not found.matrix[-1].any() and not found.matrix[:, -1].any()


@pytest.mark.parametrize("family", ["llama", "gpt2", "bloom", "t5", "opt", "qwen3"])
def test_differences_of_scores_are_logarithms_of_quotients_of_weights(family):
    model = tiny.model(family)
    two = [split(model, 1, query=2, key=key) if family == "t5" else split(model, 1, key=key)
           for key in (1, 2)]  # fmt: skip
    ours = [found.matrix.sum() + found.position_bias for found in two]
    logarithms = [np.log(found.weight) for found in two]
    assert ours[0] - ours[1] == pytest.approx(logarithms[0] - logarithms[1], abs=1e-4)
    assert (two[0].position_bias != 0) == (family in ("bloom", "t5"))


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_heads_and_biases_make_up_attention_as_a_whole(family):
    fine, coarse = (split(tiny.model(family), 1, by_head=each) for each in (True, False))
    assert [part.short for part in coarse.parts] == [
        "embedding",
        "L0 attention",
        "L0 MLP",
        "biases",
    ]
    for axis in (0, 1):
        parts, whole = fine.matrix.sum(axis), coarse.matrix.sum(axis)
        assert parts[0] == pytest.approx(whole[0], abs=1e-5)
        assert parts[5] == pytest.approx(whole[2], abs=1e-5)
        together = parts[1:5].sum() + parts[6]
        assert together == pytest.approx(whole[1] + whole[3], abs=1e-5)


def test_the_score_is_that_before_a_cap():
    model = tiny.model("gemma2")
    stack, (layer, head, key) = "decoder", pairs(model, TEXT).home[-1]
    found = score_parts(model, TEXT, stack, layer, head, len(model.encode(TEXT)) - 1, key)
    assert found.cap == 2.0
    assert 2 * np.tanh(found.score / 2) == pytest.approx(found.scores[key], abs=1e-5)


def test_a_score_that_a_cap_has_flattened_is_refused(monkeypatch):
    monkeypatch.setattr(module, "ROUNDINGS", 1e7)
    with pytest.raises(InspectionError, match="has flattened this score"):
        split(tiny.model("gemma2"), 1, key=8)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ((1, 2, 3, 9), "The mask hides"),
        ((1, 2, 9, 99), "There is no key token 99"),
        ((1, 2, 99, 3), "There is no token 99"),
        ((1, 9, 9, 3), "There is no head 9"),
        ((7, 2, 9, 3), "There is no layer 7"),
    ],
)
def test_what_is_not_there_is_said(asked, says):
    with pytest.raises(InspectionError, match=says):
        score_parts(tiny.model("llama"), TEXT, "decoder", *asked)


def test_queries_that_are_not_made_of_the_normed_stream_are_refused():
    model = fresh("llama")
    projection = model.network.model.layers[1].self_attn.q_proj
    projection.register_forward_pre_hook(lambda module, given: (torch.tanh(given[0]),))
    with pytest.raises(InspectionError, match="cannot be split into parts here"):
        split(model, 1)


def lost(opened, place, parts):
    """The stream without what one MLP wrote."""
    found = written_at(opened, place, parts)
    rows = found.rows.copy()
    rows[-2] = 0
    return replace(found, rows=rows)


@cache
def loaded(dtype: str) -> Model:
    return load_model("storyteller", dtype=dtype)


def storyteller(dtype: str) -> ScoreParts:
    return score_parts(loaded(dtype), DRINK, "decoder", 2, 1, 14, 4)


@pytest.mark.sabotage(PARTS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_write_that_is_lost_turns_red(monkeypatch, dtype):
    assert storyteller(dtype).checks[0].holds
    monkeypatch.setattr(module, "written_at", lost)
    assert not storyteller(dtype).checks[0].holds


@pytest.mark.sabotage(PARTS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_slices_of_other_heads_turn_red(monkeypatch, dtype):
    def rolled(*given):
        found = output_projection(*given)
        return replace(found, slices=np.roll(found.slices, 1, axis=0))

    assert storyteller(dtype).checks[0].holds
    monkeypatch.setattr(score_parts_written, "output_projection", rolled)
    assert not storyteller(dtype).checks[0].holds


@pytest.mark.sabotage(PARTS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_parts_that_are_not_turned_turn_red(monkeypatch, dtype):
    assert storyteller(dtype).checks[0].holds
    monkeypatch.setattr(score_parts_side, "rope_at", lambda opened: (None, 0.0))
    assert not storyteller(dtype).checks[0].holds


@pytest.mark.sabotage(PARTS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_norm_of_another_token_turns_red(monkeypatch, dtype):
    own = score_parts_side._held

    def other(norm):
        mean, scale, gain, shift = own(norm)
        return mean, scale * 1.5, gain, shift

    assert storyteller(dtype).checks[0].holds
    monkeypatch.setattr(score_parts_side, "_held", other)
    assert not storyteller(dtype).checks[0].holds


def test_storyteller_finds_john_from_its_last_word():
    model = loaded("float32")
    there = pairs(model, DRINK)
    assert there.tokens[there.home[14][2]] == " John"
    assert there.home[14] == (2, 1, 4)
    # No query token has a home on itself or, where there is a choice, on the first.
    assert all(key not in (0, query) for query, (*_, key) in enumerate(there.home) if query > 1)
    found = storyteller("float32")
    assert found.score == pytest.approx(29.15, abs=0.01) and found.weight > 0.999
    row, column = found.largest
    assert (found.parts[row].short, found.parts[column].short) == ("L1 MLP", "L0 MLP")
    assert found.matrix[row, column] == pytest.approx(4.35, abs=0.01)
    assert sum(found.by_kind.values()) == pytest.approx(found.score, abs=1e-3)
    assert "the biases" not in found.by_kind
