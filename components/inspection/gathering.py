"""From the tensors that a pass left behind to the arrays of a recording."""

from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Float, Float32, Shaped
from numpy.typing import NDArray
from torch import Tensor, nn

from components.inspection.anatomy import StackName, part
from components.inspection.hooks import Key, blocks
from components.inspection.model import Model
from components.inspection.recording import AttentionKind, AttentionRecord, StackRecord
from components.inspection.tap import AttentionCapture, Collector


def places(
    model: Model, collector: Collector
) -> Iterator[tuple[StackName, int, AttentionKind, AttentionCapture]]:
    """Say of each sublayer that was caught where it stands, from the first layer up."""
    across = _cross_modules(model)
    met: dict[tuple[StackName, int], int] = {}
    for caught in collector.caught:
        if caught.place is None:
            continue  # outside of the blocks: a pooler, or a tower for pictures
        name, layer, _ = caught.place
        met[name, layer] = met.get((name, layer), 0) + 1
        if caught.module is not None and across:
            crossing = caught.module in across
        else:
            # Of an unknown family's decoder, the second attention of a block looks across.
            crossing = (
                len(model.anatomy.stacks) == 2 and name == "decoder" and met[name, layer] == 2
            )
        yield name, layer, "cross" if crossing else "self", caught


def _cross_modules(model: Model) -> set[nn.Module]:
    return {
        module
        for _, parts, _, block in blocks(model)
        if parts.cross_attention
        for module in part(block, parts.cross_attention).modules()
    }


def stack_record(
    model: Model, name: StackName, ids: list[int], streams: dict[Key, Float[Tensor, "..."]]
) -> StackRecord:
    """Return what a pass over `ids` left of the stack called `name`.

    `streams` are as the family shaped them; those that are not one row for each token are None.
    """

    def layers(what: str) -> list[NDArray[np.float32]]:
        found = sorted(key for key in streams if key[:2] == (what, name))
        rows = [rows_of(streams[key], len(ids)) for key in found]
        return [] if any(row is None for row in rows) else [array_of(row) for row in rows]  # type: ignore[arg-type]

    def stacked(rows: list[NDArray[np.float32]]) -> NDArray[np.float32] | None:
        return np.stack(rows) if rows and len({row.shape for row in rows}) == 1 else None

    left, entered = layers("residual"), layers("entered")
    # A chain, in which each block reads what the one before it left: else it is no stream.
    chain = len(entered) == (1 if model.anatomy.named else len(left)) and all(
        np.array_equal(one, other, equal_nan=True)
        for one, other in zip(entered[1:], left[:-1], strict=False)
    )
    return StackRecord(
        name=name,
        ids=tuple(ids),
        tokens=model.token_texts(ids),
        residual=stacked([*entered[:1], *left]) if chain and left else None,
        attention_writes=stacked(layers("attention_writes")),
        cross_writes=stacked(layers("cross_writes")),
        mlp_writes=stacked(layers("mlp_writes")),
        mlp_activations=tuple(layers("mlp_activations")) or None,
    )


def rows_of(tensor: Float[Tensor, "..."], tokens: int) -> Float[Tensor, "{tokens} width"] | None:
    """Return a stream, or None if it is not one row for each token.

    OPT flattens text and position, XLNet puts the position first; with one text all hold the same
    rows.
    """
    return tensor.reshape(tokens, -1) if tensor.numel() == tokens * tensor.shape[-1] else None


def attention_record(
    stack: StackName, layer: int, kind: AttentionKind, caught: AttentionCapture, dtype: str
) -> AttentionRecord:
    """Return what was caught of one sublayer as arrays, each with its heads first."""

    def heads(tensor: Tensor) -> NDArray[np.float32]:
        # The batch holds one text: [1, head, ...] and BLOOM's [1 * head, ...] mean the same.
        return array_of(tensor).reshape(-1, *tensor.shape[-2:])

    def known(tensor: Tensor | None) -> NDArray[np.float32] | None:
        return None if tensor is None else heads(tensor)

    keys, outputs = caught.keys, caught.outputs
    if caught.module is None:
        keys = None if keys is None else keys.transpose(-1, -2)
    else:
        outputs = None if outputs is None else outputs.transpose(1, 2)
    return AttentionRecord(
        stack=stack,
        layer=layer,
        kind=kind,
        queries=known(caught.queries),
        keys=known(keys),
        values=known(caught.values),
        scores=heads(caught.scores),
        weights=heads(caught.weights),
        outputs=known(outputs),
        dtype=dtype,
        bare=known(caught.bare),
        products=caught.products,
        stated=caught.stated,
    )


def array_of(tensor: Shaped[Tensor, "*axes"]) -> Float32[np.ndarray, "*axes"]:
    """Return `tensor` as a NumPy array of float32, whatever its device and number format."""
    if tensor.dtype is not torch.float32 or not tensor.is_cpu:
        tensor = tensor.to("cpu", torch.float32)
    return tensor.detach().numpy()
