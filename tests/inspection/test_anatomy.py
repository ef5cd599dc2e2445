"""The table of families: every path leads somewhere; families without a row are met honestly."""

from dataclasses import fields
from typing import Any

import numpy as np
import pytest
import torch
import transformers as hf
from transformers import AutoConfig, PreTrainedModel

from components.inspection.anatomy import StackParts, part
from components.inspection.errors import InspectionError
from components.inspection.families import FAMILIES, row_of
from components.inspection.forward_pass import record
from components.inspection.model import Model
from components.inspection.premises import measured
from components.inspection.stacks import anatomy_of
from components.inspection.wrapping import wrapped
from tests import tiny

TEXT = "to be, or not"
CAUSAL, MASKED, SEQ2SEQ = "AutoModelForCausalLM", "AutoModelForMaskedLM", "AutoModelForSeq2SeqLM"
KINDS: dict[str, Any] = {CAUSAL: "causal", MASKED: "masked", SEQ2SEQ: "seq2seq"}
_GPT2 = tiny.FAMILIES["gpt2"][3]
_LLAMA = tiny.FAMILIES["llama"][3]
_BERT = tiny.FAMILIES["bert"][3]
_BART = tiny.FAMILIES["bart"][3]
_T5 = tiny.FAMILIES["t5"][3]
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
    "albert": (MASKED, _BERT | {"embedding_size": 16}),
    "mt5": (SEQ2SEQ, _T5 | {"feed_forward_proj": "gated-gelu"}),
    "umt5": (SEQ2SEQ, _T5),
    "pegasus": (SEQ2SEQ, _BART),
    "m2m_100": (SEQ2SEQ, _BART),
    "blenderbot": (SEQ2SEQ, _BART),
    "blenderbot-small": (SEQ2SEQ, _BART),
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


def network(family: str, name: str, arguments: dict[str, Any]) -> PreTrainedModel:
    """Build a random network of a family that `tests.tiny` does not have."""
    config = AutoConfig.for_model(family, **arguments)
    return tiny.built(getattr(hf, name)._model_mapping[type(config)], config)


def model(family: str, name: str, arguments: dict[str, Any]) -> Model:
    """Wrap it as `load_model` would."""
    built = network(family, name, arguments)
    return wrapped(built, tiny.tokenizer(), KINDS[name], f"tiny-{family}")


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
    if anatomy.position_table is not None:
        width = found.get_input_embeddings().weight.shape[1]
        assert part(base, anatomy.position_table).weight.shape[1] == width
    assert anatomy.stacks
    inside = {item.name for item in fields(StackParts)} - {
        "blocks",
        "final_norm",
        "projections",
        "post_norms",
    }
    for parts in anatomy.stacks.values():
        blocks = list(part(base, parts.blocks).children())
        assert len(blocks) in ((1,) if family == "albert" else (2, 3))
        if parts.final_norm is not None:
            assert part(base, parts.final_norm).weight.shape == (found.config.hidden_size,)
        for block in blocks:
            for name in inside:
                path = getattr(parts, name)
                assert path is None or part(block, path) is not block
            for path in parts.post_norms:
                assert part(block, path).weight.ndim == 1
            attention = part(block, parts.attention)
            for projection in parts.projections:
                assert part(attention, projection).weight.ndim == 2


def test_a_path_that_leads_nowhere_is_noticed(tiny_causal):
    with pytest.raises(AttributeError):
        part(tiny_causal.network.base_model, "layers.0.self_attn.nobody")


@pytest.mark.parametrize(
    ("family", "position", "norms"),
    [
        ("llama", "rope", 0),
        ("falcon", "rope", 0),
        ("falcon_alibi", "alibi", 0),
        ("mpt", "alibi", 0),
        ("gpt2", "learned", 0),
        ("bert", "learned", 2),
        ("t5", "relative", 0),
        ("bart", "learned", 3),
    ],
)
def test_how_positions_get_in_and_where_norms_stand_is_known(family, position, norms):
    anatomy = tiny.model(family).anatomy
    last = list(anatomy.stacks.values())[-1]
    assert (anatomy.position, len(last.post_norms)) == (position, norms)


def test_opt_350m_s_other_order_of_norms_is_seen():
    arguments = tiny.FAMILIES["opt"][3] | {"do_layer_norm_before": False}
    found = model("opt", CAUSAL, arguments)
    assert len(found.anatomy.decoder.post_norms) == 2
    assert measured(found, "stream").holds
    assert not tiny.model("opt").anatomy.decoder.post_norms


def logits(family: str, name: str, arguments: dict[str, Any], ids: list[int]) -> np.ndarray:
    """What an ordinary eager network says."""
    inputs = {"input_ids": torch.tensor([ids])}
    eager = network(family, name, arguments)
    if name == SEQ2SEQ:
        inputs["decoder_input_ids"] = torch.tensor([[eager.config.decoder_start_token_id]])
    with torch.no_grad():
        return eager(**inputs).logits[0].numpy()


