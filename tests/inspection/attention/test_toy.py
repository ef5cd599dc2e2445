"""The small example of the source texts, and what a reader may type."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from components.inspection.attention.toy import EXAMPLE, MOST, matrix, toy_attention
from components.inspection.errors import InspectionError

SMALL = matrix(EXAMPLE, "Q")


def toy(**choices):
    return toy_attention(SMALL, SMALL, SMALL, **choices)


def test_the_example_as_the_source_writes_it():
    found = toy(scale=False)
    np.testing.assert_allclose(
        found.weights, [[1, 0, 0], [0.2689, 0.7311, 0], [0.2119, 0.2119, 0.5761]], atol=5e-5
    )
    np.testing.assert_allclose(
        found.outputs, [[1, 0], [0.2689, 0.7311], [0.7881, 0.7881]], atol=5e-5
    )


def test_the_example_divided_by_the_root_of_two():
    np.testing.assert_allclose(
        toy().weights, [[1, 0, 0], [0.3302, 0.6698, 0], [0.2483, 0.2483, 0.5035]], atol=5e-5
    )


def test_the_example_without_its_mask():
    np.testing.assert_allclose(
        toy(scale=False, causal=False).weights,
        [[0.4223, 0.1554, 0.4223], [0.1554, 0.4223, 0.4223], [0.2119, 0.2119, 0.5761]],
        atol=1e-4,
    )


def test_large_numbers_do_no_harm():
    found = toy_attention(30 * SMALL, 30 * SMALL, SMALL, scale=False)
    np.testing.assert_allclose(found.weights[2], [0, 0, 1], atol=1e-12)


sizes = st.integers(1, MOST)


@settings(deadline=None)
@given(st.data(), sizes, sizes, sizes, st.booleans(), st.booleans(), st.floats(0.1, 5))
def test_rows_share_out_one_and_look_back_only(data, tokens, size, width, scale, causal, heat):
    numbers = st.floats(-100, 100)
    q, k = (data.draw(arrays.arrays(float, (tokens, size), elements=numbers)) for _ in "qk")
    v = data.draw(arrays.arrays(float, (tokens, width), elements=numbers))
    found = toy_attention(q, k, v, scale, causal, heat)
    np.testing.assert_allclose(found.weights.sum(-1), 1, rtol=1e-9)
    if causal:
        assert not np.triu(found.weights, k=1).any()
    assert (found.outputs <= v.max(0) + 1e-6).all() and (found.outputs >= v.min(0) - 1e-6).all()


@settings(deadline=None)
@given(arrays.arrays(float, st.tuples(sizes, sizes), elements=st.floats(-1000, 1000)))
def test_a_matrix_that_is_written_is_read_back(numbers):
    text = "\n".join(" ".join(repr(float(number)) for number in row) for row in numbers)
    np.testing.assert_array_equal(matrix(text, "Q"), numbers)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_anything_typed_is_a_matrix_or_explained(text):
    try:
        found = matrix(text, "Q")
    except InspectionError as error:
        assert "Q" in str(error)
    else:
        assert found.ndim == 2 and np.isfinite(found).all()


@pytest.mark.parametrize(
    ("q", "k", "v", "said"),
    [
        ("1 0", "1 0 0", "1", "as many numbers"),
        ("1 0\n0 1", "1 0\n0 1", "1", "K has 2 rows, V has 1"),
        ("1 0", "1 0\n0 1", "1\n1", "causal mask needs"),
    ],
)
def test_matrices_that_do_not_fit_are_explained(q, k, v, said):
    with pytest.raises(InspectionError, match=said):
        toy_attention(matrix(q, "Q"), matrix(k, "K"), matrix(v, "V"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("1 2\n3", "1 and 2 numbers"),
        ("a b", "no number"),
        ("nan", "no number"),
        ("inf", "no number"),
        ("1 " * 9, "at most 8"),
        ("1\n" * 9, "at most 8"),
    ],
)
def test_what_is_no_matrix_is_explained(text, said):
    with pytest.raises(InspectionError, match=said):
        matrix(text, "V")


def test_a_temperature_of_zero_is_explained():
    with pytest.raises(InspectionError, match="above 0"):
        toy(temperature=0)
