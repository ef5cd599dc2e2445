"""What a network's cache holds, counted at several lengths, on shapes without numbers if it can."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import torch
from transformers import Cache, PreTrainedModel

from components.inspection.decoding import Decoder
from components.inspection.errors import InspectionError
from components.inspection.kv_cache import shadow
from components.inspection.kv_cache.held import kept, own_layers
from components.inspection.kv_cache.law import Count, Counter, LayerLaw, derived
from components.inspection.model import Model
from components.inspection.probe import drawn
from components.inspection.progress import Progress, silent

NEAR: Final = 64
"""Tokens of the first text: all layers that keep anything do so then."""
FAR_WITH_STATES: Final = 600
"""Tokens of the long text for networks that keep states, which go through a text in a loop. Others
are counted at their whole context."""
FAR_LOADED: Final = 256
"""The same where the loaded network itself must read."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CacheLaw:
    """How a cache grows."""

    laws: tuple[LayerLaw, ...]
    """[layer]; empty where it follows no law."""
    cross_row: int
    """Of two stacks: numbers that all layers keep of each token that the encoder read."""
    lawless: str
    """Why there are no laws; empty where there are."""
    called: frozenset[str] | None = None
    """The modules that a pass calls; None where that was not seen."""


def counted(
    network: PreTrainedModel,
    name: str,
    context: int,
    model: Model | None = None,
    progress: Progress = silent,
) -> CacheLaw:
    """Count what the cache of `network` holds, on its shapes alone.

    Where its code does not run without numbers, `model`, if it is loaded, reads short texts.

    Raises:
        InspectionError: neither goes, or nothing is kept in the cache.
    """
    try:
        return _on_shapes(network, name, context, progress)
    except shadow.NeedsNumbersError as error:
        log.warning("%s does not run without numbers", type(network).__name__, exc_info=True)
        if model is None:
            raise InspectionError(
                f"The code of '{name}' ({type(network).__name__} in transformers) does not run on "
                f"shapes without numbers ({error}), so what its cache takes cannot "
                "be counted before it is loaded: choose it in the sidebar, and here “the model in "
                "the sidebar”."
            ) from error
    return _of_itself(model)


def _on_shapes(network: PreTrainedModel, name: str, context: int, progress: Progress) -> CacheLaw:
    shapes, near = shadow.shadow_of(network), min(NEAR, context)
    cache, called = shadow.watched(shapes, near)
    first = shadow.counted(cache, torch.bfloat16)
    layers = _used(first, name)

    def count(length: int, batch: int) -> Sequence[Count]:
        if (length, batch) == (near, 1):
            return first[:layers]
        progress(0.5, f"Reading {length:,} tokens without numbers")
        filled = shadow.filled_cache(shapes, length, batch)
        return shadow.counted(filled, torch.bfloat16)[:layers]

    far = context - 1
    if any("state" in tensor for layer in own_layers(cache) for tensor in kept(layer)):
        far = min(far, max(FAR_WITH_STATES, 2 * _widest_window(cache) + 3))
    found = _lawful(count, far, near, shadow.cross_row(cache), name)
    return replace(found, called=called)


def _of_itself(model: Model) -> CacheLaw:
    """Count on the loaded network, with texts of ordinary tokens."""

    def filled(length: int, batch: int) -> Cache:
        decoder = Decoder(model, drawn(model, length), batch)
        if decoder.two_stacks:
            decoder.begin = decoder.read
        cache = decoder.new_cache()
        decoder.prefill(cache)
        return cache

    near = min(NEAR, model.context)
    cache = filled(near, 1)
    layers = _used(shadow.counted(cache, model.dtype), model.name)
    far = min(FAR_LOADED, model.context) - 1
    if 2 * _widest_window(cache) > far and far < model.context - 1:
        return CacheLaw((), 0, _no_law(model.name, "its windows are wider than can be tried"))
    return _lawful(
        lambda length, batch: shadow.counted(filled(length, batch), model.dtype)[:layers],
        far,
        near,
        shadow.cross_row(cache),
        model.name,
    )


def _used(counts: Sequence[Count], name: str) -> int:
    """Return how many layers there are up to the last that keeps anything."""
    used = [place + 1 for place, one in enumerate(counts) if one.numbers or one.other_bytes]
    if not used:
        raise InspectionError(
            f"'{name}' leaves nothing in a cache of keys and values: what it keeps from token to "
            "token, if anything, is something else. Choose another model, such as storyteller."
        )
    return used[-1]


def _widest_window(cache: Cache) -> int:
    return max(getattr(layer, "sliding_window", None) or 0 for layer in own_layers(cache))


def _lawful(count: Counter, far: int, near: int, cross: int, name: str) -> CacheLaw:
    laws = derived(count, far, near)
    if laws is not None:
        return CacheLaw(laws, cross, "")
    texts = (far // 4, far)
    held = [sum(2 * one.numbers + one.other_bytes for one in count(text, 1)) for text in texts]
    return CacheLaw(
        (),
        cross,
        _no_law(
            name,
            f"in 16 bit it holds {held[0]:,} bytes after {texts[0]:,} tokens, and {held[1]:,} "
            f"after {texts[1]:,}",
        ),
    )


def _no_law(name: str, seen: str) -> str:
    return (
        f"The cache of '{name}' grows by no law that its first tokens tell ({seen}), so nothing is "
        "said of other lengths. “What is in it” counts what is there."
    )
