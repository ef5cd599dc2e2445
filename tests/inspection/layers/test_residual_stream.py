"""The residual stream's norms, writes and cosines: by plain transformers, and by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.layers import residual_stream as module
from components.inspection.layers import residual_stream_heads as heads_module
from components.inspection.layers.fact import ablated
from components.inspection.layers.residual_stream import (
    ResidualStream,
    loudest,
    residual_stream,
    stacks_of,
)
from components.inspection.layers.residual_stream_heads import SAYS
from components.inspection.layers.residual_stream_sums import FOLLOWS
from components.inspection.layers.without_residual import without_residual
from components.inspection.load import load_model
from components.inspection.machine.overview import overview
from components.inspection.model import Model
from tests import tiny
from tests.inspection.breaking import fresh
from tests.inspection.positions import networks

TEXT, TARGET = "the keys near", "the dog"
NORMED = ("gemma2", "gemma3", "olmo2")
"""A norm stands between their heads and the stream."""
POST = ("bert", "distilbert", "roberta", "bert_classifier", "bart")
DTYPES = ("float32", "bfloat16", "float16")


def stream(model: Model, stack: str = "") -> ResidualStream:
    """The stream of the last stack, or of another."""
    stacks = stacks_of(model)
    target = TARGET if len(stacks) == 2 else None
    return residual_stream(model, TEXT, target, stack or stacks[-1])


def check(found: ResidualStream, says: str) -> Check:
    """The check with these words."""
    return next(one for one in found.checks if one.says == says)


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_each_family_has_norms_writes_and_checks_that_hold(family):
    model = tiny.model(family)
    for stack in stacks_of(model):
        found = stream(model, stack)
        assert all(one.holds for one in found.checks), found.checks
        assert found.stack == stack
        assert found.post_normed == (family in POST)
        assert (FOLLOWS in [one.says for one in found.checks]) != found.post_normed
        assert (found.heads is None) == (family in NORMED) == bool(found.unknown)
        cross = family in ("t5", "bart") and stack == "decoder"
        assert list(found.writes) == ["attention", *["cross"] * cross, "mlp"]
        assert found.norms.shape == (len(found.writes["mlp"]) + 1, len(found.tokens))
        assert all(np.abs(each).max() <= 1 for each in found.cosines.values())
        assert found.shares.sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("family", ["llama", "bert", "t5", "falcon"])
@pytest.mark.parametrize("dtype", DTYPES[1:])
def test_checks_hold_in_16_bits(family, dtype):
    found = stream(tiny.model(family, dtype))
    assert all(one.holds for one in found.checks), found.checks


def test_norms_and_cosines_are_those_of_plain_transformers():
    model = tiny.model("llama")
    found = stream(model)
    network, kept = tiny.network("llama"), {}
    for name, part in network.named_modules():
        if name.endswith(("o_proj", "down_proj", "post_attention_layernorm")):
            part.register_forward_hook(
                lambda part, args, output, name=name: kept.update({name: (args[0][0], output[0])})
            )
    with torch.no_grad():
        out = network(torch.tensor([found.read[0]]), output_hidden_states=True)
    states = [state[0] for state in out.hidden_states[:-1]]
    np.testing.assert_allclose(found.norms[:-1], torch.stack(states).norm(dim=-1), rtol=1e-5)
    cosine = torch.nn.functional.cosine_similarity
    for layer in range(3):
        block = f"model.layers.{layer}"
        attended = kept[f"{block}.self_attn.o_proj"][1]
        between = kept[f"{block}.post_attention_layernorm"][0]
        fed = kept[f"{block}.mlp.down_proj"][1]
        np.testing.assert_allclose(found.writes["attention"][layer], attended.norm(dim=-1), 1e-5)
        np.testing.assert_allclose(found.writes["mlp"][layer], fed.norm(dim=-1), 1e-5)
        expected = cosine(attended, states[layer], dim=-1)
        np.testing.assert_allclose(found.cosines["attention"][layer], expected, atol=1e-5)
        np.testing.assert_allclose(found.cosines["mlp"][layer], cosine(fed, between, dim=-1), 1e-4)


def test_a_heads_write_is_what_is_left_when_all_others_are_silent():
    found = stream(tiny.model("llama"))
    network, kept = tiny.network("llama"), []
    projection = network.model.layers[0].self_attn.o_proj
    projection.weight[:, :12] = 0
    projection.weight[:, 18:] = 0  # head 2 of 4, of size 6, is left
    projection.register_forward_hook(lambda part, args, output: kept.append(output[0]))
    with torch.no_grad():
        embedded = network(torch.tensor([found.read[0]]), output_hidden_states=True)
    np.testing.assert_allclose(found.heads.norms[0, 2], kept[0].norm(dim=-1), rtol=1e-5)
    cosine = torch.nn.functional.cosine_similarity(kept[0], embedded.hidden_states[0][0], dim=-1)
    np.testing.assert_allclose(found.heads.cosines[0, 2], cosine, atol=1e-5)


def test_a_normed_sum_is_what_the_next_part_is_added_to():
    found = stream(tiny.model("bert"))
    network, kept = tiny.network("bert"), {}
    layer = network.bert.encoder.layer[1]
    layer.attention.register_forward_hook(lambda part, a, output: kept.update(base=output[0][0]))
    layer.output.dense.register_forward_hook(lambda part, a, output: kept.update(fed=output[0]))
    with torch.no_grad():
        network(torch.tensor([found.read[0]]))
    cosine = torch.nn.functional.cosine_similarity(kept["fed"], kept["base"], dim=-1)
    np.testing.assert_allclose(found.cosines["mlp"][1], cosine, atol=1e-5)


@pytest.mark.parametrize("family", ["llama", "gpt_neox", "t5"])
def test_norms_are_those_of_the_drawing_of_the_whole_pass(family):
    model = tiny.model(family)
    found = stream(model)
    river = overview(model, TEXT, TARGET if family == "t5" else None).last
    np.testing.assert_allclose(found.norms, river.norms, rtol=1e-6)
    np.testing.assert_allclose(found.writes["mlp"], river.mlp, rtol=1e-6)
    np.testing.assert_allclose(found.cosines["attention"], river.along["attention"], atol=1e-6)


def test_giants_are_found_where_they_were_put():
    network = tiny.network("llama")
    network.model.embed_tokens.weight[:, 5] = 30.0  # of all tokens
    network.model.embed_tokens.weight[1, 7] = 900.0  # of <s>, with which a text begins
    model = replace(fresh("llama"), network=network)
    found = stream(model)
    assert found.giants == (5,)
    assert found.shares[5] > 0.5 and found.shares_of_loudest[7] > 0.5
    one = found.loudest
    assert (one.token, one.norm) == (0, pytest.approx(found.norms[one.boundary, 0]))
    assert one.times > 10


def test_one_token_has_no_others_to_be_compared_with():
    assert loudest(np.ones((3, 1), np.float32)) is None
    for count in (2, 3, 4, 7, 10):
        norms = np.random.default_rng(count).integers(1, 5, (3, count)).astype(np.float32)
        found = loudest(norms)
        times = [
            norms[boundary, token] / np.median(np.delete(norms[boundary], token))
            for boundary in range(3)
            for token in range(count)
        ]
        assert (
            found.times == pytest.approx(max(times)) == times[found.boundary * count + found.token]
        )
    assert stream(tiny.model("t5"), "decoder").loudest is not None


def test_what_is_too_long_or_not_there_is_said(monkeypatch):
    model = tiny.model("llama")
    with pytest.raises(InspectionError, match="has no encoder"):
        residual_stream(model, TEXT, None, "encoder")
    monkeypatch.setattr(module, "MOST_TOKENS", 3)
    with pytest.raises(InspectionError, match="at most 3"):
        stream(model)


def test_a_stream_that_is_no_sum_is_drawn_without_its_writes():
    model = fresh("llama")
    model.network.model.layers[1].mlp.register_forward_hook(lambda *given: 1.1 * given[-1])
    found = stream(model)
    assert found.writes == {} and found.heads is None and found.checks == ()
    assert "not the sum of what its attention and MLP write" in found.unknown[0]
    assert found.norms.shape == (4, len(found.tokens))


def test_of_a_family_without_a_row_the_stream_alone_is_drawn():
    model = networks.model(networks.of("StableLm"))
    found = stream(model)
    assert found.writes == {} and found.checks == ()
    assert "does not know where the family 'stablelm' writes" in found.unknown[0]
    assert found.norms.shape[1] == len(found.tokens) and np.isfinite(found.norms).all()
    with pytest.raises(InspectionError, match="does not know where the family 'stablelm'"):
        ablated(model, TEXT)
    with pytest.raises(InspectionError, match="'stablelm'"):
        without_residual(model, TEXT)


@pytest.mark.sabotage(FOLLOWS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_cosines_with_another_stream_turn_red(monkeypatch, family, dtype):
    own = module.added_to

    def entering(model, stack, residual, writes):
        return dict.fromkeys(own(model, stack, residual, writes), residual[:-1])

    monkeypatch.setattr(module, "added_to", entering)
    assert not check(stream(tiny.model(family, dtype)), FOLLOWS).holds


@pytest.mark.sabotage(FOLLOWS)
def test_norms_of_another_boundary_turn_red(monkeypatch):
    own = module._norm
    monkeypatch.setattr(module, "_norm", lambda rows: own(rows)[::-1].copy())
    assert not check(stream(tiny.model("llama")), FOLLOWS).holds


@pytest.mark.sabotage(SAYS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", ["llama", "bert"])
def test_slices_of_other_heads_turn_red(monkeypatch, family, dtype):
    own = heads_module.output_projection

    def swapped(*given):
        found = own(*given)
        return replace(found, slices=np.roll(found.slices, 1, axis=0))

    monkeypatch.setattr(heads_module, "output_projection", swapped)
    assert not check(stream(tiny.model(family, dtype)), SAYS).holds


def test_storytellers_last_layer_makes_its_first_tokens_long():
    found = residual_stream(
        load_model("storyteller", dtype="float32"), "The capital of France is", None, "decoder"
    )
    np.testing.assert_allclose(found.norms[:, -1], [1.76, 51.1, 69.5, 105.5, 144.9], rtol=0.01)
    assert found.giants == () and found.loudest.boundary == 4
    assert found.loudest.norm == pytest.approx(1194.65, abs=0.1)
