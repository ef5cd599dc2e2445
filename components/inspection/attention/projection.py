"""What each head writes into the stream: its output times its slice of the output projection."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

from components.inspection import rounding
from components.inspection.anatomy import part
from components.inspection.attention.maps import Group
from components.inspection.checks import Check
from components.inspection.model import Model
from components.inspection.stacks import blocks_of, output_matrix

NORMED = 8.0
"""Results that a norm rounds: its mean, its variance, a root, a division, a product, a sum."""


@dataclass(frozen=True, eq=False)
class Projection:
    """One attention sublayer's output projection, cut into the heads' slices."""

    slices: Float32[np.ndarray, "head value_size width"]
    """A head's output times its slice is what the head writes."""
    bias: Float32[np.ndarray, " width"]
    """Added once, by no head."""
    norm: nn.Module | None
    """What the family puts between the projection and the stream (Gemma 2 and 3, OLMo 2)."""

    def writes(
        self, outputs: Float32[np.ndarray, "head token value_size"]
    ) -> Float32[np.ndarray, "head token width"]:
        """Return what each head writes for its outputs (or for values, given all attention)."""
        return np.einsum("hrs,hsw->hrw", outputs, self.slices)

    def added(
        self, outputs: Float32[np.ndarray, "head query value_size"]
    ) -> Float32[np.ndarray, "query width"]:
        """Return what all heads together add to the residual stream."""
        total = self.writes(outputs).sum(0) + self.bias
        if self.norm is None:
            return total
        weight = next(self.norm.parameters())
        with torch.no_grad():
            normed = self.norm(torch.from_numpy(total).to(weight.device, weight.dtype)[None])
        return normed[0].float().cpu().numpy()


def writes_check(
    projection: Projection,
    outputs: Float32[np.ndarray, "head query value_size"],
    added: Float32[np.ndarray, "query width"],
    dtype: str,
    says: str = "",
) -> Check:
    """Compare what all heads write, added up, with what attention added to the residual stream.

    Both `outputs` and `added` are as recorded.
    """
    terms = outputs.shape[0] * outputs.shape[2]
    sizes = np.einsum("hrs,hsw->rw", np.abs(outputs), np.abs(projection.slices))
    sizes = sizes + np.abs(projection.bias)
    ours = projection.added(outputs)
    allowed = rounding.unit(dtype) * (np.abs(added) + sizes) + rounding.summed(terms) * sizes
    if projection.norm is not None:
        # What goes into the norm is off by this share of its length, and so is what comes out.
        share = allowed.max(-1, keepdims=True) / np.linalg.norm(
            projection.writes(outputs).sum(0) + projection.bias, axis=-1, keepdims=True
        )
        length = np.linalg.norm(ours, axis=-1, keepdims=True)
        allowed = NORMED * rounding.unit(dtype) * (np.abs(ours) + 1) + share * length
    return rounding.compared(
        says or "the heads' writes sum to what attention added to the residual stream",
        ours,
        added,
        allowed,
        "What a single head writes cannot be right here.",
    )


def output_projection(model: Model, group: Group, layer: int, heads: int) -> Projection:
    """Return the output projection of one sublayer, by the family's row in the anatomy.

    Raises:
        InspectionError: the family has no row, or its projection is not one matrix.
    """
    parts = model.anatomy.stacks["decoder" if group == "cross" else group]
    blocks = blocks_of(model.network, parts)
    block = blocks[layer % len(blocks)]  # of ALBERT the one that is read again and again
    matrix = output_matrix(block, parts, "cross" if group == "cross" else "self")
    written = part(block, (parts.cross_write if group == "cross" else parts.attention_write) or "")
    return _cut(matrix, None if written is matrix else written, heads)


def _cut(matrix: nn.Linear | Conv1D, norm: nn.Module | None, heads: int) -> Projection:
    # GPT-2's Conv1D is a linear layer whose weight lies [input, output].
    weight: Tensor = matrix.weight if isinstance(matrix, Conv1D) else matrix.weight.T
    weight = weight.detach().float().cpu()
    inputs, width = weight.shape
    bias = torch.zeros(width) if matrix.bias is None else matrix.bias.detach().float().cpu()
    return Projection(weight.reshape(heads, inputs // heads, width).numpy(), bias.numpy(), norm)
