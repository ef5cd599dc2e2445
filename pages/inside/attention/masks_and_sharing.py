"""View: who may attend to whom, and which heads share keys and values."""

from components.lesson import View
from pages.inside.attention.growth_of_the_square import GROWTH_OF_THE_SQUARE
from pages.inside.attention.other_masks import OTHER_MASKS
from pages.inside.attention.shared_keys_and_values import SHARED_KEYS_AND_VALUES
from pages.inside.attention.this_models_mask import THIS_MODELS_MASK

VIEW = View(
    "Not every token may attend to every other, and not every head has keys and values of its own.",
    kind="Part",
    kinds={
        "this model's mask": THIS_MODELS_MASK,
        "shared keys and values": SHARED_KEYS_AND_VALUES,
        "other masks": OTHER_MASKS,
    },
    further={"Why it matters: the square grows fast": GROWTH_OF_THE_SQUARE},
)
