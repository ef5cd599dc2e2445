"""Packing: every document once, no row too full; and RoPE does not mind."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.inspection.errors import InspectionError
from components.inspection.positions.packing import packed, packed_reading
from tests import tiny

DOCUMENTS = ("to be", "or not", "that is")


@given(st.lists(st.integers(1, 60), min_size=1, max_size=60), st.integers(60, 200))
@settings(deadline=None)
def test_every_document_has_one_place_and_no_row_is_too_full(lengths, row):
    found = packed(tuple(lengths), row)
    assert sorted(d for each in found.rows for d in each) == list(range(len(lengths)))
    filled = [sum(lengths[d] for d in each) for each in found.rows]
    assert max(filled) <= row
    fewest = math.ceil(sum(lengths) / row)
    # First-fit leaves at most one row half empty or more.
    assert fewest <= len(found.rows) <= 2 * fewest
    assert found.used == pytest.approx(sum(filled) / (row * len(filled)))
    assert found.used_padded <= found.used + 1e-12


@pytest.mark.parametrize("lengths", [(), (0,), (11,), (1,) * 201])
def test_lengths_that_cannot_be_packed_are_refused(lengths):
    with pytest.raises(InspectionError, match="Give 1 to 200 lengths, each from 1 to the row's 10"):
        packed(lengths, 10)


def test_a_packed_document_is_read_as_if_alone():
    found = packed_reading(tiny.model("llama"), DOCUMENTS)
    assert max(found.apart) < 1e-4
    assert max(found.counted_on) < 1e-4, "only distances count"
    assert min(found.no_mask[1:]) > 1e-2
    assert found.no_mask[0] < 1e-4, "nothing stands before the first"


def test_a_learned_table_needs_positions_counted_anew():
    found = packed_reading(tiny.model("gpt2"), DOCUMENTS)
    assert max(found.apart) < 1e-4
    assert min(found.counted_on[1:]) > 1e-2


def test_the_mask_is_a_triangle_for_each_document():
    found = packed_reading(tiny.model("llama"), ("a", "bc"))
    expected = [[1, 0, 0, 0, 0], [1, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 1, 1, 0], [0, 0, 1, 1, 1]]
    np.testing.assert_array_equal(found.mask, np.array(expected, dtype=bool))
    assert found.document == (0, 0, 1, 1, 1)


@pytest.mark.parametrize(
    ("family", "texts", "said"),
    [
        ("bert", DOCUMENTS, "takes no mask"),
        ("bloom", DOCUMENTS, "takes no mask"),
        ("llama", ("", ""), "no document"),
        ("llama", ("x" * 40, "y" * 40), "82 tokens long"),
    ],
)
def test_what_cannot_be_read_packed_is_explained(family, texts, said):
    with pytest.raises(InspectionError, match=said):
        packed_reading(tiny.model(family), texts)
