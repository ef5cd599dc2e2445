"""One forward pass, and what was asked of its inside."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
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
from components.inspection.tap import SINK, Caught, Sink, SoftmaxTap, begin_legacy, end_legacy

Part = Literal["residual", "attention", "mlp", "logits"]
EVERYTHING: Final[tuple[Part, ...]] = ("residual", "attention", "mlp", "logits")
MOST_BYTES: Final = 2 * 2**30
"""A recording holds at most 2 GiB: GPT-2 at its full context of 1,024 tokens fits."""

Place = tuple[StackName, int, AttentionKind]


def record(
    model: Model,
    text: str | Sequence[int],
    target: str | Sequence[int] | None = None,
    keep: Sequence[Part] = EVERYTHING,
) -> Recording:
    """Let `model` read `text` (or token ids) once, and keep the parts named in `keep`.

    An encoder-decoder reads `text` in its encoder; its decoder reads its start token and then
    `target`, if there is one. The output is that of an ordinary eager pass, bit for bit, and
    nothing stays on the network, whatever happens.

    Raises:
        InspectionError: the text is empty or too long for the model or for a recording.
    """
    inputs = _inputs(model, text, target)
    _check_size(model, {name: ids.shape[1] for name, ids in inputs.items()}, keep)
    streams: dict[tuple[str, StackName, int], Tensor] = {}
    places = _attention_places(model)
    sink = Sink(tap=None if model.watched else SoftmaxTap())
    token = SINK.set(sink)
    try:
        with ExitStack() as hooks:
            _hook_streams(model, keep, hooks, sink, streams)
            if "attention" in keep and not model.watched:
                _hook_legacy(model, hooks, sink)
                assert sink.tap is not None
                hooks.enter_context(sink.tap)
            hooks.enter_context(torch.no_grad())
            output = model.network(**_arguments(model, inputs))
    finally:
        SINK.reset(token)
    attentions: tuple[AttentionRecord, ...] = ()
    if "attention" in keep:
        attentions = tuple(_attention(caught, places[caught.module]) for caught in sink.caught)
    return Recording(
        source=model.source,
        stacks=tuple(_stack(model, name, ids[0].tolist(), streams) for name, ids in inputs.items()),
        attentions=attentions,
        logits=_array(output.logits[0]) if "logits" in keep else None,
    )


def _inputs(
    model: Model, text: str | Sequence[int], target: str | Sequence[int] | None
) -> dict[StackName, Tensor]:
    ids = model.encode(text) if isinstance(text, str) else model.checked(text)
    given = torch.tensor([ids], device=model.device)
    if model.kind != "seq2seq":
        return {next(iter(model.anatomy.towers)): given}
    if target is None:
        continuation: list[int] = []
    elif isinstance(target, str):
        continuation = model.encode_target(target)
    else:
        continuation = model.checked(target)
    start = model.decoder_start
    return {
        "encoder": given,
        "decoder": torch.tensor([[start, *continuation]], device=model.device),
    }


def _arguments(model: Model, inputs: dict[StackName, Tensor]) -> dict[str, Any]:
    if model.kind == "seq2seq":
        return {
            "input_ids": inputs["encoder"],
            "decoder_input_ids": inputs["decoder"],
            "use_cache": False,
        }
    (ids,) = inputs.values()
    arguments: dict[str, Any] = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    return arguments | ({"use_cache": False} if model.kind == "causal" else {})


def _check_size(model: Model, lengths: dict[StackName, int], keep: Sequence[Part]) -> None:
    config = model.network.config.get_text_config()
    layers, heads = config.num_hidden_layers, config.num_attention_heads
    width, tokens = config.hidden_size, sum(lengths.values())
    size = (
        4
        * tokens
        * (
            ("attention" in keep) * layers * heads * (2 * tokens + 4 * width // heads)
            + ("residual" in keep) * 3 * layers * width
            + ("mlp" in keep) * 4 * layers * width
            + ("logits" in keep) * config.vocab_size
        )
    )
    if size > MOST_BYTES:
        raise InspectionError(
            f"Recording {tokens} tokens of this model would take {size / 2**30:.1f} GiB; the "
            f"limit is {MOST_BYTES / 2**30:.0f} GiB. Shorten the text."
        )


def _blocks(model: Model) -> Iterator[tuple[StackName, Tower, int, nn.Module]]:
    base = model.network.base_model
    for name, tower in model.anatomy.towers.items():
        for layer, block in enumerate(part(base, tower.blocks).children()):
            yield name, tower, layer, block


def _attention_places(model: Model) -> dict[nn.Module, Place]:
    """Say of every module in a block whose attention it would be, should it attend."""
    places: dict[nn.Module, Place] = {}
    for name, tower, layer, block in _blocks(model):
        for path, module in block.named_modules():
            across = tower.cross_attention and path.startswith(tower.cross_attention)
            places[module] = (name, layer, "cross" if across else "self")
    return places


def _hook_streams(
    model: Model,
    keep: Sequence[Part],
    hooks: ExitStack,
    sink: Sink,
    streams: dict[tuple[str, StackName, int], Tensor],
) -> None:
    def put(what: str, name: StackName, layer: int) -> Callable[[Any], None]:
        def store(value: Any) -> None:
            # Hooks sit on a network that other threads may be running: only our own pass counts.
            if SINK.get() is sink:
                # Copied, since some families add to it in place afterwards (Falcon).
                streams[what, name, layer] = _first(value).clone()

        return store

    for name, tower, layer, block in _blocks(model):
        if "residual" in keep:
            if layer == 0:
                _before(hooks, block, put("residual", name, 0))
            _after(hooks, block, put("residual", name, layer + 1))
            writes = {
                "attention_writes": tower.attention_write,
                "cross_writes": tower.cross_write,
                "mlp_writes": tower.mlp_write,
            }
            for what, path in writes.items():
                if path:
                    _after(hooks, part(block, path), put(what, name, layer))
        if "mlp" in keep and tower.mlp_down:
            _before(hooks, part(block, tower.mlp_down), put("mlp_activations", name, layer))


def _hook_legacy(model: Model, hooks: ExitStack, sink: Sink) -> None:
    for _, tower, _, block in _blocks(model):
        module = part(block, tower.attention)

        def begin(_value: Any) -> None:
            if SINK.get() is sink:
                begin_legacy(sink)

        def end(_value: Any, module: nn.Module = module) -> None:
            if SINK.get() is sink:
                end_legacy(sink, module)

        _before(hooks, module, begin)
        _after(hooks, module, end)


def _before(hooks: ExitStack, module: nn.Module, store: Callable[[Any], None]) -> None:
    # Without `with_kwargs`, which torch keeps in a second dict: another thread's pass could
    # meet a hook between the two writes.
    def hook(_module: nn.Module, args: tuple[Any, ...]) -> None:
        store(args[0] if args else None)

    hooks.callback(module.register_forward_pre_hook(hook).remove)


def _after(hooks: ExitStack, module: nn.Module, store: Callable[[Any], None]) -> None:
    def hook(_module: nn.Module, _args: Any, output: Any) -> None:
        store(output)

    hooks.callback(module.register_forward_hook(hook).remove)


def _first(value: Any) -> Tensor:
    tensor = value[0] if isinstance(value, (tuple, list)) else value
    if not isinstance(tensor, Tensor):
        raise InspectionError(
            "This family hands its blocks their input in a way that Vitrine does not know."
        )
    return tensor


def _stack(
    model: Model,
    name: StackName,
    ids: list[int],
    streams: dict[tuple[str, StackName, int], Tensor],
) -> StackRecord:
    def layers(what: str) -> list[Array]:
        found = sorted(key for key in streams if key[:2] == (what, name))
        # OPT flattens batch and position; with one text both shapes hold the same rows.
        return [_array(streams[key]).reshape(-1, streams[key].shape[-1]) for key in found]

    def stacked(what: str) -> Array | None:
        rows = layers(what)
        return np.stack(rows) if rows else None

    return StackRecord(
        name=name,
        ids=tuple(ids),
        tokens=model.token_texts(ids),
        residual=stacked("residual"),
        attention_writes=stacked("attention_writes"),
        cross_writes=stacked("cross_writes"),
        mlp_writes=stacked("mlp_writes"),
        mlp_activations=tuple(layers("mlp_activations")) or None,
    )


def _attention(caught: Caught, place: Place) -> AttentionRecord:
    stack, layer, kind = place

    def heads(tensor: Tensor) -> Array:
        # The batch holds one text: [1, head, ...] and BLOOM's [1 * head, ...] mean the same.
        return _array(tensor).reshape(-1, *tensor.shape[-2:])

    return AttentionRecord(
        stack=stack,
        layer=layer,
        kind=kind,
        queries=heads(caught.queries),
        keys=heads(caught.keys),
        values=heads(caught.values),
        scores=heads(caught.scores),
        weights=heads(caught.weights),
        outputs=heads(caught.outputs),
    )


def _array(tensor: Tensor) -> Array:
    return tensor.detach().to("cpu", torch.float32).numpy()
