"""What a cache holds: keys and values, whatever else, and their bytes as they grow."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from jaxtyping import Float, Float32, Int64
from torch import Tensor

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.decoding import Decoder
from components.inspection.errors import InspectionError
from components.inspection.kv_cache.asking import checked
from components.inspection.kv_cache.dimensions import shape_of
from components.inspection.kv_cache.held import cross_layers, kept, kept_bytes, own_layers
from components.inspection.kv_cache.shapes import Shape
from components.inspection.model import Model
from components.inspection.progress import Progress, silent

MOST_BYTES: Final = 2**26
"""Of keys and values handed on to be drawn."""


@dataclass(frozen=True, eq=False)
class Contents:
    """A cache after a prompt and some greedy tokens, and how it grew."""

    shape: Shape
    itemsize: int
    """Bytes of one number of the model's format."""
    dtype: str
    tokens: tuple[str, ...]
    """All tokens in the cache; the last one written is not in it yet."""
    prompt: int
    """How many of them prefill put there."""
    keys: tuple[Float32[np.ndarray, "_kv_head position _size"] | None, ...]
    """Of each layer, as they lie there: where the model rotates, after the rotation. A layer with a
    sliding window has forgotten its first positions: NaN. None where a layer keeps no rows for
    tokens."""
    values: tuple[Float32[np.ndarray, "_kv_head position _value_size"] | None, ...]
    """Of each layer; NaN and None as in `keys`."""
    grown: Int64[np.ndarray, " step"]
    """Bytes in all layers, measured on the cache; step 0 is after prefill."""
    law: Int64[np.ndarray, " step"] | None
    """The same by the law that was counted without numbers; None if there is none."""
    layer_bytes: Int64[np.ndarray, " layer"]
    """Bytes of each layer at the end, measured."""
    layer_kept: tuple[str, ...]
    """For each layer: what lies there at the end, by name, with its axes, as the cache has it."""
    no_numbers: int
    """How many numbers in the cache are none (infinite, or NaN)."""
    cross_bytes: int
    """Of two stacks: keys and values of what the encoder read, which do not grow."""
    cross_law: int
    """The same by the law."""

    @property
    def rows_in(self) -> tuple[int, ...]:
        """The layers with keys and values of tokens."""
        return tuple(layer for layer, keys in enumerate(self.keys) if keys is not None)

    @property
    def checks(self) -> tuple[Check, ...]:
        """That there are numbers in the real cache; its bytes, after each step, against the law."""
        numbers = Check(
            "what the cache holds are numbers", float(self.no_numbers), 0.0, rounding.NO_NUMBERS
        )
        if self.law is None:
            return (numbers,)
        off = np.abs(self.grown - self.law).max(initial=abs(self.cross_bytes - self.cross_law))
        return (
            numbers,
            Check(
                "after each token the cache holds the bytes that the law says",
                float(off),
                0.0,
                "The line drawn is not what this cache takes.",
            ),
        )


def contents(
    model: Model, text: str, prompt: int | None, new: int, progress: Progress = silent
) -> Contents:
    """Fill a cache with `prompt` tokens and `new` greedy ones, and copy out what is in it.

    With `prompt` None the text is taken as it is, else cut or repeated.

    Raises:
        InspectionError: as `asking.checked`; or the keys and values are too many to be drawn.
    """
    decoder = Decoder(model, checked(model, text, prompt, new))
    shape, start, itemsize = shape_of(model), decoder.begin.shape[1], model.dtype.itemsize
    length = start + new
    drawn = 0.0 if shape.lawless else shape.cache_bytes(length, 4)
    if drawn > MOST_BYTES:
        raise InspectionError(
            f"{length:,} tokens of this model have {drawn / 2**20:,.0f} MiB of keys and values; up "
            f"to {MOST_BYTES / 2**20:.0f} can be drawn. Choose a shorter prompt."
        )
    cache = decoder.new_cache()
    written: list[int] = []
    grown: list[int] = []
    for _, token in decoder.greedy(cache, new + 1):
        grown.append(sum(kept_bytes(layer) for layer in own_layers(cache)))
        written.append(int(token))
        progress(len(written) / (new + 1), f"Token {len(written)} of {new + 1}")
    layers = own_layers(cache)
    layers = layers[: len(shape.cache) or len(layers)]
    return Contents(
        shape=shape,
        itemsize=itemsize,
        dtype=model.facts.dtype,
        tokens=model.token_texts([*decoder.begin[0].tolist(), *written[:-1]]),
        prompt=start,
        keys=tuple(_rows(kept(layer).get("keys"), length) for layer in layers),
        values=tuple(_rows(kept(layer).get("values"), length) for layer in layers),
        grown=np.array(grown),
        law=None
        if shape.lawless
        else np.array([int(shape.cache_bytes(start + step, itemsize)) for step in range(new + 1)]),
        layer_bytes=np.array([kept_bytes(layer) for layer in layers]),
        layer_kept=tuple(_named(layer) for layer in layers),
        no_numbers=sum(_no_numbers(layer) for layer in layers),
        cross_bytes=sum(kept_bytes(layer) for layer in cross_layers(cache)),
        cross_law=shape.cross_row * decoder.read.shape[1] * itemsize if decoder.two_stacks else 0,
    )


def _named(layer: Any) -> str:
    tensors = kept(layer).items()
    return "; ".join(f"{name} {tuple(each.shape)}" for name, each in tensors) or "nothing"


def _no_numbers(layer: Any) -> int:
    return sum(int((~each.isfinite()).sum()) for each in kept(layer).values())


def _rows(
    tensor: Float[Tensor, "..."] | None, length: int
) -> Float32[np.ndarray, "kv_head {length} size"] | None:
    if tensor is None or tensor.dim() != 4 or tensor.shape[2] > length:
        return None
    rows = tensor[0].detach().float().cpu().numpy()
    forgotten = length - rows.shape[1]
    return np.pad(rows, ((0, 0), (forgotten, 0), (0, 0)), constant_values=np.nan)
