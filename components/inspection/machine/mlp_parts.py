"""The MLP of one block: which maps make its hidden numbers, and by which activation.

Found by value: a map's output, through an activation (and times another's: GLU, Shazeer 2020), is
what enters the MLP's last map.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from jaxtyping import Float32, Float64
from transformers.activations import ACT2FN

from components.inspection import rounding
from components.inspection.checks import Check, worst
from components.inspection.machine.matching import LINEAR, outputs_of
from components.inspection.machine.trace import Trace
from components.inspection.model import Model

ROUNDINGS: Final = 8.0
"""Results that an activation rounds, where its formula is computed step by step (gelu_new)."""
USUAL: Final = (
    "silu",
    "gelu",
    "gelu_new",
    "gelu_pytorch_tanh",
    "relu",
    "relu2",
    "quick_gelu",
    "sigmoid",
    "tanh",
)


@dataclass(frozen=True)
class Piece:
    """A run of the numbers that a linear map gives."""

    path: str
    start: int
    stop: int


@dataclass(frozen=True)
class MlpMaps:
    """Where an MLP's numbers come from."""

    before: Piece
    """Goes through the activation: the gate, where there are two."""
    up: Piece | None
    """What the activated gate is multiplied by."""
    down: str
    """The map from hidden numbers to what is written."""
    activation: str


@dataclass(frozen=True, eq=False)
class Mlp:
    """The MLP at some tokens: hidden = act(gate) x up, or act(before)."""

    gate: Float32[np.ndarray, "row neuron"] | None
    up: Float32[np.ndarray, "row neuron"] | None
    before: Float32[np.ndarray, "row neuron"] | None
    """Where there is no gate: what goes into the activation."""
    hidden: Float32[np.ndarray, "row neuron"]
    """What goes into the last map, as recorded."""
    activation: str
    """Its name in transformers: "silu", "gelu_new", ..."""
    neurons: int
    check: Check


def activated(
    before: Float32[np.ndarray, "*axes"], activation: str
) -> Float64[np.ndarray, "*axes"]:
    """Return an activation of numbers, in float64."""
    return ACT2FN[activation](torch.from_numpy(before.astype(np.float64))).numpy()


def activation_share(dtype: str) -> float:
    """Return by what share of its size and its argument's an activation may be off.

    An error function near -1 loses more: it is computed in float32 or better.
    """
    return ROUNDINGS * (rounding.unit(dtype) + 2 * rounding.unit("float32"))


def hidden_check(
    before: Float32[np.ndarray, "row neuron"],
    up: Float32[np.ndarray, "row neuron"] | None,
    hidden: Float32[np.ndarray, "row neuron"],
    activation: str,
    dtype: str,
) -> Check:
    """Compare recorded hidden numbers with an activation of what comes before it, times `up`."""
    act = activated(before, activation)
    factor = np.ones_like(act) if up is None else up.astype(np.float64)
    # The activation is off by a share of itself, of its argument, and where it is steep of both.
    sizes = np.abs(act) + np.abs(before)
    allowed = activation_share(dtype) * sizes * np.abs(factor) + rounding.least(dtype)
    return rounding.compared(
        "the hidden numbers are the activation of what comes before it"
        if up is None
        else "the hidden numbers are the activation of the gate, times up",
        hidden,
        act * factor,
        allowed,
        "The activation of this MLP, or which map is its gate, is another than shown.",
    )


def stated_activations(model: Model) -> list[str]:
    """Return the names of activations to try: first those in the configuration."""
    config = model.network.config.get_text_config().to_dict()
    stated = [one for one in config.values() if isinstance(one, str) and one in ACT2FN]
    return list(dict.fromkeys([*stated, *USUAL]))


def find_mlp(
    model: Model, trace: Trace, tokens: int, taken: set[str], down: str | None
) -> MlpMaps | None:
    """Return the maps of the MLP; None if none is found, as where there are several (experts).

    `taken` are the maps of attention; `down` is the last map, if it is known.
    """
    linear = {k: v for k, v in outputs_of(trace, tokens).items() if k not in taken}
    # Without a row in the table, the last map is any whose input the others explain.
    downs = [down] if down else list(reversed(linear))
    for path in downs:
        call = trace.calls.get(path)
        if call is None or not isinstance(call.module, LINEAR):
            continue
        hidden = call.read(tokens)
        if hidden is None or not np.isfinite(hidden).all():
            continue
        first = {other: rows for other, rows in linear.items() if other != path}
        found = _explained(model, hidden, first, path)
        if found is not None:
            return found
    return None


def _explained(
    model: Model,
    hidden: Float32[np.ndarray, "token neuron"],
    first: Mapping[str, Float32[np.ndarray, "token _"]],
    down: str,
) -> MlpMaps | None:
    names = stated_activations(model)
    stated = len(names) - sum(name in USUAL for name in names)
    held: list[tuple[int, float, MlpMaps]] = []
    for (before, x), other in _ways(first, hidden.shape[1]):
        up = None if other is None else other[1]
        for number, name in enumerate(names):
            check = hidden_check(x, up, hidden, name, model.facts.dtype)
            if check.holds:
                maps = MlpMaps(before, None if other is None else other[0], down, name)
                strain = check.error / check.bound if check.bound else 0.0
                # In a coarse format two activations may fit: that in the configuration is meant.
                held.append((0 if number < max(stated, 1) else 1, strain, maps))
    return min(held, key=lambda each: each[:2])[2] if held else None


Part = tuple[Piece, Float32[np.ndarray, "token neuron"]]


def _ways(
    first: Mapping[str, Float32[np.ndarray, "token _"]], neurons: int
) -> Iterator[tuple[Part, Part | None]]:
    """Yield what may go through the activation, and what it may be multiplied by."""
    whole = [
        (Piece(path, 0, neurons), rows) for path, rows in first.items() if rows.shape[1] == neurons
    ]
    for one in whole:
        yield one, None
        for other in whole:
            if other is not one:
                yield one, other
    for path, rows in first.items():
        if rows.shape[1] == 2 * neurons:  # one map for both (Phi-3)
            low = Piece(path, 0, neurons), rows[:, :neurons]
            high = Piece(path, neurons, 2 * neurons), rows[:, neurons:]
            yield low, high
            yield high, low


def mlp_at(maps: MlpMaps, trace: Trace, tokens: int, rows: slice, dtype: str) -> Mlp | None:
    """Return the MLP's numbers at some tokens of a traced text; None if its maps did not run so."""
    before, down = piece(maps.before, trace, tokens), trace.calls.get(maps.down)
    hidden = None if down is None else down.read(tokens)
    up = None if maps.up is None else piece(maps.up, trace, tokens)
    if before is None or hidden is None or (maps.up is not None and up is None):
        return None
    x, h, u = before[rows], hidden[rows], None if up is None else up[rows]
    return Mlp(
        gate=None if u is None else x,
        up=u,
        before=x if u is None else None,
        hidden=h,
        activation=maps.activation,
        neurons=hidden.shape[1],
        check=worst([hidden_check(x, u, h, maps.activation, dtype)]),
    )


def piece(
    part: Piece, trace: Trace, tokens: int
) -> Float32[np.ndarray, "{tokens} {part.stop-part.start}"] | None:
    """Return a run of what a map gave for each token; None if it did not run so."""
    call = trace.calls.get(part.path)
    rows = None if call is None else call.gave(tokens)
    return None if rows is None else rows[:, part.start : part.stop]
