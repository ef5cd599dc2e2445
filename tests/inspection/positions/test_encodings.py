"""The other ways as formulas: printed digits, and transformers' own code."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers.models.bloom.modeling_bloom import build_alibi_tensor
from transformers.models.mpt.modeling_mpt import build_mpt_alibi_tensor
from transformers.models.t5.modeling_t5 import T5Attention

from components.inspection.positions import encodings
from components.inspection.positions.encodings import (
    alibi_slopes,
    compared,
    sinusoids,
    t5_buckets,
    waves,
)


def test_the_sinusoids_of_six_numbers_are_those_printed():
    assert sinusoids(3, 6).round(4).tolist() == [
        [0.0, 1.0, 0.0, 1.0, 0.0, 1.0],
        [0.8415, 0.5403, 0.0464, 0.9989, 0.0022, 1.0],
        [0.9093, -0.4161, 0.0927, 0.9957, 0.0043, 1.0],
    ]


@pytest.mark.parametrize(("length", "size", "base"), [(60, 32, 1e4), (512, 512, 1e4), (2, 2, 2.0)])
def test_the_product_of_two_sinusoids_depends_on_their_distance_alone(length, size, base):
    found = waves(length, size, base)
    assert [check.verdict for check in found.checks] == ["holds"]
    assert found.checks[0].bound < 1e-6
    assert found.products[0, 0] > found.products[0, 1]


@pytest.mark.sabotage("the product of two positions' waves depends on their distance alone")
def test_sines_without_cosines_would_be_seen(monkeypatch):
    def only_sines(length, size, base):
        table = sinusoids(length, size, base)
        table[:, 1::2] = table[:, ::2]
        return table

    monkeypatch.setattr(encodings, "sinusoids", only_sines)
    assert waves(60, 32, 10_000.0).checks[0].verdict == "fails"


@pytest.mark.parametrize("heads", range(1, 41))
def test_our_alibi_slopes_are_transformers(heads):
    bias = build_alibi_tensor(torch.ones(1, 2, dtype=torch.long), heads, torch.float32)
    np.testing.assert_allclose(alibi_slopes(heads), bias[:, 0, 1].numpy(), rtol=1e-6)
    mpt = build_mpt_alibi_tensor(heads, 2)
    np.testing.assert_allclose(alibi_slopes(heads), -mpt[:, 0, 0].numpy(), rtol=1e-6)


@given(
    st.lists(st.integers(-3000, 3000), min_size=1),
    st.booleans(),
    st.sampled_from([(32, 128), (8, 20), (64, 1000)]),
)
@settings(deadline=None)
def test_our_buckets_are_t5_s(distances, two_sided, measures):
    theirs = T5Attention._relative_position_bucket(
        torch.tensor(distances), two_sided, num_buckets=measures[0], max_distance=measures[1]
    )
    np.testing.assert_array_equal(t5_buckets(np.array(distances), two_sided, *measures), theirs)


@pytest.mark.parametrize(("length", "size"), [(40, 16), (128, 32), (4, 32)])
def test_only_added_positions_depend_on_where_one_stands(length, size):
    found = compared(length, size, 10_000.0)
    assert [check.verdict for check in found.checks] == ["holds", "holds", "reported"]
    assert found.unevenness[0] > 0.5
    # Equal numbers: the mean cosine of the angles between.
    expected = np.cos(3 * 10_000.0 ** (-np.arange(0, size, 2) / size)).mean()
    assert found.rope[3, 0] == pytest.approx(expected, abs=1e-5)


@pytest.mark.sabotage("with RoPE the score depends on the distance alone")
def test_a_rotation_of_queries_alone_would_be_seen(monkeypatch):
    rotated = encodings.rotated

    def to_squares(vectors, positions, rope):
        return rotated(vectors, np.asarray(positions, np.float32) ** 2, rope)

    monkeypatch.setattr(encodings, "rotated", to_squares)
    assert compared(40, 16, 10_000.0).checks[0].verdict == "fails"


@pytest.mark.sabotage("with ALiBi the score depends on the distance alone")
def test_a_bias_that_starts_anew_would_be_seen(monkeypatch):
    def anew(length):
        places = np.arange(length) % 16
        return -encodings.SLOPE * np.abs(places[:, None] - places)

    monkeypatch.setattr(encodings, "alibi", anew)
    assert compared(40, 16, 10_000.0).checks[1].verdict == "fails"
