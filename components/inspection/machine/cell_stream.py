"""Numbers of the stream taken apart: what entered, was written, summed and normed."""

from dataclasses import replace

import numpy as np

from components.inspection import rounding
from components.inspection.machine.cell_asked import Asked, biased
from components.inspection.machine.cell_embedding import embedding
from components.inspection.machine.cell_sums import CellDetail, Operand, Sum, sub
from components.inspection.machine.matching import weights_of
from components.inspection.machine.opening import EDITED, Opening
from components.inspection.machine.streams import ROUNDINGS, Streams, Sub, gave

_STATIONS: dict[Sub, str] = {
    "attention": "entered",
    "cross-attention": "before cross",
    "MLP": "between",
}
"""What each part reads, before its norm."""
_WRITES: dict[Sub, str] = {
    "attention": "attention write",
    "cross-attention": "cross write",
    "MLP": "MLP write",
}


def ends_in_norm(opened: Opening) -> bool:
    """Say whether what leaves a block is a norm of the stream."""
    return opened.chain is not None and opened.chain.subs[-1].of_sum is not None


def as_entered(found: CellDetail, asked: Asked) -> CellDetail:
    """Return what leaves the block below as what enters this one."""
    operands = tuple(
        replace(one, station=f"{one.station} of layer {asked.opened.layer - 1}")
        for one in found.operands
    )
    return replace(found, station="entered", name=asked.name(), operands=operands)


def entered(asked: Asked) -> CellDetail:
    """Open a number of the stream that enters: the embedding and every earlier write."""
    opened, i = asked.opened, asked.index
    residual = opened.read_by.residual
    if residual is None:
        raise asked.unknown("it keeps no one stream with a row for each token.")
    recorded = asked.one_of(residual[opened.layer, asked.place])
    for layer in range(opened.layer + 1):
        asked.unchanged("stream", layer)
    if opened.layer == 0:
        return embedding(asked, recorded)
    column = residual[: opened.layer + 1, asked.place, i].astype(np.float64)
    stack = opened.read_by
    kinds = [("attention", stack.attention_writes), ("cross-attention", stack.cross_writes),
             ("MLP", stack.mlp_writes)]  # fmt: skip
    labels, values = ["embedding"], [column[0]]
    told = stack.attention_writes is not None and stack.mlp_writes is not None
    for layer in range(opened.layer):
        if told:
            for name, writes in kinds:
                if writes is not None:
                    labels.append(f"{name} {layer}")
                    values.append(float(writes[layer, asked.place, i]))
        else:
            # Without a row in the table of families, what a block adds is known as a whole.
            labels.append(f"block {layer}")
            values.append(column[layer + 1] - column[layer])
    total = Sum(lambda n: labels[n], np.array(values, np.float64))
    sizes = total.sizes + float(np.abs(column).sum())
    total.off = ROUNDINGS * rounding.unit(asked.dtype) * sizes
    each = "attentionₗ + MLPₗ" if told else "blockₗ"
    symbols = f"x{sub(i)} = embedding + Σₗ ({each}), l < {opened.layer}"
    operands = [Operand("embedding", asked.place, (i,))]
    return total.detail("entered", i, asked.name(), symbols, recorded, operands)


def norm_before_attention(asked: Asked) -> CellDetail:
    """Open a number that the norm before attention gives."""
    return _norm(asked, asked.sub)


def norm_before_mlp(asked: Asked) -> CellDetail:
    """Open a number that the norm before the MLP gives."""
    return _norm(asked, "MLP")


def _norm(asked: Asked, part: Sub) -> CellDetail:
    norm, i = asked.norm(f"before {part}"), asked.index
    if norm is None:
        raise asked.unknown(f"no norm stands before its {part}, or none that is understood.")
    recorded = asked.one_of(norm.gives[0])
    total = Sum(lambda _: f"stream {i}", norm.given[0, i : i + 1].astype(np.float64))
    total.normed(norm, i, asked.dtype)
    n = sub(i)
    if norm.kind == "rms":
        symbols = f"y{n} = x{n} / √(mean x² + ε) · g{n}"
    else:
        symbols = f"y{n} = (x{n} − mean x) / √(mean (x − mean x)² + ε) · g{n}"
    symbols += "" if norm.shift is None else f" + b{n}"
    parallel = asked.opened.chain is not None and asked.opened.chain.parallel
    station = "entered" if parallel else _STATIONS[part]
    operands = [Operand(station, asked.place, "all")]
    return total.detail(asked.station, i, asked.name(), symbols, recorded, operands)


