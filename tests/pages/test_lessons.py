"""What a page owes its reader, for every view of every lesson drawn by `components.lesson`."""

import ast
import contextlib
import io
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
import pytest
from streamlit.testing.v1 import AppTest

from components.inspection.checks import Check
from components.lesson import Predict, Shown, View, find, slug
from components.widgets import chapters, measuring

ROOT = Path(__file__).parents[2]
OLD = {
    "about/glossary.py",
    "about/self_check.py",
    "about/home.py",
}
"""Pages that are not written in the vocabulary yet. This list only shrinks."""
LATER = {"positions-extension-past_the_trained_length", "attention-while_writing"}
"""Measured only when asked for: at first there is a button, and what it costs."""
REFUSED = {"Learned table": "No table of positions can be seen here"}
"""Kinds that the bundled model does not have, and how that is said."""

TOURED = {"inside.forward_pass": "tour_part"}
"""Pages whose figure asks, stop by stop, instead of a line above it; by what hands its questions
on. `tests/inspection/machine/test_questions.py` holds their answers to what was computed."""


def calls(path: Path, name: str) -> Iterator[ast.Call]:
    """Yield the calls of the function `name` in a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == name:
            yield node


def pages() -> Iterator[tuple[Path, str, tuple[str, ...]]]:
    """Yield each page's file, its dotted name, and the names of its views, read from its call."""
    for path in sorted((ROOT / "pages").rglob("*.py")):
        for call in calls(path, "lesson"):
            _, page, *names = (ast.literal_eval(each) for each in call.args)
            yield path, page, tuple(names)


