"""One side of a score: how parts of the stream at one token become parts of its query or key.

All on the way is linear once the norms' scales are held at what they are at this token: the norm
before attention, the map, a norm of queries and keys, and RoPE's rotation. At each step the network
rounds, and what it gave is recorded: so by how much is known, and taken for rounding as far as that
may be, number by number. That much of a difference in the end is explained, and no more.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float64

from components.inspection import rounding
from components.inspection.errors import InspectionError
from components.inspection.machine.matching import Source, weights_of
from components.inspection.machine.normed import Normed, norm_bound
from components.inspection.machine.opening import Opening
from components.inspection.machine.projected import (
    ANGLES,
    Name,
    product_share,
    projected,
    rope_at,
    source_at,
)
from components.inspection.positions.rotation import rotated

CHOOSE: Final = "Choose another layer, or a model such as storyteller."


@dataclass(frozen=True, eq=False)
class Written:
    """The stream at one token as the sum of what parts wrote."""

    place: int
    rows: Float64[np.ndarray, "part width"]
    """The biases, which no part wrote, are the last."""
    off: Float64[np.ndarray, " width"]
    """How far rounding may put the stream from their sum."""


@dataclass(frozen=True, eq=False)
class Side:
    """A query or a key as the sum of parts, as scored: turned, where RoPE turns."""

    rows: Float64[np.ndarray, "part size"]
    rounded: Float64[np.ndarray, " size"]
    """By how much the network's is more than their sum, as far as rounding may explain it."""

    @property
    def whole(self) -> Float64[np.ndarray, " size"]:
        """The sum of all parts."""
        found: Float64[np.ndarray, " size"] = self.rows.sum(0)
        return found


def side(opened: Opening, name: Name, head: int, written: Written) -> Side:
    """Return the parts of one head's query or key at a token; `head` counts key heads for keys.

    Raises:
        InspectionError: what is on the way is not understood.
    """
    place = written.place
    source = source_at(opened, name)
    found = projected(opened, name, head, slice(place, place + 1))
    if source is None or source.maps is None or found is None:
        raise InspectionError(
            f"Which weights make the {name} of layer {opened.layer} of '{opened.model.name}' is "
            f"not known, so a score cannot be split into parts here. {CHOOSE}"
        )
    rows, off = _mapped(opened, name, source, head, written)
    before = found.before[place].astype(np.float64)
    if source.factor != 1:
        assert found.given is not None
        rows, off = rows * source.factor, off * source.factor
        own = before - found.given[place].astype(np.float64) * source.factor
        off = off + explained(own, rounding.unit(opened.dtype) * np.abs(before))
    if source.norm is not None:
        if found.norm is None or source.normed is None:
            raise InspectionError(
                f"What the module '{source.norm}' does to the {name} is not understood, so a score "
                f"cannot be split into parts here. {CHOOSE}"
            )
        rows, off = _renormed(opened, found.norm, source.normed.columns[head], rows, off)
    one = opened.one.understood()
    recorded = (one.queries if name == "queries" else one.keys)[head, place].astype(np.float64)
    return _turned(opened, rows, off, before, recorded, place)


def explained(
    own: Float64[np.ndarray, " size"], most: Float64[np.ndarray, " size"]
) -> Float64[np.ndarray, " size"]:
    """Return of differences as much as rounding may explain."""
    return np.clip(own, -most, most)


def _mapped(
    opened: Opening, name: Name, source: Source, head: int, written: Written
) -> tuple[Float64[np.ndarray, "part size"], Float64[np.ndarray, " size"]]:
    """Take the parts through the norm before attention and the map."""
    place, maps = written.place, source.maps
    assert maps is not None
    norm, reads = _norm_before(opened, place)
    width = len(reads)
    weight, bias = np.zeros((maps.columns.shape[1], width)), np.zeros(maps.columns.shape[1])
    given = np.zeros(len(bias))
    for number, path in enumerate(maps.paths):
        here = maps.which[head] == number
        call, tokens = opened.trace.calls[path], opened.tokens
        read, gave = call.read(tokens), call.gave(tokens)
        if read is None or gave is None or not np.array_equal(read[place], reads):
            raise InspectionError(
                f"The {name} of layer {opened.layer} of '{opened.model.name}' are not made of the "
                "stream by one map: something else stands between, so a score cannot be split "
                f"into parts here. {CHOOSE}"
            )
        columns = maps.columns[head][here]
        weights, biases = weights_of(call.module, columns)
        weight[here], given[here] = weights, gave[place, columns]
        bias[here] = 0 if biases is None else biases
    y = reads.astype(np.float64)
    own = given - (weight @ y + bias)
    sizes = np.abs(weight) @ np.abs(y) + np.abs(bias)
    off = explained(own, product_share(width, opened.dtype) * sizes)
    slope, shift = weight, bias
    if norm is not None:
        x = norm.given.astype(np.float64)
        mean, scale, gain, added = _held(norm)
        rounded = y - ((x[0] - mean) / scale * gain + added)
        most = norm_bound(x, np.array([mean]), np.array([scale]), gain, added, opened.dtype)[0]
        off = off + weight @ explained(rounded, most)
        slope, shift = weight * (gain / scale), bias + weight @ added
        if norm.kind == "layer":
            slope = slope - slope.mean(1, keepdims=True)
    assert opened.entered is not None
    summed = opened.entered[place].astype(np.float64) - written.rows.sum(0)
    rows = written.rows @ slope.T
    rows[-1] += shift
    return rows, off + slope @ explained(summed, written.off)


