"""The notebook's widget, without a notebook: what it holds, what it answers, what it survives."""

import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

pytest.importorskip("anywidget")

from components.inspection.errors import InspectionError
from components.inspection.threads import threads_of
from components.notebook import answers, show
from components.notebook.widget import UNFORESEEN, Drawing, module
from components.widgets.machine.assembled import assembled
from components.widgets.machine.look import DEFAULT, Look
from tests import tiny
from tests.test_architecture import addresses
from tests.wheels import ROOT

TEXT = "an old castle by the sea"
FAMILIES = ("llama", "gpt2", "bert", "t5", "bert_classifier")


def drawn(model: Any, look: Look) -> dict[str, Any]:
    """Return the parts that the page would send."""
    with threads_of(model):  # more threads sum in another order
        return assembled(lambda inspection, *inputs: inspection(model, *inputs), TEXT, look).parts


def parts_of(widget: Drawing) -> dict[str, Any]:
    """Return the parts that the widget holds."""
    return {name.removeprefix("part_"): getattr(widget, name) for name in widget.names}


def ask(widget: Drawing, content: Any) -> list[str]:
    """Send what a browser would; return the names of the traits that were changed by it."""
    changed: list[str] = []

    def note(change: Any) -> None:
        changed.append(change["name"])

    widget.observe(note)
    widget._asked(content)
    widget.unobserve(note)
    return changed


@pytest.fixture
def widget(tiny_causal) -> Drawing:
    """The widget of a tiny Llama."""
    return show(tiny_causal, TEXT)


@pytest.mark.parametrize("family", FAMILIES)
def test_it_holds_what_the_page_would_send(family):
    model = tiny.model(family)
    widget = show(model, TEXT)
    assert widget.told["problem"] == ""
    assert parts_of(widget) == drawn(model, DEFAULT)
    assert set(widget.names) <= set(widget.keys), "each part is a trait that the browser gets"
    ask(widget, {"number": 1, "look": {"open": 1, "head": 2}})
    assert parts_of(widget) == drawn(model, Look(open=1, head=2))
    assert (widget.told["state"]["open"], widget.told["answered"]) == (1, 1)
    assert widget.part_block["layer"] == 1


def test_another_token_changes_the_path_and_not_the_overview(widget, monkeypatch):
    passes: list[str] = []
    monkeypatch.setattr(answers, "threads_of", counted(passes, answers.threads_of))
    assert ask(widget, {"number": 1, "look": {"token": 2}}) == ["part_path", "told"]
    assert widget.told["state"]["place"] == widget.part_path["place"] == 2
    assert len(passes) == 1, "of all that is drawn, only the path was computed"
    assert ask(widget, {"number": 2, "look": {"token": None}}) == ["part_path", "told"]
    assert len(passes) == 1, "what was seen before is not computed again"


def counted(calls: list[str], real: Any) -> Any:
    """Return `real`, which notes each call."""

    def call(*inputs: Any) -> Any:
        calls.append("")
        return real(*inputs)

    return call


def test_asked_for_the_same_nothing_but_the_number_is_sent(widget):
    assert ask(widget, {"number": 1, "look": {}}) == ["told"]
    assert ask(widget, {"number": 1, "look": {"token": None}}) == []


HOSTILE = [
    None,
    [],
    "look",
    7,
    {},
    {"number": "1"},
    {"number": True, "look": None},
    {"number": float("inf"), "look": {"token": float("nan")}},
    {"number": 10**400, "look": {"token": 10**400}},
    {"number": 1, "look": ["token"]},
    {"number": 1, "look": {"token": -1, "open": -3, "head": "2", "nothing": 1}},
    {"number": 1, "look": {"token": "../../etc/passwd", "station": "<script>"}},
    {"number": 1, "look": {"written": [float("inf")], "off": [[["head 0.0"]]]}},
    {"number": 1, "look": {"written": [float("nan"), 1]}},
    {"number": 1, "look": {"written": {"a": 1}, "off": "head 0.0,"}},
    {"number": 1, "look": {"open": 1, "head": 9_999_999, "token": 9_999_999}},
    {"number": 1, "look": {"open": 9_999_999}},
    {"number": 1, "look": {"open": 0, "station": "no such thing", "index": 9_999_999}},
    {"number": 1, "look": {"open": 0, "station": "query", "index": 9_999_999}},
    {"number": 1, "look": {"toward": 9_999_999, "rather": -1, "push": True}},
]


@pytest.mark.parametrize("content", HOSTILE, ids=range(len(HOSTILE)))
def test_what_a_browser_sends_is_read_with_care(widget, content):
    ask(widget, content)
    assert widget.told["problem"] == ""
    assert set(widget.part_overview) > {"rivers"}
    ask(widget, {"number": 2, "look": {"token": 1}})
    assert (widget.told["state"]["place"], widget.told["answered"]) == (1, 2)


