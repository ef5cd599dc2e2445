"""View: how a weight comes about, step by step: in the model's own numbers, or in small ones."""

from components.lesson import View
from pages.inside.attention.one_dot_product import ONE_DOT_PRODUCT
from pages.inside.attention.small_example import SMALL_EXAMPLE
from pages.inside.attention.steps_of_the_model import STEPS_OF_THE_MODEL
from pages.inside.attention.what_the_head_adds import WHAT_THE_HEAD_ADDS

VIEW = View(
    "How a weight comes about: a query meets every key, the products are scaled, masked, turned "
    "into weights by softmax, and used to mix the values.",
    kind="Numbers",
    kinds={"of the model": STEPS_OF_THE_MODEL, "of a small example": SMALL_EXAMPLE},
    further={
        "One dot product, number by number": ONE_DOT_PRODUCT,
        "What the head adds to the residual stream": WHAT_THE_HEAD_ADDS,
    },
)
