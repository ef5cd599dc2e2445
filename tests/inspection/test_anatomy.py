"""The table of families: every path leads somewhere; families without a row are met honestly."""

from dataclasses import fields
from typing import Any

import numpy as np
import pytest
import torch
import transformers as hf
from transformers import AutoConfig, PreTrainedModel

from components.inspection import tap
from components.inspection.anatomy import FAMILIES, Tower, anatomy_of, part
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.load import context_length
from components.inspection.model import Model
from tests import tiny

TEXT = "to be, or not"
CAUSAL, MASKED, SEQ2SEQ = "AutoModelForCausalLM", "AutoModelForMaskedLM", "AutoModelForSeq2SeqLM"
KINDS: dict[str, Any] = {CAUSAL: "causal", MASKED: "masked", SEQ2SEQ: "seq2seq"}
_GPT2 = tiny.FAMILIES["gpt2"][3]
_LLAMA = tiny.FAMILIES["llama"][3]
_BERT = tiny.FAMILIES["bert"][3]
_BART = tiny.FAMILIES["bart"][3]
_EXPERTS = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16}

ROWS_WITHOUT_A_TINY_MODEL: dict[str, tuple[str, dict[str, Any]]] = {
    "smollm3": (CAUSAL, _LLAMA),
    "gemma": (CAUSAL, _LLAMA),
    "qwen2_moe": (CAUSAL, _LLAMA | _EXPERTS | {"shared_expert_intermediate_size": 8}),
    "electra": (MASKED, _BERT | {"embedding_size": 16}),
    "xlm-roberta": (MASKED, _BERT),
    "camembert": (MASKED, _BERT),
    "marian": (SEQ2SEQ, _BART),
    "mbart": (SEQ2SEQ, _BART),
}
STRANGERS: dict[str, tuple[str, dict[str, Any]]] = {
    "codegen": (CAUSAL, _GPT2 | {"rotary_dim": 4}),
    "stablelm": (CAUSAL, _LLAMA),
    "starcoder2": (CAUSAL, _LLAMA),
    "cohere": (CAUSAL, _LLAMA),
    "gpt_bigcode": (CAUSAL, _GPT2),
    "modernbert": (MASKED, _BERT | {"cls_token_id": 1, "sep_token_id": 2}),
    "xglm": (
        CAUSAL,
        {"vocab_size": 261, "d_model": 24, "ffn_dim": 40, "num_layers": 3, "attention_heads": 4},
    ),
}


def network(family: str, name: str, arguments: dict[str, Any], way: str = "") -> PreTrainedModel:
    """Build a random network of a family that `tests.tiny` does not have."""
    config = AutoConfig.for_model(family, **arguments)
    concrete = getattr(hf, name)._model_mapping[type(config)]
    watched = tap.NAME if concrete._can_set_attn_implementation() else "eager"
    config._attn_implementation = way or watched
    torch.manual_seed(0)
    built = concrete(config)
    generator = torch.Generator().manual_seed(1)
    for weight in built.parameters():
        torch.nn.init.normal_(weight, std=0.3, generator=generator)
    return built.eval().requires_grad_(False)


def model(family: str, name: str, arguments: dict[str, Any]) -> Model:
    """Wrap it as `load_model` would."""
    built, tokenizer = network(family, name, arguments), tiny.tokenizer()
    return Model(
        source=f"tiny-{family}",
        revision="main",
        kind=KINDS[name],
        network=built,
        tokenizer=tokenizer,
        anatomy=anatomy_of(built),
        context=context_length(built, tokenizer),
        watched=type(built)._can_set_attn_implementation(),
    )


def every_row() -> list[str]:
    """Name a network for each row of the table."""
    return [*tiny.FAMILIES, *ROWS_WITHOUT_A_TINY_MODEL]


def built(family: str) -> PreTrainedModel:
    """Return that network."""
    if family in tiny.FAMILIES:
        return tiny.model(family).network
    return network(family, *ROWS_WITHOUT_A_TINY_MODEL[family])


def test_every_row_is_tested():
    assert {built(family).config.model_type for family in every_row()} == set(FAMILIES)


@pytest.mark.parametrize("family", every_row())
def test_every_path_of_a_row_leads_to_a_module(family):
    found = built(family)
    anatomy = anatomy_of(found)
    base = found.base_model
    embedding = part(base, anatomy.embedding).weight
    assert embedding is found.get_input_embeddings().weight
    if anatomy.position_table is not None:
        assert part(base, anatomy.position_table).weight.shape[1] == embedding.shape[1]
    assert anatomy.towers
    inside = {item.name for item in fields(Tower)} - {"blocks", "final_norm", "projections"}
    for tower in anatomy.towers.values():
        blocks = list(part(base, tower.blocks).children())
        assert len(blocks) in (2, 3)
        if tower.final_norm is not None:
            assert part(base, tower.final_norm).weight.shape == (found.config.hidden_size,)
        for block in blocks:
            for name in inside:
                path = getattr(tower, name)
                assert path is None or part(block, path) is not block
            attention = part(block, tower.attention)
            for projection in tower.projections:
                assert part(attention, projection).weight.ndim == 2


def test_a_path_that_leads_nowhere_is_noticed(tiny_causal):
    with pytest.raises(AttributeError):
        part(tiny_causal.network.base_model, "layers.0.self_attn.nobody")


