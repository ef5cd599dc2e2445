"""What stands behind the last block: found on each family, and run by itself."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.layers.tail import OWN, End, Tail, tail_of
from components.inspection.model import Model
from tests import tiny
from tests.inspection.breaking import fresh
from tests.inspection.positions import networks

TEXT, TARGET = "the keys near", "the dog"
DTYPES = ("float32", "bfloat16", "float16")
TOKENS = tuple(one for one in tiny.FAMILIES if tiny.FAMILIES[one][2] != "classifier")


def read(model: Model) -> tuple[np.ndarray, np.ndarray]:
    """The last stream of a text, and the network's own logits."""
    target = TARGET if len(model.anatomy.stacks) == 2 else None
    found = record(model, TEXT, target, keep=("residual", "logits"))
    return found.stack().residual, found.logits


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", TOKENS)
def test_of_each_family_it_makes_the_network_s_own_logits_to_the_last_bit(family, dtype):
    model = tiny.model(family, dtype)
    residual, own = read(model)
    tail = tail_of(model)
    assert tail.exact
    np.testing.assert_array_equal(tail.logits(torch.from_numpy(residual[-1])).numpy(), own)
    check = tail.check(residual[-1], own)
    assert check.holds and check.bound == 0
    assert tail_of(model) is tail


@pytest.mark.parametrize(
    ("family", "paths"),
    [
        ("llama", ("model.norm", "lm_head")),
        ("gpt2", ("transformer.ln_f", "lm_head")),
        ("bert", ("cls",)),
        ("bart", ("lm_head",)),
        (
            "distilbert",
            ("vocab_transform", "activation", "vocab_layer_norm", "vocab_projector"),
        ),
    ],
)
def test_the_modules_are_those_that_the_family_s_code_calls(family, paths):
    assert tail_of(tiny.model(family)).paths == paths


def test_what_is_no_module_is_found_too():
    assert tail_of(tiny.model("gemma2")).end.cap == 3.0
    t5 = tail_of(tiny.model("t5"))
    assert [link.factor for link in t5.links] == [1.0, pytest.approx(24**-0.5, rel=1e-12)]
    cohere = tail_of(networks.model(networks.of("Cohere")))
    assert (cohere.end.factor, cohere.end.divisor) == (0.0625, 1.0)
    granite = tail_of(networks.model(networks.of("Granite", logits_scaling=7.0)))
    assert (granite.end.factor, granite.end.divisor, granite.exact) == (1.0, 7.0, True)


def test_a_bias_of_the_network_s_own_is_found():
    model = fresh("bart")
    with torch.no_grad():
        model.network.final_logits_bias.copy_(torch.linspace(-3, 3, tiny.VOCABULARY)[None])
    tail = tail_of(model)
    assert tail.end.bias is not None and float(tail.end.bias[-1]) == 3
    residual, own = read(model)
    assert tail.check(residual[-1], own).holds


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_a_fitted_factor_in_16_bits_is_held_to_rounding_and_not_to_the_bit(dtype):
    model = networks.model(networks.of("Granite", logits_scaling=7.0), dtype=dtype)
    tail = tail_of(model)
    assert not tail.exact
    residual, own = read(model)
    check = tail.check(residual[-1], own)
    assert check.holds and check.bound >= 0
    np.testing.assert_allclose(
        tail.logits(torch.from_numpy(residual[-1])).numpy(),
        own,
        rtol={"bfloat16": 0.02, "float16": 2e-3}[dtype],
    )


def test_each_row_is_read_by_itself():
    tail = tail_of(tiny.model("llama"))
    rows = torch.from_numpy(read(tiny.model("llama"))[0][1])
    whole = tail.logits(rows)
    alone = torch.cat([tail.logits(row[None]) for row in rows])
    assert float((whole - alone).abs().max()) < 1e-5
    assert len({tuple(row.tolist()) for row in whole}) == len(rows)


def test_the_end_is_factor_cap_and_bias_in_this_order():
    given = torch.tensor([[1.0, 2.0]])
    bias = torch.tensor([10.0, 20.0])
    assert End().of(given) is given
    expected = torch.tanh(given * 2 / 4 / 3) * 3 + bias
    torch.testing.assert_close(End(2.0, 4.0, 3.0, bias).of(given), expected)


def test_what_is_computed_in_between_and_unknown_is_not_found():
    model = fresh("llama")
    # Between norm and head something is done that is no module, and no factor.
    model.network.lm_head.register_forward_pre_hook(lambda _module, args: (args[0].sin(),))
    with pytest.raises(InspectionError, match="No modules were found that lead from the stream"):
        tail_of(model)


class Mixing(nn.Module):
    """A last norm that takes a share of the mean over all tokens."""

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        return states + states.mean(-2, keepdim=True)


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_reads_other_places_is_no_tail(dtype):
    model = fresh("llama", dtype)
    model.network.model.norm = Mixing()
    with pytest.raises(InspectionError, match="No modules were found"):
        tail_of(model)


def broken(tail: Tail, how: str) -> Tail:
    if how == "norm left out":
        return replace(tail, links=tail.links[1:])
    if how == "norm twice":
        return replace(tail, links=(tail.links[0], *tail.links))
    return replace(tail, end=replace(tail.end, cap=None, factor=1.01 * tail.end.factor))


@pytest.mark.sabotage(OWN)
@pytest.mark.parametrize("how", ["norm left out", "norm twice", "another end"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", ["gemma2", "t5"])
def test_another_way_to_the_logits_turns_red(family, how, dtype):
    model = tiny.model(family, dtype)
    residual, own = read(model)
    tail = tail_of(model)
    assert tail.check(residual[-1], own).holds
    assert not broken(tail, how).check(residual[-1], own).holds


@pytest.mark.sabotage(OWN)
@pytest.mark.parametrize("dtype", DTYPES)
def test_another_stream_turns_red(dtype):
    model = tiny.model("llama", dtype)
    residual, own = read(model)
    tail = tail_of(model)
    assert tail.check(residual[-1], own).holds
    assert not tail.check(residual[-2], own).holds
    assert not tail.check(np.roll(residual[-1], 1, 0), own).holds


@pytest.mark.sabotage(OWN)
@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_another_factor_than_the_fitted_one_turns_red(dtype):
    model = networks.model(networks.of("Granite", logits_scaling=7.0), dtype=dtype)
    residual, own = read(model)
    tail = tail_of(model)
    assert tail.check(residual[-1], own).holds
    other = replace(tail, end=End(divisor=7.5))
    assert not other.check(residual[-1], own).holds


def test_a_model_that_answers_nothing_has_none():
    with pytest.raises(InspectionError, match="No modules were found"):
        tail_of(fresh("bert_classifier"))
