"""View: the methods side by side, and how far they agree."""

import numpy as np

from components.figures import attribution_tables as tables
from components.figures.attribution import side_by_side
from components.inspection.attribution.catalogue import METHODS
from components.inspection.attribution.result import checks_of
from components.lesson import Ask, Shown, View
from components.widgets import running
from pages.inside.attribution import questions
from pages.inside.attribution.agreement import AGREEMENT
from pages.inside.attribution.attributed import by_methods
from pages.inside.attribution.completeness import COMPLETENESS
from pages.inside.attribution.says import neutrality, summary


def show(ask: Ask) -> Shown:
    asked = by_methods(ask)
    found, reading, unit = asked.found, asked.reading, asked.question.unit
    methods = [METHODS[each.method] for each in found]
    says = "\n".join(f"- **{method.title}** {method.says}." for method in methods)
    return Shown(
        side_by_side(
            [method.title for method in methods],
            np.stack([each.scores for each in found]),
            [method.signed for method in methods],
            reading.features,
            [each.errors for each in found],
            unit,
        ),
        alt=f"Scores of {len(methods)} methods for {len(reading.features.free)} {unit}s.",
        told=summary(reading),
        checks=checks_of(found),
        unchecked="These methods promise no sum, and nothing else was compared.",
        table=lambda: tables.scores(found, unit),
        uncoded="Each method's code is in the view *Scores*.",
        read=f"{READ.format(unit=unit)} {running.told(ask, asked.cost)}\n\n{says}\n\n"
        f"{neutrality(reading)}\n\n{DEEPLIFT}",
        predict=questions.farthest(found),
        tries="The baseline *mean*. Which rows change, and which stay?",
        facts={"answer": reading.answer, "contrast": reading.rather_than},
    )


READ = (
    "One row is one method, one column one feature, here a {unit}. **Blue supports the answer, "
    "orange opposes it**; each row's colours span its own largest score, since methods measure in "
    "different ways. A grey row has no sign. Where a column has one colour from top to bottom, "
    "they agree."
)
DEEPLIFT = (
    "DeepLift is not among them: its rules stand in for the gradient of modules, and transformers "
    "computes attention's softmax and products (and most MLPs' activations) by functions, out of "
    "reach of them. What is left there is the gradient times the difference from the baseline."
)

VIEW = View(
    "They answer different questions. *What if this word were gone?* Feature ablation. *Its fair "
    "share, whatever comes first?* Shapley values; integrated gradients, along one straight path. "
    "*What would a small change do?* Input × gradient, saliency.",
    show,
    further={"Do the scores add up?": COMPLETENESS, "Do they agree?": AGREEMENT},
)