@pytest.mark.parametrize(
    ("family", "position", "pre_norm"),
    [
        ("llama", "rope", True),
        ("falcon", "rope", True),
        ("falcon_alibi", "alibi", True),
        ("mpt", "alibi", True),
        ("gpt2", "learned", True),
        ("bert", "learned", False),
        ("t5", "relative", True),
        ("bart", "learned", False),
    ],
)
def test_how_positions_get_in_is_known(family, position, pre_norm):
    anatomy = tiny.model(family).anatomy
    assert (anatomy.position, anatomy.pre_norm) == (position, pre_norm)


def test_opt_350m_s_other_order_of_norms_is_seen():
    arguments = tiny.FAMILIES["opt"][3] | {"do_layer_norm_before": False}
    assert not anatomy_of(network("opt", CAUSAL, arguments)).pre_norm
    assert tiny.model("opt").anatomy.pre_norm


def logits(family: str, name: str, arguments: dict[str, Any], ids: list[int]) -> np.ndarray:
    """What an ordinary eager network says."""
    inputs = {"input_ids": torch.tensor([ids])}
    eager = network(family, name, arguments, "eager")
    if name == SEQ2SEQ:
        inputs["decoder_input_ids"] = torch.tensor([[eager.config.decoder_start_token_id]])
    with torch.no_grad():
        return eager(**inputs).logits[0].numpy()


@pytest.mark.parametrize("family", [*ROWS_WITHOUT_A_TINY_MODEL, *STRANGERS])
def test_recording_leaves_the_output_as_it_is(family):
    case = (ROWS_WITHOUT_A_TINY_MODEL | STRANGERS)[family]
    wrapped = model(family, *case)
    recording = record(wrapped, TEXT)
    expected = logits(family, *case, wrapped.encode(TEXT))
    np.testing.assert_array_equal(recording.logits, expected)
    layers = wrapped.facts.layers
    for name in wrapped.anatomy.towers:
        stack = recording.stack(name)
        assert len(stack.residual) in (layers + 1, 3)
        assert [a.layer for a in recording.of(name)] == list(range(len(stack.residual) - 1))
    for attention in recording.attentions:
        np.testing.assert_allclose(attention.weights.sum(-1), 1, rtol=1e-5)
        shared = attention.heads // attention.kv_heads
        values = np.repeat(attention.values, shared, axis=0)
        np.testing.assert_allclose(
            attention.weights @ values, attention.outputs, rtol=1e-4, atol=1e-5
        )


@pytest.mark.parametrize(
    "family",
    [name for name, row in FAMILIES.items() if name in ROWS_WITHOUT_A_TINY_MODEL and row.pre_norm],
)
def test_the_stream_is_the_sum_of_what_was_written(family):
    recording = record(model(family, *ROWS_WITHOUT_A_TINY_MODEL[family]), TEXT)
    for stack in recording.stacks:
        written = stack.attention_writes + stack.mlp_writes
        if stack.cross_writes is not None:
            written = written + stack.cross_writes
        np.testing.assert_allclose(
            stack.residual[1:], stack.residual[:-1] + written, rtol=1e-4, atol=1e-4
        )


@pytest.mark.parametrize("family", STRANGERS)
def test_of_a_stranger_only_what_shows_is_claimed(family):
    wrapped = model(family, *STRANGERS[family])
    assert wrapped.anatomy.position == "unknown"
    stack = record(wrapped, TEXT).stack()
    assert stack.attention_writes is stack.mlp_writes is stack.mlp_activations is None


def test_an_attention_sink_takes_its_share():
    """GPT-OSS: one more score for each reader, learned, whose share is given to nobody."""
    arguments = _LLAMA | {
        "num_local_experts": 4,
        "num_experts_per_tok": 2,
        "layer_types": ["full_attention"] * 3,
        "rope_parameters": {"rope_type": "default", "rope_theta": 10_000.0},
    }
    case = ("gpt_oss", CAUSAL, arguments)
    wrapped = model(*case)
    recording = record(wrapped, TEXT)
    np.testing.assert_array_equal(recording.logits, logits(*case, wrapped.encode(TEXT)))
    tokens = 1 + len(TEXT)
    sinks = [block.self_attn.sinks.numpy() for block in wrapped.network.model.layers]
    for attention, sink in zip(recording.attentions, sinks, strict=True):
        assert attention.weights.shape == (4, tokens, tokens)
        assert attention.scores.shape == (4, tokens, tokens + 1)
        # Only differences of scores count: transformers takes the highest away from each row.
        powers = np.exp(attention.scores.astype(np.float64))
        shares = powers / powers.sum(-1, keepdims=True)
        np.testing.assert_allclose(shares[..., :-1], attention.weights, rtol=1e-4, atol=1e-6)
        assert (attention.weights.sum(-1) < 1).all()
        assert len(sink) == 4
        odds = shares[..., -1] / shares[..., 0]
        expected = np.exp(sink[:, None] - _unshifted(attention))
        np.testing.assert_allclose(odds, expected, rtol=1e-3)


def _unshifted(attention) -> np.ndarray:
    """The first token's scores by hand: q.k over the root of the head's size."""
    keys = np.repeat(attention.keys, 2, axis=0)[:, 0]
    return np.einsum("hrs,hs->hr", attention.queries, keys) / np.sqrt(attention.keys.shape[-1])


@pytest.mark.parametrize(
    ("family", "name", "arguments"),
    [
        ("albert", MASKED, _BERT | {"embedding_size": 16}),
        ("mvp", SEQ2SEQ, _BART),
    ],
)
def test_what_is_not_understood_is_refused_with_what_is(family, name, arguments):
    with pytest.raises(InspectionError) as said:
        anatomy_of(network(family, name, arguments))
    assert f"does not know the family '{family}'" in str(said.value)
    assert all(known in str(said.value) for known in FAMILIES)
