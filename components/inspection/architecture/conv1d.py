"""GPT-2's Conv1D is a linear layer whose weight lies [input, output]: no convolution.

`torch.nn.Linear` keeps its weight [output, input]. So one is the other with the weight transposed;
where a matrix is square, a transposition that is forgotten fits all the same, and gives nonsense.
Source: `Conv1D` in transformers' `pytorch_utils.py`.
"""

from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.gathering import array_of
from components.inspection.machine.projected import product_share
from components.inspection.machine.trace import traced
from components.inspection.model import Model
from components.inspection.stacks import blocks_of

MOST_TOKENS: Final = 64
DRAWN: Final = (48, 48)
"""Inputs and outputs of the map that is drawn."""
CORNER: Final = (12, 18)
"""Inputs and outputs whose weights are shown."""
SAME: Final = "Conv1D gives what a Linear with the transposed weight gives"


@dataclass(frozen=True, eq=False)
class SameMap:
    """One map in two layouts, and what both give for some rows."""

    inputs: int
    outputs: int
    weight: Float32[np.ndarray, "_ _"]
    """A corner of Conv1D's weight."""
    conv1d: Float32[np.ndarray, "row outputs"]
    linear: Float32[np.ndarray, "row outputs"]
    forgotten: Float32[np.ndarray, "row outputs"] | None
    """What a Linear gives whose weight was not transposed; None where it does not fit."""
    dtype: str
    checks: tuple[Check, ...]

    @property
    def bits(self) -> bool:
        """Both give the same to the last bit."""
        return bool(np.array_equal(self.conv1d, self.linear))

    @property
    def lost(self) -> float:
        """By what share of its length the output is off where transposing was forgotten."""
        if self.forgotten is None:
            return float("nan")
        off = np.linalg.norm(self.forgotten.astype(np.float64) - self.conv1d)
        return float(off) / max(float(np.linalg.norm(self.conv1d.astype(np.float64))), 1e-30)


def conv1ds(model: Model) -> tuple[str, ...]:
    """Return the paths in `model`'s first block of its Conv1D maps; most families have none."""
    block = _first_block(model)
    return tuple(path for path, one in block.named_modules() if isinstance(one, Conv1D))


def _first_block(model: Model) -> nn.Module:
    return blocks_of(model.network, next(iter(model.anatomy.stacks.values())))[0]


def drawn(seed: int) -> SameMap:
    """Compare both layouts on a square weight and on rows that are drawn, in float32."""
    generator = torch.Generator().manual_seed(seed)
    conv = Conv1D(DRAWN[1], DRAWN[0])
    with torch.no_grad():
        conv.weight.copy_(torch.randn(DRAWN, generator=generator) / sqrt(DRAWN[0]))
        conv.bias.copy_(torch.randn(DRAWN[1], generator=generator))
    return _compared(conv, torch.randn(4, DRAWN[0], generator=generator))


def of_the_model(model: Model, text: str, path: str) -> SameMap:
    """Compare both layouts on a map of `model`'s first block, and on what it read of `text`.

    Raises:
        InspectionError: there is no such map, or it did not read a row for each token.
    """
    if path not in conv1ds(model):
        raise InspectionError(
            f"The first block of '{model.name}' has no Conv1D called '{path}'. Take a drawn "
            "one, or choose a model of GPT-2's family."
        )
    ids = model.encode(text)[:MOST_TOKENS]
    stack = next(iter(model.anatomy.stacks))
    _, trace = traced(model, ids, None, stack, 0, keep=("residual",))
    call = trace.calls.get(path)
    read = None if call is None else call.read(len(ids))
    if call is None or read is None or not isinstance(call.module, Conv1D):
        raise InspectionError(f"'{path}' of '{model.name}' did not read a row for each token.")
    return _compared(call.module, torch.from_numpy(read).to(model.device, model.dtype))


def transposed(conv: Conv1D) -> nn.Linear:
    """Return the Linear that does what `conv` does."""
    inputs, outputs = conv.weight.shape
    linear = nn.Linear(inputs, outputs, device=conv.weight.device, dtype=conv.weight.dtype)
    with torch.no_grad():
        linear.weight.copy_(conv.weight.T)
        linear.bias.copy_(conv.bias)
    return linear


def _compared(conv: Conv1D, rows: Float[Tensor, "row inputs"]) -> SameMap:
    inputs, outputs = conv.weight.shape
    dtype = str(conv.weight.dtype).removeprefix("torch.")
    with torch.no_grad():
        one, other = conv(rows), transposed(conv)(rows)
        wrong = nn.functional.linear(rows, conv.weight, conv.bias) if inputs == outputs else None
        sizes = rows.abs().double() @ conv.weight.abs().double() + conv.bias.abs().double()
    rounding.require_numbers(one, other)
    allowed = 2 * product_share(inputs + 1, dtype) * sizes.cpu().numpy() + rounding.least(dtype)
    check = rounding.compared(
        SAME,
        array_of(one),
        array_of(other),
        allowed,
        "The weight lies otherwise than is shown, or something else is computed.",
    )
    return SameMap(
        inputs=inputs,
        outputs=outputs,
        weight=array_of(conv.weight)[: CORNER[0], : CORNER[1]],
        conv1d=array_of(one),
        linear=array_of(other),
        forgotten=None if wrong is None else array_of(wrong),
        dtype=dtype,
        checks=(check,),
    )
