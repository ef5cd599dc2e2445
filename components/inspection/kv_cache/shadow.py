"""A network of shapes without numbers runs its own code, to see what its cache would hold.

It is built on torch's meta device, in no memory, whatever its size: a text of 100,000 tokens takes
a 671-billion-parameter network less than a second.
"""

import copy
from contextlib import ExitStack
from functools import partial
from typing import Any, Final

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import Cache, DynamicCache, EncoderDecoderCache, PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput

from components.inspection.building import on_meta
from components.inspection.kv_cache.held import cross_layers, kept, own_layers
from components.inspection.kv_cache.law import Count
from components.inspection.running import RAISED

ENCODED: Final = 5
"""Tokens that the encoder of two stacks is taken to have read."""


class NeedsNumbersError(Exception):
    """A network's own code does not run on shapes alone; its text is the kind of error."""


class ShapesOnlyMode(TorchDispatchMode):
    """Answers where code asks a tensor of shapes for a number, which it has not.

    Zero, and "nowhere" (no expert is chosen): how much a cache holds depends on no value.
    """

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        asked = func._overloadpacket
        if args and isinstance(args[0], Tensor) and args[0].is_meta:
            if asked is torch.ops.aten._local_scalar_dense:
                return 0
            if asked is torch.ops.aten.nonzero:
                return args[0].new_empty((0, args[0].dim()), dtype=torch.long)
        return func(*args, **(kwargs or {}))


def shadow_of(network: PreTrainedModel) -> PreTrainedModel:
    """Return the shapes of `network`, in bfloat16: what is kept in another format shows then.

    Raises:
        NeedsNumbersError: it cannot be built so.
    """
    config = copy.deepcopy(network.config)
    config._attn_implementation = "eager"
    try:
        built = on_meta(type(network), config)
    except RAISED as error:
        raise NeedsNumbersError(type(error).__name__) from error
    # Of `Module.to` and not transformers' own, which is typed for devices alone.
    shapes: PreTrainedModel = torch.nn.Module.to(built, torch.bfloat16)
    return shapes


def new_cache(network: PreTrainedModel) -> Cache:
    """Return an empty cache as the model makes one itself."""
    config = network.config
    if config.is_encoder_decoder:
        return EncoderDecoderCache(DynamicCache(config=config), DynamicCache(config=config))
    return DynamicCache(config=config.get_text_config(decoder=True))


def watched(shadow: PreTrainedModel, length: int) -> tuple[Cache, frozenset[str]]:
    """Do as `filled_cache` for one text; return also the names of the modules that were called."""
    called: set[str] = set()
    with ExitStack() as hooks:
        for name, module in shadow.named_modules():
            note = partial(_note, called, name)
            hooks.callback(module.register_forward_pre_hook(note).remove)
        cache = filled_cache(shadow, length, 1)
    return cache, frozenset(called)


def _note(called: set[str], name: str, _module: Any, _args: Any) -> None:
    called.add(name)


def filled_cache(shadow: PreTrainedModel, length: int, batch: int) -> Cache:
    """Let `shadow` read `length` tokens in each of `batch` texts; return its cache.

    Of two stacks the decoder reads them, the encoder has read `ENCODED` before.

    Raises:
        NeedsNumbersError: the network's code fails.
    """
    cache, device = new_cache(shadow), torch.device("meta")
    ids = torch.zeros((batch, length), dtype=torch.long, device=device)
    given: dict[str, Any] = {"input_ids": ids}
    if shadow.config.is_encoder_decoder:
        table: Any = shadow.get_input_embeddings()
        size = (batch, ENCODED, table.weight.shape[1])
        read = torch.empty(size, dtype=shadow.dtype, device=device)
        given = {
            "decoder_input_ids": ids,
            "encoder_outputs": BaseModelOutput(last_hidden_state=read),
        }
    try:
        with ShapesOnlyMode(), torch.no_grad():
            shadow(past_key_values=cache, use_cache=True, **given)
    except RAISED as error:
        raise NeedsNumbersError(type(error).__name__) from error
    return cache


def counted(cache: Cache, dtype: torch.dtype) -> list[Count]:
    """Return what each of a cache's layers keeps; numbers in `dtype` apart from others."""
    return [_count(layer, dtype) for layer in own_layers(cache)]


def cross_row(cache: Cache) -> int:
    """Return the numbers that all layers keep of each token that the encoder read."""
    return sum(
        tensor.numel() // tensor.shape[0] // tensor.shape[-2]
        for layer in cross_layers(cache)
        for tensor in kept(layer).values()
    )


def _count(layer: Any, dtype: torch.dtype) -> Count:
    tensors = kept(layer)
    keys, values = tensors.get("keys"), tensors.get("values")
    pair = keys is not None and values is not None and keys.dim() == values.dim() == 4
    return Count(
        numbers=sum(each.numel() for each in tensors.values() if each.dtype == dtype),
        other_bytes=sum(each.nbytes for each in tensors.values() if each.dtype != dtype),
        heads=keys.shape[1] if pair and keys is not None else 0,
        key_size=keys.shape[-1] if pair and keys is not None else 0,
        value_size=values.shape[-1] if pair and values is not None else 0,
    )
