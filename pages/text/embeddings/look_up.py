"""View: a token's row, and how the rows of the table lie."""

from components.lesson import View
from pages.text.embeddings.angles import ANGLES
from pages.text.embeddings.dimensions import DIMENSIONS
from pages.text.embeddings.nearest import NEAREST
from pages.text.embeddings.norms import NORMS
from pages.text.embeddings.row import ROW
from pages.text.embeddings.sums import SUMS

VIEW = View(
    "A token's embedding is its row in a table.",
    kind="Look at",
    kinds={
        "A row": ROW,
        "Norms": NORMS,
        "Angles": ANGLES,
        "Neighbours": NEAREST,
        "Dimensions": DIMENSIONS,
        "Arithmetic": SUMS,
    },
)