def _norm_before(opened: Opening, place: int) -> tuple[Normed | None, np.ndarray]:
    """Return the norm before attention at a token, if there is one, and what attention reads."""
    chain, entered = opened.chain, opened.entered
    sub = None if chain is None else next(s for s in chain.subs if s.name == "attention")
    if chain is None or entered is None or not (chain.parallel or chain.subs[0] is sub):
        raise InspectionError(
            f"How attention reads the stream in layer {opened.layer} of '{opened.model.name}' is "
            f"not known, so a score cannot be split into parts here. {CHOOSE}"
        )
    if sub is None or sub.before is None:
        return None, entered[place]
    norm = opened.norm(sub.before, "before attention", slice(place, place + 1))
    if norm is None or not np.array_equal(norm.given[0], entered[place]):
        raise InspectionError(
            f"What stands before attention in layer {opened.layer} of '{opened.model.name}' is "
            f"not a norm of the stream, so a score cannot be split into parts here. {CHOOSE}"
        )
    return norm, norm.gives[0]


def _held(norm: Normed) -> tuple[float, float, np.ndarray, np.ndarray]:
    """Return a norm's mean, scale, gain and shift at its one row, in float64."""
    x = norm.given[0].astype(np.float64)
    mean = float(x.mean()) if norm.kind == "layer" else 0.0
    scale = float(np.sqrt(np.square(x - mean).mean() + norm.epsilon)) or 1.0
    gain = norm.gain.astype(np.float64)
    return (
        mean,
        scale,
        gain,
        np.zeros_like(gain) if norm.shift is None else norm.shift.astype(np.float64),
    )


def _renormed(
    opened: Opening,
    norm: Normed,
    columns: np.ndarray,
    rows: Float64[np.ndarray, "part size"],
    off: Float64[np.ndarray, " size"],
) -> tuple[Float64[np.ndarray, "part size"], Float64[np.ndarray, " size"]]:
    """Take the parts through a norm of the vector: of this head's numbers, or of all heads'."""
    over_all = norm.given.shape[1] != rows.shape[1]
    if over_all and norm.kind == "layer":
        raise InspectionError(
            "A layer norm over all heads' queries mixes them, so one head's score cannot be split "
            f"into parts here. {CHOOSE}"
        )
    x = norm.given.astype(np.float64)
    mean, scale, gain, added = _held(norm)
    own = norm.gives[0] - ((x[0] - mean) / scale * gain + added)
    most = norm_bound(x, np.array([mean]), np.array([scale]), gain, added, opened.dtype)[0]
    rounded = explained(own, most)
    if over_all:
        gain, added, rounded = gain[columns], added[columns], rounded[columns]
    if norm.kind == "layer":
        rows, off = rows - rows.mean(1, keepdims=True), off - off.mean()
    rows = rows * (gain / scale)
    rows[-1] += added
    return rows, off * (gain / scale) + rounded


def _turned(
    opened: Opening,
    rows: Float64[np.ndarray, "part size"],
    off: Float64[np.ndarray, " size"],
    before: Float64[np.ndarray, " size"],
    recorded: Float64[np.ndarray, " size"],
    place: int,
) -> Side:
    """Turn the parts by the token's position, as the layer turns the whole."""
    rope, uncertain = rope_at(opened)
    if rope is None:
        return Side(rows, off)
    turn = rotated(np.eye(len(before), dtype=np.float32), np.float32(place), rope)
    turn = turn.astype(np.float64)
    fastest = float(np.abs(rope.frequencies).max(initial=0.0))
    share = 3 * rounding.unit(opened.dtype) + place * uncertain
    share += ANGLES * rounding.unit("float32") * (1 + place * fastest)
    # A turned number is made of two, each at most as long as the vector's largest.
    most = share * 2 * float(np.abs(before).max(initial=0.0)) * rope.scaling
    return Side(
        rows @ turn, off @ np.abs(turn) + np.minimum(np.abs(recorded - before @ turn), most)
    )
