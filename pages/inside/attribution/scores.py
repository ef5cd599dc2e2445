"""View: one method, its score for each word, and whether the scores add up."""

from dataclasses import replace
from functools import partial

from components.figures import attribution as figures
from components.figures import attribution_tables as tables
from components.inspection.attribution.catalogue import METHODS, MOST
from components.lesson import Ask, Shown, View
from components.widgets import running
from components.widgets.presets import button
from pages.inside.attribution import code, questions
from pages.inside.attribution.attributed import Scored, by_one_method
from pages.inside.attribution.coloured_text import COLOURED_TEXT
from pages.inside.attribution.more_steps import MORE_STEPS
from pages.inside.attribution.says import in_numbers, neutrality, summary, sums, surety


def show(ask: Ask) -> Shown:
    asked = by_one_method(ask)
    reading, unit, [found] = asked.reading, asked.question.unit, asked.found
    method, free = METHODS[found.method], found.features.free
    scores = found.scores[free]
    best = int(abs(scores).argmax())
    name, most = found.features.texts[free[best]], float(scores[best])
    offer_more(ask, asked)
    return Shown(
        figures.bridge(found) if method.signed else figures.strengths(found),
        alt=f"Scores of {len(free)} {unit}s; the largest is {most:+.3f}, of {name!r}.",
        told=f"{summary(reading)} {sums(found)}{surety(found)}",
        checks=found.checks,
        table=lambda: tables.scores([found], unit),
        code=code.scores_code(code.setting(ask), reading, found.method, asked.settings),
        read=f"**{method.title}** {method.says}. A feature is what gets a score, here each "
        f"{unit}.\n\n{STEPS if method.signed else STRENGTHS}\n\n{running.told(ask, asked.cost)} "
        f"Source: {method.source}. {LIMITS}",
        formula=method.formula,
        symbols="F is the target, x the text's embeddings, x′ the baseline's. "
        + (in_numbers(found, name, most) if method.signed else "")
        + neutrality(reading),
        predict=questions.keys(ask),
        tries="Put a *not* into the prompt. Which scores turn their sign?"
        if reading.kind == "classifier"
        else "The example *The keys ... are, not is*: make *keys* singular. Then another baseline.",
        facts={
            "method": found.method,
            "answer": reading.answer,
            "contrast": reading.rather_than,
            "at_input": found.at_input,
            "at_baseline": found.at_baseline,
            "sum_of_scores": found.total,
        },
    )


def offer_more(ask: Ask, asked: Scored) -> None:
    """Offer as many random orders again, on top of those that were drawn."""
    [found] = asked.found
    more = min(2 * found.orders, MOST.samples)
    if more > found.orders:
        what = (asked.question, (found.method,), replace(asked.settings, samples=more))
        begin = partial(running.start, ask.choice, *what)
        button(ask, f"Add {more - found.orders:,} orders", {"orders": more}, begin)


STEPS = (
    "Begin at the left, where the baseline stands in place of every word. Each column adds the "
    "score of its word, in logits: **blue supports the answer, orange opposes it**, and the last "
    "stands where the model's own target is. Thin lines, where there are, are ± one standard "
    "error; digits that are not known are not written. What the scores leave over is hatched: the "
    "convergence delta."
)
STRENGTHS = (
    "The taller, the more a small change of the token would change the answer. **No sign**: "
    "strengths do not sum to anything, so there is no completeness to check."
)
LIMITS = (
    "Special tokens stay in place and get no score. A score tells how the *model* uses a word "
    "here, compared with this baseline; not what is true, and not why in the way people mean it."
)

VIEW = View(
    "Which words of the prompt led to this prediction? Each gets a **score**: how much it raised "
    "or lowered the logit, compared with an uninformative **baseline**.",
    show,
    further={
        "The text, coloured by score": COLOURED_TEXT,
        "More steps until it adds up": MORE_STEPS,
    },
)
