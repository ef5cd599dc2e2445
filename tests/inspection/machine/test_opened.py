"""An opened block against its modules' own arithmetic, in every family and number format."""

from typing import Any

import numpy as np
import pytest
import torch
import transformers as hf

from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.load import load_model
from components.inspection.machine import opened as module
from components.inspection.machine.opened import OpenedBlock, opened_block
from components.inspection.machine.wiring import wiring_of
from components.inspection.model import Model
from components.inspection.stacks import blocks_of
from tests import tiny
from tests.inspection.machine.read import CASES, DTYPES, TEXT, flowed, target_of
from tests.inspection.positions import networks
from tests.inspection.positions.tools import state_of

PLACEMENTS = {
    "gemma2": "sandwich",
    "gemma3": "sandwich",
    "olmo2": "after the part",
    "phi": "parallel",
    "gpt_neox": "parallel",
    "gptj": "parallel",
    "falcon": "parallel",
    "bert": "post",
    "distilbert": "post",
    "roberta": "post",
    "bert_classifier": "post",
    "bart": "post",
}
LAYERED = {"gpt2", "phi", "gpt_neox", "gpt_neox_serial", "gptj", "gpt_neo", "opt", "falcon"} | {
    "falcon_alibi", "bloom", "mpt", "bert", "distilbert", "roberta", "bert_classifier", "bart",
}  # fmt: skip
VECTORS_NORMED = {"qwen3", "gemma3", "olmo2", "qwen3_moe"}
EXPERTS = ("mixtral", "qwen3_moe")
COARSE = ("gpt2", "llama", "gemma2", "bloom", "bert", "t5", "mixtral", "gptj")
GATED = {"llama", "mistral", "qwen2", "qwen3", "gemma2", "gemma3", "phi3", "olmo2"}


def opened(model: Model, stack: str, kind: str = "self", **asked: Any) -> OpenedBlock:
    given = {"layer": 1, "head": 1, "place": 2} | asked
    return opened_block(model, TEXT, target_of(model), stack, kind=kind, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("family", "stack", "kind", "dtype"),
    [
        (*case, dtype)
        for case in CASES
        for dtype in DTYPES
        # The self-check opens blocks of all families in all formats.
        if dtype == "float32" or case[0] in COARSE
    ],
)
def test_every_family_is_opened_and_every_check_holds(family, stack, kind, dtype):
    model = tiny.model(family, dtype)
    block = opened(model, stack, kind)
    assert [str(check) for check in block.checks if not check.holds] == []
    assert len(block.unknown) == (family in EXPERTS)
    assert block.placement == PLACEMENTS.get(family, "pre")
    assert {norm.kind for norm in block.norms} == {"layer" if family in LAYERED else "rms"}
    own = [norm.where for norm in block.norms if norm.on == "vector"]
    assert own == (["of queries", "of keys"] if family in VECTORS_NORMED else [])
    assert (block.mlp is None) == (family in EXPERTS)
    assert (block.experts is not None) == (family in EXPERTS)
    if block.mlp is not None:
        assert (block.mlp.gate is not None) == (family in GATED)
    assert (block.between is None) == (block.placement == "parallel")
    assert (block.before_cross is not None) == (stack == "decoder" and (
        family in ("t5", "bart")))  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "family", ["gpt2", "qwen3", "gemma2", "olmo2", "falcon", "bert", "bart", "t5"]
)
def test_the_stream_leads_from_write_to_write(family, dtype):
    """Recomputed by torch in the model's own format: equal to the last bit but in sums of three."""
    model = tiny.model(family, dtype)
    stack = next(iter(model.anatomy.stacks))
    block = opened(model, stack)
    own = getattr(torch, dtype)
    x, attention, mlp, left = (
        torch.from_numpy(one).to(own)
        for one in (block.entered, block.attention_write, block.mlp_write, block.left)  # type: ignore[arg-type]
    )
    recording = record(model, TEXT, target_of(model), keep=["residual"]).stack(stack)
    assert np.array_equal(block.entered, recording.residual[1])
    assert np.array_equal(block.left, recording.residual[2])
    assert np.array_equal(block.attention_write, recording.attention_writes[1])
    if block.placement == "parallel":
        assert torch.allclose(x + attention + mlp, left, rtol=0, atol=16 * torch.finfo(own).eps)
    elif block.placement == "post":
        first, second = (
            blocks_of(model.network, model.anatomy.stacks[stack])[1].get_submodule(path)
            for path in model.anatomy.stacks[stack].post_norms
        )
        assert torch.equal(first(x + attention), torch.from_numpy(block.between).to(own))
        assert torch.equal(second(first(x + attention) + mlp), left)
    else:
        assert torch.equal(x + attention, torch.from_numpy(block.between).to(own))
        assert torch.equal(x + attention + mlp, left)


