"""BertViz's pages: our numbers in them, nothing asked of another server."""

import re

import numpy as np
import pytest

from components.inspection.attention.bertviz import bertviz_page, payload
from components.inspection.attention.maps import attention_maps
from components.inspection.attention.window import Window
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from tests import tiny

TEXT = "the cat"
ALL = Window(0, 8, 0, 8)


def page(model, view, text=TEXT, target=None, group="decoder", window=ALL, dark=False):
    return bertviz_page(model, text, target, group, view, 1, 2, window, dark)


@pytest.mark.parametrize("view", ["head", "model", "neuron"])
@pytest.mark.parametrize("dark", [False, True])
def test_the_page_holds_the_recordings_numbers(tiny_causal, view, dark):
    built = page(tiny_causal, view, dark=dark)
    weights = attention_maps(tiny_causal, TEXT, None, "decoder").weights
    shown = payload(built.html)
    np.testing.assert_allclose(np.array(shown["attn"]), weights, atol=5.1e-5)
    assert [check.verdict for check in built.checks] == ["holds"] * (3 if view == "neuron" else 1)
    assert shown["left_text"] == ["<s>", *TEXT]


def test_the_neuron_view_gets_turned_queries_and_shared_keys(tiny_causal):
    shown = payload(page(tiny_causal, "neuron").html)
    one = record(tiny_causal, TEXT).attentions[1]
    np.testing.assert_allclose(shown["queries"][1], one.queries, atol=5.1e-5)
    keys = np.array(shown["keys"][1])
    np.testing.assert_allclose(keys[[0, 2]], one.keys, atol=5.1e-5)
    np.testing.assert_array_equal(keys[[1, 3]], keys[[0, 2]])


@pytest.mark.parametrize("view", ["head", "model", "neuron"])
@pytest.mark.parametrize(("group", "left", "right"), [("encoder", 8, 8), ("cross", 4, 8)])
def test_encoder_and_cross_attention_are_shown_too(view, group, left, right):
    window = Window(0, left, 0, right)
    built = page(tiny.model("t5"), view, target="dog", group=group, window=window)
    shown = payload(built.html)
    assert (len(shown["left_text"]), len(shown["right_text"])) == (left, right)
    weights = attention_maps(tiny.model("t5"), TEXT, "dog", group).weights
    np.testing.assert_allclose(np.array(shown["attn"]), weights, atol=5.1e-5)


@pytest.mark.parametrize("view", ["head", "model", "neuron"])
def test_nothing_is_asked_of_another_server(tiny_causal, view):
    html = page(tiny_causal, view).html
    assert not re.search(r"<(script|link|img)[^>]*(src|href)=", html)


@pytest.mark.parametrize("view", ["head", "model", "neuron"])
def test_a_text_cannot_break_out_of_its_script(tiny_causal, view):
    hostile = "</script><!--<script>"
    window = Window(0, 1 + len(hostile), 0, 1 + len(hostile))
    html = page(tiny_causal, view, hostile, window=window).html
    without = page(tiny_causal, view, "a" * len(hostile), window=window).html
    for tag in ("</script", "<!--", "<script"):
        assert html.lower().count(tag) == without.lower().count(tag)


def test_numbers_are_in_the_page_once(tiny_causal):
    html = page(tiny_causal, "model").html
    assert html.count('"left_text"') == 1


def test_a_window_shows_its_tokens_only(tiny_causal):
    shown = payload(page(tiny_causal, "head", window=Window(2, 6, 2, 6)).html)
    weights = attention_maps(tiny_causal, TEXT, None, "decoder").weights
    np.testing.assert_allclose(np.array(shown["attn"]), weights[:, :, 2:6, 2:6], atol=5.1e-5)


def test_what_a_browser_could_not_hold_is_refused(tiny_causal, monkeypatch):
    monkeypatch.setattr("components.inspection.attention.bertviz.MOST_NUMBERS", 100)
    with pytest.raises(InspectionError, match="fewer tokens"):
        page(tiny_causal, "model")
