"""The rows of attention of a text that is being written."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from components.figures.attention.heat_map import Look, heat_map
from components.inspection.attention.writing import GeneratedToken


def written_rows(
    steps: Sequence[GeneratedToken], layer: int, head: int | None, look: Look, most: int
) -> go.Figure:
    """Draw a row for each step so far: where `head` (None: the mean) of `layer` looked.

    Rows grow, since each new token can be read by the next. At most the last `most` tokens read
    are drawn.
    """
    columns = len(steps[-1].read)
    first = max(0, columns - most)
    grid = np.zeros((len(steps), columns), dtype=np.float32)
    visible = np.zeros((len(steps), columns), dtype=bool)
    for row, step in enumerate(steps):
        numbers = step.row[layer].mean(0) if head is None else step.row[layer, head]
        grid[row, : len(numbers)] = numbers
        visible[row, : len(numbers)] = True
    return heat_map(
        grid[:, first:],
        [step.reader for step in steps],
        steps[-1].read[first:],
        visible[:, first:],
        look,
        first_row=0,
        first_column=first,
    )
