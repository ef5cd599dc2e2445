"""The kinds of cache that transformers offers, side by side on the same tokens."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import Cache, DynamicCache, EncoderDecoderCache

from components.inspection.kv_cache.clock import quiet, timed
from components.inspection.kv_cache.decoding import Decoding
from components.inspection.kv_cache.offers import KINDS, config_of
from components.inspection.kv_cache.shapes import shape_of
from components.inspection.kv_cache.timing import checked
from components.inspection.model import Model


@dataclass(frozen=True, eq=False)
class KindRow:
    """One kind of cache on the common tokens."""

    name: str
    says: str
    refused: str
    """Why it was not run; empty if it was."""
    held: int = 0
    """Bytes that it holds at the end, all tensors' storage counted once."""
    rows: int = 0
    """Tokens that the first layer remembers at the end."""
    seconds: NDArray[np.float64] | None = None
    """[repeat, step]: decode steps, without prefill; NaN where not (yet) measured."""
    difference: float = float("nan")
    """The largest absolute difference of a logit from the dynamic cache's, over all steps."""
    same: int = 0
    """Steps at which the best token is the dynamic cache's."""
    steps: int = 0

    @property
    def runs(self) -> int:
        """Repeats that were measured."""
        return 0 if self.seconds is None else int(np.isfinite(self.seconds).all(axis=1).sum())

    def quantile(self, share: float) -> float:
        """Return the seconds below which `share` of all measured steps lie; NaN without any."""
        if self.seconds is None or not self.runs:
            return float("nan")
        return float(np.nanquantile(self.seconds, share))

    @property
    def median(self) -> float:
        """Seconds of a step; NaN if none was measured."""
        return self.quantile(0.5)

    @property
    def low(self) -> float:
        """Lower quartile."""
        return self.quantile(0.25)

    @property
    def high(self) -> float:
        """Upper quartile."""
        return self.quantile(0.75)


def kinds(
    model: Model, text: str, prompt: int, new: int, repeats: int, window: int
) -> Iterator[tuple[KindRow, ...]]:
    """Yield the table so far, after each run of one kind.

    All kinds read the same prompt and the same tokens, those that the dynamic cache's logits
    chose; in each repeat they take turns. `window` is for the sliding one.

    Raises:
        InspectionError: as `timing.measure`.
    """
    decoding = Decoding(model, checked(model, text, prompt, new, repeats))
    shape, length = shape_of(model), decoding.begin.shape[1] + new - 1
    rows = [KindRow(kind.name, kind.says, kind.lacks(decoding, shape)) for kind in KINDS]
    fed, reference = _reference(decoding, new)
    for repeat in range(repeats):
        for place, kind in enumerate(KINDS):
            if rows[place].refused:
                continue
            if repeat == 0:
                rows[place] = replace(rows[place], seconds=np.full((repeats, new - 1), np.nan))
            try:
                cache = kind.make(decoding, length, window)
                if decoding.both_towers:
                    cross = DynamicCache(config=config_of(decoding))
                    cache = EncoderDecoderCache(cache, cross)
                rows[place] = _run(decoding, cache, fed, reference, rows[place], repeat)
            except (RuntimeError, ValueError, TypeError, AttributeError) as error:
                # Which families support which kind, transformers says by failing.
                said = str(error).splitlines()[0][:120] if str(error) else ""
                rows[place] = KindRow(
                    kind.name, kind.says, f"this family's code fails with it: {said}"
                )
            yield tuple(rows)


def _reference(decoding: Decoding, new: int) -> tuple[Tensor, Tensor]:
    """Return greedy tokens [1, new] and logits [step, vocabulary] with a dynamic cache."""
    cache = decoding.new_cache()
    logits = [decoding.prefill(cache)]
    for _ in range(new - 1):
        logits.append(decoding.step(logits[-1].argmax().view(1, 1), cache))
    stacked = torch.stack(logits)
    return stacked.argmax(-1)[None], stacked


def _run(
    decoding: Decoding,
    cache: Cache,
    fed: Tensor,
    reference: Tensor,
    row: KindRow,
    repeat: int,
) -> KindRow:
    assert row.seconds is not None
    seconds, device = row.seconds.copy(), decoding.model.device
    worst, same = 0.0, 0
    with quiet():
        logits = decoding.prefill(cache)
        for step in range(fed.shape[1]):
            if step:
                token = fed[:, step - 1 : step]
                logits, seconds[repeat, step - 1] = timed(
                    device,
                    lambda token=token: decoding.step(token, cache),  # type: ignore[misc]
                )
            worst = max(worst, float((logits.double() - reference[step].double()).abs().max()))
            same += int(logits.argmax()) == int(fed[0, step])
    own = cache.self_attention_cache if isinstance(cache, EncoderDecoderCache) else cache
    return replace(
        row,
        seconds=seconds,
        held=held_bytes(own),
        rows=_remembered(own),
        difference=worst,
        same=same,
        steps=fed.shape[1],
    )


def held_bytes(cache: Cache) -> int:
    """Return the bytes of memory behind a cache's tensors, shared memory counted once."""
    storages: dict[int, int] = {}
    for layer in cache.layers:
        for tensor in _tensors(list(vars(layer).values())):
            # Flags and lengths are tensors too, of a number each.
            if tensor.dim() == 4:
                storage = tensor.untyped_storage()
                storages[storage.data_ptr()] = storage.nbytes()
    return sum(storages.values())


def _tensors(values: Any) -> Iterator[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, (tuple, list)):
            yield from _tensors(value)


def _remembered(cache: Cache) -> int:
    return max(
        (
            tensor.shape[2]
            for tensor in _tensors(list(vars(cache.layers[0]).values()))
            if tensor.dim() == 4
        ),
        default=0,
    )
