"""Hooks on a network for one thread's pass: which block is running, and what flows through it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any, Literal

from jaxtyping import Float
from torch import Tensor, nn

from components.inspection.anatomy import StackName, StackParts, part
from components.inspection.model import Model
from components.inspection.stacks import blocks_of
from components.inspection.tap import COLLECTOR, Collector

Part = Literal["residual", "attention", "mlp", "logits"]
Key = tuple[str, StackName, int]
"""What it is, of which stack, in which layer."""


def blocks(model: Model) -> Iterator[tuple[StackName, StackParts, int, nn.Module]]:
    """Yield each block of `model` with its stack, its row, and its place in the stack."""
    for name, parts in model.anatomy.stacks.items():
        for layer, block in enumerate(blocks_of(model.network, parts)):
            yield name, parts, layer, block


def hook_blocks(model: Model, hooks: ExitStack, collector: Collector) -> None:
    """Keep `collector.place` at the running block: stack, layer, and which of its modules it is.

    Layers are counted as blocks run, so that a block which is read again and again (ALBERT) is
    each time another layer.
    """
    ran: dict[StackName, int] = {}
    for name, _, number, block in blocks(model):

        def begin(_value: Any, name: StackName = name, number: int = number) -> None:
            if COLLECTOR.get() is collector:
                collector.collect()
                ran[name] = ran.get(name, 0) + 1
                collector.place = (name, ran[name] - 1, number)

        def end(_value: Any) -> None:
            if COLLECTOR.get() is collector:
                collector.collect()
                collector.place = None

        before(hooks, block, begin)
        after(hooks, block, end)


def hook_streams(
    model: Model,
    keep: Sequence[Part],
    hooks: ExitStack,
    collector: Collector,
    streams: dict[Key, Float[Tensor, "..."]],
    copied: bool,
    versions: dict[Key, int],
) -> None:
    """Put the streams of `keep` into `streams`, as the family shapes them, as long as `hooks` last.

    `copied`: as they are when the hook runs, whatever is added to them in place later. What is not
    copied is what it was as long as its `_version` is that in `versions`.
    """

    def put(what: str, further: int = 0) -> Callable[[Any], None]:
        def store(value: Any) -> None:
            # Hooks sit on a network that other threads may be running: only our own pass counts.
            if COLLECTOR.get() is collector and collector.place is not None:
                name, layer, _ = collector.place
                if what == "entered" and layer and model.anatomy.named:
                    return  # the tests know that each block reads what the one before it left
                tensor = value[0] if isinstance(value, (tuple, list)) and value else value
                if isinstance(tensor, Tensor):
                    key = what, name, layer + further
                    streams[key] = tensor.clone() if copied else tensor
                    versions[key] = streams[key]._version

        return store

    for _, parts, _, block in blocks(model):
        if "residual" in keep:
            before(hooks, block, put("entered"))
            # First of a block's hooks after it, so that its place is still known.
            after(hooks, block, put("residual", 1), first=True)
            writes = {
                "attention_writes": parts.attention_write,
                "cross_writes": parts.cross_write,
                "mlp_writes": parts.mlp_write,
            }
            for what, path in writes.items():
                if path:
                    after(hooks, part(block, path), put(what))
        if "mlp" in keep and parts.mlp_down:
            before(hooks, part(block, parts.mlp_down), put("mlp_activations"))


def let_gradients_in(
    model: Model, hooks: ExitStack, collector: Collector, leaves: list[Float[Tensor, "..."]]
) -> None:
    """Let gradients reach the embeddings, although the weights are frozen."""

    def hook(_module: nn.Module, _args: Any, output: Any) -> Any:
        found = output[0] if isinstance(output, tuple) else output
        if (
            COLLECTOR.get() is not collector
            or not isinstance(found, Tensor)
            or not found.is_floating_point()
        ):
            return None
        # A copy of a leaf: some families add to the embeddings in place.
        leaves.append(found.detach().clone().requires_grad_())
        return leaves[-1].clone() if found is output else (leaves[-1].clone(), *output[1:])

    for module in model.embeddings():
        hooks.callback(module.register_forward_hook(hook).remove)


def before(hooks: ExitStack, module: nn.Module, store: Callable[[Any], None]) -> None:
    """Tell `store` the first argument of `module`, as long as `hooks` last."""

    # Without `with_kwargs`, which torch keeps in a second dict: another thread's pass could
    # meet a hook between the two writes.
    def hook(_module: nn.Module, args: tuple[Any, ...]) -> None:
        store(args[0] if args else None)

    hooks.callback(module.register_forward_pre_hook(hook).remove)


def after(
    hooks: ExitStack, module: nn.Module, store: Callable[[Any], None], first: bool = False
) -> None:
    """Tell `store` the output of `module`, as long as `hooks` last."""

    def hook(_module: nn.Module, _args: Any, output: Any) -> None:
        store(output)

    hooks.callback(module.register_forward_hook(hook, prepend=first).remove)


def with_first(output: Any, change: Callable[[Any], Any]) -> Any:
    """Return a module's output with its tensor, or the first of several, changed."""
    if not isinstance(output, (tuple, list)):
        return change(output)
    rest = (change(output[0]), *output[1:])
    # A tuple with names (Reformer's) takes its parts one by one.
    return type(output)(*rest) if hasattr(output, "_fields") else type(output)(rest)
