"""Activations: which function it is, who is silent, and each step against plain PyTorch."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional

from components.inspection.errors import InspectionError
from components.inspection.layers import activations_recorded as recorded
from components.inspection.layers.activations import Activations, activations, curves
from components.inspection.layers.activations_checked import (
    ACTED,
    PRODUCT,
    WORDS,
    activation_checks,
    before_of,
)
from components.inspection.layers.activations_recorded import THRESHOLDS, silence_of
from components.inspection.machine.mlp_parts import Mlp, activated, hidden_check
from components.inspection.model import Model
from tests import tiny
from tests.inspection.breaking import fresh

TEXT = "the keys near"
EXPERTS = ("mixtral", "qwen3_moe")
GATED = ("llama", "mistral", "qwen2", "qwen3", "gemma2", "gemma3", "phi3", "olmo2")
USED = dict.fromkeys(tiny.FAMILIES, "GELU (exact)") | {
    **dict.fromkeys(GATED, "SiLU"),
    **dict.fromkeys(("gpt2", "gptj", "phi", "gpt_neo", "bloom", "gemma2", "gemma3"), "GELU (tanh)"),
    **dict.fromkeys(("opt", "t5"), "ReLU"),
}


def acted(model: Model, layer: int = 1) -> Activations:
    return activations(model, TEXT, list(model.anatomy.stacks)[-1], layer)


def test_the_functions_at_one_and_minus_one_are_torchs():
    x = np.array([-1.0, 0.0, 1.0])
    found = curves(x, ("relu", "gelu", "gelu_pytorch_tanh", "silu"))
    assert found["relu"].tolist() == [0, 0, 1]
    assert found["gelu"][2] == pytest.approx(0.8413, abs=5e-5)
    assert found["gelu_pytorch_tanh"][2] == pytest.approx(0.8412, abs=5e-5)
    assert found["silu"][2] == pytest.approx(0.7311, abs=5e-5)
    t = torch.from_numpy(x)
    for name, own in (
        ("relu", functional.relu(t)),
        ("gelu", functional.gelu(t)),
        ("gelu_pytorch_tanh", functional.gelu(t, approximate="tanh")),
        ("silu", functional.silu(t)),
    ):
        np.testing.assert_allclose(found[name], own, atol=1e-12)


@pytest.mark.parametrize("family", [one for one in tiny.FAMILIES if one not in EXPERTS])
def test_each_family_uses_what_it_was_measured_to_use(family):
    found = acted(tiny.model(family))
    assert found.name == USED[family] and found.fitting == (USED[family],)
    assert found.gated == (family in GATED)
    assert len(found.checks) == (3 if found.gated else 2)
    assert all(check.holds for check in found.checks), found.checks
    assert len(found.silence) == (2 if family in ("t5", "bart", "gpt_neo") else 3)
    assert found.counts.sum() + found.beyond == found.neurons * len(found.tokens)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("family", ["gpt2", "opt", "bert", "gemma2"])
def test_coarse_formats(family, dtype):
    found = acted(tiny.model(family, dtype))
    assert found.name == USED[family] and found.name in found.fitting
    assert all(check.holds for check in found.checks), found.checks


def hooked(model: Model, path: str) -> np.ndarray:
    """What a module of each block gives, by hooks of our own: [layer, token, number]."""
    kept: list[np.ndarray] = []
    modules = [block.get_submodule(path) for block in blocks(model)]
    hooks = [
        each.register_forward_hook(
            lambda _module, _given, gives: kept.append(gives.numpy().reshape(-1, gives.shape[-1]))
        )
        for each in modules
    ]
    with torch.no_grad():
        model.network(torch.tensor([model.encode(TEXT)]))
    for hook in hooks:
        hook.remove()
    return np.stack(kept)


def blocks(model: Model) -> torch.nn.ModuleList:
    base = model.network.base_model
    return base.decoder.layers if hasattr(base, "decoder") else base.layers


def test_silence_of_relu_is_where_nothing_above_0_goes_in():
    model = tiny.model("opt")
    found, given = acted(model), hooked(model, "fc1")
    np.testing.assert_allclose(found.silent(0), (given <= 0).mean((1, 2)), atol=1e-6)
    np.testing.assert_allclose(found.never(0), (given <= 0).all(1).mean(1), atol=1e-6)
    assert found.exact and 0.3 < found.silent(0)[1] < 0.7
    assert found.silent_counts[0].sum() == (given[1] <= 0).sum()


def test_silence_of_silu_is_small_beside_the_largest_of_its_token():
    model = tiny.model("llama")
    found, gate = acted(model), hooked(model, "mlp.gate_proj")
    sizes = np.abs(functional.silu(torch.from_numpy(gate)).numpy())
    for level, share in enumerate(THRESHOLDS):
        silent = sizes <= share * sizes.max(-1, keepdims=True)
        np.testing.assert_allclose(found.silent(level), silent.mean((1, 2)), atol=1e-6)
        np.testing.assert_allclose(found.never(level), silent.all(1).mean(1), atol=1e-6)
    assert not found.exact and found.silent(0)[1] == 0 < found.silent(4)[1]
    one = found.strongest
    assert sizes[1].max() == pytest.approx(one.after, rel=1e-5)
    assert gate[1, one.token, one.neuron] == pytest.approx(one.before)
    assert one.hidden == pytest.approx(one.after * one.up, rel=1e-5)


def test_a_threshold_is_a_share_of_the_largest_at_each_token():
    after = np.array([[10.0, 0.05, -0.2, 0.0], [0.1, 0.05, 0.0, -0.1]])
    found = dict(zip(THRESHOLDS, silence_of(after), strict=True))
    assert found[0.0].tolist() == [[False, False, False, True], [False, False, True, False]]
    assert found[0.01].tolist() == [[False, True, False, True], [False, False, True, False]]
    assert found[0.05].tolist() == [[False, True, True, True], [False, False, True, False]]


def test_a_layer_that_is_built_otherwise_is_left_out():
    model = fresh("opt")
    model.network.model.decoder.layers[2].activation_fn = torch.nn.SiLU()
    found = acted(model)
    assert found.silence[2] is None and np.isnan(found.silent(0)[2])
    np.testing.assert_array_equal(found.own.share, found.silence[1].share)
    assert not np.isnan(found.silent(0)[:2]).any()


@pytest.mark.parametrize("family", EXPERTS)
def test_experts_are_refused(family):
    with pytest.raises(InspectionError, match="is a mixture of experts"):
        acted(tiny.model(family))


def test_an_mlp_that_is_not_understood_is_refused():
    model = fresh("llama")
    model.network.model.layers[1].mlp.act_fn = torch.nn.Hardtanh()
    with pytest.raises(InspectionError, match="makes its hidden numbers is not known"):
        acted(model)


def test_a_text_of_too_many_numbers_is_refused_and_nothing_is_left_on_the_network(monkeypatch):
    model = fresh("llama")
    monkeypatch.setattr(recorded, "MOST_NUMBERS", 40 * 5)
    with pytest.raises(
        InspectionError, match=r"40 neurons, and the text 14 tokens; .* up to 5 tokens"
    ):
        acted(model)
    assert not any(module._forward_hooks for module in model.network.modules())
    assert not any(module._forward_pre_hooks for module in model.network.modules())


def mlp_of(dtype: str, gated: bool = True) -> tuple[Mlp, np.ndarray]:
    """An MLP's numbers as a network of a format would record them, and what the activation gave."""
    torch.manual_seed(0)
    format_ = getattr(torch, dtype)
    gate, up = (torch.randn(5, 7).to(format_) for _ in range(2))
    after = functional.silu(gate)
    hidden = after * up if gated else after
    x, u, h, a = (each.float().numpy() for each in (gate, up, hidden, after))
    check = hidden_check(x, u if gated else None, h, "silu", dtype)
    made = Mlp(
        x if gated else None, u if gated else None, None if gated else x, h, "silu", 7, check
    )
    return made, a