def own_files(file: Path) -> set[Path]:
    """Return the file of a view, and those of its page that it takes something from."""
    found, left = set(), {file}
    while left:
        one = left.pop()
        found.add(one)
        for node in ast.walk(ast.parse(one.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                named = [node.module, *(f"{node.module}.{each.name}" for each in node.names)]
                places = {ROOT / f"{each.replace('.', '/')}.py" for each in named}
                left |= {each for each in places if each.parent == file.parent and each.exists()}
        left -= found
    return found


VIEWS = [(path, page, name) for path, page, names in pages() for name in names]


def parts(path: Path, page: str, name: str) -> Iterator[tuple[Path, dict[str, str], str]]:
    """Yield the address and the key of each figure of a view: its kinds, and the folds below it."""
    view, scope = find(page, name), page.rpartition(".")[2]
    own = f"{scope}-{slug(name)}"
    for kind in view.kinds or [""]:
        yield path, {"view": name} | ({f"{scope}.{slug(view.kind)}": kind} if kind else {}), own
    for title in view.further:
        key = f"{own}-{slug(title)}"
        yield path, {"view": name, key: "true"}, key


PARTS = [part for path, page, name in VIEWS for part in parts(path, page, name)]


def opened(path: Path, address: dict[str, str]) -> AppTest:
    app = AppTest.from_file(ROOT / "app.py", default_timeout=180)
    app.switch_page(str(path.relative_to(ROOT)))
    app.query_params.update(address)
    return app.run()


@pytest.mark.parametrize(
    ("path", "address", "key"), PARTS, ids=[" ".join(part[1].values()) for part in PARTS]
)
def test_a_view_gives_what_it_owes(path, address, key, drawn, monkeypatch):
    monkeypatch.chdir(ROOT)
    # What takes no button on a quiet machine takes none on a busy one.
    monkeypatch.setattr(measuring, "UNASKED", 60.0)
    app = opened(path, address)
    assert not app.exception
    if key in LATER:
        assert any("Measure" in button.label for button in app.button)
        return
    for kind, why in REFUSED.items():
        if kind in address.values():
            assert why in app.error[0].value
            return
    assert not app.error
    owed(drawn[key])
    stage = [*app.main.get("bidi_component"), *app.main.get("iframe")]
    assert drawn[key].figure is not None or stage


def owed(shown: Shown) -> None:
    """Hold a figure against what a page owes its reader.

    Raises:
        AssertionError: something is missing, or a check fails.
    """
    assert len(shown.alt) > 20, "the figure in a sentence"
    assert len(shown.read) > 20, "how to read it"
    assert shown.checks or len(shown.unchecked) > 20, "a check, or why there is none"
    assert [str(check) for check in shown.checks if check.verdict == "fails"] == []
    assert len(shown.table()), "its numbers"
    if shown.figure is not None:
        axes = [*shown.figure.select_xaxes(), *shown.figure.select_yaxes()]
        for name in ("xaxis", "yaxis"):
            own = [axis for axis in axes if axis.plotly_name.startswith(name)]
            seen = [axis for axis in own if axis.visible is not False and axis.title.text]
            rows = any(axis.ticktext or axis.categoryarray for axis in own)
            hidden = all(axis.visible is False for axis in own)
            assert seen or hidden or (name == "yaxis" and rows), f"{name} has a name"
    if shown.formula:
        assert len(shown.symbols) > 20, "what the letters are"
    if shown.code:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(shown.code, "shown", "exec"), {})
        assert said.getvalue().strip(), "the code prints"


WHOLE = {
    "figure": go.Figure().update_layout(xaxis_title="x", yaxis_title="y"),
    "alt": "A figure with nothing in it, for tests.",
    "table": lambda: pd.DataFrame({"x": [1]}),
    "read": "There is nothing to be read here.",
    "checks": (Check("one is one", 0, 0),),
}


@pytest.mark.parametrize(
    "missing",
    [
        {"alt": ""},
        {"read": ""},
        {"checks": (), "unchecked": "so"},
        {"checks": (Check("one is two", 1, 0),)},
        {"table": pd.DataFrame},
        {"figure": go.Figure().update_layout(xaxis_title="x")},
        {"figure": go.Figure().update_layout(yaxis_title="y")},
        {"formula": "x"},
        {"code": "x = 1"},
    ],
)
def test_what_is_missing_would_be_noticed(missing):
    owed(Shown(**WHOLE))
    with pytest.raises(AssertionError):
        owed(Shown(**WHOLE | missing))


def test_a_figure_without_check_and_reason_cannot_be_made():
    with pytest.raises(ValueError, match="has a check"):
        Shown(**WHOLE | {"checks": ()})
    with pytest.raises(ValueError, match="not among the answers"):
        Predict("?", ("yes", "no"), "perhaps", "")


@pytest.mark.parametrize(("path", "page", "name"), VIEWS)
def test_a_view_asks_before_it_tells_and_computes_the_answer(path, page, name):
    files = own_files(ROOT / "pages" / page.replace(".", "/") / f"{slug(name)}.py")
    asked = [call for file in files for call in calls(file, "Predict")]
    toured = [call for file in files for call in calls(file, TOURED.get(page, ""))]
    assert asked or toured
    fixed = [ast.unparse(call) for call in asked if isinstance(call.args[2], ast.Constant)]
    assert fixed == []


def test_every_view_is_listed_by_its_page_and_every_page_by_the_contents():
    listed = {(page, slug(name)) for _, page, name in VIEWS}
    there = {
        (".".join(path.parent.relative_to(ROOT / "pages").parts), path.stem)
        for path in (ROOT / "pages").rglob("*.py")
        if "\nVIEW = View(" in path.read_text(encoding="utf-8")
    }
    assert there == listed
    assert all(isinstance(find(page, name), View) for _, page, name in VIEWS)
    contents = {lesson.path for each in chapters.CHAPTERS.values() for lesson in each}
    contents.add(chapters.HOME.path)
    written = {path.relative_to(ROOT / "pages").as_posix() for path, _, _ in pages()}
    assert contents - written == OLD & contents
    assert contents >= OLD


def test_a_view_is_words_and_calls():
    """No Streamlit, no import inside a function, nothing for the type checker alone."""
    for path, _, _ in VIEWS:
        for file in path.parent.glob("*.py"):
            code = file.read_text(encoding="utf-8")
            assert "streamlit" not in code, file
            assert "TYPE_CHECKING" not in code, file
            assert list(calls(file, "Check")) == [], "a check is made where the measurement is"
            inner = [
                ast.unparse(line)
                for node in ast.walk(ast.parse(code))
                if isinstance(node, ast.FunctionDef)
                for line in ast.walk(node)
                if isinstance(line, (ast.Import, ast.ImportFrom))
            ]
            assert inner == [], file
