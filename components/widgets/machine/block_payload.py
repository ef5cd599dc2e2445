"""What the drawing is sent of the open block: each station's rows, and one token exactly."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from components.inspection.machine.normed import Normed
from components.inspection.machine.opened import OpenedBlock
from components.widgets.machine.payload import CELLS, Part, pooled, sent, shown, signed_levels

MOST_KEYS: Final = 64
CLOCKS: Final = 3
"""Pairs of RoPE that are drawn: the fastest, one between, and the slowest."""


def block_part(found: OpenedBlock) -> Part:
    """Return an opened block, ready to be drawn."""
    row = found.place - found.first_row
    keys = slice(found.first_row, found.first_row + len(found.scores))
    if found.kind == "cross":
        keys = slice(0, MOST_KEYS)
    return {
        "stack": found.stack,
        "layer": found.layer,
        "kind": found.kind,
        "head": found.head,
        "kvHead": found.kv_head,
        "place": found.place,
        "placement": found.placement,
        "keys": [shown(text) for text in found.read[keys]],
        "stations": _stations(found, row, keys),
        "square": _square(found, keys),
        "headWrites": None
        if found.head_writes is None
        else [float(one) for one in found.head_writes[:, row]],
        "clocks": _clocks(found, row),
        "experts": _experts(found, row),
        "mlp": None
        if found.mlp is None
        else {"activation": found.mlp.activation, "neurons": found.mlp.neurons},
        "unknown": list(found.unknown),
    }


def _stations(found: OpenedBlock, row: int, keys: slice) -> dict[str, Part]:
    """Return the stations that this block has, from left to right, by the names of the drawing."""
    turns = found.rope is not None
    mlp = found.mlp
    every: list[tuple[str, str, str, NDArray[np.float32] | None, str]] = [
        ("entered", "entered", "stream", found.entered, ""),
        *_norm("norm1", found.norms, ("before attention", "before cross-attention")),
        ("query", "turned query" if turns else "query", "query", found.queries, "q"),
        ("key", "turned key" if turns else "key", "key", _of(found.keys, keys), "k"),
        ("value", "value", "value", _of(found.values, keys), "v"),
        ("output", "output", "output", found.outputs, "o"),
        ("attention", "attention write", "attention's write", found.attention_write, ""),
        ("between", "between", "stream", found.between, ""),
        *_norm("norm2", found.norms, ("before MLP",)),
        ("gate", "gate", "gate", None if mlp is None else mlp.gate, ""),
        ("up", "up", "up", None if mlp is None else mlp.up, ""),
        ("before", "before", "before", None if mlp is None else mlp.before, ""),
        ("hidden", "hidden", "hidden", None if mlp is None else mlp.hidden, ""),
        ("write", "MLP write", "MLP's write", found.mlp_write, ""),
        ("left", "left", "stream", found.left, ""),
    ]
    made = {}
    for name, station, label, rows, letter in every:
        if rows is None:
            continue
        levels = signed_levels(pooled(rows, CELLS))
        # Keys and values of another stack have no row of the chosen token.
        own = (
            row
            if len(rows) == len(found.scores)
            and not (found.kind == "cross" and name in ("key", "value"))
            else None
        )
        made[name] = {
            "station": station,
            "label": label,
            "letter": letter,
            "width": int(rows.shape[1]),
            "cells": int(levels.shape[1]),
            "levels": sent(levels),
            "vector": None if own is None else sent(rows[own]),
        }
    return made


def _norm(
    name: str, norms: tuple[Normed, ...], where: tuple[str, ...]
) -> list[tuple[str, str, str, NDArray[np.float32] | None, str]]:
    one = next((each for each in norms if each.where in where), None)
    kind = "" if one is None else ("RMSNorm" if one.kind == "rms" else "LayerNorm")
    return [(name, name, kind, None if one is None else one.gives, "")]


def _of(rows: NDArray[np.float32] | None, which: slice) -> NDArray[np.float32] | None:
    return None if rows is None else rows[which]


def _square(found: OpenedBlock, keys: slice) -> Part:
    weights = found.weights[:, keys]
    scaled = None if found.dots is None or found.scale is None else found.dots * found.scale
    capped = scaled
    if scaled is not None and found.cap is not None:
        capped = found.cap * np.tanh(scaled / found.cap)
    biased = capped if capped is None or found.bias is None else capped + found.bias
    steps: dict[str, Any] = {
        "scores": None if found.dots is None else sent(found.dots[:, keys]),
        "scaled": None if scaled is None else sent(scaled[:, keys]),
        "capped": None if found.cap is None or capped is None else sent(capped[:, keys]),
        "biased": None if found.bias is None or biased is None else sent(biased[:, keys]),
        "masked": sent(np.where(found.visible, found.scores, -np.inf)[:, keys]),
        "weights": sent(weights),
    }
    return {
        "steps": {name: one for name, one in steps.items() if one is not None},
        "visible": sent(found.visible[:, keys].astype(np.uint8)),
        "elsewhere": sent(1.0 - weights.sum(-1, dtype=np.float64)),
        "scale": found.scale,
        "cap": found.cap,
    }


def _clocks(found: OpenedBlock, row: int) -> list[Part] | None:
    rope = found.rope
    if rope is None or rope.pairs == 0:
        return None
    which = sorted({0, rope.pairs // 2, rope.pairs - 1})[:CLOCKS]
    return [
        {
            "pair": pair,
            "angle": float(rope.frequencies[pair] * found.place),
            "turn": float(rope.frequencies[pair]),
        }
        for pair in which
    ]


def _experts(found: OpenedBlock, row: int) -> Part | None:
    experts = found.experts
    if experts is None:
        return None
    chosen, shares = experts.chosen[row].tolist(), experts.shares[row].tolist()
    loads = np.bincount(experts.chosen.ravel(), minlength=experts.probabilities.shape[1])
    return {
        "probabilities": [float(one) for one in experts.probabilities[row]],
        "chosen": dict(zip(map(str, chosen), map(float, shares), strict=True)),
        "loads": loads.tolist(),
        "renormalised": experts.renormalised,
    }
