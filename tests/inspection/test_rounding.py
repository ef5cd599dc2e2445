"""Bounds: roundings stay within them, and a mistake a little larger than rounding does not."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from components.inspection import noise
from components.inspection.checks import Check, worst
from components.inspection.errors import InspectionError
from components.inspection.rounding import (
    NO_NUMBERS,
    compared,
    least,
    of_row_sum,
    of_softmax,
    require_numbers,
    summed,
    unit,
)
from tests import tiny

DTYPES = ["float32", "bfloat16", "float16"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_unit_is_half_the_way_to_the_next_number(dtype):
    kind = getattr(torch, dtype)
    one = torch.ones((), dtype=kind)
    after = torch.nextafter(one, torch.tensor(2.0, dtype=kind))
    assert unit(dtype) == float(after - one) / 2
    smallest = torch.nextafter(torch.zeros((), dtype=kind), one)
    assert least(dtype) == float(smallest)
    assert float(torch.tensor(least(dtype) / 2.1, dtype=kind)) == 0.0


@given(st.integers(1, 4000), st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None)
def test_sums_of_products_stay_within_their_bound(terms, seed):
    draw = np.random.default_rng(seed)
    x, y = draw.standard_normal((2, terms)).astype(np.float32)
    one_by_one = np.float32(0)
    for product in x * y:
        one_by_one += product
    exact = float(x.astype(np.float64) @ y.astype(np.float64))
    sizes = float(np.abs(x).astype(np.float64) @ np.abs(y).astype(np.float64))
    # The products themselves are rounded once, too.
    assert abs(float(one_by_one) - exact) <= (summed(terms) + unit("float32")) * sizes


def test_a_bound_is_not_so_wide_that_a_wrong_sum_passes():
    """One term left out of a thousand is seen, as is a sum in float16."""
    x = np.random.default_rng(0).standard_normal(1000).astype(np.float32)
    sizes = float((x.astype(np.float64) ** 2).sum())
    assert float(x[np.abs(x).argsort()[500]] ** 2) > summed(1000) * sizes
    half = np.float16(0)
    for product in (x * x).astype(np.float16):
        half += product
    assert abs(float(half) - sizes) > summed(1000) * sizes


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("inside", [False, True], ids=["in float32", "in the format itself"])
@pytest.mark.parametrize("terms", [2, 12, 300, 2000])
def test_a_softmax_stays_within_its_bound(dtype, inside, terms):
    kind = getattr(torch, dtype)
    generator = torch.Generator().manual_seed(terms)
    for scale in (0.1, 1.0, 8.0):
        scores = (torch.randn(50, terms, generator=generator) * scale).to(kind)
        exact = scores.double().softmax(-1)
        made = scores.softmax(-1) if inside else scores.float().softmax(-1).to(kind)
        error = (made.double() - exact).abs().numpy()
        assert (error <= of_softmax(terms, dtype, exact.numpy())).all()
        assert (np.abs(made.double().sum(-1).numpy() - 1) <= of_row_sum(terms, dtype)).all()


def test_rows_that_do_not_sum_to_one_are_seen_in_every_format():
    """A sink left out of twelve keys, a key too many: a hundredth is far beyond rounding."""
    for dtype in DTYPES:
        assert of_row_sum(12, dtype) < 0.02


@pytest.mark.parametrize(
    ("found", "expected", "holds"),
    [
        ([1.0, 2.0], [1.0, 2.0], True),
        ([1.0, 2.1], [1.0, 2.0], True),
        ([1.0, 2.2], [1.0, 2.0], False),
        ([np.nan], [np.nan], False),
        ([np.nan, 1.0], [np.nan, 1.0], False),
        ([-np.inf, 1.0], [-np.inf, 1.0], True),
        ([np.nan], [1.0], False),
        ([1.0], [np.nan], False),
        ([np.inf], [np.inf], True),
        ([np.inf], [-np.inf], False),
        ([-np.inf], [0.0], False),
        ([], [], True),
    ],
)
def test_arrays_are_compared_number_by_number(found, expected, holds):
    check = compared("same", np.array(found), np.array(expected), 0.11)
    assert check.holds == holds
    assert (check.verdict == "fails") == (not holds)


def test_what_is_no_number_is_told_and_what_it_means():
    """Even where another place is farther off; of two ways one may be wrong, too."""
    nan, one = np.array([np.nan, 9.0]), np.array([1.0, 0.0])
    both = compared("same", nan, nan, 0.1, "A slip.")
    assert np.isnan(both.error) and both.meaning == NO_NUMBERS
    either = compared("same", nan, one, 0.1, "A slip.")
    assert np.isnan(either.error) and either.meaning == f"A slip. {NO_NUMBERS}"
    assert compared("same", one, np.array([2.0, 0.0]), 0.1, "A slip.").meaning == "A slip."


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_nothing_is_told_from_what_is_no_number(number):
    require_numbers(np.array([1.0, -np.inf]), torch.tensor([0.5]), 2.0)
    for found in (np.array([1.0, number]), torch.tensor([number]), number):
        with pytest.raises(InspectionError, match="Some numbers here are none"):
            require_numbers(1.0, found)


def test_the_number_told_is_the_one_farthest_beyond_its_own_bound():
    """Not the largest: a large one may be allowed more."""
    check = compared("", np.array([1.5, 0.2]), np.zeros(2), np.array([2.0, 0.1]))
    assert (check.error, check.bound, check.verdict) == (0.2, 0.1, "fails")


def test_the_worst_of_several_is_that_nearest_its_bound():
    green, red, grey = Check("a", 0.5, 1.0), Check("b", 0.2, 0.1), Check("c", 9.0)
    assert worst([green, red, grey]) is red
    assert worst([green, grey]) is green
    assert worst([grey, green], "all of them").says == "all of them"
    assert worst([red, Check("d", float("nan"), 1.0)]).says == "d"
    assert worst([Check("e", 0.0, 0.0), Check("f", 1e-9, 0.0)]).says == "f"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", ["llama", "gpt2", "bert", "t5"])
def test_noise_is_what_another_order_of_sums_does_and_no_mistake(family, dtype):
    """Rows read alone or among others are added in another order; a swapped token is no noise."""
    model = tiny.model(family, dtype)
    ids = torch.tensor([model.encode("to be, or not")])
    more = {"decoder_input_ids": torch.tensor([[0]])} if family == "t5" else {}

    def logits(ids: torch.Tensor = ids, rows: int = 1) -> torch.Tensor:
        given_ = {name: value.expand(rows, -1) for name, value in more.items()}
        with torch.no_grad():
            return model.network(input_ids=ids.expand(rows, -1), **given_).logits[:1]

    bound = noise.allowed(model, logits)
    usual = logits()
    assert 0 < bound < 0.5 * float(usual.float().abs().max())
    for rows in (2, 5, 8):
        assert float((logits(rows=rows) - usual).abs().max()) <= bound
    if family in ("bert", "t5") and dtype != "float32":
        return  # what one token does in these small random networks is itself about a rounding
    other = ids.clone()
    other[0, 3] = 77
    assert float((logits(other) - usual).abs().max()) > bound


def test_noise_leaves_nothing_on_the_network(tiny_causal):
    ids = torch.tensor([[1, 50, 60]])
    before = tiny_causal.network(input_ids=ids).logits
    noise.floor(tiny_causal, lambda: tiny_causal.network(input_ids=ids).logits)
    assert torch.equal(tiny_causal.network(input_ids=ids).logits, before)
    assert not any(module._forward_hooks for module in tiny_causal.network.modules())
