"""Whatever a link says of whatever a view asks for: a page and a sentence, never a traceback."""

import os
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
import streamlit
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from components.inspection.sampling.settings import RANGES
from components.widgets import measuring
from components.widgets.machine.look import FIELDS
from tests.pages.test_lessons import PARTS, ROOT
from tests.pages.test_text_is_text import HOSTILE, SIGNS, handed_as_markdown, read_as_markup

RUNS = int(os.environ.get("VITRINE_ADDRESSES", "120"))
"""Addresses tried, with some ten values each: always the same, or as many others as are asked for.
"""
PROMPT = "to be or not"
FLAT = tuple((ROOT / "pages" / "about" / f"{name}.py", {}, name) for name in ("home", "glossary"))
PLACES = (*PARTS, *FLAT, (ROOT / "pages" / "about" / "self_check.py", {}, "self_check"))
WITHOUT_WIDGET = {
    "sampling": tuple(RANGES),
    "positions": ("positions.m", "positions.n"),
    "forward_pass": tuple(f"forward_pass.{name}" for name in FIELDS),
}
"""What live components keep in the address of a page, and `layer` and `head` of other views."""
IMAGE = "![x](http://127.0.0.1:9/p)"

NUMBERS = (
    *("nan", "inf", "-inf", "1e400", "1" + "0" * 400, "9" * 5000, "0" * 5000 + "7", "--5", "+5"),
    *("0x10", "1_000", "٣", "-7", "-1e18", "1e18", "999999999999", "2.5", "0.1", "0", "3"),
)
WORDS = (
    *("", "   ", "True", "False", "None", "true", "\0", b"\xed\xa0\x80", b"\xff\xfe", "\ufeff"),
    *("\u202eabc", "a\u200fb", "a\r\nb\tc", "\\", "\\*a*\\", "${7*7}", "%s%n", "- x\n- y", "# h"),
    *("a" * 10_000, "a" * 300, "🎵" * 50, "e\u0301", "[1, 2]"),
)
MARKUP = (*HOSTILE, IMAGE, '<img src=x onerror="alert(1)">')
PATHS = ("~nosuchuser/x", "../..", "file:///etc/passwd", "/dev/zero", "/etc", "owner/name")
OTHERS = ("One head", "auto", "main", "gpt2", "Tokens", "float32", "integrated gradients")
"""What other controls take."""
ONE = st.one_of(
    st.sampled_from((*NUMBERS, *WORDS, *MARKUP, *PATHS, *OTHERS)),
    st.text(max_size=40),
    st.integers().map(str),
    st.floats().map(str),
)
VALUES = st.one_of(ONE, ONE, ONE, st.lists(ONE, min_size=2, max_size=8))


def opened(path: Path, address: dict[str, Any]) -> AppTest:
    """Open the app at an address whose values may be bytes, or several."""
    app = AppTest.from_file(ROOT / "app.py", default_timeout=180)
    app.switch_page(str(path.relative_to(ROOT)))
    app.query_params.update(address)
    return app.run()


def controls(app: AppTest) -> dict[str, Any]:
    """Return all that has a key, by it."""
    nodes = [each for each in (*app.main, *app.sidebar) if getattr(each, "key", None)]
    return {str(node.key): node for node in nodes}


def held(app: AppTest, names: Iterable[str]) -> dict[str, Any]:
    """Return the values of the controls of these names that are drawn."""
    drawn = controls(app)
    there = {name: drawn[name] for name in names if name in drawn}
    return {
        name: node.value if hasattr(node, "value") else node.proto.expanded
        for name, node in there.items()
    }


@cache
def parameters(place: int) -> tuple[str, ...]:
    """Return all that a view reads from the address."""
    path, address, _ = PLACES[place]
    drawn = controls(opened(path, address))
    bound = {key for key, node in drawn.items() if getattr(node.proto, "query_param_key", "")}
    names = {*bound, *WITHOUT_WIDGET.get(path.stem, ())}
    return tuple(sorted(names | ({"layer", "head"} if path.stem == "attention" else set())))


