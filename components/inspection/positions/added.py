"""The vectors that are added for positions: found by what they do, and where their table is.

The module that gives them gives the same whatever the tokens, and another vector for each place.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from jaxtyping import Float, Float32, Int64
from torch import Tensor, nn

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import arguments_of, inputs_of
from components.inspection.model import Model
from components.inspection.positions.measured import position_code
from components.inspection.positions.tables import Tables, recognised
from components.inspection.positions.twin import twin
from components.inspection.positions.words import sentence
from components.inspection.probe import probe_ids, probe_target
from components.inspection.running import run
from components.inspection.stacks import blocks_of

MOST_ROWS: Final = 256
MOST_SHOWN: Final = 512
FORMULAS: Final = ("base^(-2i/d)", "base^(-i/(d/2 - 1))")
"""Of Vaswani et al. (2017), and of fairseq, whose slowest wave is exactly 1/base: for d numbers."""


@dataclass(frozen=True, eq=False)
class PositionModule:
    """A module that gives vectors for positions, and the table that they are rows of."""

    path: str
    """Of the module, below the network's base model."""
    weight: Float[Tensor, "row width"]
    """Its table."""
    first: int
    """The row of the first token's position: rows before it no token can have."""
    given: Float[Tensor, "token width"]
    """What it gave for the tokens of a probe."""


@dataclass(frozen=True, eq=False)
class Table:
    """A model's table of positions: one vector for each."""

    path: str
    learned: bool
    """Its rows are no waves, but whatever training made of them."""
    vectors: Float32[np.ndarray, "position width"]
    """The first 512 at most."""
    shown: Int64[np.ndarray, " shown"]
    """The positions whose likeness is given, evenly spaced."""
    likeness: Float32[np.ndarray, "shown shown"]
    """-1 to 1: cosine similarity of two positions' vectors."""
    norms: Float32[np.ndarray, " position"]
    """Lengths of `vectors`."""
    token_norms: tuple[float, float, float]
    """10th, 50th and 90th percentile of the lengths of the token vectors they are added to."""
    rows: int
    """Rows that the table has in all; there is no position beyond."""
    first: int
    """The row of the first token's position."""
    context: int
    """Positions that a text can have."""
    formula: str
    """Of waves: the formula of their frequencies, one of `FORMULAS`; empty if learned."""
    checks: tuple[Check, ...]


def table(model: Model) -> Table:
    """Return the position table of `model`; of an encoder-decoder, that of its encoder.

    Raises:
        InspectionError: nothing is added for positions, or no table of it can be found.
    """
    code = position_code(model)
    if not code.first.added:
        raise InspectionError(
            f"No table of positions can be seen here: {sentence(code)} Choose GPT-2, OPT or BERT "
            "to see one."
        )
    found = position_module(model)
    if found is None:
        raise InspectionError(
            f"{sentence(code)} But no table of these vectors can be found among its weights. "
            "Choose GPT-2, OPT or BERT to see one."
        )
    rows = found.weight.detach().float().cpu()
    positions = rows[found.first :][: max(1, model.context)]
    shown = np.unique(np.linspace(0, len(positions) - 1, MOST_ROWS).astype(np.int64))
    unit = torch.nn.functional.normalize(positions[shown], dim=-1)
    embeddings: Any = model.network.get_input_embeddings().weight
    low, middle, high = np.percentile(
        embeddings.detach().float().norm(dim=-1).cpu().numpy(), [10, 50, 90]
    )
    known = found.given.detach().float().cpu().numpy()
    formula, wave = _waves(positions.numpy(), str(found.weight.dtype).removeprefix("torch."))
    return Table(
        path=found.path,
        learned=wave is None,
        vectors=positions[:MOST_SHOWN].numpy(),
        shown=shown,
        likeness=(unit @ unit.T).numpy(),
        norms=positions[:MOST_SHOWN].norm(dim=-1).numpy(),
        token_norms=(float(low), float(middle), float(high)),
        rows=len(rows),
        first=found.first,
        context=len(positions),
        formula=formula,
        checks=(rows_check(positions[: len(known)].numpy(), known), *([wave] if wave else [])),
    )


def rows_check(
    drawn: Float32[np.ndarray, "position width"], given: Float32[np.ndarray, "position width"]
) -> Check:
    """Compare rows of the table with what the network took for positions 0, 1, 2, ...: the same."""
    return rounding.compared(
        "the rows drawn are what the network takes for positions 0, 1, 2, ...",
        drawn,
        given,
        0.0,
        "The rows of the table are not counted as the network counts them.",
    )


