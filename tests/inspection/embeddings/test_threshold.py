"""Thresholds between queries that are answered and queries that are not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.inspection.embeddings.threshold import best_threshold, spread

COSINES = st.lists(st.integers(-100, 100).map(lambda number: number / 100), max_size=7)


def mistakes(threshold: float, answered: list[float], unanswered: list[float]) -> int:
    return sum(one < threshold for one in answered) + sum(one >= threshold for one in unanswered)


@given(COSINES, COSINES)
def test_no_other_threshold_makes_fewer_mistakes(answered, unanswered):
    threshold, wrong = best_threshold(answered, unanswered)
    assert wrong == mistakes(threshold, answered, unanswered)
    others = np.linspace(-1.1, 1.1, 441)
    assert wrong <= min(mistakes(float(one), answered, unanswered) for one in others)


@pytest.mark.parametrize(
    ("answered", "unanswered", "expected"),
    [
        ([0.8, 0.6], [0.2, 0.4], (0.5, 0)),
        ([0.2], [0.8], (-0.4, 1)),
        ([], [0.5], (0.75, 0)),
        ([], [], (0.0, 0)),
    ],
)
def test_thresholds_that_one_sees_at_once(answered, unanswered, expected):
    assert best_threshold(answered, unanswered) == pytest.approx(expected, abs=1e-5)


def test_the_spread_is_that_of_the_cosines():
    vectors = np.array([[1, 0], [0, 1], [3, 4], [-1, 0], [0, -2]], np.float32)
    queries = np.array([[2, 0], [0, 5]], np.float32)
    found = spread(vectors, queries, (True, False))
    np.testing.assert_allclose(found.five, [[-1, 0, 0, 0.6, 1], [-1, 0, 0, 0.8, 1]], atol=1e-6)
    assert found.nearest.tolist() == [0, 1]
    assert found.mistakes == 1  # both find a sentence in their very direction
    assert [check.verdict for check in found.checks] == ["holds"]
