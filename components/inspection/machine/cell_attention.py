"""Numbers of attention taken apart: queries, keys, values, scores, weights, outputs."""

import numpy as np

from components.inspection import rounding
from components.inspection.attention.scores import ROUNDINGS
from components.inspection.machine.attended import Attended, attended
from components.inspection.machine.cell_asked import OF_KEYS, Asked, of_map
from components.inspection.machine.cell_sums import CellDetail, Operand, Sum, Term, sub
from components.inspection.machine.projected import ANGLES, Name, Projected, projected, rope_at
from components.inspection.positions.rotation import places

_NAMES: dict[str, Name] = {"query": "queries", "key": "keys", "value": "values"}


def _own(asked: Asked, name: Name) -> tuple[Projected, int]:
    """Return the vectors before any rotation, and which head's of these kinds they are."""
    one = asked.opened.one
    number = asked.head if name == "queries" else one.kv_head(asked.head)
    found = projected(asked.opened, name, number, asked.row())
    if found is None:
        raise asked.unknown("no linear map of this block was seen to give these numbers.")
    return found, number


def vector(asked: Asked) -> CellDetail:
    """Open a number of a query, key or value before the rotation: a row of weights."""
    name = _NAMES[asked.station]
    found, number = _own(asked, name)
    recorded = asked.one_of(found.before[asked.place])
    maps, c = found.source.maps, asked.index
    if maps is None:
        raise asked.unknown("it stands behind a norm, and no map was seen to give what goes in.")
    path = maps.paths[int(maps.which[number, c])]
    call = asked.opened.trace.calls[path]
    tokens = len(asked.opened.keys) if asked.station in OF_KEYS else asked.opened.tokens
    read = call.read(tokens)
    assert read is not None
    total = of_map(asked, path, int(maps.columns[number, c]), read[asked.place])
    letter = asked.station[0]
    bias = f" + b{sub(c)}" if total.more else ""
    symbols = f"{letter}{sub(c)} = Σᵢ W_{letter.upper()}[{c}, i] · yᵢ{bias}"
    if found.source.factor != 1:
        total.times("factor", found.source.factor, asked.dtype)
        symbols = f"{letter}{sub(c)} = factor · (Σᵢ W_{letter.upper()}[{c}, i] · yᵢ{bias})"
    if found.source.norm is not None:
        if found.norm is None or found.source.normed is None:
            raise asked.unknown(f"what '{found.source.norm}' does to it is not understood.")
        over_all = found.norm.given.shape[1] != found.before.shape[1]
        place = int(found.source.normed.columns[number, c]) if over_all else c
        total.normed(found.norm, place, asked.dtype)
        symbols += ", normed over " + ("all heads" if over_all else "the head")
    return total.detail(
        asked.station, c, asked.name(of_head=True), symbols, recorded, asked.fed_by(read)
    )


def turned(asked: Asked) -> CellDetail:
    """Open a number of a query or key after the rotation: two numbers of one pair."""
    rope, uncertain = rope_at(asked.opened)
    if rope is None:
        raise asked.unknown("this layer does not turn its queries and keys by their position.")
    station = asked.station.removeprefix("turned ")
    found, number = _own(asked, _NAMES[station])
    record = asked.opened.one.queries if station == "query" else asked.opened.one.keys
    assert record is not None
    recorded = asked.one_of(record[number, asked.place])
    before, c = found.before[asked.place].astype(np.float64), asked.index
    letter = station[0]
    pair = next((n for n, two in enumerate(places(rope)) if c in two), None)
    if pair is None:
        total = Sum(lambda _: f"{station} {c}, which is not turned", before[c : c + 1])
        operands = [Operand(station, asked.place, (c,))]
        symbols = f"{letter}{sub(c)}′ = {letter}{sub(c)}"
        return total.detail(asked.station, c, asked.name(of_head=True), symbols, recorded, operands)
    first, second = (int(each) for each in places(rope)[pair])
    angle = asked.place * float(rope.frequencies[pair]) * rope.direction
    cos, sin = np.cos(angle) * rope.scaling, np.sin(angle) * rope.scaling
    other = second if c == first else first
    sign = -1.0 if c == first else 1.0
    left = before[[c, other]]
    labels = (f"{station} {c} · cos", f"{station} {other} · {'−' if sign < 0 else ''}sin")
    total = Sum.of_products(lambda n: labels[n], left, np.array([cos, sign * sin]))
    off = 3 * rounding.unit(asked.dtype) + ANGLES * rounding.unit("float32") * (1 + abs(angle))
    total.off = (off + asked.place * uncertain) * float(np.abs(left).sum()) * rope.scaling
    minus = "−" if sign < 0 else "+"
    symbols = (
        f"{letter}{sub(c)}′ = {letter}{sub(c)} · cos mθ {minus} {letter}{sub(other)} · sin mθ, "
        f"m = {asked.place}, θ = {float(rope.frequencies[pair]):.4g}"
    )
    operands = [Operand(station, asked.place, tuple(sorted((c, other))))]
    return total.detail(asked.station, c, asked.name(of_head=True), symbols, recorded, operands)


