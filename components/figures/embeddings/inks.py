"""What colour each token of a map has: by its kind, by a number, by its first letter, or lit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Bool, Int, Num

from components.figures import theme
from components.inspection.embeddings.table import KINDS

LEVELS: Final = 64
"""Colours of a scale."""
_KINDS: Final = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#8A8A86",
    "#7F64B8",
    "#CC79A7",
    "#B9B6AF",
)
_BRIGHT: Final = theme.DARK | {"#7F64B8": "#B79CF0", "#B9B6AF": "#6B6B68"}
_GREY: Final = ("#8A8A86", "#A5A39D")


@dataclass(frozen=True, eq=False)
class Inks:
    """A colour for each point."""

    levels: np.ndarray
    """[point], uint8: of each point, a place among the colours."""
    light: Sequence[str]
    """Colours on a light page, as "#0072B2"."""
    dark: Sequence[str]
    legend: Sequence[tuple[int, str]] = ()
    """Levels that are explained, and in which words."""
    ends: tuple[str, ...] = ()
    """Of a scale: what its first and its last colour stand for."""
    first: int = 0
    """Where the scale begins among the colours."""
    faint: tuple[int, ...] = ()
    """Levels that lie behind all others."""


def of_kinds(kinds: Int[np.ndarray, " point"]) -> Inks:
    """Colour points by the kind of their token."""
    counts = np.bincount(kinds, minlength=len(KINDS))
    legend = [
        (level, f"{KINDS[level]} {int(count):,}") for level, count in enumerate(counts) if count
    ]
    return Inks(
        kinds.astype(np.uint8), _KINDS, [_BRIGHT.get(each, each) for each in _KINDS], legend
    )


def of_numbers(
    values: Num[np.ndarray, " point"],
    ends: tuple[str, str],
    *,
    log: bool = False,
    missing: str = "",
) -> Inks:
    """Colour points by a number, from the least to the largest; `missing` says what 0 means where
    that is no number of the scale."""
    there = values > 0 if missing else np.ones(len(values), bool)
    scaled = np.log(np.where(there, values, 1)) if log else values.astype(np.float64)
    low, high = (scaled[there].min(), scaled[there].max()) if there.any() else (0.0, 0.0)
    share = (scaled - low) / (high - low or 1)
    levels = np.where(there, 1 + np.rint(share * (LEVELS - 1)), 0).astype(np.uint8)
    legend = [(0, f"{missing} {int((~there).sum()):,}")] if not there.all() else []
    return Inks(
        levels,
        [_GREY[0], *_scale(theme.ATTENTION)],
        [_GREY[1], *_scale(theme.ATTENTION_DARK)],
        legend,
        ends,
        first=1,
        faint=(0,),
    )


def of_letters(tokens: Sequence[str]) -> Inks:
    """Colour tokens by the first letter of their text, from a to z."""
    firsts = [token.strip().removeprefix("##").lower()[:1] for token in tokens]
    places = np.array([ord(each) - 96 if "a" <= each <= "z" else 0 for each in firsts])
    return of_numbers(places, ("a", "z"), missing="no letter from a to z")


def lit(there: Bool[np.ndarray, " point"], words: str) -> Inks:
    """Light some points up before all others."""
    legend = [(1, f"{words} {int(there.sum()):,}"), (0, "all others")]
    return Inks(
        there.astype(np.uint8),
        [_GREY[0], theme.KEY],
        [_GREY[1], theme.DARK[theme.KEY]],
        legend,
        faint=(0,),
    )


def _scale(steps: Sequence[tuple[float, str]]) -> list[str]:
    """Return the colours between the second and the last of a scale: the first is the page's."""
    places = [place for place, _ in steps]
    parts = np.array([[int(ink[at : at + 2], 16) for at in (1, 3, 5)] for _, ink in steps])
    found = [
        [np.interp(place, places, parts[:, part]) for part in range(3)]
        for place in np.linspace(places[1], 1, LEVELS)
    ]
    return ["#" + "".join(f"{round(part):02X}" for part in ink) for ink in found]
