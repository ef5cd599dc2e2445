"""One forward pass, and what was asked of its inside."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import torch
from torch import Tensor, nn

from components.inspection.anatomy import StackName, Tower, part
from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.recording import (
    Array,
    AttentionKind,
    AttentionRecord,
    Recording,
    StackRecord,
)
from components.inspection.running import run
from components.inspection.stacks import blocks_of
from components.inspection.tap import SINK, Caught, Sink, SoftmaxTap

Part = Literal["residual", "attention", "mlp", "logits"]
EVERYTHING: Final[tuple[Part, ...]] = ("residual", "attention", "mlp", "logits")
MOST_BYTES: Final = 2 * 2**30
"""A recording holds at most 2 GiB: GPT-2 at its full context of 1,024 tokens fits."""

Key = tuple[str, StackName, int]
"""What it is, of which stack, in which layer."""


@dataclass
class Observation:
    """What a pass left behind, as tensors on the model's device."""

    inputs: dict[StackName, Tensor]
    streams: dict[Key, Tensor]
    attended: list[tuple[StackName, int, AttentionKind, Caught]]
    logits: Tensor | None
    unseen: int
    """Calls of attention functions without a softmax."""
    leaves: list[Tensor]
    """With gradients: the embeddings that each stack was given, [1, token, width]."""


def record(
    model: Model,
    text: str | Sequence[int],
    target: str | Sequence[int] | None = None,
    keep: Sequence[Part] = EVERYTHING,
    bare: bool = False,
) -> Recording:
    """Let `model` read `text` (or token ids) once, and keep the parts named in `keep`.

    An encoder-decoder reads `text` in its encoder; its decoder reads its start token and then
    `target`, if there is one. The output is that of an ordinary eager pass, bit for bit, and
    nothing stays on the network, whatever happens. `bare` also tells what is added to queries
    times keys (`AttentionRecord.bare`).

    Raises:
        InspectionError: the text is empty or too long for the model or for a recording.
    """
    seen = observe(model, text, target, keep, bare)
    return Recording(
        source=model.source,
        stacks=tuple(
            _stack(model, name, ids[0].tolist(), seen.streams) for name, ids in seen.inputs.items()
        ),
        attentions=tuple(_attention(*each, dtype=model.facts.dtype) for each in seen.attended),
        logits=None if seen.logits is None else _array(seen.logits[0]),
    )


def observe(
    model: Model,
    text: str | Sequence[int],
    target: str | Sequence[int] | None = None,
    keep: Sequence[Part] = EVERYTHING,
    bare: bool = False,
    gradients: bool = False,
) -> Observation:
    """Do as `record`, and return the tensors themselves; with `gradients`, in autograd's graph.

    Raises:
        InspectionError: as `record`.
    """
    inputs = inputs_of(model, text, target)
    _check_size(model, {name: ids.shape[1] for name, ids in inputs.items()}, keep)
    whole = model.known.get("whole", not type(model.network)._can_set_attn_implementation())
    seen = _pass(model, inputs, keep, bare, gradients, whole)
    if "attention" in keep and not seen.attended and not whole:
        # It has the interface, and attends without it.
        seen = _pass(model, inputs, keep, bare, gradients, whole=True)
        model.known["whole"] = bool(seen.attended)
    return seen


def inputs_of(
    model: Model, text: str | Sequence[int], target: str | Sequence[int] | None = None
) -> dict[StackName, Tensor]:
    """Return the ids that each stack reads, [1, token], in the order in which the stacks run.

    Raises:
        InspectionError: the text is empty or too long for the model.
    """
    ids = model.encode(text) if isinstance(text, str) else model.checked(text)
    given = torch.tensor([ids], device=model.device)
    if len(model.anatomy.towers) == 1:
        return {next(iter(model.anatomy.towers)): given}
    if target is None:
        continuation: list[int] = []
    elif isinstance(target, str):
        continuation = model.encode_target(target)
    else:
        continuation = model.checked(target) if len(target) else []
    start = [model.decoder_start, *continuation]
    return {"encoder": given, "decoder": torch.tensor([start], device=model.device)}