def test_what_cannot_be_is_said_and_the_last_good_drawing_stays(widget):
    ask(widget, {"number": 1, "look": {"token": 2}})
    before, state = parts_of(widget), widget.told["state"]
    assert ask(widget, {"number": 2, "look": {"written": [9_999_999]}}) == ["told"]
    assert "Token id 9999999 does not exist" in widget.told["problem"]
    assert (widget.told["answered"], widget.told["state"]) == (2, state)
    assert parts_of(widget) == before
    # What could not be is forgotten: the next wish is not refused on account of it.
    ask(widget, {"number": 3, "look": {"token": 1}})
    assert (widget.told["problem"], widget.told["state"]["place"]) == ("", 1)


@pytest.mark.parametrize("part", ["head 99.0", "cross 1"])
def test_what_cannot_be_switched_off_is_said_once(widget, part):
    ask(widget, {"number": 1, "look": {"off": [part]}})
    assert len(widget.told["unknown"]) == 1
    ask(widget, {"number": 2, "look": {"token": 1}})
    assert (widget.told["unknown"], widget.told["state"]["off"]) == ([], ())


def test_a_fault_of_ours_is_said_and_goes_to_the_log(widget, monkeypatch):
    monkeypatch.setattr(answers, "assembled", lambda *_: 1 // 0)
    before = parts_of(widget)
    with pytest.raises(ZeroDivisionError):
        ask(widget, {"number": 1, "look": {"token": 2}})
    assert (widget.told["problem"], widget.told["answered"]) == (UNFORESEEN, 1)
    assert parts_of(widget) == before
    monkeypatch.undo()
    ask(widget, {"number": 2, "look": {}})
    assert widget.told["state"]["token"] is None, "what failed is forgotten"


def test_where_memory_runs_out_that_is_said(widget, monkeypatch):
    def full(*_: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(answers, "assembled", full)
    ask(widget, {"number": 1, "look": {"token": 2}})
    assert widget.told["problem"].startswith("Memory ran out: of ")


def test_a_check_that_fails_is_told(tiny_causal, monkeypatch):
    real = answers.assembled

    def broken(*asked: Any) -> Any:
        found = real(*asked)
        first, *others = found.checks
        return replace(found, checks=(replace(first, error=float("nan")), *others))

    monkeypatch.setattr(answers, "assembled", broken)
    checks = show(tiny_causal, TEXT).told["checks"]
    (said,) = checks["fail"]
    assert "nan" in said
    assert checks["hold"] > 0


def test_a_model_is_loaded_by_its_name():
    widget = show("storyteller", "Once upon a time", token=1, open=2)
    assert widget.told["label"].startswith("The forward pass of storyteller")
    assert (widget.told["state"]["place"], widget.part_block["layer"]) == (1, 2)


def test_a_model_that_is_not_there_is_told_in_the_widget():
    widget = show("no-such-model", TEXT)
    assert "no-such-model" in widget.told["problem"]
    assert widget.names == []
    ask(widget, {"number": 1, "look": {"token": 2}})
    assert "no-such-model" in widget.told["problem"]


@pytest.mark.parametrize(
    ("look", "words"),
    [
        ({"opne": 1}, "A look has no 'opne'; it has: stack, token, open,"),
        ({"open": "first"}, "open='first' is nothing that the drawing can be asked for."),
        ({"off": ["head one"]}, "Such is: off=('head 0.0', 'mlp 1')."),
        ({"head": True}, "head=True is nothing"),
        ({"written": [float("nan")]}, "Such is: written=(0, 1)."),
    ],
)
def test_a_look_that_is_none_is_refused(tiny_causal, look, words):
    with pytest.raises(InspectionError) as refused:
        show(tiny_causal, TEXT, **look)
    assert words in str(refused.value)


def test_without_anywidget_it_is_said_what_to_install(tiny_causal, monkeypatch):
    monkeypatch.delitem(sys.modules, "components.notebook.widget")
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(InspectionError, match=r'pip install "transformer-vitrine\[notebook\]"'):
        show(tiny_causal, TEXT)


def test_another_module_that_is_missing_is_no_matter_of_anywidget(tiny_causal, monkeypatch):
    monkeypatch.delitem(sys.modules, "components.notebook.widget")
    monkeypatch.setitem(sys.modules, "components.notebook.answers", None)
    with pytest.raises(ModuleNotFoundError, match=r"components\.notebook\.answers"):
        show(tiny_causal, TEXT)


def test_to_import_it_costs_nothing():
    """Neither what it draws with, nor Streamlit, nor torch: no warning, no word."""
    code = (
        "import sys, components.notebook\n"
        "print(sorted({'streamlit', 'torch', 'anywidget', 'traitlets'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_the_script_is_one_module_with_one_default_export():
    text = module()
    outside = [line for line in text.splitlines() if line.startswith(("export ", "import "))]
    assert outside == ["export default {"]
    assert addresses(text) == set()
