"""The question, asked alike by all views: which answer, against which, compared with what."""

from typing import Final, Literal

from components.figures.visible import visible
from components.inspection.attribution.baselines import BASELINES, Baseline, available
from components.inspection.attribution.catalogue import (
    BY_TITLE,
    MOST,
    USUAL,
    MethodName,
    MethodSettings,
)
from components.inspection.attribution.features import UNITS
from components.inspection.attribution.question import Question, Reading, likeliest_answers, read
from components.inspection.attribution.shapley import EXACT, FEWEST_ORDERS
from components.lesson import Ask
from pages.inside.attribution.examples import LIKELIEST, RUNNER_UP, contrast_of, offer_examples

NOTHING: Final = "none"
SETTINGS: Final = "Baseline and settings"
"""The list that opens, of how scores come about."""


def question_of(ask: Ask) -> tuple[Question, Reading]:
    """Ask for the question; return it, and what the model says to it.

    Raises:
        InspectionError: the model cannot be asked this.
    """
    likely = ask.inspect(likeliest_answers, ask.prompt)
    # By number, since what an answer looks like may be written with other tokens.
    names = {
        visible(name): number
        for name, number in zip(likely.answers, likely.answer_ids, strict=True)
    }
    typed = likely.asked in ("next token", "masked token")
    hint = "The answer whose logit is shared out among the words of the prompt."
    answer = answer_of(ask, "Answer", [LIKELIEST, *names], LIKELIEST, typed, hint)
    opens = contrast_of(ask.prompt)
    other = answer_of(
        ask,
        "Contrast",
        [RUNNER_UP, NOTHING, *names],
        opens if opens in names else RUNNER_UP,
        typed,
        "With a contrast the target is the difference of the two logits: what supports "
        f"the answer rather than this one. {RUNNER_UP.capitalize()} is the likeliest of the "
        "others. A logit alone also holds all that speaks for any answer.",
    )
    against: str | int | None = "" if other == RUNNER_UP else names.get(other, other)
    with ask.tucked(SETTINGS):
        baseline = baseline_of(ask)
        unit = ask.choice_of("Score per", "unit", UNITS, hint=UNIT)
        settings_of(ask)
    offer_examples(ask)
    question = Question(
        ask.prompt,
        answer="" if answer == LIKELIEST else names.get(answer, answer),
        rather_than=None if other == NOTHING else against,
        baseline=baseline,
        unit=unit,
    )
    return question, ask.inspect(read, question)


def answer_of(
    ask: Ask, label: str, options: list[str], default: str, typed: bool, hint: str
) -> str:
    """Ask for a token, which may be typed, or for a class."""
    if typed:
        hint += " Type any other token; · is a space."
        return ask.one_of_or_typed(f"{label} token", label.lower(), options, default, hint=hint)
    return ask.choice_of(f"{label} class", label.lower(), options, default, hint=hint)


def baseline_of(ask: Ask) -> Baseline | Literal[""]:
    """Ask for a baseline; empty is the neutral one, so that a question is known again."""
    offered = ask.inspect(available)
    named = "; ".join(f"**{name}**: {BASELINES[name]}" for name in offered)
    hint = (
        f"What stands where a word is taken away. {named}. The first, **{offered[0]}**, is "
        "neutral: what says nothing to this model, by rule, is the mask of a model that fills in "
        "masks, else a padding token of its own, else the token that ends a text. A score is a "
        "difference, so it depends on this."
    )
    baseline = ask.choice_of("Baseline", "baseline", offered, hint=hint)
    return "" if baseline == offered[0] else baseline


def method_of(ask: Ask) -> MethodName:
    """Ask for a method; links name it by its title."""
    return BY_TITLE[ask.choice_of("Attribution method", "method", list(BY_TITLE))]


def with_attention(ask: Ask) -> bool:
    """Ask whether rankings by attention shall stand beside those of methods."""
    hint = "The words in the order of the attention that the answering token pays to them."
    return ask.toggle("Attention as a ranking too", "with_attention", hint=hint)


def settings_of(ask: Ask) -> MethodSettings:
    """Ask for the settings that methods have."""
    steps = ask.number(
        "Steps of integrated gradients",
        "steps",
        1,
        MOST.steps,
        USUAL.steps,
        hint="Gradient SHAP takes as many random points.",
    )
    orders = ask.number(
        "Orders of Shapley values",
        "orders",
        FEWEST_ORDERS,
        MOST.samples,
        USUAL.samples,
        hint=f"For more than {EXACT} words; up to {EXACT} all orders count, and nothing is drawn. "
        "Half are drawn, half are their reverses. Four times as many halve the standard error.",
    )
    window = ask.number("Window of occlusion", "window", 1, MOST.window, USUAL.window)
    hint = "Of all random orders and points."
    seed = ask.number("Seed", "seed", 0, 9999, USUAL.seed, hint=hint)
    return MethodSettings(steps, orders, window, seed)


UNIT = (
    "Score the tokens of a word or a sentence together, or each token alone. What gets a score of "
    "its own, the field calls a **feature**."
)
