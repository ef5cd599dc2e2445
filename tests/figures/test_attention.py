"""Figures of attention, read back as data."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.figures.attention.heat_map import FAINTEST, Look, heat_map
from components.figures.attention.patterns import mask_square, wiring
from components.figures.attention.steps import product_strips, step_strips, strips, toy_matrices
from components.figures.attention.writing import written_rows
from components.inspection.attention.maps import attention_maps
from components.inspection.attention.patterns import Sharing, mask
from components.inspection.attention.steps import attention_steps
from components.inspection.attention.toy import EXAMPLE, matrix, toy_attention
from components.inspection.attention.writing import attention_while_writing

TEXT = "the the"
NAMES = ["<s>", "the", " cat", "the"]
WEIGHTS = np.array(
    [[1, 0, 0, 0], [0.5, 0.5, 0, 0], [0.25, 0.5, 0.25, 0], [0.7, 0.1, 0.1, 0.1]], dtype=np.float32
)
SEEN = np.tri(4, dtype=bool)


def square(**look) -> np.ndarray:
    return np.array(heat_map(WEIGHTS, NAMES, NAMES, SEEN, Look(**look)).data[0].z, dtype=float)


def test_the_heat_map_carries_the_recordings_numbers(tiny_causal):
    maps = attention_maps(tiny_causal, TEXT, None, "decoder")
    shown = heat_map(maps.weights[1, 2], maps.readers, maps.read, maps.visible[1], Look())
    z = np.array(shown.data[0].z, dtype=float)
    np.testing.assert_array_equal(
        z[np.tri(8, dtype=bool)], maps.weights[1, 2][np.tri(8, dtype=bool)]
    )
    assert np.isnan(z[~np.tri(8, dtype=bool)]).all()
    assert (shown.data[0].zmin, shown.data[0].zmax) == (0, 1)


def test_a_word_that_occurs_twice_keeps_both_its_places():
    figure = heat_map(WEIGHTS, NAMES, NAMES, SEEN, Look(), first_row=10, first_column=10)
    assert list(figure.layout.xaxis.tickvals) == [10, 11, 12, 13]
    assert list(figure.layout.xaxis.ticktext) == ["&lt;s&gt;", "the", "·cat", "the"]
    assert list(figure.data[0].customdata[3][1]) == ["13: the", "11: the"]


def test_hiding_the_first_token_leaves_the_others_as_they_are():
    z = square(hidden_columns=(0,), top=None)
    assert np.isnan(z[:, 0]).all()
    np.testing.assert_array_equal(z[3, 1:], WEIGHTS[3, 1:].astype(float))


def test_the_scale_reaches_to_the_largest_number_that_is_left():
    figure = heat_map(WEIGHTS, NAMES, NAMES, SEEN, Look(hidden_columns=(0,), top=None))
    assert figure.data[0].zmax == 0.5


def test_a_threshold_blanks_what_is_below_it_only():
    z = square(floor=0.2)
    assert np.isnan(z[3, 1:]).all() and z[3, 0] == np.float32(0.7) and z[2, 0] == 0.25


def test_the_logarithmic_scale_keeps_the_numbers_for_hovering():
    figure = heat_map(WEIGHTS, NAMES, NAMES, SEEN, Look(log=True))
    z = np.array(figure.data[0].z, dtype=float)
    np.testing.assert_allclose(z[2, :3], np.log10([0.25, 0.5, 0.25]), rtol=1e-6)
    assert figure.data[0].zmin == np.log10(FAINTEST)
    assert figure.data[0].hovertext[3][0] == "0.700000"


@settings(deadline=None)
@given(st.integers(1, 40), st.booleans(), st.floats(0, 1), st.booleans())
def test_any_square_can_be_drawn_and_sent(size, log, floor, hide):
    weights = np.tri(size, dtype=np.float32) / np.arange(1, size + 1, dtype=np.float32)[:, None]
    look = Look(log=log, floor=floor, hidden_columns=(0,) if hide else (), top=None)
    names = ["x"] * size
    figure = heat_map(weights, names, names, np.tri(size, dtype=bool), look)
    json.loads(figure.to_json())
    assert figure.data[0].zmax > figure.data[0].zmin


def test_the_strips_are_the_steps(tiny_causal):
    steps = attention_steps(tiny_causal, TEXT, None, "decoder", 1, 3, 4)
    found = {strip.name: strip.numbers for strip in strips(steps)}
    assert list(found) == [
        "q · k before RoPE",
        "q · k",
        "× 0.4082",
        "mask",
        "softmax",
        "weight × ‖v W‖",
    ]
    np.testing.assert_allclose(found["q · k"], steps.keys @ steps.query, rtol=1e-5, atol=1e-6)
    assert np.isnan(found["mask"][5:]).all()
    np.testing.assert_allclose(found["softmax"].sum(), 1, rtol=1e-6)
    projection = tiny_causal.network.model.layers[1].self_attn.o_proj.weight[:, 3 * 6 : 4 * 6]
    writes = np.linalg.norm(steps.values @ projection.numpy().T, axis=-1)
    np.testing.assert_allclose(found["weight × ‖v W‖"], steps.weights * writes, rtol=1e-5)
    figure = step_strips(steps)
    signed, shares = figure.data
    np.testing.assert_allclose(np.array(shares.z[0], dtype=float), steps.weights, rtol=1e-6)
    # Each strip reaches its strongest colour, whatever the size of its numbers.
    np.testing.assert_allclose(np.nanmax(np.abs(np.array(signed.z, dtype=float)), axis=1), 1)
    dots = np.array(signed.z[1], dtype=float)
    np.testing.assert_allclose(dots * np.abs(steps.dots).max(), steps.dots, rtol=1e-5)
    assert signed.text[3][6] == "−∞"
    assert [row[0][1] for row in shares.customdata] == ["softmax", "weight × ‖v W‖"]
    assert shares.customdata[0][2][2] == f"{steps.weights[2]:.6f}"
    assert [*signed.y, *shares.y] == [0, 1, 2, 3, 4, 5]


def test_a_long_text_shows_the_tokens_that_get_most(tiny_causal):
    steps = attention_steps(tiny_causal, "abcdefghij" * 4, None, "decoder", 0, 0, 40)
    shown = np.array(step_strips(steps).data[1].z[0], dtype=float)
    assert len(shown) == 16
    np.testing.assert_allclose(np.sort(shown), np.sort(steps.weights)[-16:], rtol=1e-6)


def test_the_products_sum_to_the_dot_product(tiny_causal):
    steps = attention_steps(tiny_causal, TEXT, None, "decoder", 1, 3, 4)
    product = np.array(product_strips(steps, 2).data[2].z[0], dtype=float)
    assert product.sum() == pytest.approx(float(steps.dots[2]), rel=1e-5)


def test_the_toys_matrices_are_in_the_order_of_the_steps():
    small = matrix(EXAMPLE, "Q")
    toy = toy_attention(small, small, small, scale=False)
    figure = toy_matrices(toy, "(no √d)")
    assert [trace.name for trace in figure.data] == [
        "Q",
        "K",
        "V",
        "Q Kᵀ",
        "(no √d)",
        "mask",
        "softmax",
        "softmax · V",
    ]
    assert tuple(figure.data[6].text[1]) == ("0.269", "0.731", "0")
    assert tuple(figure.data[5].text[0]) == ("1", "−∞", "−∞")


def test_written_rows_grow(tiny_causal):
    steps = list(attention_while_writing(tiny_causal, TEXT, 3, "decoder"))
    figure = written_rows(steps, 2, 1, Look(), 96)
    z = np.array(figure.data[0].z, dtype=float)
    assert z.shape == (3, 10)
    assert np.isfinite(z).sum(-1).tolist() == [8, 9, 10]
    np.testing.assert_array_equal(z[2], steps[2].row[2, 1].astype(float))


def test_a_mask_is_drawn_where_reading_is_allowed():
    allowed = mask("sliding window", 6, 6, 2)
    z = np.array(mask_square(allowed).data[0].z, dtype=float)
    np.testing.assert_array_equal(np.isfinite(z), allowed)


def test_each_query_head_is_wired_to_its_key_value_head():
    figure = wiring(Sharing(6, 2, 8, 1))
    ends = list(figure.data[0].x)[1::3]
    assert len(set(ends[:3])) == 1 and len(set(ends[3:])) == 1 and ends[0] < ends[3]
    assert [len(trace.x) for trace in figure.data[1:]] == [6, 2]