def arguments_of(model: Model, inputs: dict[StackName, Tensor]) -> dict[str, Any]:
    """Return what the network is called with for one plain pass over `inputs`, keeping no cache."""
    if len(inputs) == 2:
        return {
            "input_ids": inputs["encoder"],
            "decoder_input_ids": inputs["decoder"],
            "use_cache": False,
        }
    (ids,) = inputs.values()
    arguments: dict[str, Any] = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    return arguments | ({"use_cache": False} if model.takes("use_cache") else {})


def _pass(
    model: Model,
    inputs: dict[StackName, Tensor],
    keep: Sequence[Part],
    bare: bool,
    gradients: bool,
    whole: bool,
) -> Observation:
    sink = Sink(bare, watching="attention" in keep)
    streams: dict[Key, Tensor] = {}
    leaves: list[Tensor] = []
    token = SINK.set(sink)
    try:
        with ExitStack() as hooks:
            _hook_blocks(model, hooks, sink)
            _hook_streams(model, keep, hooks, sink, streams, copied=not gradients)
            if gradients:
                _let_gradients_in(model, hooks, sink, leaves)
            if sink.watching and whole:
                sink.whole = hooks.enter_context(SoftmaxTap(bare))
            hooks.enter_context(nullcontext() if gradients else torch.no_grad())
            output = run(model, **arguments_of(model, inputs))
    finally:
        SINK.reset(token)
    return Observation(
        inputs,
        streams,
        list(_places(model, sink)),
        getattr(output, "logits", None) if "logits" in keep else None,
        sink.unseen,
        leaves,
    )