def as_read(value: str | bytes | list[str | bytes]) -> list[str]:
    """Return what a server reads of a value, one or several."""
    several = value if isinstance(value, list) else [value]
    return [unquote(quote(each), errors="replace") for each in several]


def in_use(asked: list[str], value: Any) -> bool:
    """Say whether a control holds what the address asks for; of several, the last."""
    last = asked[-1]
    if isinstance(value, bool):
        return last.lower() == str(value).lower()
    if isinstance(value, int | float):
        try:
            return float(last) == value
        except ValueError:
            return False
    if isinstance(value, list | tuple):
        return {each for each in asked if each} == set(map(str, value))
    place = re.match(r"\d+", last)
    return last == value or bool(place and str(value).startswith(f"{place[0]} "))


def told(said: list[str], name: str, asked: list[str]) -> bool:
    """Say whether a sentence repeats, or describes, what could not be had."""
    lines = [re.sub("\r\n|\r|\n", "↵", each) for each in asked if each]
    signs = [f"“{line[:40]}" for line in lines] + ["empty; "] * (not asked[-1])
    if max(map(len, asked)) > 60:
        signs.append(" characters; it takes ")
    if len(asked) > 1:
        signs.append(f"asks for {len(set(filter(None, asked)))} of ")
    if name in RANGES:
        signs.append(f"{RANGES[name].label} is ")
    return any(sign in each for each in said for sign in signs)


def owed(path: Path, asked: dict[str, Any]) -> AppTest:
    """Open an address, and hold the page against what it owes to whoever follows a link.

    Raises:
        AssertionError: something crashed, was lost, dropped in silence, or read as markup.
    """
    app = opened(path, asked)
    assert [(error.message, list(error.stack_trace)[-2:]) for error in app.exception] == []
    assert read_as_markup(app, (*SIGNS, IMAGE, "<img ")) == []
    said = [re.sub(r"\\(.)", r"\1", each.replace("\u2060", "")) for each in handed_as_markdown(app)]
    silent = {
        name: (asked[name], value)
        for name, value in held(app, asked).items()
        if not in_use(as_read(asked[name]), value) and not told(said, name, as_read(asked[name]))
    }
    assert silent == {}
    return app


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the app say what it says on a quiet machine, and crashes say where they come from."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(measuring, "UNASKED", 3.0)
    shown = streamlit.get_option("client.showErrorDetails")
    streamlit.config.set_option("client.showErrorDetails", "full")
    yield
    streamlit.config.set_option("client.showErrorDetails", shown)


