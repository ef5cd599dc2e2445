"""View: one method, its score for each word, and whether the scores add up.

The coloured text is a live component, which draws itself.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from components.figures import attribution as figures
from components.figures.visible import visible
from components.inspection.attribution.catalogue import METHODS, MOST, MethodSettings, cost
from components.inspection.attribution.digits import with_error, written
from components.inspection.attribution.features import Features
from components.inspection.attribution.methods import Attribution, attribute
from components.inspection.attribution.question import Question, Reading, read
from components.inspection.errors import InspectionError
from components.lesson import Ask, Predict, Shown, View
from components.widgets import running
from components.widgets.markup import coded, literal
from components.widgets.presets import button
from components.widgets.scored_text import scored_text
from pages.inside.attribution import code
from pages.inside.attribution.adding import adding
from pages.inside.attribution.attributed import cost_of, pieces, several, table_of
from pages.inside.attribution.question import effort_of, method_of, neutrality, question_of, summary

KEYS = Question("The keys near the castle", " are", " is", unit="word")
PROMISES = {
    "exactly": "0 is promised, but for rounding",
    "in the limit": "0 is promised in the limit of many steps",
    "on average": "0 is promised on average over many random points",
    "no": "0 is not promised",
}


def scored(ask: Ask) -> tuple[Attribution, Question, Reading, MethodSettings]:
    """Ask for a question and a method; return its scores, and what was asked."""
    question, reading = question_of(ask)
    method = method_of(ask)
    settings = effort_of(ask)
    return several(ask, question, reading, [method], settings)[0], question, reading, settings


def show(ask: Ask) -> Shown:
    found, question, reading, settings = scored(ask)
    method, free = METHODS[found.method], found.features.free
    names, scores = pieces(found), found.scores[free]
    best = int(abs(scores).argmax())
    if found.orders:
        offer_more(ask, question, found, settings)
    return Shown(
        figures.bridge(found) if method.signed else figures.strengths(found),
        alt=f"Scores of {len(names)} pieces; largest {scores[best]:+.3f}, {names[best]!r}.",
        told=f"{summary(reading)} {sums(found)}{surety(found)}",
        checks=found.checks,
        table=lambda: table_of([found]),
        code=code.scores_code(code.setting(ask), reading, found.method, settings),
        read=f"**{method.title}** {method.says}.\n\n"
        + (STEPS if method.signed else STRENGTHS)
        + f"\n\n{running.told(ask, cost_of(ask, question, reading, [found.method], settings))} "
        f"Source: {method.source}. Special tokens stay in place and get no score. A score tells "
        "how the *model* uses a word here, compared with this baseline; not what is true, and not "
        "why in the way people mean it.",
        formula=method.formula,
        symbols="F is the target, x the text's embeddings, x′ the baseline's. "
        + (in_numbers(found, names[best], float(scores[best])) if method.signed else "")
        + neutrality(reading),
        predict=keys(ask),
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


STEPS = (
    "Begin at the left, where every piece is replaced by the baseline. Each column adds the score "
    "of its piece, in logits: **blue supports the answer, orange opposes it**, and the last stands "
    "where the model's own target is. Thin lines, where there are, are ± one standard error; "
    "digits that are not known are not written. What the scores leave over is hatched: the "
    "convergence delta."
)
STRENGTHS = (
    "The taller, the more a small change of the token would change the answer. **No sign**: "
    "strengths do not sum to anything, so there is no completeness to check."
)


def sums(found: Attribution) -> str:
    """Return in a sentence whether the scores add up."""
    method = METHODS[found.method]
    if not method.signed:
        return "Strengths have no sign and sum to nothing."
    share = abs(found.gap) / abs(found.change) if found.change else float("inf")
    part = f" ({share:.1%} of the change)" if share < 10 else ""
    return (
        f"The scores sum to **{found.total:+.4f}**: convergence delta **{written(found.gap)}**"
        f"{part}; {PROMISES[method.complete]}."
    )


def surety(found: Attribution) -> str:
    """Return in a sentence how sure scores are that rest on random orders."""
    if not found.orders or found.errors is None:
        return ""
    return (
        f" From **{found.orders:,}** random orders, half the reverse of the others: standard error "
        f"at most **{float(found.errors[found.features.free].max()):.2g}** logits."
    )


def in_numbers(found: Attribution, best: str, score: float) -> str:
    """Return, as Markdown, that the scores lead from the baseline to the text, with numbers."""
    name = "".join(char if char.isalnum() else "·" for char in best)
    return (
        rf"$\underbrace{{{found.at_baseline:.3f}}}_{{F(x')}} + "
        rf"\underbrace{{{found.total:+.3f}}}_{{\sum \phi_i,\ \phi_\text{{{name}}} = {score:.3f}}} "
        rf"+ \underbrace{{{found.gap:+.3f}}}_{{\text{{delta}}}} = "
        rf"\underbrace{{{found.at_input:.3f}}}_{{F(x)}}$" + "\n\n"
    )


def offer_more(ask: Ask, question: Question, found: Attribution, settings: MethodSettings) -> None:
    """Offer as many random orders again, on top of those that were drawn."""
    more = min(2 * found.orders, MOST.samples)
    if more > found.orders:
        what = (question, (found.method,), replace(settings, samples=more))
        begin = partial(running.start, ask.choice, *what)
        button(ask, f"Add {more - found.orders:,} orders", {"orders": more}, begin)


def keys(ask: Ask) -> Predict | None:
    """Ask which word makes a verb plural; None where the model cannot be asked, or not quickly."""
    if ask.facts.kind == "classifier":
        return None
    try:
        features = ask.inspect(read, KEYS).features
        ahead = running.Cost(
            *cost("shapley", len(features.free), MethodSettings()), len(features.tokens)
        )
        if not running.quick(ask, ahead):
            return None
        found = ask.inspect(attribute, KEYS, "shapley")
    except InspectionError:
        return None
    # On offer is every word that is scored, so that the right one is among them.
    words, scores = answers_of(features), found.scores[features.free]
    told = ", ".join(
        f"{coded(visible(word))} {with_error(float(found.scores[unit]), found.error_of(unit))}"
        for word, unit in zip(words, features.free, strict=True)
    )
    return Predict(
        f"In “{KEYS.text}”: which word speaks most for `·are` rather than `·is`?",
        tuple(words),
        words[int(scores.argmax())],
        f"Shapley values of the difference, for this model: {told}.",
    )


def answers_of(features: Features) -> Sequence[str]:
    """Return what can be answered: the scored pieces; those that are written alike are counted.

    >>> answers_of(Features(("a", "b", "a"), (0, 1, 2), ("a", "b", "a"), (False, False, False)))
    ['a (1)', 'b', 'a (2)']
    """
    names = [literal(features.texts[place]) for place in features.free]
    return [
        name if names.count(name) == 1 else f"{name} ({names[: place + 1].count(name)})"
        for place, name in enumerate(names)
    ]


def coloured(ask: Ask) -> Shown:
    found = scored(ask)[0]
    signed = METHODS[found.method].signed
    with ask.stage.container():
        scored_text(found, signed, key=f"strip-{ask.key}")
    return Shown(
        None,
        alt=f"The text, each of its {len(found.features.free)} pieces on a ground of its score.",
        checks=found.checks,
        table=lambda: table_of([found]),
        read="**Blue** supports the answer, **orange** opposes it; the number is the score in "
        "logits. Outlined tokens are held fixed and not scored."
        if signed
        else "Darker: a small change here would change the answer more. No sign.",
        uncoded="The code of the scores is that of the figure above.",
    )


VIEW = View(
    "Which words of the prompt led to this prediction? Each gets a **score**: how much it raised "
    "or lowered the logit, compared with an uninformative **baseline**.",
    show,
    further={
        "The text, coloured by score": View("The same scores, where the words stand.", coloured),
        "More steps until it adds up": View(
            "Integrated gradients with more and more steps, until the convergence delta is small "
            "for two doublings running: one alone may be by chance.",
            adding,
        ),
    },
)
