"""Premises hold for the tests' families, and are seen to fail when the network is broken."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
import transformers as hf
from torch import nn
from transformers.models.gpt2 import modeling_gpt2
from transformers.models.llama import modeling_llama

from components.inspection import tap
from components.inspection.errors import InspectionError
from components.inspection.premises import NAMES, measured, recorded, require
from components.inspection.premises.use import unused
from components.inspection.wrapping import wrapped
from tests import tiny
from tests.inspection.breaking import fresh, red, sound

DTYPES = ["float32", "bfloat16", "float16"]
OF_THE_RECORDING = ("output", "sublayers", "weights", "masked", "outputs", "scores", "use")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_what_all_pictures_rest_on_holds(family, dtype):
    model = tiny.model(family, dtype)
    for name in (*OF_THE_RECORDING, "direction", "stream"):
        assert measured(model, name).holds, measured(model, name)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "family", [f for f, row in tiny.FAMILIES.items() if row[2] != "classifier"]
)
def test_embeddings_and_caches_can_be_relied_on(family, dtype):
    model = tiny.model(family, dtype)
    assert measured(model, "embeddings").holds, measured(model, "embeddings")
    if model.kind in ("causal", "seq2seq"):
        assert measured(model, "cache").holds, measured(model, "cache")


def test_a_premise_is_measured_once(monkeypatch):
    model, calls = fresh(), []
    own = recorded.weights
    monkeypatch.setattr(recorded, "weights", lambda m: (calls.append(1), own(m))[1])
    assert measured(model, "weights") is measured(model, "weights")
    assert calls == [1]


def test_every_premise_can_be_measured_or_says_why_not(tiny_causal):
    for name in NAMES:
        assert measured(tiny_causal, name).name == name


@pytest.mark.sabotage("recording leaves what the network answers as it is")
def test_a_recorder_that_changes_the_answer(monkeypatch):
    own = tap._watched

    def rounding(attend: Any, *args: Any, **kwargs: Any) -> Any:
        output, weights = own(attend, *args, **kwargs)
        return output.half().float(), weights

    monkeypatch.setattr(tap, "_watched", rounding)
    red(fresh(), "output")


@pytest.mark.sabotage(
    "each attention sublayer is recorded once, with a row and a column for each token"
)
def test_a_block_that_attends_twice():
    model = sound("sublayers")
    attention = model.network.model.layers[1].self_attn
    own = attention.forward
    attention.forward = lambda *args, **kwargs: (own(*args, **kwargs), own(*args, **kwargs))[1]
    assert "layer 1 of its decoder attends more than once" in red(model, "sublayers").otherwise


@pytest.mark.sabotage(
    "each attention sublayer is recorded once, with a row and a column for each token"
)
def test_a_network_that_does_not_attend():
    model = sound("sublayers")
    for block in model.network.model.layers:
        block.self_attn.forward = lambda hidden_states, **_: (hidden_states, None)
    assert "no softmax" in red(model, "sublayers").otherwise
    with pytest.raises(InspectionError, match="no softmax"):
        measured(model, "weights")


def eagerly(change: Callable[..., Any]) -> Callable[..., Any]:
    """Return Llama's eager attention with its weights changed before they meet the values."""

    def attend(
        module: nn.Module, query: Any, key: Any, value: Any, mask: Any, scaling: float, **_: Any
    ) -> Any:
        groups = module.num_key_value_groups
        keys, values = (modeling_llama.repeat_kv(one, groups) for one in (key, value))
        scores = query @ keys.transpose(2, 3) * scaling + (0 if mask is None else mask)
        weights = torch.softmax(scores, -1, dtype=torch.float32).to(query.dtype)
        output, told = change(weights, values)
        return output.transpose(1, 2).contiguous(), told

    return attend


@pytest.mark.sabotage("the weights are the softmax of the scores")
@pytest.mark.parametrize("dtype", DTYPES)
def test_weights_that_are_told_otherwise(dtype, monkeypatch):
    """What transformers reports as attention is not what the network used."""
    told_otherwise = eagerly(lambda weights, values: (weights @ values, weights**2))
    monkeypatch.setattr(modeling_llama, "eager_attention_forward", told_otherwise)
    red(fresh(dtype=dtype), "weights")


@pytest.mark.sabotage("no weight stands on a masked pair")
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_mask_that_does_not_hide(dtype, monkeypatch):
    leaking = eagerly(lambda weights, values: ((weights + 0.01) @ values, weights + 0.01))
    monkeypatch.setattr(modeling_llama, "eager_attention_forward", leaking)
    red(fresh(dtype=dtype), "masked")