def _waves(rows: Float32[np.ndarray, "position width"], dtype: str) -> tuple[str, Check | None]:
    """Return the formula of the table's waves and how well it gives them; "" and None if
    learned."""
    for arranged in (rows, np.concatenate([rows[:, ::2], rows[:, 1::2]], axis=1)):
        if rows.shape[1] % 2 or rows.shape[1] < 4:
            break
        tables = recognised(torch.from_numpy(np.ascontiguousarray(arranged)), len(arranged))
        if tables is not None:
            checks = {formula: wave_check(tables, formula, dtype) for formula in FORMULAS}
            best = min(FORMULAS, key=lambda one: checks[one].error)
            return best, checks[best]
    return "", None


def wave_check(tables: Tables, formula: str, dtype: str) -> Check:
    """Compare waves with sines and cosines at the formula's frequencies, base 10,000.

    Their angles were computed in float32 or better: each is off by a share of itself, and so by as
    much is its sine.
    """
    pairs = tables.pairs
    last = pairs if formula == FORMULAS[0] else max(1, pairs - 1)
    frequencies = 10_000.0 ** (-np.arange(pairs) / last)
    # The first row need not be position 0: fairseq's stands behind reserved ones.
    start = np.round(np.angle(tables.turns[0, 0])) if pairs else 0.0
    places = start + np.arange(len(tables.turns))[:, None]
    exact = tables.scaling * np.exp(1j * places * frequencies)
    allowed = rounding.unit(dtype) + 8 * rounding.unit("float32") * (1 + np.abs(places))
    return rounding.compared(
        f"the table is waves of frequencies {formula}",
        np.concatenate([tables.turns.real, tables.turns.imag]),
        np.concatenate([exact.real, exact.imag]),
        np.concatenate([np.broadcast_to(allowed, exact.shape)] * 2),
        "These waves are not those of the formula.",
    )


def position_module(model: Model) -> PositionModule | None:
    """Return the module that gives `model` its vectors for positions, and its table, if it is
    found.

    Of several (an encoder-decoder has two) the first that runs.
    """
    other = twin(model)
    network = other.network
    inside = {
        id(module)
        for parts in other.anatomy.stacks.values()
        for block in blocks_of(network, parts)
        for module in block.modules()
    }
    given: dict[str, list[Tensor]] = {}
    for path, module in network.base_model.named_modules():
        if path and id(module) not in inside and not isinstance(module, nn.ModuleList):

            def keep(_module: nn.Module, _args: Any, output: Any, path: str = path) -> None:
                first = output[0] if isinstance(output, tuple) and output else output
                if isinstance(first, Tensor) and first.is_floating_point():
                    given.setdefault(path, []).append(first)

            module.register_forward_hook(keep)
    ids, target = probe_ids(model), probe_target(model)
    texts = ((ids, target), (ids[::-1], None if target is None else list(target)[::-1]))
    with torch.no_grad():
        for text, behind in texts:
            run(other, **arguments_of(other, inputs_of(other, text, behind)))
    for path, found in given.items():
        half = found[: len(found) // 2]
        rows = _rows_for_places(half[0], found[len(half)], len(ids)) if half else None
        table = None if rows is None else _table_with(network.base_model.get_submodule(path), rows)
        if rows is not None and table is not None:
            return PositionModule(path, table[0], table[1], rows)
    return None


def _rows_for_places(
    one: Float[Tensor, "..."], other: Float[Tensor, "..."], tokens: int
) -> Float[Tensor, "{tokens} width"] | None:
    """Return the rows of both, if they are the same, and each place has its own."""
    if one.shape != other.shape or not torch.equal(one, other) or one.shape[-1] < 2:
        return None
    if one.numel() != tokens * one.shape[-1]:
        return None
    rows = one.reshape(tokens, -1)
    return None if bool((rows == rows[:1]).all(dim=-1)[1:].any()) else rows


def _table_with(
    module: nn.Module, rows: Float[Tensor, "token width"]
) -> tuple[Float[Tensor, "row width"], int] | None:
    """Return the table of `module` in which `rows` stand one below the other, and the first's
    row."""
    own = {**vars(module), **module._buffers, **module._parameters}
    for table in own.values():
        if isinstance(table, Tensor) and table.dim() == 2 and table.shape[1] == rows.shape[1]:
            matches = (table == rows[0]).all(dim=-1).nonzero().flatten().tolist()
            for first in matches:
                if torch.equal(table[first : first + len(rows)], rows.to(table.dtype)):
                    return table, int(first)
    return None
