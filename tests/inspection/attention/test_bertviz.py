"""BertViz's pages: our numbers in them, nothing asked of another server."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.inspection.attention import bertviz
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
    assert shown["left_text"] == ["<s>", *TEXT.replace(" ", "·")]


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


@given(st.lists(st.integers(-(2**18), 2**18), min_size=1, max_size=20))
def test_a_number_half_way_between_two_that_are_kept_is_no_fault(odd):
    """Just an odd number of 32nds lies half-way between decimals of four digits."""
    own = np.array([[(2 * number + 1) / 32 for number in odd]], dtype=np.float32)
    found = bertviz._read_back({"keys": bertviz._rounded(own.tolist())}, "keys", own)
    assert found.holds
    assert found.error == pytest.approx(5e-5, rel=1e-6), "so it is half-way indeed"


@pytest.mark.parametrize("tokens", [2, 32, 96])
def test_even_shares_among_many_tokens_are_no_fault(tokens):
    own = np.full((2, 1, tokens, tokens), 1 / tokens, dtype=np.float32)
    assert bertviz._read_back({"attn": bertviz._rounded(own.tolist())}, "attn", own).holds


@pytest.mark.parametrize("wrong", [1.001e-4, -1.001e-4])
def test_a_number_that_is_off_by_more_than_half_a_digit_turns_red(wrong):
    own = np.array([[0.03125, 12.5]], dtype=np.float32)
    kept = bertviz._rounded([[0.03125, 12.5 + wrong]])
    assert bertviz._read_back({"keys": kept}, "keys", own).verdict == "fails"


def test_a_page_of_another_shape_turns_red():
    own = np.zeros((2, 3), dtype=np.float32)
    assert bertviz._read_back({"keys": [[0.0] * 3]}, "keys", own).verdict == "fails"


def test_layers_may_have_keys_of_different_sizes():
    own = [np.zeros((1, 2, 4), np.float32), np.full((1, 2, 8), 0.03125, np.float32)]
    kept = bertviz._rounded([one.tolist() for one in own])
    assert bertviz._read_back({"keys": kept}, "keys", own).holds


LISTS = "[id^=bertviz] > span, #layer, #att_head { display: none; }\n"


@pytest.mark.parametrize("view", ["head", "model", "neuron"])
@pytest.mark.parametrize("text", [TEXT, '"attn":[[[[', '"layer":1', "]]],[[["])
def test_in_a_frame_lists_are_hidden_and_one_layer_is_there_and_nothing_else_differs(
    tiny_causal, view, text
):
    """The page around the frame asks for layer and head; the page that is saved keeps all."""
    built = page(tiny_causal, view, text, window=Window(0, 1 + len(text), 0, 1 + len(text)))
    whole, shown = payload(built.html), payload("".join(built.framed))
    layers = slice(1, 2) if view != "model" else slice(None)
    for name in {"attn", "queries", "keys"} & set(whole):
        assert shown.pop(name) == whole.pop(name)[layers]
    assert shown == whole
    assert outside(built.framed) == outside((built.html.replace("</style>", f"{LISTS}</style>"),))


def outside(parts):
    """Return a page without its numbers, and without the place of the layer that it opens at."""
    text = re.sub(r'(?<=")(attn|queries|keys)":\[[^"]*\]', r"\1", "".join(parts))
    return re.sub(r'(?<!\\)"(layer|include_layers)":(\d+|\[[\d,]*\])', r'"\1"', text)


def test_a_frame_opens_at_its_only_layer(tiny_causal):
    head, neuron = ("".join(page(tiny_causal, view).framed) for view in ("head", "neuron"))
    assert '"layer":1,"heads":null,"include_layers":[1]}' in head
    assert '"layer":0,"head":2}' in neuron


@pytest.mark.parametrize("view", ["head", "model", "neuron"])
def test_what_is_large_in_a_frame_is_the_same_whatever_is_chosen(tiny_causal, view):
    """So it is not sent again: the libraries, BertViz's script, and numbers of the same text."""
    built = bertviz_page(tiny_causal, TEXT, None, "decoder", view, 1, 2, ALL, False).framed
    other = bertviz_page(tiny_causal, "a dog and", None, "decoder", view, 0, 1, ALL, True).framed
    same = [one for one, two in zip(built, other, strict=True) if one == two]
    assert [one for one in same if len(one) > 10_000] == [built[1], built[-2]]
    assert sum(len(one) for one in built if one not in same) < 8_000


def test_another_head_changes_no_number_in_the_frame(tiny_causal):
    of = [
        bertviz_page(tiny_causal, TEXT, None, "decoder", "neuron", 1, head, ALL, False).framed
        for head in (0, 3)
    ]
    changed = [(one, two) for one, two in zip(*of, strict=True) if one != two]
    assert all("[[" not in one for one, _ in changed)
    assert any('"head":0}' in one for one, _ in changed)
