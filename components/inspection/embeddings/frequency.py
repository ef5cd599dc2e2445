"""How often each token occurs in a text that comes with Vitrine."""

from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Int32

from components.inspection.embeddings.table import Which, table_of
from components.inspection.model import Model

TEXT: Final = Path(__file__).parents[3] / "assets/samples/tokenizer/alice.txt"
TITLE: Final = "Alice's Adventures in Wonderland"


def frequencies(model: Model, which: Which = "input") -> Int32[np.ndarray, " row"]:
    """Return how often each token of a table occurs in the whole of "Alice".

    Raises:
        InspectionError: there is no such table.
    """
    rows = len(table_of(model, which))
    ids = model.ids_of(TEXT.read_text(encoding="utf-8"), special=False)
    return np.bincount(ids, minlength=rows)[:rows].astype(np.int32)
