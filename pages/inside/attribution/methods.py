"""View: all methods side by side, and how far they agree."""

from dataclasses import replace

import numpy as np
import pandas as pd

from components.figures.attribution import side_by_side
from components.figures.attribution_tables import agreement_grid
from components.figures.completeness import sums
from components.inspection.attribution.agreement import FEWEST, Agreement, By, agreement
from components.inspection.attribution.catalogue import BY_TITLE, METHODS
from components.inspection.attribution.digits import written
from components.inspection.attribution.methods import Attribution
from components.inspection.attribution.question import Question, Reading
from components.inspection.checks import Check, worst
from components.inspection.errors import InspectionError
from components.lesson import Ask, Predict, Shown, View
from components.widgets import running
from pages.inside.attribution.attributed import cost_of, several, table_of
from pages.inside.attribution.question import effort_of, neutrality, question_of, summary

COMPARED: dict[str, By] = {"how strong": "strength", "for and against": "sign"}
USUAL = (
    "Integrated gradients",
    "Input × gradient",
    "Saliency",
    "Feature ablation",
    "Shapley values",
)


def chosen(ask: Ask, attention: bool = False) -> tuple[list[Attribution], Question, Reading, str]:
    """Ask which methods; return what each says, the question, and what that costs.

    Raises:
        InspectionError: none is chosen.
    """
    question, reading = question_of(ask)
    titles = ask.several("Attribution methods", "methods", list(BY_TITLE), USUAL)
    names = [BY_TITLE[title] for title in titles]
    if not names:
        raise InspectionError("Choose one method or more.")
    settings = effort_of(ask, attention)
    cost = running.told(ask, cost_of(ask, question, reading, names, settings))
    return several(ask, question, reading, names, settings), question, reading, cost


def stacked(found: list[Attribution]) -> tuple[list[str], np.ndarray]:
    """Return the methods' titles, and their scores [method, piece]."""
    return [METHODS[each.method].title for each in found], np.stack([each.scores for each in found])


def show(ask: Ask) -> Shown:
    found, question, reading, cost = chosen(ask)
    titles, scores = stacked(found)
    signed = [METHODS[each.method].signed for each in found]
    errors = [each.errors for each in found]
    says = "\n".join(
        f"- **{METHODS[each.method].title}** {METHODS[each.method].says}." for each in found
    )
    return Shown(
        side_by_side(titles, scores, signed, reading.features, errors, question.unit),
        alt=f"Scores of {len(titles)} methods for {len(reading.features.free)} pieces.",
        told=summary(reading),
        checks=checks_of(found),
        unchecked="These methods promise no sum, and nothing else was compared.",
        table=lambda: table_of(found),
        uncoded="Each method's code is in the view *Scores*.",
        read="One row is one method, one column one piece. **Blue supports the answer, orange "
        "opposes it**; each row's colours span its own largest score, since methods measure in "
        "different ways. A grey row has no sign. Where a column has one colour from top to "
        f"bottom, they agree. {cost}\n\n{says}\n\n{neutrality(reading)}\n\n{DEEPLIFT}",
        predict=farthest(found),
        tries="The baseline *mean*. Which rows change, and which stay?",
        facts={"answer": reading.answer, "contrast": reading.rather_than},
    )


DEEPLIFT = (
    "DeepLift is not among them: its rules stand in for the gradient of modules, and transformers "
    "computes attention's softmax and products (and most MLPs' activations) by functions, out of "
    "reach of them. What is left there is the gradient times the difference from the baseline."
)


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


def checks_of(found: list[Attribution]) -> list[Check]:
    """Return what was compared for the methods: of a check that several have, the worst."""
    made: dict[str, list[tuple[str, Check]]] = {}
    for each in found:
        for check in each.checks:
            if check.verdict != "reported":
                made.setdefault(check.says, []).append((METHODS[each.method].title, check))
    return [
        worst([check for _, check in those])
        if len(those) == len(found)
        else worst(
            [check for _, check in those], f"{says} ({', '.join(title for title, _ in those)})"
        )
        for says, those in made.items()
    ]


def completeness(ask: Ask) -> Shown:
    found, _, reading, _ = chosen(ask)
    signed = [each for each in found if METHODS[each.method].signed]
    if not signed:
        raise InspectionError("The chosen methods have no sign: their scores sum to nothing.")
    return Shown(
        sums(signed),
        alt=f"The sum of each method's scores; the change is {signed[0].change:+.3f}.",
        told=f"Total to attribute: **{reading.change:+.3f}** logits.",
        checks=checks_of(signed),
        unchecked="These methods promise no sum.",
        table=lambda: completeness_table(found),
        read="A bar is the sum of a method's scores; the line is what they should sum to, the "
        "change of the target from baseline to text. What lies between is the convergence delta.",
    )


def completeness_table(found: list[Attribution]) -> pd.DataFrame:
    rows = []
    for each in found:
        method = METHODS[each.method]
        rows.append(
            {
                "method": method.title,
                "sum of scores": f"{each.total:+.4f}" if method.signed else "no sign",
                "change": f"{each.change:+.4f}",
                "convergence delta": written(each.gap) if method.signed else "",
                "completeness": method.complete,
                "forward passes": each.forwards,
                "with backward": each.backwards,
            }
        )
    return pd.DataFrame(rows)


def agreed(ask: Ask) -> Shown:
    compared = ask.choice_of(
        "Compare",
        "compared",
        list(COMPARED),
        hint="How strong: ranks of the sizes. For and against: ranks of the signed scores.",
    )
    titles, scores = stacked(chosen(ask)[0])
    found = ask.compute(agreement, titles, scores, COMPARED[compared])
    if found.pieces < FEWEST or len(titles) < 2:
        raise InspectionError(
            f"A rank correlation needs at least two methods and {FEWEST} pieces; there are "
            f"{len(titles)} and {found.pieces}."
        )
    return Shown(
        agreement_grid(found),
        alt=f"Spearman's rank correlation of every two of {len(titles)} methods.",
        unchecked="Different methods answer different questions: none need agree with another.",
        table=lambda: grid_table(found),
        read="A cell compares two methods by the ranks of their scores (Spearman): 1 is the same "
        "order, 0 no relation, −1 the opposite.",
        predict=alone(found),
    )


def alone(found: Agreement) -> Predict | None:
    """Ask which method agrees least with the others; None where none can be told."""
    itself = np.eye(len(found.names), dtype=bool)
    others = np.where(itself, np.nan, found.correlation)
    # Each with itself alone gives nothing away, and a map of nothing would have no axes.
    covered = replace(found, correlation=np.where(itself, 1.0, np.nan))
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


def grid_table(found: Agreement) -> pd.DataFrame:
    """Return the rank correlations as a table."""
    table = pd.DataFrame(found.correlation.astype(float), columns=list(found.names))
    table.insert(0, "method", list(found.names))
    return table


VIEW = View(
    "They answer different questions. *What if this word were gone?* Feature ablation. *Its fair "
    "share, whatever comes first?* Shapley values; integrated gradients, along one straight path. "
    "*What would a small change do?* Input × gradient, saliency.",
    show,
    further={
        "Do the scores add up?": View("**Completeness**, method by method.", completeness),
        "Do they agree?": View("Rank correlations of every two methods.", agreed),
    },
)