DTYPES = pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])


@pytest.mark.sabotage(ACTED)
@DTYPES
def test_another_function_turns_red(dtype):
    mlp, after = mlp_of(dtype)
    assert all(check.holds for check in activation_checks(mlp, after, dtype))
    other = activated(before_of(mlp), "gelu").astype(np.float32)
    found = {check.says: check.verdict for check in activation_checks(mlp, other, dtype)}
    assert found[ACTED] == "fails"


@pytest.mark.sabotage(ACTED)
def test_tanh_for_exact_gelu_turns_red_in_float32():
    mlp, _ = mlp_of("float32", gated=False)
    exact = activated(before_of(mlp), "gelu").astype(np.float32)
    mlp = replace(mlp, activation="gelu")
    assert activation_checks(mlp, exact, "float32")[1].holds
    mlp = replace(mlp, activation="gelu_pytorch_tanh")
    assert activation_checks(mlp, exact, "float32")[1].verdict == "fails"


@pytest.mark.sabotage(PRODUCT)
@DTYPES
def test_an_up_of_the_neuron_beside_turns_red(dtype):
    mlp, after = mlp_of(dtype)
    assert activation_checks(mlp, after, dtype)[2].holds
    swapped = replace(mlp, up=np.roll(mlp.up, 1, axis=1))
    assert [check.verdict for check in activation_checks(swapped, after, dtype)[1:]] == [
        "holds",
        "fails",
    ]


def test_words_name_one_function_each():
    x = np.linspace(-4, 4, 50, dtype=np.float32)
    for name, words in WORDS.items():
        first = next(each for each, said in WORDS.items() if said == words)
        np.testing.assert_allclose(activated(x, name), activated(x, first), atol=1e-6)
