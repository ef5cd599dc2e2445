"""A model's own norms: where they are found, and that what comes out is what the formula gives."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.layers.norms_of_model import LayerNorms, NormAt, layer_norms, rms
from components.inspection.layers.norms_read import read_by
from components.inspection.machine.normed import NormRule
from components.inspection.machine.normed import normed as normed_by
from components.inspection.machine.reading import reading
from components.inspection.model import Model
from tests import tiny
from tests.inspection.breaking import fresh

TEXT = "the keys near"
PRE = ["before attention", "before MLP", "behind the last block"]
PARALLEL = ["before all parts", "behind the last block"]
POST = ["of the embedding", "after attention", "after MLP"]
SANDWICH = [
    "before attention",
    "of what attention writes",
    "before MLP",
    "of what MLP writes",
    "behind the last block",
]
PLACES = dict.fromkeys(tiny.FAMILIES, PRE) | {
    "gemma2": SANDWICH,
    "gemma3": SANDWICH,
    "phi": PARALLEL,
    "gptj": PARALLEL,
    "falcon": PARALLEL,
    "olmo2": ["of what attention writes", "of what MLP writes", "behind the last block"],
    "bloom": ["of the embedding", *PRE],
    "bert": POST,
    "distilbert": POST,
    "roberta": POST,
    "bert_classifier": POST,
    "t5": ["before attention", "before cross-attention", "before MLP", "behind the last block"],
    "bart": ["of the embedding", "after attention", "after cross-attention", "after MLP"],
}
RMS = ("llama", "mistral", "qwen2", "qwen3", "gemma2", "gemma3", "phi3", "olmo2", "mixtral")
RMS += ("qwen3_moe", "t5")


def normed(model: Model, layer: int = 1, place: int = 1) -> LayerNorms:
    return layer_norms(model, TEXT, list(model.anatomy.stacks)[-1], layer, place)


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_norms_stand_where_the_family_has_them(family):
    found = normed(tiny.model(family))
    assert [norm.where for norm in found.norms] == PLACES[family]
    assert {norm.one.kind for norm in found.norms} == {"rms" if family in RMS else "layer"}
    assert {norm.plus_one for norm in found.norms} == {family in ("gemma2", "gemma3")}
    assert all(check.holds for check in found.checks), found.checks


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("family", ["gpt2", "gemma2", "bert"])
def test_coarse_formats(family, dtype):
    found = normed(tiny.model(family, dtype))
    assert [norm.where for norm in found.norms] == PLACES[family]
    assert all(check.holds for check in found.checks), found.checks


@pytest.mark.parametrize("family", ["llama", "gemma2", "bert", "t5"])
def test_what_goes_in_and_comes_out_is_what_a_hook_sees(family):
    model = tiny.model(family)
    found = normed(model, place=0)
    for norm in found.norms:
        kept = []
        module = model.network.get_submodule(norm.path)
        hook = module.register_forward_hook(
            lambda _, given, gives, kept=kept: kept.append((given[0], gives))
        )
        inputs = {name: torch.tensor([ids]) for name, ids in found.inputs.items()}
        with torch.no_grad():
            model.network(**inputs)
        hook.remove()
        given, gives = (each.reshape(-1, 24)[0].numpy() for each in kept[norm.run])
        np.testing.assert_array_equal(norm.given, given)
        np.testing.assert_array_equal(norm.gives, gives)
        x = given - (given.mean() if norm.one.kind == "layer" else 0)
        weight = module.weight.numpy() + (1 if norm.plus_one else 0)
        bias = getattr(module, "bias", None)
        ours = x / np.sqrt(np.mean(x**2) + norm.one.epsilon) * weight
        ours = ours + (0 if bias is None else bias.numpy())
        np.testing.assert_allclose(norm.gives, ours, rtol=1e-4, atol=1e-5)
        if norm.one.kind == "rms":
            assert rms(norm.divided) == pytest.approx(1, abs=1e-3)


def test_the_last_norm_reads_what_leaves_the_last_block():
    model = tiny.model("llama")
    last = normed(model, layer=0).norms[-1]
    streams = record(model, TEXT, keep=["residual"]).stack().residual
    np.testing.assert_array_equal(last.given, streams[-1, 1])
    first = normed(model, layer=2).norms[0]
    np.testing.assert_array_equal(first.given, streams[2, 1])
    assert (last.path, first.path) == ("model.norm", "model.layers.2.input_layernorm")


def test_giant_numbers_are_those_far_out_the_largest_first():
    wide = np.zeros((1, 400), np.float32)
    wide[0, [5, 9, 11]] = 3.0, -9.0, 7.0  # the root mean square is 0.59, and six times that 3.5
    rule = NormRule("rms", False, 1e-6)
    one = normed_by(torch.nn.Identity(), rule, wide, wide, "float32", "before attention")
    norm = NormAt("before attention", "", "", 0, False, one)
    assert norm.giants == (9, 11)
    ones = np.ones_like(wide)
    one = normed_by(torch.nn.Identity(), rule, ones, ones, "float32", "before attention")
    assert replace(norm, one=one).giants == ()


def test_what_each_stack_reads():
    found = read_by(tiny.model("t5"), TEXT)
    read = reading(tiny.model("t5"), TEXT)
    assert {name: len(tokens) for name, tokens in found.tokens.items()} == read.tokens
    assert found.layers == {"encoder": 3, "decoder": 2}
    assert "".join(read_by(tiny.model("llama"), TEXT).tokens["decoder"][1:]) == TEXT


@pytest.mark.sabotage("the norm * gives (x - mean) / scale x gain + shift")
@pytest.mark.parametrize("path", ["layers.1.input_layernorm", "norm"])
def test_a_norm_that_does_more_on_this_text_turns_red(path):
    model = fresh("llama")
    assert all(check.holds for check in normed(model).checks)
    module = model.network.model.get_submodule(path)
    module.register_forward_hook(lambda _module, _given, gives: gives * 1.001)
    red = [norm.path for norm in normed(model).norms if norm.one.check.verdict == "fails"]
    assert red == [f"model.{path}"]


def test_what_is_not_there_is_said():
    model = tiny.model("llama")
    with pytest.raises(
        InspectionError, match="Place 99 was asked for, but this text has 14 tokens"
    ):
        normed(model, place=99)
    with pytest.raises(InspectionError, match="no layer 9"):
        normed(model, layer=9)


def test_a_network_without_norms_is_refused():
    model = fresh("llama")
    for block in model.network.model.layers:
        block.input_layernorm = block.post_attention_layernorm = torch.nn.Tanh()
    model.network.model.norm = torch.nn.Tanh()
    with pytest.raises(InspectionError, match="No norm is seen around layer 1"):
        normed(model)
