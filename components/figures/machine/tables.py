"""The path of one token through the network, block by block, as a table."""

import pandas as pd

from components.figures.visible import visible
from components.inspection.machine.overview import River
from components.inspection.machine.push import Push
from components.inspection.machine.token_path import TokenPath


def path_table(river: River, path: TokenPath, push: Push | None) -> pd.DataFrame:
    """Return a row for each boundary: the stream's norm there, what the block before it wrote, and
    what the model would answer if it stopped there."""
    row = path.place - river.first
    rows = []
    for boundary in range(river.layers + 1):
        block = boundary - 1
        found: dict[str, object] = {
            "after": "the embedding" if boundary == 0 else f"layer {block}",
        }
        if river.norms is not None:
            found["norm of the stream"] = float(river.norms[boundary, row])
        for name, norms in (
            ("attention", river.attention),
            ("cross-attention", river.cross),
            ("MLP", river.mlp),
        ):
            if norms is not None:
                found[f"norm of what {name} wrote"] = (
                    None if boundary == 0 else float(norms[block, row])
                )
        if path.lens is not None:
            found["it would answer"] = visible(path.lens.answers[boundary][0])
            found["with probability"] = float(path.lens.probabilities[boundary, 0])
        if push is not None:
            found |= _pushes(push, block)
        rows.append(found)
    return pd.DataFrame(rows)


def _pushes(push: Push, block: int) -> dict[str, object]:
    """Return what one block adds to the difference of two logits; of none, the embedding."""
    if block < 0:
        return {"push of attention": push.embedding, "push of the MLP": None}
    return {
        "push of attention": float(push.attention[block]),
        "push of the MLP": float(push.mlp[block]),
    }
