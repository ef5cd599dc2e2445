"""View: a query and a key as clocks, rotated by their positions.

Takes the whole width: the clocks are a live component, turned in the browser as they are dragged.
"""

from components.lesson import View
from pages.inside.positions.by_hand import BY_HAND
from pages.inside.positions.real_vectors import REAL_VECTORS

VIEW = View(
    "",
    kind="Vectors",
    kinds={"six numbers by hand": BY_HAND, "of the model": REAL_VECTORS},
    wide=True,
)
