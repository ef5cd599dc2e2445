"""What All heads tells of each head: where its attention goes, and what kind of head it is."""

from typing import Final

import numpy as np
import pandas as pd

from components.figures.attention.kinds import COLOURS
from components.inspection.attention.heads import (
    NAMES,
    HeadScores,
    Pattern,
    ProbeResult,
    probe_heads,
)
from components.inspection.attention.maps import AttentionMaps
from components.inspection.errors import InspectionError
from components.inspection.recording import Array
from components.lesson import Ask
from components.widgets.head_grid import HeadCell
from components.widgets.markup import literal
from pages.inside.attention.choices import Reading

SHARES: Final[dict[str, Pattern]] = {
    "previous token": "previous",
    "first token": "first",
    "itself": "self",
    "duplicate token": "duplicate",
    "induction": "induction",
}
WRITTEN: Final = dict.fromkeys(SHARES, "{:.0%}") | {
    "entropy": "{:.1f} bit",
    "mean distance": "{:.1f} back",
}
"""How each measure is written for eyes."""
UNNAMED: Final = "not named"
COLOURS_OF: Final = {name: COLOURS[kind] for kind, name in NAMES.items()}
Kinds = tuple[tuple[str, ...], ...]


def named(ask: Ask, asked: Reading, scores: HeadScores) -> tuple[ProbeResult | None, Kinds, str]:
    """Return the probe, the heads' kinds by it, [layer][head], and why there are none."""
    try:
        probe = ask.inspect(probe_heads, asked.group)
    except InspectionError as error:
        layers, heads = scores.entropy.shape
        none = ((UNNAMED,) * heads,) * layers
        return None, none, f" Heads are not named here. {literal(str(error))}"
    return probe, tuple(tuple(NAMES[kind] for kind in row) for row in probe.scores.kinds()), ""


def measure(scores: HeadScores, name: str) -> Array:
    """Return [layer, head]: the measure called `name`."""
    if name == "entropy":
        return scores.entropy
    return scores.distance if name == "mean distance" else scores.shares[SHARES[name]]


def cell(
    maps: AttentionMaps, scores: HeadScores, kinds: Kinds, place: tuple[int, int], note: str
) -> HeadCell:
    """Return what is told of the head at `place`, its layer counted among those that attend."""
    layer, head = place
    kind = kinds[layer][head]
    return HeadCell(
        layer,
        maps.numbers[layer],
        head,
        kind,
        COLOURS_OF.get(kind, COLOURS["mixed"]),
        tuple((name, _told(scores, name, place)) for name in WRITTEN),
        note,
    )


def _told(scores: HeadScores, name: str, place: tuple[int, int]) -> str:
    number = measure(scores, name)[place]
    if np.isnan(number):
        return "–"
    told = WRITTEN[name].format(number)
    if name in SHARES:
        many = int(scores.counted[SHARES[name]][place[0]])
        told += f" ({many} token{'s' * (many != 1)})"
    return told


def as_table(maps: AttentionMaps, scores: HeadScores, kinds: Kinds) -> pd.DataFrame:
    """Return a row for each head."""
    layers, heads = scores.entropy.shape
    return pd.DataFrame(
        [
            {
                "layer": maps.numbers[layer],
                "head": head,
                "kind, on random tokens": kinds[layer][head],
                **{name: float(measure(scores, name)[layer, head]) for name in WRITTEN},
            }
            for layer in range(layers)
            for head in range(heads)
        ]
    )