def _check_size(model: Model, lengths: dict[StackName, int], keep: Sequence[Part]) -> None:
    facts = model.facts
    layers, heads, width, tokens = facts.layers, facts.heads, facts.width, sum(lengths.values())
    size = (
        4
        * tokens
        * (
            ("attention" in keep) * layers * heads * (2 * tokens + 4 * width // heads)
            + ("residual" in keep) * 3 * layers * width
            + ("mlp" in keep) * 4 * layers * width
            + ("logits" in keep) * facts.vocabulary
        )
    )
    if size > MOST_BYTES:
        raise InspectionError(
            f"Recording {tokens} tokens of this model would take {size / 2**30:.1f} GiB; the "
            f"limit is {MOST_BYTES / 2**30:.0f} GiB. Shorten the text."
        )


def _blocks(model: Model) -> Iterator[tuple[StackName, Tower, int, nn.Module]]:
    for name, tower in model.anatomy.towers.items():
        for layer, block in enumerate(blocks_of(model.network, tower)):
            yield name, tower, layer, block


def _hook_blocks(model: Model, hooks: ExitStack, sink: Sink) -> None:
    """Keep `sink.place` at the block that is running: stack, layer, and which of its modules it is.

    Layers are counted as blocks run, so that a block which is read again and again (ALBERT) is
    each time another layer.
    """
    ran: dict[StackName, int] = {}
    for name, _, number, block in _blocks(model):

        def begin(_value: Any, name: StackName = name, number: int = number) -> None:
            if SINK.get() is sink:
                sink.collect()
                ran[name] = ran.get(name, 0) + 1
                sink.place = (name, ran[name] - 1, number)

        def end(_value: Any) -> None:
            if SINK.get() is sink:
                sink.collect()
                sink.place = None

        before(hooks, block, begin)
        after(hooks, block, end)


def _hook_streams(
    model: Model,
    keep: Sequence[Part],
    hooks: ExitStack,
    sink: Sink,
    streams: dict[Key, Tensor],
    copied: bool,
) -> None:
    def put(what: str, further: int = 0) -> Callable[[Any], None]:
        def store(value: Any) -> None:
            # Hooks sit on a network that other threads may be running: only our own pass counts.
            if SINK.get() is sink and sink.place is not None:
                name, layer, _ = sink.place
                if what == "entered" and layer and model.anatomy.named:
                    return  # the tests know that each block reads what the one before it left
                tensor = value[0] if isinstance(value, (tuple, list)) and value else value
                if isinstance(tensor, Tensor):
                    # Copied, since some families add to it in place afterwards (Falcon).
                    streams[what, name, layer + further] = tensor.clone() if copied else tensor

        return store

    for _, tower, _, block in _blocks(model):
        if "residual" in keep:
            before(hooks, block, put("entered"))
            # First of a block's hooks after it, so that its place is still known.
            after(hooks, block, put("residual", 1), first=True)
            writes = {
                "attention_writes": tower.attention_write,
                "cross_writes": tower.cross_write,
                "mlp_writes": tower.mlp_write,
            }
            for what, path in writes.items():
                if path:
                    after(hooks, part(block, path), put(what))
        if "mlp" in keep and tower.mlp_down:
            before(hooks, part(block, tower.mlp_down), put("mlp_activations"))


def _let_gradients_in(model: Model, hooks: ExitStack, sink: Sink, leaves: list[Tensor]) -> None:
    """Let gradients reach the embeddings, although the weights are frozen."""

    def hook(_module: nn.Module, _args: Any, output: Any) -> Any:
        if SINK.get() is sink and isinstance(output, Tensor) and output.is_floating_point():
            # A copy of a leaf: some families add to the embeddings in place.
            leaves.append(output.detach().clone().requires_grad_())
            return leaves[-1].clone()
        return None

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


def _places(model: Model, sink: Sink) -> Iterator[tuple[StackName, int, AttentionKind, Caught]]:
    """Say of each sublayer that was caught where it stands, from the first layer up."""
    across = _cross_modules(model)
    met: dict[tuple[StackName, int], int] = {}
    for caught in sink.caught:
        if caught.place is None:
            continue  # outside of the blocks: a pooler, or a tower for pictures
        name, layer, _ = caught.place
        met[name, layer] = met.get((name, layer), 0) + 1
        if caught.module is not None and across:
            crossing = caught.module in across
        else:
            # Of an unknown family's decoder, the second attention of a block looks across.
            crossing = (
                len(model.anatomy.towers) == 2 and name == "decoder" and met[name, layer] == 2
            )
        yield name, layer, "cross" if crossing else "self", caught


def _cross_modules(model: Model) -> set[nn.Module]:
    return {
        module
        for _, tower, _, block in _blocks(model)
        if tower.cross_attention
        for module in part(block, tower.cross_attention).modules()
    }


def _stack(
    model: Model, name: StackName, ids: list[int], streams: dict[Key, Tensor]
) -> StackRecord:
    def layers(what: str) -> list[Array]:
        found = sorted(key for key in streams if key[:2] == (what, name))
        rows = [rows_of(streams[key], len(ids)) for key in found]
        return [] if any(row is None for row in rows) else [_array(row) for row in rows]  # type: ignore[arg-type]

    def stacked(what: str) -> Array | None:
        rows = layers(what)
        return np.stack(rows) if rows and len({row.shape for row in rows}) == 1 else None

    residual = stacked("residual")
    entered = layers("entered")
    if residual is not None:
        # A chain, in which each block reads what the one before it left: else it is no stream.
        chain = len(entered) == (1 if model.anatomy.named else len(residual)) and all(
            np.array_equal(one, other, equal_nan=True)
            for one, other in zip(entered[1:], residual[:-1], strict=False)
        )
        residual = np.concatenate([entered[:1], residual]) if chain else None
    return StackRecord(
        name=name,
        ids=tuple(ids),
        tokens=model.token_texts(ids),
        residual=residual,
        attention_writes=stacked("attention_writes"),
        cross_writes=stacked("cross_writes"),
        mlp_writes=stacked("mlp_writes"),
        mlp_activations=tuple(layers("mlp_activations")) or None,
    )


def rows_of(tensor: Tensor, tokens: int) -> Tensor | None:
    """Return a stream as [token, width], or None if it is not one row for each token.

    OPT flattens text and position, XLNet puts the position first; with one text all hold the same
    rows.
    """
    return tensor.reshape(tokens, -1) if tensor.numel() == tokens * tensor.shape[-1] else None


def _attention(
    stack: StackName, layer: int, kind: AttentionKind, caught: Caught, dtype: str
) -> AttentionRecord:
    def heads(tensor: Tensor) -> Array:
        # The batch holds one text: [1, head, ...] and BLOOM's [1 * head, ...] mean the same.
        return _array(tensor).reshape(-1, *tensor.shape[-2:])

    def known(tensor: Tensor | None) -> Array | None:
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


def _array(tensor: Tensor) -> Array:
    return tensor.detach().to("cpu", torch.float32).numpy()
