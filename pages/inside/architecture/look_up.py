"""View: from a token's row to what enters the first block, and what a look-up saves."""

from components.lesson import View
from pages.inside.architecture.into_the_first_block import INTO
from pages.inside.architecture.look_up_cost import COST
from pages.text.embeddings.row import ROW

VIEW = View(
    "The network's first step: each token's row is read from a table.",
    kind="Look at",
    kinds={"Into the first block": INTO, "What it saves": COST, "The row itself": ROW},
)
