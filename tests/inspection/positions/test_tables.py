"""Tables of angles are known by their numbers, in every form, and nothing else is taken for one."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from components.inspection.positions.tables import recognised, turns_of

DTYPES = [torch.float32, torch.bfloat16, torch.float16]


def pair(frequencies, tokens, scaling=1.0, start=0, repeated="halves", dtype=torch.float32):
    angles = torch.arange(start, start + tokens)[:, None] * torch.tensor(frequencies)
    angles = {
        "halves": lambda: torch.cat([angles, angles], -1),
        "neighbours": lambda: angles.repeat_interleave(2, -1),
        "once": lambda: angles,
    }[repeated]()
    return (angles.cos() * scaling).to(dtype)[None], (angles.sin() * scaling).to(dtype)[None]


@given(
    st.lists(st.floats(1e-4, 1.5), min_size=2, max_size=6, unique=True),
    st.integers(2, 400),
    st.sampled_from([1.0, 1.1386]),
    st.sampled_from(["halves", "neighbours", "once"]),
    st.sampled_from(DTYPES),
)
@settings(deadline=None, max_examples=150)
def test_frequencies_and_scaling_are_read_off_a_table(
    frequencies, tokens, scaling, repeated, dtype
):
    found = recognised(pair(frequencies, tokens, scaling, 0, repeated, dtype), tokens)
    assert found is not None
    assert found.pairs == len(frequencies)
    np.testing.assert_allclose(found.frequencies, frequencies, rtol=2e-6, atol=found.uncertain * 2)
    unit = torch.finfo(dtype).eps / 2
    assert found.scaling == pytest.approx(scaling, rel=2 * unit)


@pytest.mark.parametrize("dtype", DTYPES)
def test_all_forms_hold_the_same_and_are_laid_out_again_as_they_were(dtype):
    cos, sin = pair([1.0, 0.1, 0.01], 9, repeated="once", dtype=dtype)
    forms = {
        "cos and sin": (cos, sin),
        "one table": torch.cat([sin, cos], -1),
    }
    if dtype == torch.float32:
        forms["complex"] = torch.complex(cos, sin)
    for form, value in forms.items():
        found = recognised(value, 9)
        assert found.form == form
        np.testing.assert_allclose(found.frequencies, [1, 0.1, 0.01], rtol=1e-2)
        again = found.laid_out(found.turns, value)
        if isinstance(value, tuple):
            assert all(torch.equal(a, b) for a, b in zip(again, value, strict=True))
        else:
            assert torch.equal(again, value)
    swapped = recognised((sin, cos), 9)
    assert swapped.sin_first
    np.testing.assert_allclose(swapped.frequencies, [1, 0.1, 0.01], rtol=1e-2)


@pytest.mark.parametrize("repeated", ["halves", "neighbours", "once"])
def test_other_angles_go_where_the_old_ones_were(repeated):
    value = pair([1.0, 0.1], 5, repeated=repeated)
    found = recognised(value, 5)
    cos, sin = found.laid_out(turns_of(np.array([0.5, 0.3]), 1.2, 5), value)
    expected = pair([0.5, 0.3], 5, 1.2, repeated=repeated)
    np.testing.assert_allclose(cos, expected[0], atol=1e-6)
    np.testing.assert_allclose(sin, expected[1], atol=1e-6)


def test_a_kept_table_may_become_longer():
    value = torch.cat(pair([1.0, 0.1], 5, repeated="once")[::-1], -1)[0]
    found = recognised(value, 5)
    longer = found.laid_out(turns_of(found.frequencies, 1.0, 8), value)
    assert longer.shape == (8, 4)
    np.testing.assert_allclose(longer[:5], value, atol=1e-6)


def test_a_text_that_begins_late_is_known_too():
    late = pair([1.0, 0.01], 12, start=400)
    np.testing.assert_allclose(recognised(late, 12, 400).frequencies, [1.0, 0.01], rtol=1e-4)


@pytest.mark.parametrize(
    "value",
    [
        torch.randn(1, 12, 24),
        torch.ones(1, 12, 6),
        (torch.ones(1, 12, 6), torch.zeros(1, 12, 6)),
        torch.zeros(1, 12, 6),
        (torch.randn(12, 6), torch.randn(12, 6)),
        torch.nn.functional.normalize(torch.randn(1, 12, 2), dim=-1),
        torch.arange(12)[None],
        "text",
        None,
        pair([1.0, 0.1], 11),
    ],
)
def test_nothing_else_is_taken_for_one(value):
    assert recognised(value, 12) is None


def test_positions_that_start_anew_are_no_table_of_one_text():
    cos, sin = pair([1.0, 0.1], 6)
    assert recognised((torch.cat([cos, cos], 1), torch.cat([sin, sin], 1)), 12) is None
