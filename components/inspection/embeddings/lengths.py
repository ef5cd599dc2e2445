"""How long the vectors of a table are."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.embeddings.ranking import BLOCK
from components.inspection.embeddings.table import table_of, tied
from components.inspection.errors import InspectionError
from components.inspection.model import Model

LISTED: Final = 12
"""Tokens named at each end."""
_COMPARED: Final = 2_000
"""Rows whose length is computed in a second way."""


@dataclass(frozen=True, eq=False)
class Norms:
    """How long each token's vector is."""

    input: Float32[np.ndarray, " token"]
    output: Float32[np.ndarray, " row"] | None
    """Of the output's own table; None where it is the same one, or there is none."""
    tied: bool | None
    """The output's table is the input's; None where there is none."""
    shortest: tuple[tuple[str, float], ...]
    """Tokens and lengths, the shortest first."""
    longest: tuple[tuple[str, float], ...]
    unnamed: int
    """Rows for which the tokenizer has no token: no text can call them."""
    checks: tuple[Check, ...]


def norms(model: Model) -> Norms:
    """Return the length of each token's vector, at the input and at the output.

    Raises:
        InspectionError: the model has no table.
    """
    table = table_of(model, "input")
    lengths = lengths_of(table)
    rounding.require_numbers(lengths)
    order = np.argsort(lengths, kind="stable")
    ends = [order[:LISTED], order[::-1][:LISTED]]
    shortest, longest = (
        tuple(zip(model.token_texts(one.tolist()), map(float, lengths[one]), strict=True))
        for one in ends
    )
    try:
        output, same = table_of(model, "output"), tied(model)
    except InspectionError:
        output, same = None, None
    return Norms(
        input=lengths,
        output=None if output is None or same else lengths_of(output),
        tied=same,
        shortest=shortest,
        longest=longest,
        unnamed=max(0, len(table) - len(model.tokenizer)),
        checks=(_lengths_check(table, lengths),),
    )


def lengths_of(table: Float[Tensor, "row width"]) -> Float32[np.ndarray, " row"]:
    """Return the length of each row, computed in float32."""
    return torch.cat([rows.float().norm(dim=-1) for rows in blocks(table)]).cpu().numpy()


def blocks(table: Float[Tensor, "row width"]) -> tuple[Float[Tensor, "_ width"], ...]:
    """Return the table in parts that are small enough to be copied in float32."""
    return table.split(max(1, BLOCK // table.shape[1]))


def _lengths_check(
    table: Float[Tensor, "row width"], lengths: Float32[np.ndarray, " row"]
) -> Check:
    shown = np.unique(np.linspace(0, len(table) - 1, min(len(table), _COMPARED)).astype(int))
    rows = table[shown.tolist()].to("cpu", torch.float32).numpy().astype(np.float64)
    again = np.sqrt((rows * rows).sum(axis=1))
    return rounding.compared(
        "each length is the root of the sum of squares",
        lengths[shown],
        again,
        (rounding.summed(table.shape[1]) + 4 * rounding.unit("float32")) * again,
        "The lengths drawn are those of other vectors.",
    )
