"""Which way a network reads, what its stream sums up, what it may be handed, what it keeps: each
premise holds of a sound network, and is seen to fail when that is broken."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from transformers.models.llama import modeling_llama

from components.inspection import premises
from components.inspection.premises import flow, measured
from components.inspection.premises.flow import tokens_read
from components.inspection.wrapping import wrapped
from tests import tiny
from tests.inspection.breaking import fresh, red, sound

DTYPES = ["float32", "bfloat16", "float16"]


@pytest.mark.sabotage("no earlier token changes when the last one does")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("steps", [1, 5])
def test_a_mask_that_is_off_by_one(steps, dtype, monkeypatch):
    """Each token also sees the one after it; so a decoder is none, and is not shown as one."""
    own = modeling_llama.create_causal_mask

    def leaky(**arguments: Any) -> Any:
        mask = own(**arguments)
        return mask if mask is None else torch.roll(mask, -steps, dims=-2)

    right = sound("direction", dtype=dtype)
    assert flow.probed_change(right).check.verdict == "holds"
    monkeypatch.setattr(modeling_llama, "create_causal_mask", leaky)
    model = fresh(dtype=dtype)
    assert list(model.anatomy.stacks) == ["encoder"]
    found = measured(model, "direction")
    assert found.holds and not found.claimed, "measured to be an encoder, against the row's claim"
    forced = replace(model, anatomy=right.anatomy, known={"claimed stack": "decoder"})
    assert red(forced, "direction").claimed


@pytest.mark.sabotage("no earlier token changes when the last one is left off")
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_network_that_counts_its_tokens(dtype):
    """What it does depends on how many there are, but not on which the last one is."""
    check = flow._left_off(fresh(dtype=dtype))
    assert check is not None and check.verdict == "holds"
    model = sound("direction", dtype=dtype)
    own = model.network.model.layers[0].forward

    def by_length(hidden: Any, *args: Any, **kwargs: Any) -> Any:
        return own(hidden.roll(hidden.shape[1], dims=-1), *args, **kwargs)

    model.network.model.layers[0].forward = by_length
    assert flow.probed_change(model).check.verdict == "holds"
    assert (
        red(model, "direction").check.says
        == "no earlier token changes when the last one is left off"
    )


@pytest.mark.sabotage("earlier tokens change when the last one does")
def test_an_encoder_that_is_none():
    bert = sound("direction", "bert").anatomy
    llama = fresh()
    wrong = replace(
        llama, anatomy=replace(bert, decoder=None, encoder=llama.anatomy.decoder), known={}
    )
    red(wrong, "direction")


@pytest.mark.sabotage("stream + what attention and MLP write = next stream")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", ["llama", "gpt2", "falcon", "t5", "gemma2"])
def test_a_stream_that_is_scaled_on_the_way(family, dtype):
    model = sound("stream", family, dtype)
    parts = list(model.anatomy.stacks.values())[-1]
    block = model.network.base_model.get_submodule(f"{parts.blocks}.1")
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
    model = sound("stream", family, dtype)
    parts = list(model.anatomy.stacks.values())[-1]
    block = model.network.base_model.get_submodule(f"{parts.blocks}.1")
    own, norm = block.forward, block.get_submodule(parts.post_norms[-1])

    def normed_twice(*args: Any, **kwargs: Any) -> Any:
        out = own(*args, **kwargs)
        return (norm(out[0]), *out[1:]) if isinstance(out, tuple) else norm(out)

    block.forward = normed_twice
    red(model, "stream")


@pytest.mark.sabotage("embeddings give what ids give")
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_network_that_looks_ids_up_elsewhere_too(dtype):
    """As Gemma 3n does, layer by layer."""
    model = sound("embeddings", dtype=dtype)
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
    model = sound("positions", "gpt2")
    own = model.network.transformer.forward

    def forward(*args: Any, position_ids: Any = None, **kwargs: Any) -> Any:
        return own(*args, position_ids=None if position_ids is None else position_ids + 1, **kwargs)

    model.network.transformer.forward = forward
    red(model, "positions")


@pytest.mark.sabotage(
    "handed its own mask as a square, it answers as ever, and otherwise with another"
)
def test_a_mask_that_is_not_looked_at():
    model = sound("own mask")
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
        **tiny.FAMILIES["bert"][3],
        cls_token_id=1,
        sep_token_id=2,
        num_labels=3,
        classifier_pooling="mean",
    )
    network = tiny.built(hf.ModernBertForSequenceClassification, config)
    model = wrapped(network, tiny.tokenizer(), "classifier", "tiny")
    assert min(tokens_read(model, model.encode("abc"))) > 0.05
