"""Is the residual stream the sum of what was written to it?"""

import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor, nn

from components.inspection import rounding
from components.inspection.anatomy import StackParts, part
from components.inspection.checks import Check, worst
from components.inspection.forward_pass import record
from components.inspection.model import Model
from components.inspection.premises import Premise
from components.inspection.probe import probe_ids, probe_target
from components.inspection.recording import Recording, StackRecord
from components.inspection.running import run_part
from components.inspection.stacks import blocks_of

ROUNDINGS = 4.0
"""Results rounded on the way from one stream to the next: two or three sums, and a write's own."""
NORMED = 16.0
"""... and where each sum is normed: mean, variance, a division, a product and a sum, twice."""


def stream(model: Model) -> Premise:
    """Stream + writes = next stream; with a norm after each sum, where the family has such."""
    found = record(model, probe_ids(model), probe_target(model), keep=["residual"])
    check, why = stream_check(model, found)
    return Premise("stream", check, why, claimed=model.anatomy.named)


def stream_check(model: Model, recording: Recording) -> tuple[Check, str]:
    """Return the comparison for all layers of a recording, and what it means if it fails."""
    says, checks = "stream + what attention and MLP write = next stream", []
    for stack in recording.stacks:
        parts = model.anatomy.stacks[stack.name]
        if stack.residual is None:
            return Check(says, float("nan"), 0.0), (
                f"'{model.name}' has no one residual stream with a row for each token: it keeps "
                "several streams side by side, or hands them on in its own way. What its parts "
                "write to it cannot be told."
            )
        writes = [stack.attention_writes, stack.cross_writes, stack.mlp_writes]
        if stack.attention_writes is None or stack.mlp_writes is None:
            return Check(says, float("nan"), 0.0), (
                f"Vitrine does not know where the family '{model.facts.family}' writes to its "
                "residual stream, so its parts' writes cannot be told apart."
            )
        known = [one for one in writes if one is not None]
        if parts.post_norms:
            checks.append(_normed(model, parts, stack, known))
        else:
            checks.append(_summed(model, stack, known))
    if model.anatomy.named and any(parts.post_norms for parts in model.anatomy.stacks.values()):
        says = "norm(norm(stream + attention) + MLP) = next stream"
    return worst(checks, says), (
        "The residual stream of this network is not the sum of what its attention and MLP write to "
        "it: it scales, norms or mixes them in a way that Vitrine does not know."
    )


def _summed(
    model: Model, stack: StackRecord, writes: list[Float32[np.ndarray, "layer token width"]]
) -> Check:
    residual = stack.residual
    assert residual is not None
    before, after = residual[:-1].astype(np.float64), residual[1:]
    total = before + sum(write.astype(np.float64) for write in writes)
    sizes = np.abs(before) + np.abs(after) + sum(np.abs(write) for write in writes)
    allowed = ROUNDINGS * rounding.unit(model.facts.dtype) * sizes
    return rounding.compared("", after, total, allowed)


def _normed(
    model: Model,
    parts: StackParts,
    stack: StackRecord,
    writes: list[Float32[np.ndarray, "layer token width"]],
) -> Check:
    residual = stack.residual
    assert residual is not None
    blocks = blocks_of(model.network, parts)
    found = []
    for layer in range(len(residual) - 1):
        block = blocks[layer % len(blocks)]
        row = residual[layer]
        for write, path in zip(writes, parts.post_norms, strict=True):
            row = through(model, part(block, path), row + write[layer])
        size = np.abs(row) + np.abs(row).max(axis=-1, keepdims=True)
        allowed = NORMED * rounding.unit(model.facts.dtype) * size
        found.append(rounding.compared("", residual[layer + 1], row, allowed))
    return worst(found)


def through(
    model: Model, norm: nn.Module, rows: Float32[np.ndarray, "token width"]
) -> Float32[np.ndarray, "token width"]:
    """Return what one of the network's own norms makes of `rows`.

    Raises:
        NetworkError: the family's own code raises.
    """
    with torch.no_grad():
        given = torch.from_numpy(rows).to(model.device, model.dtype)
        normed: Tensor = run_part(model, norm, given)
    return normed.float().cpu().numpy()
