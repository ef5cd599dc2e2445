"""The scores of a method: asked for, started where they take long, and more orders added."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.inspection.progress import Progress
from components.widgets import address
from components.widgets.attribution.running import Cost, allowed, start, telling
from components.widgets.checks import show_checks

if TYPE_CHECKING:
    from components.inspection.attribution.catalogue import Effort, MethodName
    from components.inspection.attribution.methods import Attribution
    from components.inspection.attribution.question import Question, Reading

_DRAWN: Final = "attribution-drawn"


def one_method(label: str) -> "MethodName":
    """Ask for a method; links name it by its title."""
    from components.inspection.attribution.catalogue import BY_TITLE

    titles = list(BY_TITLE)
    address.warn_unless_one_of("method", titles)
    title = st.selectbox(label, titles, key="method", bind="query-params", persist_state="session")
    return BY_TITLE[title or titles[0]]


def attributed(
    choice: ModelChoice,
    question: "Question",
    reading: "Reading",
    method: "MethodName",
    effort: "Effort",
) -> "Attribution | None":
    """Return the scores of one method, once the reader has started what takes long."""
    found = several(choice, question, reading, [method], effort)
    return None if found is None else found[0]


def several(
    choice: ModelChoice,
    question: "Question",
    reading: "Reading",
    wanted: "list[MethodName]",
    effort: "Effort",
) -> "list[Attribution] | None":
    """Return the scores of the methods that are wanted, once the reader has started them."""
    from components.inspection.attribution.catalogue import cost

    before = _drawn(choice, question, effort)
    known = 0 if before is None else before.orders
    pieces = len(reading.units.free)
    costs = [cost(name, pieces, effort, known if name == "shapley" else 0) for name in wanted]
    total = Cost(sum(c[0] for c in costs), sum(c[1] for c in costs), len(reading.units.tokens))
    what = (question, tuple(wanted), effort)
    if not allowed(choice, total, *what):
        show_checks(reading.checks, choice, "question")
        return None
    with telling(choice, *what) as tell:
        return [_one(choice, question, name, effort, before, tell) for name in wanted]


def _one(
    choice: ModelChoice,
    question: "Question",
    method: "MethodName",
    effort: "Effort",
    before: "Attribution | None",
    tell: Progress,
) -> "Attribution":
    from components.inspection.attribution.methods import attribute

    if method != "shapley":
        return engine.inspect(attribute, choice, question, method, effort, None, progress=tell)
    if before is not None and before.orders == _orders(effort):
        return before
    found = engine.inspect(attribute, choice, question, method, effort, before, progress=tell)
    if found.orders:
        st.session_state[_DRAWN] = (choice, question, found)
    return found


def _drawn(choice: ModelChoice, question: "Question", effort: "Effort") -> "Attribution | None":
    """Return the last Shapley values that this reader had drawn, if orders can be added to them."""
    of, asked, found = st.session_state.get(_DRAWN, (None, None, None))
    if found is None or (of, asked) != (choice, question):
        return None
    return found if found.seed == effort.seed and found.orders <= _orders(effort) else None


def _orders(effort: "Effort") -> int:
    from components.inspection.attribution.shapley import rounded_up

    return rounded_up(effort.samples)


def more_orders(
    choice: ModelChoice, question: "Question", found: "Attribution", effort: "Effort"
) -> None:
    """Say how sure drawn Shapley values are, and offer as many orders again on top of them."""
    from components.inspection.attribution.catalogue import MOST

    more = min(2 * found.orders, MOST.samples)
    words, button = st.columns([3, 1], vertical_alignment="center")
    assert found.errors is not None
    words.markdown(
        f"From **{found.orders:,}** random orders, half of them the reverse of the others: the "
        f"standard error is at most **{float(found.errors[found.units.free].max()):.2g}** logits."
    )
    if more > found.orders:
        what = (question, ("shapley",), replace(effort, samples=more))
        button.button(
            f"Add {more - found.orders:,} orders",
            key="more-orders",
            width="stretch",
            on_click=_take_more,
            args=(more, choice, *what),
        )


def _take_more(samples: int, choice: ModelChoice, *what: Any) -> None:
    # A widget's value can only be set from outside through its key.
    st.session_state["samples"] = samples
    start(choice, *what)
