"""Numbers of the MLP taken apart: what comes before the activation, the hidden ones, the write."""

from dataclasses import replace

import numpy as np

from components.inspection import rounding
from components.inspection.machine.cell_asked import Asked, of_map
from components.inspection.machine.cell_sums import CellDetail, Operand, Sum, short, sub
from components.inspection.machine.mlp_parts import MlpMaps, activated, activation_share, piece
from components.inspection.machine.streams import gave


def _maps(asked: Asked) -> MlpMaps:
    maps = asked.opened.wiring.mlp
    if maps is None:
        why = "no map's output, through an activation, is what its MLP's last map reads."
        if asked.opened.wiring.router is not None:
            why = "its MLP is a mixture of experts, whose hidden numbers are not drawn."
        raise asked.unknown(why)
    return maps


def first(asked: Asked) -> CellDetail:
    """Open a number of the gate, of up, or of what comes before the activation."""
    maps = _maps(asked)
    gated = maps.up is not None
    part = {"gate": maps.before if gated else None, "up": maps.up,
            "before": None if gated else maps.before}[asked.station]  # fmt: skip
    if part is None:
        there = "'gate' and 'up'" if gated else "'before'"
        raise asked.unknown(f"this MLP has none; its first numbers are {there}.")
    rows = piece(part, asked.opened.trace, asked.opened.tokens)
    call = asked.opened.trace.calls.get(part.path)
    read = None if call is None else call.read(asked.opened.tokens)
    if rows is None or read is None:
        raise asked.unknown("its first map did not run as on the probe.")
    recorded = asked.one_of(rows[asked.place])
    found = of_map(asked, part.path, part.start + asked.index, read[asked.place])
    letter = {"gate": "g", "up": "u", "before": "a"}[asked.station]
    n = sub(asked.index)
    bias = f" + b{n}" if found.more else ""
    symbols = f"{letter}{n} = Σᵢ W[{asked.index}, i] · yᵢ{bias}"
    return found.detail(
        asked.station, asked.index, asked.name(), symbols, recorded, asked.fed_by(read)
    )


def hidden(asked: Asked) -> CellDetail:
    """Open a hidden number: the activation of one number, perhaps times another."""
    maps = _maps(asked)
    opened = asked.opened
    before = piece(maps.before, opened.trace, opened.tokens)
    up = None if maps.up is None else piece(maps.up, opened.trace, opened.tokens)
    call = opened.trace.calls.get(maps.down)
    rows = None if call is None else call.read(opened.tokens)
    if before is None or rows is None or (maps.up is not None and up is None):
        raise asked.unknown("its maps did not run as on the probe.")
    recorded = asked.one_of(rows[asked.place])
    x = before[asked.place, asked.index : asked.index + 1]
    act = activated(x, maps.activation)
    n = sub(asked.index)
    unit = activation_share(asked.dtype) * (abs(float(act[0])) + abs(float(x[0])))
    label = f"{maps.activation}({short(float(x[0]))})"
    if up is None:
        found = Sum(lambda _: label, act)
        found.off = unit + rounding.least(asked.dtype)
        stations: tuple[str, ...] = ("before",)
        symbols, line = f"h{n} = {maps.activation}(a{n})", label
    else:
        factor = up[asked.place, asked.index : asked.index + 1].astype(np.float64)
        found = Sum.of_products(lambda _: f"{label} · up", act, factor)
        found.off = unit * abs(float(factor[0])) + rounding.least(asked.dtype)
        stations = ("gate", "up")
        symbols = f"h{n} = {maps.activation}(g{n}) · u{n}"
        line = f"{label} · {short(float(factor[0]))}"
    operands = [Operand(station, asked.place, (asked.index,)) for station in stations]
    detail = found.detail("hidden", asked.index, asked.name(), symbols, recorded, operands)
    return replace(detail, numbers=f"{line} = {short(found.total)}")


def write(asked: Asked) -> CellDetail:
    """Open a number that the MLP writes: the sum over its neurons."""
    maps = _maps(asked)
    opened = asked.opened
    call = opened.trace.calls.get(maps.down)
    read = None if call is None else call.read(opened.tokens)
    last = None if opened.chain is None else opened.chain.subs[-1]
    path = maps.down if last is None or last.of_write is None else last.of_write
    rows = gave(opened.trace, path, opened.tokens)
    if read is None or rows is None:
        raise asked.unknown("its last map did not run as on the probe.")
    recorded = asked.one_of(rows[asked.place])
    asked.unchanged("mlp")
    found = of_map(asked, maps.down, asked.index, read[asked.place])
    found.label = lambda n: f"neuron {n}"
    bias = f" + b{sub(asked.index)}" if found.more else ""
    symbols = f"write{sub(asked.index)} = Σₙ W[{asked.index}, n] · hₙ{bias}"
    if path != maps.down:
        norm = asked.norm("after MLP")
        if norm is None:
            raise asked.unknown("what is written goes through a norm that is not understood.")
        found.normed(norm, asked.index, asked.dtype)
        symbols += ", normed"
    operands = [Operand("hidden", asked.place, "all")]
    return found.detail("MLP write", asked.index, asked.name(), symbols, recorded, operands)
