"""View: deletion and insertion curves. A ranking that names what mattered must make it fall."""

from components.figures import attribution_tables as tables
from components.figures.faithfulness import deletion_and_insertion
from components.lesson import Ask, Shown, View
from pages.inside.attribution import code, questions
from pages.inside.attribution.areas import AREAS
from pages.inside.attribution.curves import curves_of
from pages.inside.attribution.says import summary


def show(ask: Ask) -> Shown:
    asked, curves, orders, said = curves_of(ask)
    unit = asked.question.unit
    best = int(curves.deletion_area.argmin())
    return Shown(
        deletion_and_insertion(curves),
        alt=f"The target while {unit}s are removed and put back; {curves.names[best]} falls "
        f"fastest, AUC {curves.deletion_area[best]:.3f}.",
        told=f"**{curves.names[best]}** falls fastest: deletion AUC "
        f"**{curves.deletion_area[best]:.3f}**, less than {curves.beaten[best]:.0%} of random "
        f"orders. All {2 * (len(curves.names) + len(curves.random_deletion))} curves lead from the "
        f"target of the text ({curves.at_input:.4f}) to the baseline's "
        f"({curves.at_baseline:.4f}), or back; {curves.forwards:,} texts were read. {said}",
        checks=curves.checks,
        table=lambda: tables.points(curves, unit),
        code=code.curve_code(code.setting(ask), asked.reading, curves.names[best], orders[best]),
        read=f"{READ.format(unit=unit)}\n\n{summary(asked.reading)}",
        formula=r"\text{AUC} = \frac{1}{n}\int_0^n F(x \text{ without the first } k)\,dk",
        symbols=f"F is the target, n = {curves.removed[-1]} {unit}s, the highest score first; the "
        "integral by the trapezoid rule.",
        predict=questions.fastest(curves),
        tries="Another baseline. Is it still the best? And with tokens in place of words?",
        facts={"at_input": curves.at_input, "at_baseline": curves.at_baseline},
    )


READ = (
    "**Deletion** (left): {unit}s are replaced by the baseline, the highest score first. A ranking "
    "that names what mattered makes the curve drop early: the **smaller** its area, the better. "
    "**Insertion** (right): into a text of nothing but baseline they are put back in the same "
    "order; the **larger** the area, the better. The grey band holds nine in ten of 20 random "
    "orders. A curve inside it says no more than chance.\n\nThe area under the curve (AUC) is its "
    "mean height. A text with holes is unlike anything the model was trained on, so this, too, is "
    "a test with an assumption (Petsiuk et al. 2018)."
)

VIEW = View(
    "Do the scores hold? Remove first what a method calls most important: if it is right, the "
    "target falls at once (**deletion curve**), and rises at once when it comes back "
    "(**insertion curve**).",
    show,
    further={"Area under each curve (AUC)": AREAS},
)