def attention_write(asked: Asked) -> CellDetail:
    """Open a number that attention writes: one term for each head, and the bias."""
    opened, i = asked.opened, asked.index
    wired, outputs = opened.wiring.attention[opened.kind].output, opened.one.outputs
    if wired is None or outputs is None or len(wired.paths) != 1:
        raise asked.unknown("no map was seen to read the heads' outputs.")
    (path,) = wired.paths
    own = None
    if opened.chain is not None:
        own = next(one for one in opened.chain.subs if one.name == asked.sub)
    behind = None if own is None else own.of_write
    rows = gave(opened.trace, behind or path, opened.tokens)
    if rows is None:
        raise asked.unknown("its map did not run as on the probe.")
    recorded = asked.one_of(rows[asked.place])
    asked.unchanged(EDITED[asked.sub])
    weight, bias = weights_of(opened.module(path), [i])
    slices = weight[0][wired.columns].astype(np.float64)
    products = outputs[:, asked.place].astype(np.float64) * slices
    total = biased(Sum(lambda h: f"head {h}", products.sum(1)), bias, products.size, asked.dtype)
    sizes = float(np.abs(products).sum()) + sum(abs(term.value) for term in total.more)
    total.off = (rounding.unit(asked.dtype) + rounding.summed(products.size)) * sizes
    symbols = f"write{sub(i)} = Σₕ W_O[{i}, head h] · oₕ"
    symbols += "" if bias is None else f" + b{sub(i)}"
    if behind is not None:
        norm = asked.norm(f"after {asked.sub}")
        if norm is None:
            raise asked.unknown("what is written goes through a norm that is not understood.")
        total.normed(norm, i, asked.dtype)
        symbols += ", normed"
    operands = [Operand("output", asked.place, "all")]
    return total.detail(asked.station, i, asked.name(), symbols, recorded, operands)


def _streams(asked: Asked) -> Streams:
    found = asked.opened.streams()
    if found is None:
        raise asked.unknown("how its parts' writes are added to the stream is not known.")
    return found


def before_cross(asked: Asked) -> CellDetail:
    """Open a number of the stream that cross-attention reads."""
    return _read_by(asked, "cross-attention")


def between(asked: Asked) -> CellDetail:
    """Open a number of the stream that the MLP reads."""
    return _read_by(asked, "MLP")


def _read_by(asked: Asked, part: Sub) -> CellDetail:
    streams, chain = _streams(asked), asked.opened.chain
    assert chain is not None
    names = [one.name for one in chain.subs]
    if chain.parallel:
        raise asked.unknown("attention and MLP read the same stream here: see 'entered'.")
    if part not in names:
        raise asked.unknown(f"this block has no {part}.")
    number = names.index(part) - 1
    return _summed(asked, streams, number, float(asked.one_of(streams.read[part][asked.place])))


def left(asked: Asked) -> CellDetail:
    """Open a number of the stream that leaves the block."""
    streams, left_ = _streams(asked), asked.opened.left
    assert asked.opened.chain is not None and left_ is not None
    recorded = asked.one_of(left_[asked.place])
    asked.unchanged("stream", asked.opened.layer + 1)
    return _summed(asked, streams, len(asked.opened.chain.subs) - 1, recorded)


def _summed(asked: Asked, streams: Streams, number: int, recorded: float) -> CellDetail:
    """Open the stream behind part `number` of the block: stream and write, perhaps normed."""
    chain, i = asked.opened.chain, asked.index
    assert chain is not None
    last = chain.subs[number]
    subs = chain.subs[: number + 1] if chain.parallel else (last,)
    start = "entered" if chain.parallel else _STATIONS[last.name]
    terms = [(start, streams.read[subs[0].name])]
    terms += [(_WRITES[one.name], streams.writes[one.name]) for one in subs]
    total = Sum(
        lambda n: terms[n][0],
        np.array([float(rows[asked.place, i]) for _, rows in terms], np.float64),
    )
    total.off = ROUNDINGS * rounding.unit(asked.dtype) * (total.sizes + abs(total.total))
    symbols = f"x{sub(i)} = " + " + ".join(name for name, _ in terms)
    if last.of_sum is not None:
        norm = asked.norm(f"after {last.name}")
        if norm is None:
            raise asked.unknown("the sum goes through a norm that is not understood.")
        total.normed(norm, i, asked.dtype)
        symbols += ", normed"
    own = "all" if last.of_sum else (i,)
    operands = [Operand(name, asked.place, own) for name, _ in terms]  # type: ignore[arg-type]
    return total.detail(asked.station, i, asked.name(), symbols, recorded, operands)
