"""What a pass makes, tensor by tensor, in the order in which it is made."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

from torch import Tensor, nn

from components.inspection.anatomy import StackName, part
from components.inspection.architecture.axes import Axis, Lengths, named
from components.inspection.forward_pass import Observation, observe
from components.inspection.hooks import after, blocks
from components.inspection.model import Model, first_number
from components.inspection.tap import AttentionCapture

Size = tuple[tuple[int, ...], int]
"""A shape, and the bytes of the tensor."""
Where = tuple[str, StackName, int | None]
"""What it is, of which stack, in which layer."""


@dataclass(frozen=True)
class Made:
    """A tensor that the pass made."""

    what: str
    stack: StackName
    layer: int | None
    """None outside of the blocks."""
    axes: tuple[Axis, ...]
    bytes: int
    """That it takes, in the network's own number format."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of its axes."""
        return tuple(axis.length for axis in self.axes)

    @property
    def written(self) -> str:
        """Its shape, as PyTorch writes it."""
        return str(list(self.shape))


_KEPT: Final[ContextVar[dict[Where, Size] | None]] = ContextVar(
    "shapes around the blocks", default=None
)


def passed(model: Model, text: str, target: str | None) -> tuple[dict[Where, Size], Observation]:
    """Return the shapes and bytes around the blocks and of routers, and the pass itself."""
    kept: dict[Where, Size] = {}

    def keep(where: Where) -> Any:
        def store(value: Any) -> None:
            found = value[0] if isinstance(value, (tuple, list)) and value else value
            # Hooks sit on a network that other threads may be running: only our own pass counts.
            if _KEPT.get() is kept and isinstance(found, Tensor):
                kept[where] = tuple(found.shape), found.numel() * found.element_size()

        return store

    token = _KEPT.set(kept)
    try:
        with ExitStack() as hooks:
            stacks = list(model.anatomy.stacks)
            tables = model.embeddings()
            for stack, table in zip(stacks, [*tables, *tables], strict=False):
                after(hooks, table, keep(("embeddings", stack, None)))
            for stack, parts in model.anatomy.stacks.items():
                if parts.final_norm:
                    norm = part(model.network.base_model, parts.final_norm)
                    after(hooks, norm, keep(("final norm", stack, None)))
            for stack, layer, router in _routers(model):
                after(hooks, router, keep(("router", stack, layer)))
            return kept, observe(model, text, target)
    finally:
        _KEPT.reset(token)


def _routers(model: Model) -> Iterator[tuple[StackName, int, nn.Module]]:
    """Yield the modules that give each token a number for each expert."""
    config = model.network.config.get_text_config()
    count = first_number(config, "num_experts", "num_local_experts", "n_routed_experts")
    for stack, _, layer, block in blocks(model):
        for module in block.modules():
            weight = getattr(module, "weight", None)
            if count and isinstance(weight, Tensor) and weight.shape == (count, model.facts.width):
                yield stack, layer, module


def in_order(
    model: Model,
    lengths: Lengths,
    around: dict[Where, Size],
    seen: Observation,
) -> Iterator[Made]:
    def made(
        what: str, stack: StackName, layer: int | None, shape: Sequence[int], size: int, axes: str
    ) -> Made:
        return Made(what, stack, layer, named(tuple(shape), axes, stack, lengths), size)

    def tensor(what: str, stack: StackName, layer: int | None, one: Tensor, axes: str) -> Made:
        return made(what, stack, layer, one.shape, one.numel() * one.element_size(), axes)

    for stack, ids in seen.inputs.items():
        yield tensor("token ids", stack, None, ids, "batch, token")
        entered = seen.streams.get(("entered", stack, 0))
        width = None if entered is None else entered.shape[-1]
        if ("embeddings", stack, None) in around:
            shape, size = around["embeddings", stack, None]
            last = "width" if width in (None, shape[-1]) else "embedding size"
            yield made("embeddings", stack, None, shape, size, f"batch, token, {last}")
        ran = {key[2] for key in seen.streams if key[:2] == ("residual", stack)}
        for layer in sorted(number - 1 for number in ran):
            before = seen.streams.get(("entered", stack, layer))
            before = seen.streams.get(("residual", stack, layer)) if before is None else before
            stream = "batch, token, width"
            if before is not None:
                yield tensor("stream into the block", stack, layer, before, stream)
            for kind in ("self", "cross"):
                for name, place, what, caught in seen.attended:
                    if (name, place, what) == (stack, layer, kind):
                        yield from _attention(tensor, stack, layer, caught, kind)
                write = "attention_writes" if kind == "self" else "cross_writes"
                if (write, stack, layer) in seen.streams:
                    words = "attention's write" if kind == "self" else "cross-attention's write"
                    yield tensor(words, stack, layer, seen.streams[write, stack, layer], stream)
            if ("router", stack, layer) in around:
                yield made(
                    "router", stack, layer, *around["router", stack, layer], "batch, token, expert"
                )
            for key, words, last in (
                ("mlp_activations", "MLP's activations", "neuron"),
                ("mlp_writes", "MLP's write", "width"),
            ):
                if (key, stack, layer) in seen.streams:
                    one = seen.streams[key, stack, layer]
                    yield tensor(words, stack, layer, one, f"batch, token, {last}")
            after_it = seen.streams["residual", stack, layer + 1]
            yield tensor("stream out of the block", stack, layer, after_it, stream)
        if ("final norm", stack, None) in around:
            shape, size = around["final norm", stack, None]
            yield made("final norm", stack, None, shape, size, "batch, token, width")
    if seen.logits is not None:
        answer = "batch, class" if model.kind == "classifier" else "batch, token, vocabulary"
        yield tensor("logits", stack, None, seen.logits, answer)


def _attention(
    tensor: Any, stack: StackName, layer: int, caught: AttentionCapture, kind: str
) -> Iterator[Made]:
    """Yield the tensors of one attention, as its family lays them out."""
    across = "" if kind == "self" else "cross-attention's "
    heads = caught.weights.shape[-3] if caught.weights.dim() > 3 else caught.weights.shape[0]
    keys, named_module = caught.keys, caught.module is not None
    size = None if caught.queries is None else caught.queries.shape[-1]
    if caught.queries is not None:
        yield tensor(
            f"{across}queries", stack, layer, caught.queries, "batch, head, token, head size"
        )
    read = "token" if kind == "self" else "encoder token"
    for what, one in (("keys", keys), ("values", caught.values)):
        if one is None:
            continue
        shared = one.shape[-3] if one.dim() > 3 else one.shape[0]
        head = "head" if shared == heads else "kv head"
        turned = what == "keys" and not named_module
        # Keys lie transposed where their product with queries was seen and not their names.
        last = one.shape[-2] if turned else one.shape[-1]
        length = "head size" if size in (None, last) else "value size"
        pair = f"{length}, {read}" if turned else f"{read}, {length}"
        yield tensor(f"{across}{what}", stack, layer, one, f"batch, {head}, {pair}")
    query, key = "query token", "key token" if kind == "self" else "encoder key token"
    sink = " and sink" if caught.scores.shape[-1] != caught.weights.shape[-1] else ""
    yield tensor(
        f"{across}scores", stack, layer, caught.scores, f"batch, head, {query}, {key}{sink}"
    )
    yield tensor(f"{across}weights", stack, layer, caught.weights, f"batch, head, {query}, {key}")
    if caught.outputs is not None:
        length = "head size" if size in (None, caught.outputs.shape[-1]) else "value size"
        order = "token, head" if named_module else "head, token"
        yield tensor(f"{across}outputs", stack, layer, caught.outputs, f"batch, {order}, {length}")
