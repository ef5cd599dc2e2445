"""Residual connections switched off: as a pass that has none gives it, and who cannot be asked."""

import numpy as np
import pytest
import torch

from components.inspection.checks import Check
from components.inspection.edits import Edit
from components.inspection.errors import InspectionError
from components.inspection.layers import without_residual as module
from components.inspection.layers.fact_answer import PLAIN
from components.inspection.layers.without_residual import (
    ALONE,
    WithoutResidual,
    without_residual,
)
from components.inspection.load import load_model
from tests import tiny
from tests.inspection.breaking import fresh

TEXT = "the keys near"
PARALLEL = ("phi", "gpt_neox", "gptj", "falcon")
POST = ("bert", "distilbert", "roberta", "bert_classifier", "bart")
TOLD = tuple(family for family in tiny.FAMILIES if family not in PARALLEL + POST)
DTYPES = ("float32", "bfloat16", "float16")


def check(found: WithoutResidual, says: str) -> Check:
    """The check with these words."""
    return next(one for one in found.checks if one.says == says)


@pytest.mark.parametrize("family", TOLD)
def test_each_sequential_family_can_be_read_without(family):
    model = tiny.model(family)
    found = without_residual(model, TEXT)
    assert [one.says for one in found.checks] == [ALONE, PLAIN]
    assert all(one.holds for one in found.checks), found.checks
    np.testing.assert_array_equal(found.norms[0], found.norms_without[0])
    assert np.abs(found.norms[1:] - found.norms_without[1:]).min() > 1e-3
    assert 0 < found.probability_without < 1
    assert len(found.blocks) == len(found.norms) - 1 == len(found.paths[0])


@pytest.mark.parametrize("dtype", DTYPES[1:])
def test_in_16_bits_too(dtype):
    assert all(one.holds for one in without_residual(tiny.model("llama", dtype), TEXT).checks)


@pytest.mark.parametrize("family", PARALLEL)
def test_parallel_parts_are_refused(family):
    with pytest.raises(InspectionError, match="side by side"):
        without_residual(tiny.model(family), TEXT)


@pytest.mark.parametrize("family", POST)
def test_sums_that_are_normed_are_refused(family):
    with pytest.raises(InspectionError, match="norms each sum of stream and write"):
        without_residual(tiny.model(family), TEXT)


def test_too_many_layers_and_a_stream_that_is_no_sum_are_refused(monkeypatch):
    monkeypatch.setattr(module, "MOST_EDITS", 4)
    with pytest.raises(InspectionError, match="3 layers of 2 parts each; at most 4"):
        without_residual(tiny.model("llama"), TEXT)
    model = fresh("llama")
    model.network.model.layers[1].mlp.register_forward_hook(lambda *given: 1.1 * given[-1])
    with pytest.raises(InspectionError, match="not the sum"):
        without_residual(model, TEXT)


def test_a_later_block_that_reads_its_stream_side_by_side_is_noticed():
    """What is measured of the first block is not believed of the others."""
    model = fresh("llama")
    assert without_residual(model, TEXT).checks[0].holds
    block, kept = model.network.model.layers[2], {}
    block.register_forward_pre_hook(lambda part, args: kept.update(stream=args[0]))
    block.post_attention_layernorm.register_forward_pre_hook(lambda part, args: (kept["stream"],))
    with pytest.raises(InspectionError, match="side by side"):
        without_residual(model, TEXT)


def test_a_llama_without_connections_written_out_gives_the_same():
    found = without_residual(tiny.model("llama"), TEXT)
    network = tiny.network("llama")
    inner = network.model
    with torch.no_grad():
        ids = torch.tensor([list(found.ids)])
        stream = inner.embed_tokens(ids)
        places = torch.arange(ids.shape[1])[None]
        turned = inner.rotary_emb(stream, places)
        mask = torch.full((1, 1, ids.shape[1], ids.shape[1]), -torch.inf).triu(1)
        norms = [stream[0].norm(dim=-1)]
        for block in inner.layers:
            stream = block.self_attn(
                block.input_layernorm(stream), attention_mask=mask, position_embeddings=turned
            )[0]
            stream = block.mlp(block.post_attention_layernorm(stream))
            norms.append(stream[0].norm(dim=-1))
        shares = network.lm_head(inner.norm(stream))[0, -1].double().softmax(-1)
        own = network(ids).logits[0, -1].double().softmax(-1)
    np.testing.assert_allclose(found.norms_without, torch.stack(norms), rtol=1e-4)
    assert found.probability == pytest.approx(float(own.max()), rel=1e-5)
    assert found.probability_without == pytest.approx(float(shares[own.argmax()]), rel=1e-4)
    assert found.said_without == pytest.approx(float(shares.max()), rel=1e-4)


@pytest.mark.sabotage(ALONE)
@pytest.mark.parametrize(
    ("family", "dtype"), [("t5", "float32"), *(("llama", dtype) for dtype in DTYPES)]
)
def test_a_stream_that_goes_on_around_attention_turns_red(monkeypatch, family, dtype):
    def half(part, layer, what, vector):
        return Edit(part, layer, what, vector=vector / 2 if what == "add" else vector)

    monkeypatch.setattr(module, "Edit", half)
    assert not check(without_residual(tiny.model(family, dtype), TEXT), ALONE).holds


@pytest.mark.sabotage(ALONE)
def test_a_stream_that_goes_on_around_an_mlp_turns_red(monkeypatch):
    def more(part, layer, what, vector):
        return Edit(part, layer, what, vector=vector * 1.001 if what == "put" else vector)

    monkeypatch.setattr(module, "Edit", more)
    assert not check(without_residual(tiny.model("llama"), TEXT), ALONE).holds


@pytest.mark.sabotage(PLAIN)
def test_a_connection_that_stays_off_turns_red(monkeypatch):
    own, made = module.record, []

    def stays(*given, edits=(), **named):
        made.extend(edits)
        return own(*given, edits=edits or made[-1:], **named)

    monkeypatch.setattr(module, "record", stays)
    assert not check(without_residual(tiny.model("llama"), TEXT), PLAIN).holds


def test_storyteller_forgets_paris_without_its_connections():
    found = without_residual(load_model("storyteller", dtype="float32"), "The capital of France is")
    assert found.answer == " Paris" and found.probability == pytest.approx(0.9993, abs=1e-4)
    assert found.probability_without < 0.001 and found.says_without != " Paris"
    np.testing.assert_allclose(found.norms_without[:, -1], [1.76, 29.5, 41.2, 38.5, 127], rtol=0.01)