CUT = {
    "llama": ("self_attn.q_proj", lambda out, h: out.reshape(len(out), 4, 6)[:, h]),
    "gpt2": ("attn.c_attn", lambda out, h: out[:, :24].reshape(len(out), 4, 6)[:, h]),
    "phi3": ("self_attn.qkv_proj", lambda out, h: out[:, :24].reshape(len(out), 4, 6)[:, h]),
    "bloom": ("self_attention.query_key_value", lambda o, h: o.reshape(len(o), 4, 3, 6)[:, h, 0]),
    "gpt_neox": ("attention.query_key_value", lambda o, h: o.reshape(len(o), 4, 3, 8)[:, h, 0]),
    "falcon": ("self_attention.query_key_value", lambda o, h: o[:, 6 * h : 6 * h + 6]),
    "mpt": ("attn.Wqkv", lambda out, h: out[:, :24].reshape(len(out), 4, 6)[:, h]),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", CUT)
def test_queries_are_cut_as_the_family_cuts_them(family, dtype):
    model = tiny.model(family, dtype)
    path, cut = CUT[family]
    gave = flowed(model, "decoder", 1, [path])[path][1]
    for head in range(4):
        block = opened(model, "decoder", head=head)
        before = block.queries if block.queries_before is None else block.queries_before
        assert np.array_equal(before, cut(gave, head))
        assert (block.rope is None) == (family in ("gpt2", "bloom", "mpt"))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("family", "gate", "up", "down", "activation"),
    [
        ("llama", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj", "silu"),
        ("gemma2", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj", "gelu_pytorch_tanh"),
        ("gpt2", "mlp.c_fc", None, "mlp.c_proj", "gelu_new"),
        ("opt", "fc1", None, "fc2", "relu"),
        ("phi3", "mlp.gate_up_proj", "mlp.gate_up_proj", "mlp.down_proj", "silu"),
        ("gpt_neox", "mlp.dense_h_to_4h", None, "mlp.dense_4h_to_h", "gelu"),
    ],
)
def test_the_mlp_s_numbers_are_its_modules(family, gate, up, down, activation, dtype):
    model = tiny.model(family, dtype)
    seen = flowed(model, "decoder", 1, [gate, down] + ([up] if up else []))
    mlp = opened(model, "decoder").mlp
    assert mlp is not None and mlp.activation == activation
    neurons = seen[down][0].shape[1]
    assert mlp.neurons == neurons and np.array_equal(mlp.hidden, seen[down][0])
    if up is None:
        assert mlp.gate is None and np.array_equal(mlp.before, seen[gate][1])
    else:
        assert np.array_equal(mlp.gate, seen[gate][1][:, :neurons])
        assert np.array_equal(mlp.up, seen[up][1][:, -neurons:])


@pytest.mark.parametrize("family", ["llama", "gpt2", "gemma2", "bert", "olmo2"])
def test_a_norm_is_the_formula_of_its_kind(family):
    model = tiny.model(family)
    (stack,) = model.anatomy.stacks
    for norm in opened(model, stack).norms:
        x = norm.given.astype(np.float64)
        if norm.kind == "layer":
            assert norm.mean == pytest.approx(x.mean(1), abs=1e-6)
            assert norm.scale == pytest.approx(np.sqrt(x.var(1) + norm.epsilon), rel=1e-6)
        else:
            assert not norm.mean.any()
            assert norm.scale == pytest.approx(np.sqrt((x * x).mean(1) + norm.epsilon), rel=1e-6)
        shift = 0 if norm.shift is None else norm.shift
        ours = (x - norm.mean[:, None]) / norm.scale[:, None] * norm.gain + shift
        assert norm.gives == pytest.approx(ours, abs=2e-5)
    config = model.network.config
    stated = [getattr(config, n, None) for n in ("rms_norm_eps", "layer_norm_epsilon")]
    stated.append(getattr(config, "layer_norm_eps", None))
    assert norm.epsilon in stated


@pytest.mark.parametrize("family", EXPERTS)
def test_experts_and_their_shares_are_the_router_s(family):
    model = tiny.model(family)
    experts = opened(model, "decoder").experts
    given = flowed(model, "decoder", 1, ["mlp.gate"])["mlp.gate"][0]
    gate = blocks_of(model.network, model.anatomy.stacks["decoder"])[1].mlp.gate
    logits, shares, chosen = gate(torch.from_numpy(given))
    assert experts.probabilities == pytest.approx(logits.softmax(-1).numpy(), abs=1e-6)
    assert np.array_equal(experts.chosen, chosen.numpy())
    assert np.array_equal(experts.shares, shares.numpy())
    assert experts.renormalised == (family == "mixtral")
    assert experts.shares.sum(1) == pytest.approx(1) or not experts.renormalised


def granite() -> Any:
    return networks.of("Granite", residual_multiplier=0.3)


def qwen2_moe() -> Any:
    given = tiny.FAMILIES["llama"][3] | {"num_experts": 4, "num_experts_per_tok": 2}
    given = given | {"moe_intermediate_size": 16, "shared_expert_intermediate_size": 8}
    return tiny.built(hf.Qwen2MoeForCausalLM, hf.Qwen2MoeConfig(**given))


ODD = {
    "cohere": (lambda: networks.of("Cohere"), "parallel", []),
    "glm": (lambda: networks.of("Glm"), "pre", []),
    "olmo": (lambda: networks.of("Olmo"), "pre", []),
    "granite": (granite, "unknown", ["no way of adding them leads"]),
    "stablelm": (
        lambda: networks.of("StableLm"),
        "pre",
        ["make the queries of this layer", "make the keys of this layer"],
    ),
    "qwen3_next": (networks.qwen3_next, "pre", ["mixes the heads' outputs", "several experts"]),
    "deepseek_v2": (networks.deepseek_v2, "pre", ["several experts"]),
    "deepseek_v3": (networks.deepseek_v3, "pre", ["softmax of its router", "several experts"]),
    "llama4": (
        networks.llama4,
        "pre",
        ["make the queries", "make the keys", "Its router does not say", "several experts"],
    ),
    "qwen2_moe": (qwen2_moe, "pre", ["several experts", "goes through one more"]),
    "smollm3": (networks.smollm3, "pre", []),
}


@pytest.mark.parametrize("name", ODD)
def test_a_family_without_a_row_is_opened_as_far_as_it_can_be_known(name):
    make, placement, sentences = ODD[name]
    block = opened(networks.model(make()), "decoder")
    assert [str(check) for check in block.checks if not check.holds] == []
    assert block.placement == placement
    for sentence in sentences:
        assert any(sentence in one for one in block.unknown), block.unknown
    if not sentences:
        assert block.unknown == ()
    if name == "granite":
        assert block.between is None and block.attention_write is None
        assert [norm.where for norm in block.norms] == ["before attention", "before MLP"]


def test_only_some_rows_are_shown_and_they_are_the_same(tiny_causal):
    whole, part = (
        opened(tiny_causal, "decoder"),
        opened(tiny_causal, "decoder", first_row=3, rows=2),
    )
    assert (part.first_row, len(part.entered), len(part.tokens)) == (3, 2, len(whole.tokens))
    for name in ("entered", "between", "queries", "scores", "weights", "outputs", "mlp_write"):
        assert np.array_equal(getattr(part, name), getattr(whole, name)[3:5]), name
    assert np.array_equal(part.head_writes, whole.head_writes[:, 3:5])
    assert np.array_equal(part.keys, whole.keys)
    assert np.array_equal(part.mlp.gate, whole.mlp.gate[3:5])


def test_a_head_s_write_is_its_slice_of_the_projection(tiny_causal):
    block = opened(tiny_causal, "decoder")
    weight = blocks_of(tiny_causal.network, tiny_causal.anatomy.stacks["decoder"])[1]
    slice_ = weight.self_attn.o_proj.weight[:, 6:12].numpy()
    expected = np.linalg.norm(block.outputs @ slice_.T, axis=1)
    assert block.head_writes[1] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"layer": 7}, "layers 0 to 2"),
        ({"head": 4}, "no head 4"),
        ({"place": 99}, "no token 99"),
        ({"kind": "cross"}, "no cross-attention"),
    ],
)
def test_what_is_not_there_is_said_in_words(tiny_causal, asked, words):
    kind = asked.pop("kind", "self")
    with pytest.raises(InspectionError, match=words):
        opened(tiny_causal, "decoder", kind, **asked)
    with pytest.raises(InspectionError, match="no encoder"):
        opened(tiny_causal, "encoder")


def test_nothing_stays_on_the_network(tiny_causal):
    before = state_of(tiny_causal)
    opened(tiny_causal, "decoder")
    with pytest.raises(InspectionError):
        opened(tiny_causal, "decoder", head=9)
    assert state_of(tiny_causal) == before


def test_what_feeds_what_is_found_once(monkeypatch):
    model = tiny.model("qwen2")
    found = wiring_of(model, "decoder", 0)
    assert model.known["opened decoder 0"] is found
    assert opened(model, "decoder", layer=0).mlp is not None
    assert wiring_of(model, "decoder", 0) is found


def test_the_bundled_model_is_known_to_the_last_number():
    model = load_model("storyteller")
    for layer in range(model.facts.layers):
        block = module.opened_block(model, "The fox gave the key", None, "decoder", layer, 0, 3)
        assert block.unknown == () and all(check.holds for check in block.checks)
