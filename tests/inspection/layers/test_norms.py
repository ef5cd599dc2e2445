"""Both norms by hand: the numbers of the source texts, torch's own, and what each forgets."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from components.inspection.errors import InspectionError
from components.inspection.layers.norms import (
    CENTRED,
    LENGTH,
    TORCH,
    both_norms,
    norm_checks,
    norms_by_hand,
    typed_numbers,
)

FOUR = (1.0, 2.0, 3.0, 4.0)


def test_the_numbers_of_the_book():
    found = norms_by_hand(FOUR, add=10)
    np.testing.assert_allclose(found.typed.layer, [-1.3416, -0.4472, 0.4472, 1.3416], atol=5e-5)
    np.testing.assert_allclose(found.typed.rms, [0.3651, 0.7303, 1.0954, 1.4606], atol=5e-5)
    np.testing.assert_allclose(found.changed.layer, found.typed.layer, atol=1e-12)
    np.testing.assert_allclose(found.changed.rms, [0.8765, 0.9562, 1.0359, 1.1155], atol=5e-5)
    assert (found.typed.mean, found.typed.variance, found.typed.mean_square) == (2.5, 1.25, 7.5)
    assert (found.layer_changes, found.rms_changes) == (False, True)


@pytest.mark.parametrize("times", [100.0, 7.0, -3.0])
def test_a_length_is_forgotten_by_both_and_a_sign_by_none(times):
    found = norms_by_hand(FOUR, times=times, epsilon=0.0)
    for one in ("layer", "rms"):
        expected = np.sign(times) * getattr(found.typed, one)
        np.testing.assert_allclose(getattr(found.changed, one), expected, atol=1e-12)
    assert found.layer_changes == found.rms_changes == (times < 0)


def test_epsilon_is_felt_where_numbers_are_small():
    small = norms_by_hand(FOUR, times=0.001)
    assert small.layer_changes and small.rms_changes
    # 1.25e-6 / (1.25e-6 + 1e-5) is a ninth, whose root is a third.
    np.testing.assert_allclose(small.changed.layer * 3, small.typed.layer, rtol=1e-5)
    assert all(check.holds for check in small.checks)


@pytest.mark.parametrize("epsilon", [0.0, 1e-6, 1.0])
@pytest.mark.parametrize(
    "numbers",
    [FOUR, (1e6, 1e6 + 1e-3), (-5.0, 1e-9, 3.0), tuple(range(16)), (1e-9, 2e-9), (1e6, -1e6)],
)
def test_any_numbers_are_torchs_and_the_checks_hold(numbers, epsilon):
    found = norms_by_hand(numbers, 1.5, -7.0, epsilon)
    x = torch.tensor(numbers, dtype=torch.float64) * 1.5 - 7
    own = torch.nn.functional.layer_norm(x, x.shape, eps=epsilon)
    np.testing.assert_allclose(found.changed.layer, own, atol=1e-5)
    own = torch.nn.functional.rms_norm(x, x.shape, eps=epsilon)
    np.testing.assert_allclose(found.changed.rms, own, atol=1e-12)
    assert [check.says for check in found.checks] == [TORCH, CENTRED, LENGTH]
    assert all(check.holds for check in found.checks), found.checks


def test_equal_numbers_need_an_epsilon():
    with pytest.raises(InspectionError, match="what epsilon is for"):
        norms_by_hand((3.0, 3.0), epsilon=0.0)
    found = norms_by_hand((3.0, 3.0))
    assert not found.typed.layer.any() and all(check.holds for check in found.checks)


def broken(**change: object) -> list[str]:
    """The checks that fail of the four numbers once something of them is another number."""
    whole = both_norms(np.array(FOUR), 1e-5)
    assert all(check.holds for check in norm_checks(whole, 1e-5))
    spoilt = replace(whole, **change)
    return [check.says for check in norm_checks(spoilt, 1e-5) if check.verdict == "fails"]


@pytest.mark.sabotage(TORCH)
@pytest.mark.sabotage(CENTRED)
def test_an_unbiased_variance_turns_red():
    x = np.array(FOUR)
    layer = (x - x.mean()) / np.sqrt(x.var(ddof=1) + 1e-5)
    assert broken(layer=layer) == [TORCH, CENTRED]


@pytest.mark.sabotage(CENTRED)
def test_a_mean_that_stays_turns_red():
    assert broken(layer=np.array(FOUR) / np.std(FOUR)) == [TORCH, CENTRED]


@pytest.mark.sabotage(LENGTH)
def test_a_sum_of_squares_turns_red():
    assert broken(rms=np.array(FOUR) / np.sqrt(30)) == [TORCH, LENGTH]


@pytest.mark.sabotage(LENGTH)
def test_a_forgotten_epsilon_turns_red():
    assert broken(rms=np.array(FOUR) / np.sqrt(7.5)) == [TORCH, LENGTH]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("1 2 3 4", FOUR), ("[1, 2;3\n4]", FOUR), ("1e-3,-2.5", (0.001, -2.5))],
)
def test_numbers_are_read_as_they_are_typed(text, numbers):
    assert typed_numbers(text) == numbers


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "0 numbers were given; a norm is shown of 2 to 16"),
        ("1", "1 numbers were given"),
        (" ".join("1" * 17), "17 numbers were given"),
        ("1 two", "“two” in the list is no number"),
        ("1 nan", "“nan” in the list is no number"),
        ("1 1e9", "“1e9” in the list is no number from -1,000,000 to 1,000,000"),
    ],
)
def test_what_cannot_be_read_is_said(text, says):
    with pytest.raises(InspectionError, match=says):
        typed_numbers(text)
