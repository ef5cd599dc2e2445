"""What of the drawing is looked at: into the address and back, whatever stands there."""

import math
from dataclasses import fields

import pytest
import streamlit
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from components.inspection.machine.cell import ANSWERS, STATIONS
from components.widgets.machine.look import (
    DEFAULT,
    MOST_OFF,
    MOST_WRITTEN,
    STEPS,
    Look,
    changed,
    hold,
    kept,
    look_at,
)

FIELDS = [field.name for field in fields(Look)]
NUMBERS = st.integers(0, 9_999_999)
PLACES = st.integers(0, 999)
PARTS = st.one_of(
    st.builds(lambda layer, head: f"head {layer}.{head}", PLACES, PLACES),
    st.builds(
        lambda what, at: f"{what} {at}", st.sampled_from(["attention", "cross", "mlp"]), PLACES
    ),
)
LOOKS = st.builds(
    Look,
    stack=st.sampled_from(["", "encoder", "decoder"]),
    token=st.none() | NUMBERS,
    open=st.none() | NUMBERS,
    head=NUMBERS,
    cross=st.booleans(),
    step=st.sampled_from(STEPS),
    push=st.booleans(),
    toward=st.none() | NUMBERS,
    rather=st.none() | NUMBERS,
    off=st.lists(PARTS, unique=True, max_size=MOST_OFF).map(tuple),
    put=st.sampled_from(["zero", "mean"]),
    station=st.sampled_from(["", *STATIONS, *ANSWERS]),
    index=NUMBERS,
    written=st.lists(NUMBERS, max_size=MOST_WRITTEN).map(tuple),
    stop=NUMBERS,
)
HOSTILE = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.sampled_from([4999, 400]).map(lambda digits: 10**digits),
        st.floats(),
        st.text(),
        st.just("9" * 10_000),
        st.just("head 1.2," * 400),
        st.binary(max_size=4),
    ),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@pytest.fixture
def address(monkeypatch):
    query: dict[str, str] = {}
    monkeypatch.setattr(streamlit, "query_params", query)
    return query


def valid(look):
    """Whether a look is one that the page can go on with."""
    assert look.stack in ("", "encoder", "decoder") and look.step in STEPS
    assert look.put in ("zero", "mean")
    for name in ("token", "open", "toward", "rather"):
        assert getattr(look, name) is None or 0 <= getattr(look, name) < 10**7
    assert all(0 <= getattr(look, name) < 10**7 for name in ("head", "index", "stop"))
    assert len(look.off) <= MOST_OFF and len(set(look.off)) == len(look.off)
    assert len(look.edits) == len(look.off)
    assert len(look.written) <= MOST_WRITTEN and all(one >= 0 for one in look.written)
    assert len(look.station) <= 24
    return True


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), st.text() | st.from_regex(r"[a-z ]{0,9}[\d.,]*")))
def test_any_address_is_a_look(said):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streamlit, "query_params", {f"m.{name}": one for name, one in said.items()})
        assert valid(look_at("m"))


@settings(deadline=None, max_examples=200)
@given(LOOKS)
def test_a_look_comes_back_out_of_the_address(look):
    with pytest.MonkeyPatch.context() as patch:
        query: dict[str, str] = {"other.token": "3", "page": "x"}
        patch.setattr(streamlit, "query_params", query)
        kept("m", look)
        assert look_at("m") == look and valid(look)
        assert all(isinstance(one, str) and one for one in query.values())
        kept("m", DEFAULT)
        assert query == {"other.token": "3", "page": "x"}


@settings(deadline=None, max_examples=100)
@given(LOOKS, LOOKS)
def test_what_a_browser_sends_is_what_is_kept(before, after):
    """As JSON has it: tuples come as lists."""
    sent = {
        name: list(one) if isinstance(one := getattr(after, name), tuple) else one
        for name in FIELDS
    }
    assert changed(before, sent) == after
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streamlit, "query_params", {})
        hold("m", before, sent)
        assert look_at("m") == after


@settings(deadline=None, max_examples=300, phases=(Phase.explicit, Phase.generate))
@given(LOOKS, st.dictionaries(st.sampled_from([*FIELDS, "edits", "__class__", ""]), HOSTILE))
def test_nothing_that_a_browser_sends_breaks_a_look(look, sent):
    assert valid(changed(look, sent))


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        [math.nan],
        [math.inf, 1],
        [10**5000],
        10**5000,
        [1.5, 2],
        {"a": 1},
        [[1], [2]],
        "9" * 10_000,
        [True, False],
        [-1],
        1e300,
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_such_thing_is_left_out(value):
    for name in FIELDS:
        assert valid(changed(DEFAULT, {name: value}))


def test_bounds_on_what_is_off_and_written(address):
    off = [f"mlp {layer}" for layer in range(100)]
    look = changed(DEFAULT, {"off": off, "written": list(range(100))})
    assert look.off == tuple(off[:MOST_OFF]) and look.written == tuple(range(MOST_WRITTEN))
    kept("m", look)
    assert look_at("m") == look
    address["m.off"] = ",".join(["head 1.2"] * 50 + ["mlp 3"])
    assert look_at("m").off == ("head 1.2", "mlp 3")


def test_numbers_are_written_in_one_way():
    """A part that is off is told by its name: the same digits in the drawing and in the pass."""
    look = changed(DEFAULT, {"off": ["head ٣.١", "mlp ３"], "token": "٣"})
    assert look.off == ()
    assert all(ord(sign) < 128 for part in look.off for sign in part)
