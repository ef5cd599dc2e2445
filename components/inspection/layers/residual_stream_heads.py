"""What each head of each layer writes to the residual stream: its norm, and its direction."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float32

from components.inspection.anatomy import StackName
from components.inspection.attention.projection import output_projection, writes_check
from components.inspection.checks import Check, worst
from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.premises import require
from components.inspection.recording import Recording

SAYS: Final = "the heads' writes and the bias sum to what their attention wrote"
AT_ONCE: Final = 64
"""Tokens whose writes of all heads are held at a time."""


@dataclass(frozen=True, eq=False)
class HeadWrites:
    """Of self-attention."""

    norms: Float32[np.ndarray, "layer head token"]
    cosines: Float32[np.ndarray, "layer head token"]
    """With the stream that enters the block, to which they are added; -1 to 1."""
    bias: Float32[np.ndarray, " layer"]
    """The norm of the output projection's bias, which no head writes."""
    check: Check


def head_writes(
    model: Model,
    recording: Recording,
    stack: StackName,
    added: Float32[np.ndarray, "layer token width"] | None,
    residual: Float32[np.ndarray, "boundary token width"],
) -> HeadWrites:
    """Return what each head wrote in a recording of "attention" and "residual".

    Raises:
        InspectionError: it cannot be told: a norm mixes what the heads wrote, or their outputs or
            their projection are not known.
    """
    require(model, "outputs")
    records = list(recording.of(stack))
    if added is None or [one.layer for one in records] != list(range(len(added))):
        raise InspectionError(
            f"Not each block of '{model.name}' has one attention with heads of its own, so what "
            "each head writes is not drawn."
        )
    norms, cosines, biases, checks = [], [], [], []
    for one in records:
        outputs = one.understood().outputs
        projection = output_projection(model, stack, one.layer, one.heads)
        if projection.norm is not None:
            raise InspectionError(
                "A norm stands between the heads and the stream: it mixes what they wrote, so only "
                "attention as a whole is drawn."
            )
        pieces = []
        for begin in range(0, outputs.shape[1], AT_ONCE):
            rows = slice(begin, begin + AT_ONCE)
            written = projection.writes(outputs[:, rows]).astype(np.float64)
            stream = residual[one.layer, rows].astype(np.float64)
            length = np.linalg.norm(written, axis=-1)
            both = length * np.linalg.norm(stream, axis=-1)
            along = np.einsum("hrw,rw->hr", written, stream)
            pieces.append((length, along / np.maximum(both, np.finfo(np.float64).tiny)))
            checks.append(
                writes_check(projection, outputs[:, rows], added[one.layer, rows], one.dtype)
            )
        norms.append(np.concatenate([piece[0] for piece in pieces], axis=1))
        cosines.append(np.concatenate([piece[1] for piece in pieces], axis=1))
        biases.append(float(np.linalg.norm(projection.bias)))
    if len({len(each) for each in norms}) > 1:
        raise InspectionError(
            f"The layers of '{model.name}' have different numbers of heads, so they cannot be "
            "drawn side by side."
        )
    return HeadWrites(
        norms=np.stack(norms).astype(np.float32),
        cosines=np.stack(cosines).astype(np.float32),
        bias=np.array(biases, np.float32),
        check=worst(checks, SAYS),
    )