@pytest.mark.slow
@settings(
    max_examples=RUNS,
    deadline=None,
    derandomize="VITRINE_ADDRESSES" not in os.environ,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_no_address_crashes_a_page_or_is_dropped_in_silence(plain, data):
    place = data.draw(st.integers(0, len(PLACES) - 1), "place")
    path, address, _ = PLACES[place]
    names = parameters(place)
    if data.draw(st.integers(0, 5), "leave the view and the prompt alone"):
        names = tuple(name for name in names if name not in {*address, "view", "prompt"})
    each = dict.fromkeys(names, VALUES)
    some = st.fixed_dictionaries({}, optional=each)
    asked = data.draw(st.one_of(st.fixed_dictionaries(each), st.fixed_dictionaries(each), some))
    whole = {"prompt": PROMPT} | address
    try:
        app = owed(path, whole | asked)
    except AssertionError:
        for name, value in asked.items():  # which one alone?
            owed(path, whole | {name: value})
        raise
    if "prompt" not in asked:
        assert held(app, ["prompt"]) == {"prompt": PROMPT}


KNOWN = {
    "an infinite whole number": [
        ("sampling", "Generate", {"sampling.new": "inf"}),
        ("attribution", "Scores", {"attribution.steps": "1e400", "attribution.seed": "inf"}),
        ("positions", "Word order", {"positions.shuffle": "-inf"}),
        ("positions", "Packing", {"positions.row": "inf"}),
    ],
    "more digits than Python reads": [
        ("attention", "One head", {"layer": "9" * 5000, "head": "0" * 5000 + "7"}),
        ("positions", "Rotation", {"positions.m": "9" * 5000, "positions.n": "0" * 5000 + "7"}),
        ("sampling", "Generate", {"sampling.new": "9" * 5000}),
    ],
    "two signs": [("sampling", "Compare", {"sampling.each": "--5", "sampling.beams": "--5"})],
    "nothing where something is required": [
        ("sampling", "", {}),
        ("tokenizer", "Train your own", {"tokenizer.method": ""}),
        ("kv_cache", "Memory planner", {"kv_cache.cache_as": "", "kv_cache.gpus": ["", ""]}),
    ],
    "a path that cannot be": [
        ("tokenizer", "Tokens", {"tokenizer.name": "a" * 300}),
        ("tokenizer", "Tokens", {"tokenizer.name": "~nosuchuser/x"}),
        ("tokenizer", "Compare", {"tokenizer.against": ["~nosuchuser/x", "a" * 300]}),
        ("attention", "One head", {"model": "~nosuchuser/x", "revision": "../.."}),
    ],
    "a picture from elsewhere": [
        ("tokenizer", IMAGE, {"device": IMAGE, "dtype": IMAGE, "model": IMAGE, "lecture": IMAGE}),
        ("tokenizer", "Compare", {"tokenizer.against": IMAGE, "prompt": IMAGE}),
        ("tokenizer", "Special tokens", {"tokenizer.template": IMAGE, "tokenizer.name": IMAGE}),
        ("kv_cache", "Memory planner", {"kv_cache.plan": IMAGE}),
        ("attribution", "Scores", {"attribution.answer": IMAGE}),
        ("sampling", "Perplexity", {"sampling.by_hand": IMAGE, "temperature": IMAGE}),
        ("positions", "Rotation", {"positions.m": IMAGE}),
    ],
    "two values for one choice": [
        ("kv_cache", "Memory planner", {"kv_cache.cache_as": ["x", "8-bit"]}),
        ("attention", "While writing", {"attention.new": ["3", "5"]}),
    ],
}
"""What links have done once: most crashed, pictures were asked for from other hosts."""


@pytest.mark.parametrize(
    ("page", "view", "asked"),
    [each for cases in KNOWN.values() for each in cases],
    ids=[f"{kind}: {page}" for kind, cases in KNOWN.items() for page, _, _ in cases],
)
def test_what_a_link_has_done_once_it_does_not_do_again(plain, page, view, asked):
    (path,) = {each for each, _, _ in PLACES if each.stem == page}
    owed(path, {"prompt": PROMPT, "view": view} | asked)


def test_a_choice_that_a_link_got_wrong_can_be_made_and_is_kept_in_the_address(plain):
    (path,) = {each for each, _, _ in PLACES if each.stem == "kv_cache"}
    asked = {"view": "Memory planner", "kv_cache.cache_as": "", "lecture": "perhaps"}
    app = owed(path, {"prompt": PROMPT} | asked)
    assert "lecture" not in app.query_params
    drawn = controls(app)
    offered = [each.content for each in drawn["kv_cache.cache_as"].proto.options]
    first, other = drawn["kv_cache.cache_as"].value, offered[-1]
    assert first in offered[:-1]
    drawn["kv_cache.cache_as"].set_value(other).run()
    assert not app.exception
    assert held(app, ["kv_cache.cache_as"]) == {"kv_cache.cache_as": other}
    controls(app)["lecture"].set_value(True).run()
    assert held(app, ["kv_cache.cache_as", "lecture"]) == {
        "kv_cache.cache_as": other,
        "lecture": True,
    }
    assert not any("The link" in said for said in handed_as_markdown(app))
