"""What a cache holds: keys and values, their bytes, and why they never change."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from components.inspection.anatomy import StackName
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.kv_cache.decoding import Decoding, self_layers
from components.inspection.kv_cache.shapes import Shape, shape_of
from components.inspection.kv_cache.timing import checked
from components.inspection.model import Model
from components.inspection.recording import Array

MOST_BYTES: Final = 2**26
"""Of keys and values handed on to be drawn."""


@dataclass(frozen=True, eq=False)
class Contents:
    """A cache after a prompt and some greedy tokens, and how it grew."""

    shape: Shape
    itemsize: int
    """Bytes of one number."""
    dtype: str
    tokens: tuple[str, ...]
    """[position]: all tokens in the cache; the last one written is not in it yet."""
    prompt: int
    """How many of them prefill put there."""
    keys: Array
    """[layer, kv_head, position, size], after the rotation where the model rotates. A layer with
    a sliding window has forgotten its first positions: NaN."""
    values: Array
    """Likewise."""
    grown: NDArray[np.int64]
    """[step]: bytes in all layers, measured on the cache; step 0 is after prefill."""
    formula: NDArray[np.int64]
    """[step]: the same by the formula."""
    layer_bytes: NDArray[np.int64]
    """[layer]: bytes at the end, measured."""
    layer_shapes: tuple[tuple[int, ...], ...]
    """[layer]: (batch, kv head, position, size) of the keys at the end, read from the cache."""
    rotated: bool
    """Keys were turned by their position (RoPE) before they were put there."""
    cross_bytes: int
    """Of an encoder-decoder: keys and values of what the encoder read, which do not grow."""


def contents(model: Model, text: str, prompt: int | None, new: int) -> Contents:
    """Fill a cache with `prompt` tokens and `new` greedy ones, and copy out what is in it.

    With `prompt` None the text is taken as it is, else cut or repeated.

    Raises:
        InspectionError: as `timing.measure`; or the keys and values are too many to be drawn.
    """
    decoding = Decoding(model, checked(model, text, prompt, new))
    shape = shape_of(model)
    start = decoding.begin.shape[1]
    if shape.cache_bytes(start + new, 4) > MOST_BYTES:
        raise InspectionError(
            f"{start + new:,} tokens of this model have "
            f"{shape.cache_bytes(start + new, 4) / 2**20:,.0f} MiB of keys and values; up to "
            f"{MOST_BYTES / 2**20:.0f} can be drawn. Choose a shorter prompt."
        )
    cache = decoding.new_cache()
    token = decoding.prefill(cache).argmax().view(1, 1)
    fed, grown = decoding.begin, [_bytes(cache)]
    for _ in range(new):
        fed = torch.cat([fed, token], dim=1)
        token = decoding.step(token, cache).argmax().view(1, 1)
        grown.append(_bytes(cache))
    layers = self_layers(cache)
    itemsize = layers[0].keys.element_size()
    cross = getattr(cache, "cross_attention_cache", None)
    return Contents(
        shape=shape,
        itemsize=itemsize,
        dtype=str(layers[0].keys.dtype).removeprefix("torch."),
        tokens=model.token_texts(fed[0].tolist()),
        prompt=start,
        keys=_stacked([layer.keys for layer in layers], fed.shape[1]),
        values=_stacked([layer.values for layer in layers], fed.shape[1]),
        grown=np.array(grown),
        formula=np.array(
            [int(shape.cache_bytes(start + step, itemsize)) for step in range(new + 1)]
        ),
        layer_bytes=np.array([layer.keys.nbytes + layer.values.nbytes for layer in layers]),
        layer_shapes=tuple(tuple(layer.keys.shape) for layer in layers),
        rotated=model.anatomy.position == "rope",
        cross_bytes=0
        if cross is None
        else sum(one.keys.nbytes + one.values.nbytes for one in cross.layers if one.is_initialized),
    )


def _bytes(cache: object) -> int:
    return sum(layer.keys.nbytes + layer.values.nbytes for layer in self_layers(cache))  # type: ignore[arg-type]


def _stacked(tensors: list[torch.Tensor], length: int) -> Array:
    stacked = []
    for tensor in tensors:
        rows = tensor[0].detach().to("cpu", torch.float32).numpy()
        forgotten = length - rows.shape[1]
        stacked.append(np.pad(rows, ((0, 0), (forgotten, 0), (0, 0)), constant_values=np.nan))
    return np.stack(stacked)


@dataclass(frozen=True, eq=False)
class LastTokenChanged:
    """How much keys and values change where the last token of a text is another one."""

    tokens: tuple[str, ...]
    replaced: str
    """What stands in the last place instead."""
    change: Array
    """[layer, position]: the largest absolute change of a key or a value."""

    @property
    def before(self) -> float:
        """The largest change at any position but the last."""
        return float(self.change[:, :-1].max())


def last_token_changed(model: Model, text: str) -> LastTokenChanged:
    """Read `text` twice, the second time with another last token, and compare.

    Where tokens read backwards only, all that was computed before stays as it is: that is what
    makes a cache possible. Where they read both ways, everything changes.

    Raises:
        InspectionError: the text is empty, too long, or has a single token only.
    """
    ids = model.encode(text)
    # A masked model's text ends in a special token, which stays.
    place = len(ids) - 1
    while place > 0 and ids[place] in set(model.tokenizer.all_special_ids):
        place -= 1
    if place < 1:
        raise InspectionError("The text has one token only: type a few words more.")
    special = {ids[place], *model.tokenizer.all_special_ids}
    other = next(i for i in [*ids[:place], *range(model.facts.vocabulary)] if i not in special)
    changed = [*ids[:place], other]
    kept = slice(0, place + 1)
    stack: StackName = "encoder" if "encoder" in model.anatomy.towers else "decoder"
    first = record(model, ids[kept], keep=["attention"]).of(stack)
    second = record(model, changed, keep=["attention"]).of(stack)
    change = [
        np.maximum(
            np.abs(one.keys - two.keys).max(axis=(0, 2)),
            np.abs(one.values - two.values).max(axis=(0, 2)),
        )
        for one, two in zip(first, second, strict=True)
    ]
    return LastTokenChanged(
        tokens=model.token_texts(ids[kept]),
        replaced=model.token_texts([other])[0],
        change=np.stack(change),
    )
