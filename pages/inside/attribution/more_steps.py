"""A fold of Scores: integrated gradients with more and more steps, until they add up."""

import pandas as pd

from components.figures.completeness import approach
from components.inspection.attribution.completeness import Completeness, raise_steps
from components.inspection.attribution.completeness import cost as cost_of_steps
from components.lesson import Ask, Shown, View
from components.widgets import running
from pages.inside.attribution.question import question_of

BOUNDS = {"5%": 0.05, "1%": 0.01, "0.1%": 0.001}


def show(ask: Ask) -> Shown:
    question, reading = question_of(ask)
    bound = ask.choice_of(
        "Stop when the delta is below",
        "bound",
        list(BOUNDS),
        hint="As a share of the change. Steps are doubled from 4 to 512 until it is so for two "
        "doublings running: one alone may be by chance.",
    )
    ahead = running.Cost(*cost_of_steps(), len(reading.features.tokens))
    with running.started(ask, ahead, question, "raise", bound) as inspect:
        found: Completeness = inspect(raise_steps, question, BOUNDS[bound])
    return Shown(
        approach(found),
        alt=f"The convergence delta after {', '.join(map(str, found.steps))} steps, and the bound.",
        told=f"After **{found.steps[-1]}** steps the delta is {found.gaps[-1]:+.2g} logits, "
        f"**{found.shares[-1]:.2%}** of the change: "
        + (
            f"within {bound}, for two doublings running."
            if found.reached
            else f"not within {bound} for two doublings running. From this baseline the way "
            "bends too sharply (a model that norms its vectors turns at once near a vector of "
            "zeros), or jumps. Compare with another baseline."
        ),
        checks=found.last.checks,
        table=lambda: pd.DataFrame(
            {"steps": found.steps, "delta": found.gaps, "share of the change": found.shares}
        ),
        read="A dot is one run of integrated gradients: how much of the change from baseline to "
        "text its scores leave over. The dashed line is the bound.\n\n" + running.told(ask, ahead),
        uncoded="The code above, with other steps.",
    )


MORE_STEPS = View(
    "Integrated gradients with more and more steps, until the convergence delta is small for two "
    "doublings running: one alone may be by chance.",
    show,
)