@pytest.mark.parametrize("family", [*ROWS_WITHOUT_A_TINY_MODEL, *STRANGERS])
def test_recording_leaves_the_output_as_it_is(family):
    case = (ROWS_WITHOUT_A_TINY_MODEL | STRANGERS)[family]
    made = model(family, *case)
    recording = record(made, TEXT)
    expected = logits(family, *case, made.encode(TEXT))
    np.testing.assert_array_equal(recording.logits, expected)
    layers = made.facts.layers
    for name in made.anatomy.stacks:
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


@pytest.mark.parametrize("family", ROWS_WITHOUT_A_TINY_MODEL)
def test_what_the_row_claims_is_so(family):
    found = model(family, *ROWS_WITHOUT_A_TINY_MODEL[family])
    for name in (
        "output",
        "sublayers",
        "weights",
        "outputs",
        "scores",
        "direction",
        "stream",
        "use",
    ):
        premise = measured(found, name)
        assert premise.holds, premise


@pytest.mark.parametrize("family", STRANGERS)
def test_of_a_stranger_only_what_shows_is_claimed(family):
    made = model(family, *STRANGERS[family])
    assert (made.anatomy.position, made.anatomy.named) == ("unknown", False)
    stack = record(made, TEXT).stack()
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
    made = model(*case)
    recording = record(made, TEXT)
    np.testing.assert_array_equal(recording.logits, logits(*case, made.encode(TEXT)))
    tokens = 1 + len(TEXT)
    sinks = [block.self_attn.sinks.numpy() for block in made.network.model.layers]
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


def test_a_row_whose_modules_are_elsewhere_is_not_believed():
    """A family may change: then its blocks are found as a stranger's are."""
    changed = tiny.network("llama")
    assert row_of(changed) is not None
    for block in changed.model.layers:
        block.feed_forward = block.mlp
        del block.mlp
    found = anatomy_of(changed)
    assert not found.named
    assert found.decoder is not None and found.decoder.blocks == "layers"


def test_albert_with_several_blocks_is_met_as_a_stranger():
    arguments = _BERT | {"embedding_size": 16, "num_hidden_groups": 3}
    assert row_of(network("albert", MASKED, arguments)) is None


def test_two_stacks_without_a_row_are_found():
    found = model("mvp", SEQ2SEQ, _BART)
    assert list(found.anatomy.stacks) == ["encoder", "decoder"]
    recording = record(found, TEXT, "abc")
    assert [(one.stack, one.layer, one.kind) for one in recording.attentions] == [
        *(("encoder", layer, "self") for layer in range(3)),
        *(("decoder", layer, kind) for layer in range(2) for kind in ("self", "cross")),
    ]


def test_what_is_not_understood_is_refused_with_what_is():
    config = hf.FunnelConfig(vocab_size=261, d_model=24, n_head=4, d_head=6, d_inner=40)
    with pytest.raises(InspectionError, match=r"blocks of .* \(FunnelForMaskedLM\).*such as "):
        anatomy_of(hf.FunnelForMaskedLM(config))


@pytest.mark.parametrize(
    ("family", "arguments", "stack"),
    [
        ("bert", _BERT | {"is_decoder": True}, "decoder"),
        ("bert", _BERT, "encoder"),
        ("llama", _LLAMA, "decoder"),
        ("eurobert", _LLAMA, "encoder"),
        ("modernbert", _BERT | {"cls_token_id": 1, "sep_token_id": 2}, "encoder"),
        ("deberta-v2", _BERT | {"relative_attention": True, "pos_att_type": ["c2p"]}, "encoder"),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_encoder_or_decoder_is_measured_not_believed_of_the_name(family, arguments, stack, dtype):
    name = CAUSAL if stack == "decoder" else MASKED
    config = AutoConfig.for_model(family, **arguments)
    built = tiny.built(getattr(hf, name)._model_mapping[type(config)], config, dtype)
    found = wrapped(built, tiny.tokenizer(), KINDS[name], "tiny")
    assert list(found.anatomy.stacks) == [stack]
    assert measured(found, "direction").check.verdict == "holds"


def test_a_hybrid_keeps_the_numbers_of_its_layers():
    """Of four blocks the last attends, the others mix in another way (Qwen 3 Next)."""
    arguments = (
        _LLAMA
        | _EXPERTS
        | {
            "num_hidden_layers": 4,
            "layer_types": ["linear_attention"] * 3 + ["full_attention"],
            "linear_num_key_heads": 2,
            "linear_num_value_heads": 4,
            "linear_key_head_dim": 6,
            "linear_value_head_dim": 6,
            "shared_expert_intermediate_size": 8,
        }
    )
    found = model("qwen3_next", CAUSAL, arguments)
    recording = record(found, TEXT)
    assert [one.layer for one in recording.attentions] == [3]
    assert recording.stack().residual.shape[0] == 5
