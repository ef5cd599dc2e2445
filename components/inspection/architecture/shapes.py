"""The tensors along one pass, in order, with the names of their axes: recorded, never computed.

Shapes are those that the network itself made, as its family lays them out: most keep a head as an
axis of its own, some put text and head, or text and token, into one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Final

import torch
from jaxtyping import Float
from torch import Tensor

from components.inspection import rounding
from components.inspection.anatomy import StackName
from components.inspection.architecture.axes import Lengths, one_length
from components.inspection.architecture.made import Made, in_order, passed
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.model import Model

MOST_ROWS: Final = 64
"""Rows of logits that are looked at for what they sum to: the last ones."""
SUMS: Final = "after a softmax over the last axis every row of the logits sums to 1"
COUNTED: Final = "there is one embedding for each token that the tokenizer gave"


@dataclass(frozen=True)
class Shapes:
    """What one pass over a text made, in order."""

    made: tuple[Made, ...]
    layers: tuple[tuple[StackName, int], ...]
    """The blocks that ran."""
    tokens: tuple[str, ...]
    """Of the text, as it is read: the encoder's, where there is one."""
    special: tuple[int, int]
    """How many tokens the tokenizer put before the text, and behind it."""
    row_sum: float
    """What the last row of the logits sums to; NaN without logits."""
    share_sum: float
    """... and after a softmax."""
    checks: tuple[Check, ...]

    @property
    def last(self) -> Made:
        """What the network answers with."""
        return self.made[-1]

    def of(self, stack: StackName, layer: int) -> tuple[Made, ...]:
        """Return the tensors of a stack and of one of its blocks, in order."""
        return tuple(one for one in self.made if one.stack == stack and one.layer in (None, layer))


def shapes(model: Model, text: str, target: str | None = None) -> Shapes:
    """Let `model` read `text` once, and tell the shape of every tensor on the way.

    The decoder of an encoder-decoder reads its start token and then `target`.

    Raises:
        InspectionError: the text is empty or too long, or its tokens are looked up in no table.
    """
    ids = model.encode(text)
    around, seen = passed(model, text, target)
    lengths = {name: ids.shape[1] for name, ids in seen.inputs.items()}
    made = tuple(in_order(model, Lengths(lengths), around, seen))
    looked_up = next((one for one in made if one.what == "embeddings"), None)
    if looked_up is None:
        raise InspectionError(
            f"No table was seen in which '{model.name}' looks up its tokens, so its shapes have no "
            "beginning. Choose another model."
        )
    row_sum, share_sum, checks = float("nan"), float("nan"), []
    if seen.logits is not None:
        rows = seen.logits[0].reshape(-1, seen.logits.shape[-1])[-MOST_ROWS:].float()
        rounding.require_numbers(rows)
        sums = _share_sums(rows)
        row_sum, share_sum = float(rows[-1].double().sum()), float(sums[-1])
        allowed = rounding.of_row_sum(rows.shape[1], "float32")
        checks.append(
            rounding.compared(SUMS, sums.cpu().numpy(), sums.cpu().numpy() * 0 + 1, allowed)
        )
    return Shapes(
        made=made,
        layers=tuple(dict.fromkeys((o.stack, o.layer) for o in made if o.layer is not None)),
        tokens=model.token_texts(ids),
        special=_special(ids, model.ids_of(text, special=False)),
        row_sum=row_sum,
        share_sum=share_sum,
        checks=(
            one_length((one.stack, one.layer, one.axes) for one in made),
            Check(COUNTED, abs(_rows(looked_up) - len(ids)), 0.0, "The network read another text."),
            *checks,
        ),
    )


def _rows(looked_up: Made) -> int:
    return prod(looked_up.shape[:-1])


def _share_sums(rows: Float[Tensor, "row answer"]) -> Float[Tensor, " row"]:
    """Return what each row sums to after a softmax over the answers."""
    return torch.softmax(rows, dim=-1).double().sum(-1)


def _special(ids: Sequence[int], bare: Sequence[int]) -> tuple[int, int]:
    """Return how many tokens stand before and behind the text's own.

    >>> _special([1, 7, 8, 2], [7, 8]), _special([7, 8], [7, 8]), _special([9], [7, 8])
    ((1, 1), (0, 0), (0, 0))
    """
    for first in range(len(ids) - len(bare) + 1):
        if list(ids[first : first + len(bare)]) == list(bare):
            return first, len(ids) - len(bare) - first
    return 0, 0
