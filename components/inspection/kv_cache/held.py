"""What a cache holds: every tensor of every layer, whatever the family keeps there."""

from collections.abc import Iterator
from typing import Any

import torch
from jaxtyping import Shaped
from torch import Tensor
from transformers import Cache, EncoderDecoderCache


def own_layers(cache: Cache) -> list[Any]:
    """Return the layers for the text that is written (of two stacks: the decoder's own)."""
    own = cache.self_attention_cache if isinstance(cache, EncoderDecoderCache) else cache
    return list(own.layers)


def cross_layers(cache: Cache) -> list[Any]:
    """Return the layers for what the encoder read; empty where there is no encoder."""
    return (
        list(cache.cross_attention_cache.layers) if hasattr(cache, "cross_attention_cache") else []
    )


def kept(layer: Any) -> dict[str, Shaped[Tensor, "..."]]:
    """Return by name what a cache's layer keeps of a text.

    Beside `keys` and `values` that may be states of convolutions and recurrences, keys of an
    indexer, rounded keys. Flags and lengths are tensors too, of one number each: they are left out.
    """
    return {name: tensor for name, tensor in _named("", vars(layer)) if tensor.dim() > 1}


def kept_bytes(layer: Any) -> int:
    """Return the bytes of the numbers in a layer."""
    return sum(tensor.nbytes for tensor in kept(layer).values())


def held_by_device(cache: Cache) -> dict[str, int]:
    """Return for each device the bytes of memory behind a cache, shared memory counted once."""
    storages: dict[tuple[str, int], int] = {}
    for layer in own_layers(cache):
        for tensor in kept(layer).values():
            storage = tensor.untyped_storage()
            storages[str(tensor.device), storage.data_ptr()] = storage.nbytes()
    held: dict[str, int] = {}
    for (device, _), size in storages.items():
        held[device] = held.get(device, 0) + size
    return held


def remembered(cache: Cache) -> int:
    """Return how many tokens the layer with most of them remembers; 0 where none keeps any."""
    rows = [
        tensor.shape[2]
        for layer in own_layers(cache)
        for name, tensor in kept(layer).items()
        if tensor.dim() == 4 and "state" not in name
    ]
    return max(rows, default=0)


def _named(name: str, value: Any) -> Iterator[tuple[str, Shaped[Tensor, "..."]]]:
    if isinstance(value, torch.Tensor):
        yield name, value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _named(f"{name} {key}".strip(), each)
    elif isinstance(value, (tuple, list)):
        for place, each in enumerate(value):
            yield from _named(f"{name} {place}".strip(), each)
