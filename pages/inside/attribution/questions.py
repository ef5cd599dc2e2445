"""What the views of the attribution page ask before they tell; each answer is computed."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from components.figures.attribution_grids import agreement_grid
from components.figures.faithfulness import deletion_and_insertion
from components.figures.visible import visible
from components.inspection.attribution.agreement import Agreement
from components.inspection.attribution.catalogue import METHODS, MethodSettings, cost
from components.inspection.attribution.digits import with_error
from components.inspection.attribution.faithfulness import Curves, area
from components.inspection.attribution.features import Features
from components.inspection.attribution.methods import attribute
from components.inspection.attribution.phrase import PhraseAttribution
from components.inspection.attribution.question import Question, read
from components.inspection.attribution.result import Attribution
from components.inspection.errors import InspectionError
from components.lesson import Ask, Predict
from components.widgets import running
from components.widgets.markup import coded, literal

KEYS = Question("The keys near the castle", " are", " is", unit="word")
FALLS = "Whose order makes the target **fall fastest**, with the smallest area under its curve?"
HOW_ALIKE = ("nearly", "somewhat", "hardly")
MOST_ANSWERS = 6


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


def farthest(found: list[Attribution]) -> Predict | None:
    """Ask whose scores are farthest from adding up to the change."""
    signed = [each for each in found if METHODS[each.method].signed]
    if len(signed) < 2:
        return None
    titles = tuple(METHODS[each.method].title for each in signed)
    worst_of_all = max(signed, key=lambda each: abs(each.gap))
    return Predict(
        f"The total to attribute is **{signed[0].change:+.2f}** logits. Whose scores sum to "
        "something farthest from it?",
        titles,
        METHODS[worst_of_all.method].title,
        f"They sum to **{worst_of_all.total:+.2f}**. Completeness is promised by Shapley values "
        "exactly, by integrated gradients in the limit of many steps; by ablation and single "
        "gradients not at all.",
    )


def fastest(curves: Curves) -> Predict:
    """Ask whose deletion curve has the smallest area; until then only random orders are seen."""
    best = int(curves.deletion_area.argmin())
    none = np.zeros((0, len(curves.removed)), np.float32)
    return Predict(
        FALLS,
        curves.names,
        curves.names[best],
        f"Its area is {curves.deletion_area[best]:.3f}, that of random orders "
        f"{area(curves.random_deletion, curves.removed).mean():.3f} in the mean.",
        before=deletion_and_insertion(replace(curves, names=(), deletion=none, insertion=none)),
    )


def alone(found: Agreement) -> Predict | None:
    """Ask which method agrees least with the others; None where none can be told."""
    itself = np.eye(len(found.names), dtype=bool)
    others = np.where(itself, np.nan, found.correlation)
    # Each with itself alone gives nothing away, and a map of nothing would have no axes.
    covered = replace(found, correlation=np.where(itself, 1.0, np.nan).astype(np.float32))
    if np.isnan(others).all():
        return None
    means = np.nanmean(np.where(np.isnan(others).all(1)[:, None], 1.0, others), axis=1)
    return Predict(
        "Which method agrees least with the others, with the lowest correlations?",
        found.names,
        found.names[int(means.argmin())],
        f"Its mean rank correlation with the others is {means.min():.2f}. Methods that disagree "
        "answer different questions: a *small change* (gradients) is not a *removal* (ablation).",
        before=agreement_grid(covered),
    )


def nearly(correlation: float, unit: str) -> Predict:
    """Ask how alike attention and an attribution rank the words, by the ranks' correlation."""
    return Predict(
        f"Will attention rank the {unit}s as the attribution does?",
        HOW_ALIKE,
        "nearly" if correlation > 0.7 else "somewhat" if correlation > 0.3 else "hardly",
        f"The rank correlation of attention and attribution is **{correlation:.2f}** (over 0.7: "
        "nearly; over 0.3: somewhat).",
    )


def most(found: PhraseAttribution) -> Predict:
    """Ask which token counts most for the whole; on offer are those that count most."""
    ranked = np.argsort(-np.abs(found.whole), kind="stable")[:MOST_ANSWERS]
    names = {int(at): f"{at}: {literal(visible(found.tokens[at]))}" for at in sorted(ranked)}
    best = int(ranked[0])
    return Predict(
        "Which token of the prompt counts most for the sequence **as a whole**, the sum over its "
        "column?",
        tuple(names.values()),
        names[best],
        f"It counts {found.whole[best]:+.2f} nats.",
    )
