"""View: draw many times from one distribution, and test the counts."""

import numpy as np
import pandas as pd

from components.figures.sampling import draws_against_exact
from components.inspection.sampling.draws import LEAST_EXPECTED, Draws, draws
from components.inspection.sampling.next_token import next_token
from components.lesson import Ask, Predict, Shown, View
from components.widgets import sampling_settings
from pages.output.sampling import code

ANSWERS = {1: "not at all", 10: "10 times", 100: "100 times"}
MOST_ROWS = 10_000


def show(ask: Ask) -> Shown:
    settings = sampling_settings.asked(ask)
    count = ask.number("Draws", "draws", 1, 100_000, 1000)
    following = ask.inspect(next_token, ask.prompt)
    found = ask.compute(draws, following.logits, following.history, settings, count)
    formula, symbols = pearson(found)
    return Shown(
        draws_against_exact(found, following.texts),
        alt=f"Of {count:,} draws, how often the likeliest tokens came up, beside their "
        f"probabilities, the highest {found.probabilities.max():.1%}.",
        told=told(found),
        checks=(*following.checks, *found.checks),
        unchecked="Only one outcome is common enough to be tested.",
        table=lambda: as_table(found, following.texts),
        code=code.draws_code(ask.choice, ask.facts, ask.prompt, settings, following.history, count),
        read="A bar is how often a token was drawn, a mark how often it should be; 19 of 20 bars "
        "should end within the whiskers, two standard deviations. Tokens of which fewer than "
        f"{LEAST_EXPECTED} draws are expected share one bin of the test, which holds only where "
        "enough is expected.",
        formula=formula,
        symbols=symbols,
        predict=question(found),
        tries="100 draws and then 10,000: watch the whiskers. Another seed: does p change?",
    )


def told(found: Draws) -> str:
    if found.p_value is None:
        return (
            "Only one outcome is common enough to be tested, so there is nothing to be off: draw "
            "more often, or leave more tokens."
        )
    if found.p_value >= 0.01:
        return (
            f"p = **{found.p_value:.3f}**: of 100 samples of {found.drawn:,} draws from this "
            f"distribution, about {100 * found.p_value:.0f} would deviate at least this much. "
            "These are consistent with it."
        )
    return (
        f"p = **{found.p_value:.4f}**: fewer than one sample in 100 from this distribution "
        "deviates so much. That happens, once in 100 seeds: try another seed. If it stayed, the "
        "draws would be biased."
    )


def pearson(found: Draws) -> tuple[str, str]:
    if found.p_value is None:
        return "", ""
    formula = (
        r"\chi^2 = \sum_{\text{bins}} \frac{(\text{drawn} - \text{expected})^2}{\text{expected}}"
        rf" = {found.statistic:.2f}"
    )
    symbols = (
        f"Pearson's test over {found.bins} bins, so {found.bins} - 1 = "
        f"{found.degrees_of_freedom} degrees of freedom; p = {found.p_value:.3f} is the share of "
        "samples from the distribution itself that deviate at least as much."
    )
    return formula, symbols


def question(found: Draws) -> Predict | None:
    """Return the question, answered by the whiskers; None where nothing can vary."""
    now, then = (found.deviation(times * found.drawn).max() for times in (1, 100))
    if not then:
        return None
    return Predict(
        "With 100 times as many draws, how much nearer do the bars come to the marks?",
        tuple(ANSWERS.values()),
        ANSWERS[round(now / then)],
        f"The standard deviation shrinks with the square root of the number of draws: the "
        f"longest whisker goes from {2 * now:.2g} to {2 * then:.2g}.",
    )


def as_table(found: Draws, texts: dict[int, str]) -> pd.DataFrame:
    order = np.argsort(-found.probabilities, kind="stable")
    order = order[(found.probabilities[order] > 0) | (found.counts[order] > 0)][:MOST_ROWS]
    return pd.DataFrame(
        {
            "id": order,
            "token": [texts.get(int(token), f"#{token}") for token in order],
            "drawn": found.counts[order],
            "expected": found.probabilities[order] * found.drawn,
            "probability": found.probabilities[order],
        }
    )


VIEW = View(
    "Draw the next token many times. The relative frequencies should come out as the "
    "probabilities say, and a test tells whether they do.",
    show,
)
