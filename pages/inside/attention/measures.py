"""What All heads tells of each head: where its attention goes, and what kind of head it is."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from components.figures.attention.kinds import COLOURS
from components.inspection.attention.heads import (
    NAMES,
    HeadScores,
    Pattern,
    ProbeResult,
    head_scores,
    probe_heads,
)
from components.inspection.attention.maps import AttentionMaps, attention_maps
from components.inspection.errors import InspectionError
from components.lesson import Ask
from components.widgets.head_grid import HeadCell
from components.widgets.markup import literal
from pages.inside.attention.choices import Reading

PROMPT: Final = "this prompt"
PROBE: Final = "random tokens, twice over"
PLACE: Final = "layer and head"
PAIR: Final = "weight of one pair"
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
TWICE: Final = (
    "{} tokens: random ones, twice over. In the second half, every token has been there before: "
    "that is what duplicate-token and induction heads react to. A click opens the head on the "
    "prompt, where its stripe need not be."
)


@dataclass(frozen=True, eq=False)
class Measured:
    """The heads' weights on a text, what they do there, and what they are called."""

    maps: AttentionMaps
    scores: HeadScores
    kinds: tuple[tuple[str, ...], ...]
    """[layer][head], by the probe."""
    probe: ProbeResult | None
    """None where it cannot be read."""
    told: str
    """In sentences, as Markdown."""


def measured(ask: Ask, asked: Reading, on: str) -> Measured:
    """Return the heads as they are on the prompt or the probe, named by the probe."""
    try:
        probe, unnamed = ask.inspect(probe_heads, asked.group), ""
    except InspectionError as error:
        if on == PROBE:
            raise
        probe, unnamed = None, f"Heads are not named here. {literal(str(error))}"
    if probe is not None and on == PROBE:
        maps, scores, told = probe.maps, probe.scores, TWICE.format(len(probe.maps.readers))
    else:
        maps = ask.inspect(attention_maps, *asked.arguments)
        scores, told = head_scores(maps), ""
    names = [[NAMES[kind] for kind in row] for row in probe.scores.kinds()] if probe else []
    kinds = names or [[UNNAMED] * maps.heads] * maps.layers
    told = " ".join(filter(None, [told, *most(maps, scores), unnamed]))
    return Measured(maps, scores, tuple(map(tuple, kinds)), probe, told)


def measure(scores: HeadScores, name: str) -> NDArray[np.float32]:
    """Return [layer, head]: the measure called `name`."""
    if name == "entropy":
        return scores.entropy
    return scores.distance if name == "mean distance" else scores.shares[SHARES[name]]


def most(maps: AttentionMaps, scores: HeadScores) -> list[str]:
    """Return in sentences which head gives the token before most, and which the first token."""
    said = []
    for name in ("previous token", "first token"):
        weights = measure(scores, name)
        if np.isfinite(weights).any():
            place, head = np.unravel_index(int(np.nanargmax(weights)), weights.shape)
            said.append(
                f"Layer {maps.numbers[place]}, head {head} gives the {name} most, "
                f"**{weights[place, head]:.0%}** on average."
            )
    return said


def cell(found: Measured, place: tuple[int, int], note: str) -> HeadCell:
    """Return what is told of the head at `place`, its layer counted among those that attend."""
    layer, head = place
    kind = found.kinds[layer][head]
    return HeadCell(
        layer,
        found.maps.numbers[layer],
        head,
        kind,
        COLOURS_OF.get(kind, COLOURS["mixed"]),
        tuple((name, _written(found.scores, name, place)) for name in WRITTEN),
        note,
    )


def _written(scores: HeadScores, name: str, place: tuple[int, int]) -> str:
    number = measure(scores, name)[place]
    if np.isnan(number):
        return "–"
    written = WRITTEN[name].format(number)
    if name in SHARES:
        many = int(scores.counted[SHARES[name]][place[0]])
        written += f" ({many} token{'s' * (many != 1)})"
    return written
