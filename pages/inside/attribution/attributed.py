"""The scores of one method or of several: started where they take long, and what they share."""

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from components.inspection.attribution.catalogue import METHODS, MethodName, MethodSettings, cost
from components.inspection.attribution.methods import Attribution, attribute
from components.inspection.attribution.question import Question, Reading
from components.inspection.attribution.shapley import rounded_up
from components.lesson import Ask
from components.widgets import running
from components.widgets.checks import line
from pages.inside.attribution.question import summary

DRAWN = "drawn Shapley values"


def several(
    ask: Ask,
    question: Question,
    reading: Reading,
    names: Sequence[MethodName],
    settings: MethodSettings,
) -> list[Attribution]:
    """Return the scores of the methods, once the reader has started what takes long.

    Raises:
        Later: it has not been started.
    """
    before = drawn_before(ask, question, settings)
    ahead, words = cost_of(ask, question, reading, names, settings), waiting(reading)
    what = (question, tuple(names), settings)
    with running.started(ask, ahead, *what, words=words) as inspect:
        return [one(ask, inspect, question, name, settings, before) for name in names]


def waiting(reading: Reading) -> str:
    """Return what is known of a question before anything is attributed, with its checks."""
    return "\n\n" + "  \n".join([summary(reading), *map(line, reading.checks)])


def cost_of(
    ask: Ask,
    question: Question,
    reading: Reading,
    names: Sequence[MethodName],
    settings: MethodSettings,
) -> running.Cost:
    """Return what the methods cost together; orders that were drawn already cost nothing."""
    before = drawn_before(ask, question, settings)
    known = 0 if before is None else before.orders
    pieces = len(reading.features.free)
    costs = [cost(name, pieces, settings, known if name == "shapley" else 0) for name in names]
    return running.Cost(
        sum(each[0] for each in costs), sum(each[1] for each in costs), len(reading.features.tokens)
    )


def one(
    ask: Ask,
    inspect: Callable[..., Attribution],
    question: Question,
    name: MethodName,
    settings: MethodSettings,
    before: Attribution | None,
) -> Attribution:
    """Return the scores of one method; Shapley values go on from those drawn before."""
    if name != "shapley":
        return inspect(attribute, question, name, settings, None)
    if before is not None and before.orders == rounded_up(settings.samples):
        return before
    found = inspect(attribute, question, name, settings, before)
    if found.orders:
        running.keep(DRAWN, ask.choice, question, found)
    return found


def drawn_before(ask: Ask, question: Question, settings: MethodSettings) -> Attribution | None:
    """Return the last Shapley values that this reader had drawn, if orders can be added to them."""
    of, asked, found = running.kept(DRAWN) or (None, None, None)
    if found is None or (of, asked) != (ask.choice, question):
        return None
    fits = found.seed == settings.seed and found.orders <= rounded_up(settings.samples)
    return found if fits else None


def pieces(found: Attribution) -> list[str]:
    """Return the texts of the pieces that are scored."""
    return [found.features.texts[place] for place in found.features.free]


def table_of(found: Sequence[Attribution]) -> pd.DataFrame:
    """Return a row for each scored piece; for each method its scores, and their errors if any."""
    columns: dict[str, Any] = {"piece": pieces(found[0])}
    for each in found:
        title = METHODS[each.method].title
        columns[title] = each.scores[each.features.free].astype(float)
        if each.errors is not None:
            columns[f"{title}, standard error"] = each.errors[each.features.free].astype(float)
    return pd.DataFrame(columns)
