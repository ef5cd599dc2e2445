"""The vocabulary of lessons: what a view asks and shows. `lesson` draws it, alike on all pages.

A view is a module `pages/<chapter>/<page>/<view>.py` with one `VIEW`. Modules of views are imported
by name, after the heavy libraries, so they import what they show at their top.
"""

import importlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import streamlit as st

from components import engine, importing
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.widgets import apparatus, frame, models
from components.widgets.ask import Ask, Later
from components.widgets.explained import explain

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

__all__ = ["Ask", "Check", "File", "Predict", "Shown", "View", "find", "lesson", "slug"]

ROOT: Final = __name__.removesuffix("components.lesson")
"""What stands before `pages` in an import: nothing in a checkout, a package's name in a wheel."""


@dataclass(frozen=True)
class Predict:
    """A question asked before the answer is told; `right` is computed from the result.

    Raises:
        ValueError: `right` is none of the answers.
    """

    asks: str
    answers: tuple[str, ...]
    right: str
    because: str
    before: "go.Figure | None" = None
    """The figure until an answer is given, where the whole one would give it away; what is told
    below the figure waits too."""

    def __post_init__(self) -> None:
        if self.right not in self.answers:
            raise ValueError(f"{self.right!r} is not among the answers {self.answers}.")


@dataclass(frozen=True)
class File:
    """One more file that a view can be taken away as; made when somebody asks for it."""

    label: str
    make: Callable[[], bytes]
    ends: str
    """The end of its name, one of `files.FORMATS`."""


@dataclass(frozen=True, eq=False)
class Shown:
    """What a view hands back: one figure, and what it owes its reader.

    Raises:
        ValueError: there is neither a check nor a reason why there is none.
    """

    figure: "go.Figure | None"
    """None where the view drew a live component, or words, on `ask.stage` itself."""
    alt: str
    """The figure in a sentence, with its main number."""
    table: Callable[[], "pd.DataFrame"]
    """The figure's numbers; built when somebody opens or downloads them."""
    read: str
    """How to read the figure, as Markdown."""
    told: str = ""
    """What is to be seen here, with the numbers of this prompt and model, as Markdown."""
    checks: Sequence[Check] = ()
    unchecked: str = ""
    """Why there is nothing to check, if there is not, as Markdown."""
    code: str = ""
    """Plain PyTorch or transformers that prints a number of the figure."""
    uncoded: str = ""
    """Why there is no code, where a reader would look for some, as Markdown."""
    formula: str = ""
    """LaTeX."""
    symbols: str = ""
    """What the formula's letters are, with their values here, as Markdown."""
    predict: Predict | None = None
    tries: str = ""
    """Two or three things to try, as Markdown; shown once the question is answered."""
    facts: Mapping[str, object] = field(default_factory=dict)
    """What the JSON file says beside the table."""
    page: str | Callable[[], str] = ""
    """Where the picture is no figure: an HTML page that shows it and works alone, or what makes it
    when somebody asks for it."""
    files: Sequence[File] = ()
    """What else can be taken away."""
    clicked: Callable[[int, int], None] | None = None
    """Called with row and column of the cell that is clicked, where the figure is a heat map: it
    sets the controls that choose a cell too."""

    def __post_init__(self) -> None:
        if not self.checks and not self.unchecked:
            raise ValueError("A figure has a check, or says why there is nothing to check.")


@dataclass(frozen=True)
class View:
    """One tab of a page, or one fold below a view."""

    words: str
    """A sentence or two on what is to be seen, as Markdown."""
    show: Callable[[Ask], Shown] | None = None
    kinds: Mapping[str, "View"] = field(default_factory=dict)
    """Instead of `show`: views of one kind, chosen among in the row of controls."""
    kind: str = "Kind"
    """What the choice among `kinds` is called."""
    further: Mapping[str, "View"] = field(default_factory=dict)
    """Views below this one, closed until asked for, and not computed before."""
    wide: bool = False
    """The figure takes the whole width, the question a line above it; a fragment."""


def slug(name: str) -> str:
    """Return a view's file and address name.

    >>> slug("Word order")
    'word_order'
    """
    return re.sub(r"\W+", "_", name.lower()).strip("_")


def find(page: str, name: str) -> View:
    """Import the view called `name` of `page`, such as "inside.positions".

    Raises:
        TypeError: the module's `VIEW` is no `View`.
    """
    importing.import_libraries()
    view = importlib.import_module(f"{ROOT}pages.{page}.{slug(name)}").VIEW
    importing.spare_modules()
    if not isinstance(view, View):
        raise TypeError(f"VIEW of {page}.{slug(name)} is no View.")
    return view


def lesson(title: str, page: str, *names: str) -> None:
    """Draw the page: its title, the picker of views on the same line, and the chosen view."""
    name, lecture = apparatus.head(title, names)
    waiting = st.empty()
    if not importing.imported():
        # The frame, the title and the tabs are there already; only the view has to wait.
        waiting.skeleton(height=420)
    choice = models.chosen()
    view = find(page, name)
    waiting.empty()
    scope = page.rpartition(".")[2]
    # A live component's release runs only its view again. Elsewhere no fragment: what is pressed
    # in one never interrupts a run, so a Stop button would wait for the end.
    draw = st.fragment(_draw) if view.wide else _draw
    draw(view, choice, frame.prompt(), scope, slug(name), lecture)


def _draw(
    view: View, choice: engine.ModelChoice, prompt: str, scope: str, name: str, lecture: bool
) -> None:
    if frame.prompt() != prompt:
        # The view alone runs again, and an example of its own has changed what stands outside.
        st.rerun(scope="app")
    ask = Ask(choice, prompt, scope, f"{scope}-{name}", apparatus.LECTURE if lecture else 1.0)
    _view(view, ask, lecture)
    for title, other in view.further.items():
        key = f"{ask.key}-{slug(title)}"
        with apparatus.fold(title, key) as opened:
            if opened:
                _view(other, ask.below(key), lecture)


def _view(view: View, ask: Ask, lecture: bool) -> None:
    words = st.empty()
    ask.place_controls()
    ask.stage, ask.working, aside = apparatus.stage(ask.key, view.wide)
    said = view.words
    try:
        if view.kinds:
            view = view.kinds[ask.choice_of(view.kind, slug(view.kind), list(view.kinds))]
            said = view.words or said
        ask.words = said
        words.markdown(said, width=apparatus.readable(lecture))
        if view.show is None:
            raise TypeError(f"{ask.key} has neither `show` nor `kinds`.")
        shown = view.show(ask)
    except Later as later:
        apparatus.offer(later, ask, aside)
    except InspectionError as error:
        explain(error, ask.stage)
    else:
        apparatus.draw(shown, ask, aside, lecture)
    finally:
        ask.tell_corrections()
