"""Where the norms of a block stand, and what becomes of the stream's length for it.

The placement is found on the loaded network, by the way that leads from what enters a block to what
leaves it (`machine.chain`). Source of the comparison: Xiong et al., "On Layer Normalization in the
Transformer Architecture" (2020).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float32

from components.inspection import rounding
from components.inspection.anatomy import StackName
from components.inspection.checks import Check
from components.inspection.machine.reading import reading
from components.inspection.machine.streams import Placement, streams_of
from components.inspection.machine.trace import traced
from components.inspection.machine.wiring import wiring_of
from components.inspection.model import Model

WORDS: Final[Mapping[Placement, str]] = {
    "pre": "pre-norm",
    "post": "post-norm",
    "parallel": "parallel",
    "sandwich": "sandwich",
    "after the part": "norm after each part",
    "none": "no norm on the stream",
    "unknown": "not known",
}
"""What each placement is called."""
SEEN_IN: Final[Mapping[Placement, tuple[str, ...]]] = {
    "pre": ("GPT-2", "Llama"),
    "post": ("BERT", "BART"),
    "parallel": ("GPT-J", "Falcon"),
    "sandwich": ("Gemma 2",),
    "after the part": ("OLMo 2",),
}
"""Families that are built so."""


@dataclass(frozen=True, eq=False)
class NormPlacement:
    """How one block places its norms, and how long the stream is at each boundary."""

    placement: Placement
    layer: int
    tokens: tuple[str, ...]
    lengths: Float32[np.ndarray, "boundary token"] | None
    """L2 norm of each token's stream, 0 or more; boundary 0 enters the first block. None where
    there is no one stream."""
    checks: tuple[Check, ...]
    """That this way leads from what enters the block to what leaves it; none where it is not
    known."""

    @property
    def medians(self) -> Float32[np.ndarray, " boundary"] | None:
        """The middle token's length at each boundary."""
        return None if self.lengths is None else np.asarray(np.median(self.lengths, axis=1))

    @property
    def growth(self) -> float | None:
        """The middle token's length behind the last block over that before the first; None where
        it is not known."""
        medians = self.medians
        return None if medians is None or not medians[0] else float(medians[-1] / medians[0])


def norm_placement(model: Model, text: str, stack: StackName, layer: int) -> NormPlacement:
    """Return where the norms of block `layer` of `stack` stand, and the lengths of its stream.

    Raises:
        InspectionError: there is no such block, the text cannot be read, or what is read are no
            numbers.
    """
    read, chain = reading(model, text), wiring_of(model, stack, layer).chain
    recording, trace = traced(model, read.ids, read.target, stack, layer, keep=("residual",))
    found = recording.stack(stack)
    residual, checks, lengths = found.residual, [], None
    if residual is not None:
        lengths = np.linalg.norm(residual.astype(np.float64), axis=-1).astype(np.float32)
        rounding.require_numbers(lengths)
        if chain is not None:
            ends = residual[layer], residual[layer + 1]
            streams = streams_of(chain, trace, *ends, model.facts.dtype)
            checks = [] if streams is None or streams.check is None else [streams.check]
    return NormPlacement(
        chain.placement if chain is not None and checks else "unknown",
        layer,
        found.tokens,
        lengths,
        tuple(checks),
    )