def _attended(asked: Asked) -> Attended:
    found = attended(asked.opened, asked.head, asked.row())
    asked.within("key token", asked.index, len(asked.opened.keys))
    return found


def _pair(asked: Asked) -> str:
    key = asked.opened.keys[asked.index]
    return f"{asked.station} of {asked.token} for '{key}'"


def _named(asked: Asked) -> str:
    return f"{_pair(asked)}, layer {asked.opened.layer}, head {asked.head}"


def score(asked: Asked) -> CellDetail:
    """Open a score: query times key, the factor, a cap, and what is added for positions."""
    found, j = _attended(asked), asked.index
    if found.queries is None or found.keys is None or found.scale is None:
        raise asked.unknown("a score is not one product of a query and a key here.")
    if not found.visible[0, j]:
        raise asked.unknown(
            f"the mask hides '{asked.opened.keys[j]}' from {asked.token}, so this pair has no "
            "score that counts."
        )
    query, key = (each.astype(np.float64) for each in (found.queries[0], found.keys[j]))
    total = Sum.of_products(lambda n: f"number {n}", query, key)
    unit = rounding.unit(asked.dtype)
    off = (unit + rounding.summed(len(query))) * total.sizes * abs(found.scale)
    symbols = f"s = scale · Σᵢ qᵢ · kᵢ, key token {j}"
    total.then("× scale", found.scale, total.total * found.scale)
    met = abs(total.total)
    if found.cap is not None:
        capped = found.cap * float(np.tanh(total.total / found.cap))
        total.then(f"{found.cap:g}·tanh(s/{found.cap:g})", found.cap, capped)
        symbols = f"s = cap · tanh(scale · Σᵢ qᵢ · kᵢ / cap), key token {j}"
    if found.bias is not None:
        total.then("+ bias for the position", float(found.bias[0, j]),
                   total.total + float(found.bias[0, j]))  # fmt: skip
        symbols += ", + bias"
        met += 2 * abs(float(found.bias[0, j]))
    recorded = float(found.scores[0, j])
    total.off = off + ROUNDINGS * unit * (met + abs(recorded) + abs(total.total))
    rope, _ = rope_at(asked.opened)
    before = "" if rope is None else "turned "
    operands = [
        Operand(f"{before}query", asked.place, "all"),
        Operand(f"{before}key", j, "all"),
    ]
    return total.detail("score", j, _named(asked), symbols, recorded, operands)


def weight(asked: Asked) -> CellDetail:
    """Open an attention weight: the softmax of one row of scores."""
    found, j = _attended(asked), asked.index
    seen = np.flatnonzero(found.visible[0])
    scores = found.scores[0, seen].astype(np.float64)
    names = [f"e^(score of '{asked.opened.keys[n]}' − largest)" for n in seen]
    if found.sinks is not None:
        scores = np.append(scores, float(found.sinks[0]))
        names.append("e^(score of the sink − largest)")
    largest = float(scores.max(initial=-np.inf))
    total = Sum(lambda n: names[n], np.exp(scores - largest))
    own = float(np.exp(found.scores[0, j] - largest)) if found.visible[0, j] else 0.0
    share = own / total.total
    total.after.append(Term(f"e^(s − max) / Σ = {own:.3g} / {total.total:.3g}", total.total, own,
                            own / total.total))  # fmt: skip
    total.off = float(rounding.of_softmax(len(scores), asked.dtype, share))
    recorded = float(found.weights[0, j])
    symbols = f"w{sub(j)} = e^(s{sub(j)} − max s) / Σⱼ e^(sⱼ − max s)"
    operands = [Operand("score", asked.place, "all")]
    return total.detail("weight", j, _named(asked), symbols, recorded, operands)


def output(asked: Asked) -> CellDetail:
    """Open a number of a head's output: weights times values."""
    found = attended(asked.opened, asked.head, asked.row())
    if found.outputs is None or found.values is None:
        raise asked.unknown("its values cannot be seen.")
    recorded = asked.one_of(found.outputs[0])
    asked.unchanged("head", head=asked.head)
    seen = np.flatnonzero(found.visible[0])
    weights = found.weights[0, seen].astype(np.float64)
    values = found.values[seen, asked.index].astype(np.float64)
    keys = asked.opened.keys
    total = Sum.of_products(lambda n: f"'{keys[seen[n]]}'", weights, values)
    total.off = (4 * rounding.unit(asked.dtype) + rounding.summed(len(weights))) * total.sizes
    c = sub(asked.index)
    name = asked.name(of_head=True)
    operands = [
        Operand("weight", asked.place, "all"),
        Operand("value", None, (asked.index,)),
    ]
    symbols = f"o{c} = Σⱼ wⱼ · v{c} of token j"
    return total.detail("output", asked.index, name, symbols, recorded, operands)
