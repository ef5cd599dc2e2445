"""Shapley values of games: by hand, by all orders, and how sure drawn ones are."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student

from components.inspection.attribution.shapley import EXACT, rounded_up, shapley


class Game:
    """A value for each coalition, drawn; it counts how often it is asked."""

    def __init__(self, features, seed=0, several=()):
        generator = np.random.default_rng(seed)
        self.values = generator.normal(size=(2**features, *several))
        self.asked = []

    def __call__(self, there):
        numbers = (there.numpy() > 0.5) @ 2 ** np.arange(there.shape[1])
        self.asked += numbers.tolist()
        return torch.from_numpy(self.values[numbers])


def by_all_orders(game, features):
    """The mean of what each feature brings, over every order there is."""
    total = np.zeros((features, *game.values.shape[1:]))
    for order in itertools.permutations(range(features)):
        here = 0
        for feature in order:
            total[feature] += game.values[here | 1 << feature] - game.values[here]
            here |= 1 << feature
    return total / math.factorial(features)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 5), st.integers(0, 99), st.sampled_from([(), (3,)]))
def test_exact_values_are_the_mean_over_all_orders(features, seed, several):
    game = Game(features, seed, several)
    found = shapley(game, features, orders=4)
    np.testing.assert_allclose(found.values, by_all_orders(game, features), atol=1e-12)
    assert found.errors is None
    assert sorted(game.asked) == list(range(2**features))


def test_a_game_worked_by_hand():
    """Two left gloves and a right one: a pair is worth 1."""

    def pairs(there):
        return torch.minimum(there[:, :2].sum(1), there[:, 2])

    # The right one misses out only where it comes first, in 2 of 6 orders: 4/6. A left one
    # completes a pair in one of six: the right one, then it, then the other left one.
    found = shapley(pairs, 3, orders=4)
    np.testing.assert_allclose(found.values, [1 / 6, 1 / 6, 4 / 6])
    assert (found.nobody, found.everybody) == (0, 1)


def test_a_feature_that_brings_nothing_gets_nothing_and_twins_get_the_same():
    def game(there):
        return there[:, 0] * there[:, 1] + 2 * there[:, 3]

    np.testing.assert_allclose(shapley(game, 4, orders=4).values, [0.5, 0.5, 0, 2], atol=1e-12)
    many = shapley(lambda there: game(there[:, :4]), 12, orders=8)
    np.testing.assert_allclose(many.values[2:], [0, 2, *[0] * 8], atol=1e-12)
    np.testing.assert_allclose(many.errors[2:], 0, atol=1e-12)


def test_all_coalitions_of_eight_are_read_once_and_of_nine_orders_are_drawn():
    assert EXACT == 8
    eight, nine = Game(8), Game(9)
    assert shapley(eight, 8, orders=4).errors is None
    assert sorted(eight.asked) == list(range(256))
    found = shapley(nine, 9, orders=10)
    assert found.pairs.shape == (5, 9)
    assert len(nine.asked) == len(set(nine.asked)) <= 2 + 8 * 10


def test_drawn_values_are_those_of_a_loop_over_orders_and_their_reverses():
    game = Game(10, several=(2,))
    found = shapley(game, 10, orders=12, seed=3)
    draw = torch.Generator().manual_seed(3)
    pairs = []
    for _ in range(6):
        order = torch.randperm(10, generator=draw).tolist()
        brought = np.zeros((10, 2))
        for way in (order, order[::-1]):
            here = 0
            for feature in way:
                brought[feature] += (game.values[here | 1 << feature] - game.values[here]) / 2
                here |= 1 << feature
        pairs.append(brought)
    np.testing.assert_allclose(found.values, np.mean(pairs, axis=0), atol=1e-12)
    error = np.std(pairs, axis=0, ddof=1) / np.sqrt(6)
    np.testing.assert_allclose(found.errors, error, atol=1e-12)
    np.testing.assert_allclose(found.values.sum(0), game.values[-1] - game.values[0])


def test_the_standard_error_covers_the_exact_value_as_often_as_it_says():
    game = Game(9, seed=5)
    exact, within = by_coalitions(game, 9), []
    for seed in range(200):
        found = shapley(game, 9, orders=16, seed=seed)
        reach = student.ppf(0.95, len(found.pairs) - 1)  # nine in ten
        within.append(np.abs(found.values - exact) <= reach * found.errors)
    # 1,800 trials; a pair of orders is no Gaussian, and features of one draw go together.
    assert 0.86 < np.mean(within) < 0.93


def by_coalitions(game, features):
    """Shapley 1953, (13): the formula over all subsets, written out."""
    total = np.zeros(features)
    for here, feature in itertools.product(range(2**features), range(features)):
        if not here >> feature & 1:
            size = here.bit_count()
            share = math.factorial(size) * math.factorial(features - size - 1)
            brought = game.values[here | 1 << feature] - game.values[here]
            total[feature] += share / math.factorial(features) * brought
    return total


def test_an_order_and_its_reverse_make_up_for_how_late_a_feature_comes():
    """Where a feature brings more the later it comes, evenly, one pair is exact, one order not."""
    found = shapley(lambda there: there.sum(1) ** 2, 10, orders=4)
    np.testing.assert_allclose(found.values, 10, atol=1e-9)
    np.testing.assert_allclose(found.errors, 0, atol=1e-9)


def test_more_orders_are_added_to_those_there_are():
    game = Game(20, seed=1)
    first = shapley(game, 20, orders=6)
    game.asked.clear()
    more = shapley(game, 20, orders=10, before=first.pairs)
    added = len(game.asked)
    np.testing.assert_array_equal(more.pairs[:3], first.pairs)
    game.asked.clear()
    np.testing.assert_allclose(more.values, shapley(game, 20, orders=10).values, atol=1e-12)
    assert added < 0.6 * len(game.asked)


@pytest.mark.parametrize("rows", [1, 7, 64])
def test_how_many_are_read_at_once_changes_nothing(rows):
    game = Game(9)
    np.testing.assert_allclose(
        shapley(game, 9, 6, rows=rows).values, shapley(game, 9, 6).values, atol=1e-12
    )


def test_the_shared_generator_is_left_alone():
    before = torch.get_rng_state()
    shapley(Game(9), 9, orders=4)
    assert torch.equal(torch.get_rng_state(), before)


def test_orders_are_drawn_in_pairs_of_which_there_are_two():
    assert [rounded_up(orders) for orders in (1, 4, 5, 100)] == [4, 4, 6, 100]
