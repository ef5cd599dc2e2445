"""Premises hold for the tests' families, and are seen to fail when the network is broken."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn
from transformers.models.gpt2 import modeling_gpt2
from transformers.models.llama import modeling_llama

from components.inspection import premises, tap
from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.premises import NAMES, Premise, measured, recorded, require
from components.inspection.premises.flow import tokens_read
from components.inspection.premises.use import unused
from components.inspection.wrapping import wrapped
from tests import tiny

DTYPES = ["float32", "bfloat16", "float16"]
OF_THE_RECORDING = ("output", "sublayers", "weights", "masked", "outputs", "scores", "use")


def fresh(family: str = "llama", dtype: str = "float32") -> Model:
    """A model of its own, to be broken."""
    kind = tiny.FAMILIES[family][2]
    return wrapped(
        tiny.network(family, dtype), tiny.tokenizer(), kind, f"tiny-{family}", context=64
    )


def red(model: Model, name: str) -> Premise:
    """Return the premise, which must fail; print it for the list of what each sabotage showed."""
    found = measured(model, name)  # type: ignore[arg-type]
    print(f"{found.check.says}: {found.check.numbers}")
    assert not found.holds, found
    with pytest.raises(InspectionError, match="Measured on"):
        require(model, name)  # type: ignore[arg-type]
    return found


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


@pytest.mark.sabotage("each attention sublayer is recorded once")
def test_a_block_that_attends_twice():
    model = fresh()
    attention = model.network.model.layers[1].self_attn
    own = attention.forward
    attention.forward = lambda *args, **kwargs: (own(*args, **kwargs), own(*args, **kwargs))[1]
    assert "layer 1 of its decoder attends more than once" in red(model, "sublayers").otherwise


@pytest.mark.sabotage("each attention sublayer is recorded once")
def test_a_network_that_does_not_attend():
    model = fresh()
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
    model = fresh("llama")
    own = modeling_llama.eager_attention_forward

    def attend(module, query, key, value, mask, scaling, **kwargs):
        return own(module, query * query.norm(dim=-1, keepdim=True), key, value, mask, scaling)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(modeling_llama, "eager_attention_forward", attend)
        red(model, "scores")


@pytest.mark.sabotage("no earlier token changes when the last one does")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("steps", [1, 5])
def test_a_mask_that_is_off_by_one(steps, dtype, monkeypatch):
    """Each token also sees the one after it; so a decoder is none, and is not shown as one."""
    own = modeling_llama.create_causal_mask

    def leaky(**arguments: Any) -> Any:
        mask = own(**arguments)
        return mask if mask is None else torch.roll(mask, -steps, dims=-2)

    monkeypatch.setattr(modeling_llama, "create_causal_mask", leaky)
    model = fresh(dtype=dtype)
    assert list(model.anatomy.towers) == ["encoder"]
    found = measured(model, "direction")
    assert found.holds and not found.claimed, "measured to be an encoder, against the row's claim"
    forced = replace(model, anatomy=tiny.model("llama").anatomy, known={"claimed stack": "decoder"})
    assert red(forced, "direction").claimed


@pytest.mark.sabotage("earlier tokens change when the last one does")
def test_an_encoder_that_is_none():
    bert = tiny.model("bert").anatomy
    llama = fresh()
    wrong = replace(
        llama, anatomy=replace(bert, decoder=None, encoder=llama.anatomy.decoder), known={}
    )
    red(wrong, "direction")


@pytest.mark.sabotage("stream + what attention and MLP write = next stream")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", ["llama", "gpt2", "falcon", "t5", "gemma2"])
def test_a_stream_that_is_scaled_on_the_way(family, dtype):
    model = fresh(family, dtype)
    tower = list(model.anatomy.towers.values())[-1]
    block = model.network.base_model.get_submodule(f"{tower.blocks}.1")
    own = block.forward

    def scaled(*args: Any, **kwargs: Any) -> Any:
        out = own(*args, **kwargs)
        return (out[0] * 1.25, *out[1:]) if isinstance(out, tuple) else out * 1.25

    block.forward = scaled
    assert red(model, "stream").claimed


@pytest.mark.sabotage("norm(norm(stream + attention) + MLP) = next stream")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", ["bert", "distilbert", "bart"])
def test_a_norm_that_is_applied_twice(family, dtype):
    model = fresh(family, dtype)
    tower = list(model.anatomy.towers.values())[-1]
    block = model.network.base_model.get_submodule(f"{tower.blocks}.1")
    own, norm = block.forward, block.get_submodule(tower.post_norms[-1])

    def normed_twice(*args: Any, **kwargs: Any) -> Any:
        out = own(*args, **kwargs)
        return (norm(out[0]), *out[1:]) if isinstance(out, tuple) else norm(out)

    block.forward = normed_twice
    red(model, "stream")


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
    model = fresh("gpt2")
    block = model.network.transformer.h[1]
    own = block.mlp.forward
    block.mlp.forward = lambda hidden: own(hidden).detach() * 0
    idle = unused(model)
    assert {name for name in idle if "layer 1" in name} >= {
        "mlp writes, layer 1 of the decoder",
        "mlp activations, layer 1 of the decoder",
    }


@pytest.mark.sabotage("embeddings give what ids give")
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_network_that_looks_ids_up_elsewhere_too(dtype):
    """As Gemma 3n does, layer by layer."""
    model = fresh(dtype=dtype)
    own, table = model.network.model.forward, torch.linspace(-1, 1, 261)

    def forward(input_ids: Any = None, inputs_embeds: Any = None, **kwargs: Any) -> Any:
        if inputs_embeds is None:
            inputs_embeds = model.network.model.embed_tokens(input_ids)
            further = table[input_ids][..., None].to(inputs_embeds.dtype)
            inputs_embeds = inputs_embeds + further
        return own(inputs_embeds=inputs_embeds, **kwargs)

    broken = replace(model, known={})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(premises, "_sharp", lambda same: same)
        model.network.model.forward = forward
        red(broken, "embeddings")


@pytest.mark.sabotage("told the positions 0, 1, 2, ... it answers as untold")
def test_positions_that_are_counted_from_one():
    model = fresh("gpt2")
    own = model.network.transformer.forward

    def forward(*args: Any, position_ids: Any = None, **kwargs: Any) -> Any:
        return own(*args, position_ids=None if position_ids is None else position_ids + 1, **kwargs)

    model.network.transformer.forward = forward
    red(model, "positions")
    assert measured(fresh("gpt2"), "positions").holds


@pytest.mark.sabotage("handed its own mask as a square, it answers as ever")
def test_a_mask_that_is_not_looked_at(monkeypatch):
    model = fresh()
    assert measured(fresh(), "own mask").holds
    own = model.network.model.forward

    def forward(*args: Any, attention_mask: Any = None, **kwargs: Any) -> Any:
        return own(*args, attention_mask=None, **kwargs)

    model.network.model.forward = forward
    red(model, "own mask")


@pytest.mark.sabotage("with a cache the logits are those without")
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_cache_that_forgets(dtype, monkeypatch):
    from transformers.cache_utils import DynamicLayer

    own = DynamicLayer.update

    def update(self: Any, keys: Any, values: Any, *args: Any, **kwargs: Any) -> Any:
        keys, values = own(self, keys, values, *args, **kwargs)
        return keys.roll(1, dims=-2), values

    monkeypatch.setattr(DynamicLayer, "update", update)
    model = fresh(dtype=dtype)
    red(model, "cache")


def test_what_a_classifier_reads_is_measured(tiny_classifier):
    ids = tiny_classifier.encode("abc")
    assert tokens_read(tiny_classifier, ids) == (1.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_decoder_that_classifies_reads_its_last_token(dtype):
    import transformers as hf

    config = hf.LlamaConfig(**tiny.FAMILIES["llama"][3], num_labels=3)
    network = tiny.built(hf.LlamaForSequenceClassification, config, dtype)
    model = wrapped(network, tiny.tokenizer(), "classifier", "tiny")
    assert tokens_read(model, model.encode("abc")) == (0.0, 0.0, 0.0, 1.0)


def test_a_mean_over_all_tokens_is_seen():
    import transformers as hf

    config = hf.ModernBertConfig(
        **tiny.FAMILIES["bert"][3], cls_token_id=1, sep_token_id=2, num_labels=3,
        classifier_pooling="mean",
    )  # fmt: skip
    network = tiny.built(hf.ModernBertForSequenceClassification, config)
    model = wrapped(network, tiny.tokenizer(), "classifier", "tiny")
    assert min(tokens_read(model, model.encode("abc"))) > 0.05


def test_a_premise_that_fails_says_so_with_its_number(monkeypatch):
    scaled = eagerly(lambda weights, values: (0.9 * (weights @ values), weights))
    monkeypatch.setattr(modeling_llama, "eager_attention_forward", scaled)
    model = fresh()
    with pytest.raises(InspectionError) as said:
        require(model, "weights", "outputs")
    told = str(said.value)
    assert "What the heads of this network give is not their weights times the values" in told
    assert "Measured on 'tiny-llama', float32" in told and "is off by 0." in told
