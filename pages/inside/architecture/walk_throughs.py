"""View: walk-throughs with a fault in them, to be found."""

from components.lesson import View
from pages.inside.architecture.conv1d import CONV1D
from pages.inside.architecture.no_division import NO_DIVISION
from pages.inside.architecture.norm_and_mask import NORM_AND_MASK
from pages.inside.architecture.wrong_root import WRONG_ROOT

VIEW = View(
    "Code that runs, has the right shapes, and is wrong.",
    kind="Walk-through",
    kinds={
        "Norm and mask": NORM_AND_MASK,
        "Which root?": WRONG_ROOT,
        "No division": NO_DIVISION,
        "Conv1D": CONV1D,
    },
)
