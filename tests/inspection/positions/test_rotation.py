"""The rotation itself: printed examples, and what must hold for any vectors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from components.inspection.positions.relative import score
from components.inspection.positions.rotation import (
    CONVENTIONS,
    Rope,
    formula,
    frequencies,
    in_pairs,
    matrix,
    other,
    permutation,
    places,
    rotated,
)

FLOATS = st.floats(-4, 4, width=32)


@st.composite
def ropes(draw: st.DrawFn) -> Rope:
    """Any rotation, partial ones and both conventions among them."""
    pairs = draw(st.integers(1, 8))
    size = 2 * pairs + 2 * draw(st.integers(0, 3))
    theta = draw(st.sampled_from([100.0, 10_000.0, 500_000.0]))
    own = frequencies(2 * pairs, theta).astype(np.float32)
    scaling = draw(st.sampled_from([1.0, 1.1386]))
    return Rope(own, scaling, size, draw(st.sampled_from(CONVENTIONS)), "default", theta, 512)


@st.composite
def couples(draw: st.DrawFn) -> tuple[Rope, np.ndarray, np.ndarray]:
    """A rotation with a query and a key for it."""
    rope = draw(ropes())
    vector = arrays.arrays(np.float32, rope.size, elements=FLOATS)
    return rope, draw(vector), draw(vector)


def test_the_six_numbers_turn_as_the_source_text_prints():
    assert frequencies(6).round(4).tolist() == [1.0, 0.0464, 0.0022]
    assert formula(6).wavelengths.round(2).tolist() == [6.28, 135.37, 2916.40]
    expected = np.zeros((6, 6))
    for pair, (cos, sin) in enumerate([(0.5403, 0.8415), (0.9989, 0.0464), (1.0, 0.0022)]):
        block = slice(2 * pair, 2 * pair + 2)
        expected[block, block] = [[cos, -sin], [sin, cos]]
    np.testing.assert_array_equal(matrix(1, 6).round(4), expected)


def test_the_code_printed_in_the_source_text_turns_the_other_way():
    """It puts +sin at the upper right: the transpose, which is the rotation by -1."""
    printed = matrix(1, 6).T
    assert printed[0, 1] == pytest.approx(+0.8415, abs=1e-4)
    np.testing.assert_allclose(printed, matrix(-1, 6))


def test_one_couple_has_one_score_at_each_of_the_source_texts_places():
    rng = np.random.default_rng(5)
    q, k = rng.standard_normal((2, 8)).astype(np.float32)
    found = [score(q, k, m, n, formula(8), 1.0) for m, n in ((3, 1), (10, 8), (102, 100), (50, 48))]
    np.testing.assert_allclose(found, found[0], atol=1e-4)
    assert abs(score(q, k, 3, 2, formula(8), 1.0) - found[0]) > 1e-2


@given(couples(), st.integers(0, 500), st.integers(0, 500), st.integers(0, 1000))
@settings(deadline=None)
def test_moving_both_moves_nothing(couple, m, n, shift):
    rope, q, k = couple
    here, there = score(q, k, m, n, rope, 1.0), score(q, k, m + shift, n + shift, rope, 1.0)
    lengths = float(np.linalg.norm(q) * np.linalg.norm(k)) * rope.scaling**2
    # An angle of 1,500 rad is known to 1,500 * 2^-24 in float32.
    assert abs(here - there) <= 1e-5 + 4e-4 * lengths


@given(couples(), st.integers(0, 2000))
@settings(deadline=None)
def test_lengths_stay_but_for_the_scaling(couple, position):
    rope, q, _ = couple
    there = rotated(q, np.float32(position), rope)
    before = np.linalg.norm(in_pairs(q, rope), axis=-1) * rope.scaling
    np.testing.assert_allclose(np.linalg.norm(in_pairs(there, rope), axis=-1), before, atol=1e-4)
    np.testing.assert_array_equal(there[rope.rotated :], q[rope.rotated :])


@given(couples(), st.integers(0, 2000))
@settings(deadline=None)
def test_the_conventions_agree_once_converted_to_the_last_bit(couple, position):
    rope, q, _ = couple
    order = permutation(rope)
    ours = rotated(q, np.float32(position), rope)[order]
    theirs = rotated(q[order], np.float32(position), other(rope))
    np.testing.assert_array_equal(ours, theirs)


@given(ropes())
@settings(deadline=None)
def test_every_turned_number_is_in_one_pair(rope):
    assert sorted(places(rope).ravel()) == list(range(rope.rotated))
    assert sorted(permutation(rope)) == list(range(rope.size))


@given(st.integers(0, 300))
@settings(deadline=None)
def test_the_matrix_turns_as_the_vectors_do(position):
    x = np.array([0.3, -1.2, 2.0, 0.1, -0.7, 1.5], dtype=np.float32)
    there = rotated(x, np.float32(position), formula(6))
    np.testing.assert_allclose(matrix(position, 6) @ x, there, atol=2e-4)
