"""The kinds of cache that transformers offers, side by side on the same tokens."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor
from transformers import Cache, DynamicCache, EncoderDecoderCache

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.decoding import Decoder
from components.inspection.devices import ran_out
from components.inspection.kv_cache.asking import allowed_difference, checked
from components.inspection.kv_cache.clock import quiet, timed
from components.inspection.kv_cache.dimensions import shape_of
from components.inspection.kv_cache.held import held_by_device, kept_bytes, own_layers, remembered
from components.inspection.kv_cache.machine import Machine, machine_of
from components.inspection.kv_cache.offers import KINDS, RAISED, Kind
from components.inspection.model import Model
from components.inspection.running import NetworkError

NO_ROOM = "does not fit into the memory that is free: ask for fewer tokens"

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class KindRow:
    """One kind of cache on the common tokens."""

    name: str
    says: str
    refused: str
    """Why it was not run; empty if it was."""
    lossless: bool = False
    """It keeps all that the dynamic cache keeps, unrounded: so it must give the same logits."""
    held: int = 0
    """Bytes of memory behind it at the end where the model computes, shared memory counted once."""
    elsewhere: int = 0
    """Bytes that it holds in the machine's memory instead (offloaded)."""
    numbers: int = 0
    """Bytes of the numbers in it: less than `held` where they are the end of a longer piece of
    memory."""
    rows: int = 0
    """Tokens that the layer with most of them remembers at the end; 0 where none keeps any."""
    seconds: Float64[np.ndarray, "repeat step"] | None = None
    """Of decode steps, without prefill; NaN where not (yet) measured."""
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


@dataclass(frozen=True, eq=False)
class Kinds:
    """All kinds, as far as they were run."""

    rows: tuple[KindRow, ...]
    expected: int | None
    """Bytes of the numbers that the dynamic cache must hold, by the law; None without a law."""
    repeatable: bool
    """Sums are always added in one order here (on a CPU): what is run again gives the same bits."""
    allowed: float
    """What logits may differ by where they are not: by the order of adding alone (`noise`)."""
    claimed: bool
    """The family has a row in the table: its static cache and the like are said to be right. Of
    others transformers may well get one wrong, which is then only reported."""
    machine: Machine
    at: float
    """When it was begun, in seconds since 1970."""

    @property
    def ran(self) -> tuple[KindRow, ...]:
        """Those that were run at least once."""
        return tuple(row for row in self.rows if not row.refused and row.runs)

    @property
    def checks(self) -> tuple[Check, ...]:
        """Of the dynamic cache, with which all are compared, and of those that lose nothing."""
        plain = next((row for row in self.ran if row.name == KINDS[0].name), None)
        if plain is None:
            return ()
        chance = "A part of the differences below is chance, or the cache is not used alike twice."
        checks = [
            Check(
                "the dynamic cache, run again, gives the logits that it gave",
                plain.difference,
                0.0 if self.repeatable else self.allowed,
                rounding.meant(plain.difference, chance),
            )
        ]
        if self.expected is not None:
            checks.append(
                Check(
                    "the dynamic cache holds the bytes that the law of this model says",
                    float(abs(plain.numbers - self.expected)),
                    0.0,
                    "The bytes below are not those of the whole text.",
                )
            )
        whole = [row for row in self.ran if row.lossless and row is not plain]
        if whole:
            # Of numbers one of which is NaN, that one: it is within nothing.
            worst = float(np.max([row.difference for row in whole]))
            others = ", ".join(row.name for row in whole if not row.difference <= self.allowed)
            meaning = f"With this one transformers computes something else: {others}."
            claimed = self.claimed or not worst > self.allowed
            checks.append(
                Check(
                    "kinds that keep everything give the dynamic cache's logits",
                    worst,
                    self.allowed if claimed else None,
                    rounding.meant(worst, meaning),
                )
            )
        return tuple(checks)


