"""The scores of one method or of several: started where they take long, and what they share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from components.inspection.attribution.catalogue import BY_TITLE, MethodName, MethodSettings, cost
from components.inspection.attribution.methods import Attribution, attribute
from components.inspection.attribution.question import Question, Reading
from components.inspection.attribution.shapley import rounded_up
from components.inspection.errors import InspectionError
from components.lesson import Ask
from components.widgets import running
from components.widgets.checks import line
from pages.inside.attribution.question import method_of, question_of, settings_of, with_attention
from pages.inside.attribution.says import summary

DRAWN = "drawn Shapley values"
USUAL = (
    "Integrated gradients",
    "Input × gradient",
    "Saliency",
    "Feature ablation",
    "Shapley values",
)
"""The methods that are compared at first."""


@dataclass(frozen=True, eq=False)
class Scored:
    """What was asked, and what the methods say to it, in the order in which they were chosen."""

    question: Question
    reading: Reading
    settings: MethodSettings
    found: list[Attribution]
    cost: running.Cost


def by_one_method(ask: Ask) -> Scored:
    """Ask for a question and a method."""
    question, reading = question_of(ask)
    return scored(ask, question, reading, [method_of(ask)])


def by_methods(ask: Ask, attention: bool = False) -> Scored:
    """Ask for a question and for any of the methods; `attention`: for rankings by it as well.

    Raises:
        InspectionError: none is chosen.
    """
    question, reading = question_of(ask)
    if attention:
        with_attention(ask)
    titles = ask.several("Attribution methods", "methods", list(BY_TITLE), USUAL)
    if not titles:
        raise InspectionError("Choose one method or more.")
    return scored(ask, question, reading, [BY_TITLE[title] for title in titles])


def scored(ask: Ask, question: Question, reading: Reading, names: Sequence[MethodName]) -> Scored:
    """Return what the methods say, once the reader has started what takes long.

    Raises:
        Later: it has not been started.
    """
    settings = settings_of(ask)
    before = drawn_before(ask, question, settings)
    ahead, words = cost_of(reading, names, settings, before), waiting(reading)
    what = (question, tuple(names), settings)
    with running.started(ask, ahead, *what, words=words) as inspect:
        found = [one(ask, inspect, question, name, settings, before) for name in names]
    return Scored(question, reading, settings, found, ahead)


def waiting(reading: Reading) -> str:
    """Return what is known of a question before anything is attributed, with its checks."""
    return "\n\n" + "  \n".join([summary(reading), *map(line, reading.checks)])


def cost_of(
    reading: Reading,
    names: Sequence[MethodName],
    settings: MethodSettings,
    before: Attribution | None,
) -> running.Cost:
    """Return what the methods cost together; orders that were drawn `before` cost nothing."""
    known = 0 if before is None else before.orders
    free = len(reading.features.free)
    costs = [cost(name, free, settings, known if name == "shapley" else 0) for name in names]
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
