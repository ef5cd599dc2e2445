"""Draws follow the exact probabilities, and the test statistic is Pearson's."""

import numpy as np
import pytest
import torch
from scipy.stats import chisquare, kstest

from components.inspection.errors import InspectionError
from components.inspection.sampling.draws import draws, pooled
from components.inspection.sampling.settings import Settings

TOY = np.array([4.0, 3.0, 2.0, 1.0, 0.0], dtype=np.float32)


def test_counts_sum_to_the_draws_made():
    found = draws(TOY, (), Settings(seed=3), 1234)
    assert found.counts.sum() == found.drawn == 1234
    assert found.probabilities.sum() == pytest.approx(1)


def test_the_statistic_is_scipys():
    found = draws(TOY, (), Settings(temperature=2), 2000)
    theirs = chisquare(found.counts, found.probabilities * 2000)
    assert found.bins == 5
    assert found.statistic == pytest.approx(theirs.statistic)
    assert found.p_value == pytest.approx(theirs.pvalue)


def test_p_values_of_honest_draws_are_spread_evenly():
    values = [
        draws(TOY, (), Settings(temperature=2, seed=seed), 3000).p_value for seed in range(300)
    ]
    assert kstest(values, "uniform").pvalue > 0.01


def test_removed_tokens_are_never_drawn():
    found = draws(TOY, (), Settings(top_k=2), 5000)
    assert found.counts[2:].sum() == 0
    assert found.bins == 2


def test_greedy_draws_one_token_and_leaves_nothing_to_test():
    found = draws(TOY, (), Settings(temperature=0), 100)
    assert found.counts.tolist() == [100, 0, 0, 0, 0]
    assert (found.bins, found.p_value, found.degrees_of_freedom) == (1, None, 0)


def test_the_same_seed_draws_the_same():
    one, two = (draws(TOY, (), Settings(seed=8), 500) for _ in range(2))
    np.testing.assert_array_equal(one.counts, two.counts)
    assert (draws(TOY, (), Settings(seed=9), 500).counts != one.counts).any()


def test_small_bins_are_pooled():
    observed, expected = pooled(np.array([50, 30, 2, 1, 3]), np.array([48.0, 30.0, 3.0, 2.0, 3.0]))
    assert observed.tolist() == [50, 30, 6]
    assert expected.tolist() == [48, 30, 8]


def test_a_pool_that_is_still_too_small_takes_in_the_smallest_bin():
    observed, expected = pooled(np.array([90, 8, 2]), np.array([90.0, 8.0, 2.0]))
    assert observed.tolist() == [90, 10]
    assert expected.tolist() == [90, 10]


@pytest.mark.parametrize("count", [0, -1, 100_001])
def test_a_number_of_draws_out_of_range_is_explained(count):
    with pytest.raises(InspectionError, match="from 1 to 100,000"):
        draws(TOY, (), Settings(), count)


def test_a_large_vocabulary_is_drawn_from_in_full():
    logits = np.zeros(150_000, dtype=np.float32)
    found = draws(logits, (), Settings(), 100_000)
    assert (found.counts > 0).sum() > 70_000  # 1 - 1/e of 150,000 would be 73,000 at most
    assert found.p_value is None  # nothing is expected 5 times: all share one bin


def test_the_check_holds_of_honest_draws_for_every_seed():
    for seed in range(100):
        (check,) = draws(TOY, (), Settings(temperature=2, seed=seed), 10_000).checks
        assert check.holds
    assert draws(TOY, (), Settings(temperature=0), 10).checks == ()


@pytest.mark.sabotage("chi-square of these draws is within what chance explains")
@pytest.mark.parametrize(
    "bug",
    [
        lambda p: p.sqrt(),  # another temperature
        lambda p: p.roll(1),  # counts of the token beside
        lambda p: (p > 0).double(),  # all that is left is equally likely
        lambda p: p + 0.002,  # a little too even
    ],
)
def test_draws_from_another_distribution_turn_the_check_red(bug, monkeypatch):
    true = torch.multinomial
    monkeypatch.setattr(
        torch, "multinomial", lambda p, *args, **named: true(bug(p), *args, **named)
    )
    (check,) = draws(TOY, (), Settings(), 100_000).checks
    assert check.verdict == "fails"