def kinds(
    model: Model, text: str, prompt: int, new: int, repeats: int, window: int
) -> Iterator[Kinds]:
    """Yield the table so far, after each run of one kind.

    All kinds read the same prompt and the same tokens, those that the dynamic cache's logits
    chose; in each repeat they take turns. `window` is for the sliding one.

    Raises:
        InspectionError: as `asking.checked`.
    """
    began = time.time()
    decoder = Decoder(model, checked(model, text, prompt, new, repeats))
    shape, length = shape_of(model), decoder.begin.shape[1] + new - 1
    rows = [
        KindRow(kind.name, kind.says, kind.lacks(decoder, shape), kind.lossless) for kind in KINDS
    ]
    logits, written = zip(*decoder.greedy(decoder.new_cache(), new), strict=True)
    fed, reference = torch.cat(written, dim=1), torch.cat(logits)
    everything = torch.cat([decoder.begin, fed[:, :-1]], dim=1)
    allowed = allowed_difference(decoder, everything, new)
    repeatable, claimed = model.device.type == "cpu", model.anatomy.named
    expected = None if shape.lawless else int(shape.cache_bytes(length, model.dtype.itemsize))
    machine = machine_of(model)
    for repeat in range(repeats):
        for place, kind in enumerate(KINDS):
            if rows[place].refused:
                continue
            if repeat == 0:
                rows[place] = replace(rows[place], seconds=np.full((repeats, new - 1), np.nan))
            rows[place] = _tried(
                decoder, kind, (length, window), fed, reference, rows[place], repeat
            )
            yield Kinds(tuple(rows), expected, repeatable, allowed, claimed, machine, began)


def _tried(
    decoder: Decoder,
    kind: Kind,
    asked: tuple[int, int],
    fed: Int64[Tensor, "1 step"],
    reference: Float[Tensor, "step vocabulary"],
    row: KindRow,
    repeat: int,
) -> KindRow:
    """Run one kind once; where transformers cannot, say why."""
    try:
        cache = kind.make(decoder, *asked)
    except RAISED as error:
        log.info("%s cannot be made", kind.name, exc_info=True)
        said = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        return KindRow(kind.name, kind.says, f"transformers makes none for this model: {said}")
    if decoder.two_stacks:
        cache = EncoderDecoderCache(cache, DynamicCache(config=decoder.network.config))
    try:
        return _run(decoder, cache, fed, reference, row, repeat)
    except (RuntimeError, MemoryError) as error:
        if not ran_out(error):
            raise
        refused = NO_ROOM
    except NetworkError as error:
        # Which families support which kind, transformers says by failing.
        said = str(error.__cause__).splitlines()[0][:120] if str(error.__cause__) else ""
        refused = f"this family's code fails with it: {said}"
    return KindRow(kind.name, kind.says, refused)


def _run(
    decoder: Decoder,
    cache: Cache,
    fed: Int64[Tensor, "1 step"],
    reference: Float[Tensor, "step vocabulary"],
    row: KindRow,
    repeat: int,
) -> KindRow:
    assert row.seconds is not None
    seconds, device = row.seconds.copy(), decoder.model.device
    differences, same, start = [], 0, decoder.begin.shape[1]
    with quiet():
        logits = decoder.prefill(cache)
        for step in range(fed.shape[1]):
            if step:
                token, past = fed[:, step - 1 : step], start + step - 1
                logits, seconds[repeat, step - 1] = timed(
                    device,
                    lambda token=token, past=past: decoder.step(token, cache, past),  # type: ignore[misc]
                )
            off = (logits[0].double() - reference[step].double()).abs().max()
            differences.append(float(off))
            same += int(logits.argmax()) == int(fed[0, step])
    held = held_by_device(cache)
    here = sum(size for where, size in held.items() if torch.device(where).type == device.type)
    return replace(
        row,
        seconds=seconds,
        held=here,
        elsewhere=sum(held.values()) - here,
        numbers=sum(kept_bytes(layer) for layer in own_layers(cache)),
        rows=remembered(cache),
        difference=float(np.max(differences)),
        same=same,
        steps=fed.shape[1],
    )
