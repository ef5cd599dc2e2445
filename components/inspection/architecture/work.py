"""Floating-point operations of one pass over a text, module by module.

Counted by torch's own formulas while the network runs (`kv_cache.work.Counter`), and booked on the
module that is running. A matrix of n x m numbers takes 2 n m for each row that it multiplies; the
two products of attention, queries with keys and weights with values, twice the heads' size for each
pair; an expert works for the tokens that the router sends to it. That formula stands beside.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

from components.inspection import rounding
from components.inspection.architecture.ledger_pass import booked
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import arguments_of, inputs_of, record
from components.inspection.kv_cache.work import Counter
from components.inspection.model import Model
from components.inspection.recording import AttentionRecord
from components.inspection.running import run

COUNTED: Final = "torch counts in each matrix and each attention what the formula says"
PASSES: Final = 2
"""How many times a text is read: counted once, and recorded once for the sizes of attention."""


@dataclass(frozen=True, eq=False)
class Operations:
    """What one pass over a text takes. Rows are those of the model's `ModuleTree`."""

    ids: tuple[int, ...]
    """That were read (of two stacks: by the encoder)."""
    counted: Float64[np.ndarray, " row"]
    """Floating-point operations of each module itself, of those inside it none; a multiplication
    and an addition are two. Exact below 2^53."""
    formula: Float64[np.ndarray, " row"]
    """The same by the formula; NaN where there is none."""
    experts: float
    """The share of the experts' weights that this text met, 0 to 1; NaN without experts."""
    checks: tuple[Check, ...]

    @property
    def unexplained(self) -> float:
        """The share of the operations in modules without a formula, 0 to 1."""
        without = self.counted[np.isnan(self.formula)].sum()
        return float(without / self.counted.sum()) if self.counted.any() else 0.0


def operations(model: Model, text: str) -> Operations:
    """Count the operations of one pass over `text`; a decoder of two stacks reads its first token.

    Raises:
        InspectionError: the text is empty or too long, or the network's own code fails.
    """
    inputs = inputs_of(model, text)
    formula = np.full(len(list(model.network.modules())), np.nan)
    met: list[tuple[int, int]] = []

    def told(row: int, module: nn.Module, args: tuple[Any, ...], out: Any) -> None:
        found = _of_matrix(module, out) if isinstance(out, Tensor) else None
        sent = _sent(module, args)
        if sent is not None:
            every = [one for one in module.parameters(recurse=False) if one.dim() == 3]
            found = 2.0 * sent.numel() * sum(one[0].numel() for one in every)
            met.append((len(sent.unique()), len(every[0])))
        if found is not None:
            formula[row] = np.nan_to_num(formula[row]) + found

    counter = Counter(model)
    with (
        torch.no_grad(),
        counter,
        booked(model.network, lambda: float(counter.operations), told) as counted,
    ):
        run(model, **arguments_of(model, inputs))
    _add_attention(model, text, formula)
    chosen = sum(some for some, _ in met) / sum(every for _, every in met) if met else np.nan
    return Operations(
        ids=tuple(next(iter(inputs.values()))[0].tolist()),
        counted=counted,
        formula=formula,
        experts=float(chosen),
        checks=formula_checks(model, counted, formula),
    )


def formula_checks(
    model: Model, counted: Float64[np.ndarray, " row"], formula: Float64[np.ndarray, " row"]
) -> tuple[Check, ...]:
    """Hold the formula against what torch counted, module by module; whole numbers are exact.

    Of a family without a row in the table nothing is claimed: a difference is reported.
    """
    known = np.isfinite(formula)
    meaning = "A module computes something else than its matrices, or it was not called as seen."
    check = rounding.compared(COUNTED, counted[known], formula[known], 0.0, meaning)
    if model.anatomy.named or check.holds:
        return (check,)
    return (Check("operations that the formula does not say, in one module", check.error),)


def _of_matrix(module: nn.Module, out: Tensor) -> float | None:
    """Return the operations of a matrix that gave `out`; None if the module is none."""
    if isinstance(module, nn.Linear):
        return 2.0 * out.numel() * module.in_features
    return 2.0 * out.numel() * len(module.weight) if isinstance(module, Conv1D) else None


def _sent(module: nn.Module, args: tuple[Any, ...]) -> Tensor | None:
    """Return which experts the router chose for each token, where `module` holds them all."""
    if not any(one.dim() == 3 for one in module.parameters(recurse=False)):
        return None
    whole = [one for one in args if isinstance(one, Tensor) and not one.is_floating_point()]
    return whole[0] if len(whole) == 1 else None


def _add_attention(model: Model, text: str, formula: Float64[np.ndarray, " row"]) -> None:
    """Add the two products of each attention, by the sizes that were recorded of them."""
    if not model.anatomy.named:
        return
    try:
        recorded = record(model, text, keep=["attention"]).attentions
    except InspectionError:  # too long to be recorded: of attention nothing is said then
        return
    place = {id(module): row for row, module in enumerate(model.network.modules())}
    for one in recorded:
        module = _module_of(model, one)
        products = _products(one)
        if module is not None and products is not None:
            row = place[id(module)]
            formula[row] = np.nan_to_num(formula[row]) + products


def _module_of(model: Model, one: AttentionRecord) -> nn.Module | None:
    parts = model.anatomy.stacks[one.stack]
    path = parts.attention if one.kind == "self" else parts.cross_attention
    blocks = list(model.network.base_model.get_submodule(parts.blocks).children())
    # A block that is read again and again (ALBERT) is each time another layer.
    return blocks[min(one.layer, len(blocks) - 1)].get_submodule(path) if path else None


def _products(one: AttentionRecord) -> float | None:
    """Return the operations of queries times keys, and of weights times values."""
    if one.queries is None or one.outputs is None:
        return None
    sizes = one.queries.shape[-1] + one.outputs.shape[-1]
    return 2.0 * one.weights.size * sizes
