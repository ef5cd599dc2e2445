"""A fold of Relative: the whole text, read at later positions."""

from components.figures.positions.schemes import moved_bars
from components.figures.positions.tables import moves_table
from components.inspection.checks import short
from components.inspection.positions.shift_invariance import passes, shift_invariance
from components.lesson import Ask, Shown, View
from components.widgets import running
from components.widgets.markup import literal
from pages.inside.positions import code

SHIFTS = (1, 10, 100, 400)


def whole(ask: Ask) -> Shown:
    cost = running.over_prompt(ask, passes(len(SHIFTS)))
    found = running.inspected(ask, shift_invariance, ask.prompt, SHIFTS, cost=cost)
    change = short(float(max(found.change)))
    return Shown(
        moved_bars(found),
        alt=f"Largest change of a logit for each start: at most {change}.",
        told=f"{literal(found.says)} The largest logit is {short(found.size)}."
        + (
            ""
            if found.checks[0].holds
            else f" Read at another place, the text changes the model's logits by up to "
            f"**{change}**"
            + (
                ": no more than rounding may do."
                if (found.change <= found.allowed).all()
                else ": where its text begins matters to it."
            )
        ),
        checks=found.checks,
        table=lambda: moves_table(found),
        code=code.shift_invariance(ask.choice, ask.facts.kind, ask.prompt, found),
        read="Each bar is the largest change of any logit of any token, against reading from the "
        "first position on. The mark is what rounding may do, as measured: of each block's output, "
        "and of the angles, which are rounded by more the later a text begins.",
    )


LATER_POSITIONS = View("Every position moved.", whole)
