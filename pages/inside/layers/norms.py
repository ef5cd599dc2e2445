"""View: what the norms of a model do, by hand, on its own vectors, and where they stand."""

from components.lesson import View
from pages.inside.layers.norm_placement import NORM_PLACEMENT
from pages.inside.layers.norms_by_hand import NORMS_BY_HAND
from pages.inside.layers.norms_of_the_model import NORMS_OF_THE_MODEL

VIEW = View(
    "",
    kind="Norms",
    kinds={
        "By hand": NORMS_BY_HAND,
        "This model's": NORMS_OF_THE_MODEL,
        "Where they stand": NORM_PLACEMENT,
    },
)