@pytest.mark.sabotage("each head's output is its weights times the values")
@pytest.mark.parametrize("dtype", DTYPES)
def test_heads_whose_output_is_scaled_once_more(dtype, monkeypatch):
    """As Granite's sliding-window family does, for its sinks."""
    scaled = eagerly(lambda weights, values: (0.9 * (weights @ values), weights))
    monkeypatch.setattr(modeling_llama, "eager_attention_forward", scaled)
    red(fresh(dtype=dtype), "outputs")


@pytest.mark.sabotage("scores are query · key × scale, and what is added for positions")
@pytest.mark.parametrize("dtype", DTYPES)
def test_scores_that_are_more_than_a_product(dtype, monkeypatch):
    def attend(module, query, key, value, mask, scaling=None, **_):
        scores = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5
        scores = scores + value @ key.transpose(-1, -2) + (0 if mask is None else mask)
        weights = torch.softmax(scores, -1)
        return (weights @ value).transpose(1, 2), weights

    monkeypatch.setattr(modeling_gpt2, "eager_attention_forward", attend)
    model = fresh("gpt2", dtype)
    assert measured(model, "weights").holds, "the weights themselves are right"
    assert "2 products are added up" in red(model, "scores").otherwise


@pytest.mark.sabotage("scores are query · key × scale, and what is added for positions")
def test_scores_that_are_bent():
    model = sound("scores")
    own = modeling_llama.eager_attention_forward

    def attend(module, query, key, value, mask, scaling, **kwargs):
        return own(module, query * query.norm(dim=-1, keepdim=True), key, value, mask, scaling)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(modeling_llama, "eager_attention_forward", attend)
        red(model, "scores")


@pytest.mark.sabotage("a change of each recorded array moves the logits")
@pytest.mark.parametrize("dtype", DTYPES)
def test_an_array_that_is_recorded_but_not_used(dtype, monkeypatch):
    """Weights that are told, and rightly so, while the values are mixed by a copy of them."""
    aside = eagerly(lambda weights, values: (weights.detach().clone() @ values, weights))
    monkeypatch.setattr(modeling_llama, "eager_attention_forward", aside)
    model = fresh(dtype=dtype)
    assert measured(model, "weights").holds, "no comparison sees it"
    assert "weights, layer 0" in red(model, "use").otherwise


@pytest.mark.sabotage("a change of each recorded array moves the logits")
def test_a_layer_whose_mlp_is_left_out():
    model = sound("use", "gpt2")
    block = model.network.transformer.h[1]
    own = block.mlp.forward
    block.mlp.forward = lambda hidden: own(hidden).detach() * 0
    red(model, "use")
    idle = unused(model)
    assert {name for name in idle if "layer 1" in name} >= {
        "mlp writes, layer 1 of the decoder",
        "mlp activations, layer 1 of the decoder",
    }


def test_a_premise_that_fails_says_so_with_its_number(monkeypatch):
    scaled = eagerly(lambda weights, values: (0.9 * (weights @ values), weights))
    monkeypatch.setattr(modeling_llama, "eager_attention_forward", scaled)
    model = fresh()
    with pytest.raises(InspectionError) as said:
        require(model, "weights", "outputs")
    told = str(said.value)
    assert "What the heads of this network give is not their weights times the values" in told
    assert "Measured on 'tiny-llama', float32" in told and "is off by 0." in told


@pytest.mark.parametrize("family", ["t5", "bart"])
def test_of_two_stacks_without_a_head_the_second_answers(family):
    """The encoder has a layer more here: the last layer of all is not what is answered."""
    config = tiny.network(family).config
    body = tiny.built(hf.BartModel if family == "bart" else hf.T5Model, config)
    model = wrapped(body, tiny.tokenizer(), "headless", f"tiny-{family}-body")
    assert measured(model, "use").holds, unused(model)


def test_what_answers_with_streams_that_cannot_be_seen_is_told():
    config = hf.SqueezeBertConfig(**tiny._BERT | {"embedding_size": 24})
    network = tiny.built(hf.SqueezeBertModel, config)
    model = wrapped(network, tiny.tokenizer(), "headless", "tiny-squeezebert")
    with pytest.raises(InspectionError, match="does not see them from layer to layer"):
        measured(model, "use")
