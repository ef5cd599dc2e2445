"""A fold of Extension: how well the model predicts past the length it was trained for."""

import numpy as np

from components.figures.positions.context_extension import growth_lines
from components.figures.positions.tables import growth_table
from components.inspection.positions.extension_methods import NAMES, ContextExtension
from components.inspection.positions.growth import Growth, growth
from components.lesson import Ask, Predict, Shown, View
from pages.inside.positions.extending import extension_of

MOST_CHARACTERS = 200_000
ASKS = (
    "Read on past the trained length with the rotation as trained. What happens to perplexity, the "
    "number of tokens the model hesitates between?"
)
ANSWERS = {"falls": "it falls: more context helps", "stays": "it stays", "rises": "it rises"}


def past(ask: Ask) -> Shown:
    extension = extension_of(ask)
    usual = list(dict.fromkeys(["trained", "linear", "dynamic", extension.method]))
    ways = ask.several("Compare", "compare", list(NAMES), usual, says=NAMES)
    text = ask.text(
        "Long text (empty: 2,160 tokens of stories that the storyteller was not trained on)",
        "text",
        "",
        lines=2,
        most=MOST_CHARACTERS,
    )
    found = ask.measure(
        growth,
        text,
        tuple(ContextExtension(way, extension.factor) for way in ways or ("trained",)),
        label="Measure perplexity",
        cost="Takes about a second for each point of the storyteller; you may stop it.",
        told=lambda found: (found.done, f"{found.done:.0%} of the passes", True),
        draw=growth_lines,
        asks=(ASKS, tuple(ANSWERS.values())),
    )
    return Shown(
        growth_lines(found),
        alt="Perplexity of the same last tokens against the number of tokens read, by rotation.",
        told=best(found),
        unchecked="A measurement: there is nothing that it must equal.",
        table=lambda: growth_table(found),
        read=f"The same last {found.scored} tokens are scored each time; only how much stands "
        "before them grows. Linear interpolation is meant to be followed by some training; "
        "measured here without, it also disturbs texts within the trained length.",
        formula=r"\text{perplexity} = \exp\Big(\frac{1}{N}\sum_t -\ln p(x_t \mid x_{<t})\Big)",
        symbols=f"N = {found.scored} tokens are scored; p is the model's probability of a token "
        "after those before it.",
        predict=verdict(found),
        tries="A text of your own that repeats itself. Which method keeps the repetition longest?",
    )


def best(found: Growth) -> str:
    known = np.flatnonzero(np.isfinite(found.perplexity).all(axis=0))
    if not len(known):
        return ""
    last = int(known[-1])
    winner = int(found.perplexity[:, last].argmin())
    return (
        f"At {found.lengths[last]:,} tokens, {found.lengths[last] / found.context:g} times the "
        f"trained length, **{found.extensions[winner].name}** does best: perplexity "
        f"**{found.perplexity[winner, last]:.2f}**."
    )


def verdict(found: Growth) -> Predict | None:
    """Return the question with its answer of this model and text; None until it was measured."""
    trained = [row for row, each in enumerate(found.extensions) if each.method == "trained"]
    so = found.beyond(trained[0]) if trained else ""
    if not so:
        return None
    return Predict(
        ASKS,
        tuple(ANSWERS.values()),
        ANSWERS[so],
        f"Here it **{so}**, from the trained {found.context:,} tokens to {found.lengths[-1]:,}. "
        "Past the trained length the slow pairs stand at angles the model has never met; how soon "
        "that hurts, and which method helps without any further training, is in the figure.",
    )


PAST = View("Perplexity as the text grows longer.", past)
