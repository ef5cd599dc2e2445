"""Two results, compared part by part: what was computed on a GPU with what the CPU computes."""

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from components.inspection.checks import Check
from components.inspection.kv_cache.kinds import KindRow

OF_THE_MACHINE = {
    "seconds",
    "short",
    "long",
    "step",
    "forward",
    "back",
    "estimate",
    "at",
    "machine",
    "repeatable",
}
"""Fields that tell of a clock or a device. They are left out where the caller says so."""
RELATIVE, ABSOLUTE = 1e-5, 1e-6
"""Sums are taken in another order only where CUDA takes them so; most numbers are the same bits."""
NEAR, TIMES = 1e-4, 4
"""Of checks: what is measured of rounding itself may be another small number, and a bound that is
measured so, another number of that size."""
RANDOM = re.compile(r"bertviz-[0-9a-f]{32}")
DEVICE = re.compile(r"\bcuda:\d\b")


def differences(one: Any, other: Any, timed: bool = False, path: str = "") -> Iterator[str]:
    """Yield where `other` is not `one`, and how; fields of `OF_THE_MACHINE` aside if `timed`.

    Dataclasses, tuples, lists and dicts are entered. Two arrays have one format and shape; floats
    agree within rounding, of checks within `NEAR`, and their verdicts are the same.
    """
    if type(one) is not type(other):
        yield f"{path}: {one!r:.90} is no {type(other).__name__} {other!r:.90}"
    elif isinstance(one, Check):
        told, again = (
            (each.says, each.meaning, each.verdict, each.bound is None) for each in (one, other)
        )
        if told != again:
            yield f"{path}: {one} {one.verdict}, {other} {other.verdict}"
        elif not _near(one, other):
            yield f"{path}: {one}, {other}"
    elif is_dataclass(one):
        for field in fields(one):
            if not (timed and field.name in OF_THE_MACHINE):
                parts = (getattr(each, field.name) for each in (one, other))
                yield from differences(*parts, timed, f"{path}.{field.name}")
    elif isinstance(one, (tuple, list)):
        one, other = _parts(one), _parts(other)
        if len(one) != len(other):
            yield f"{path}: {len(one)} and {len(other)} of them"
            return
        for place, (mine, theirs) in enumerate(zip(one, other, strict=True)):
            yield from differences(mine, theirs, timed, f"{path}[{place}]")
    elif isinstance(one, dict):
        if list(one) != list(other):
            yield f"{path}: {list(one)}, {list(other)}"
            return
        for key, mine in one.items():
            yield from differences(mine, other[key], timed, f"{path}[{key!r}]")
    elif isinstance(one, np.ndarray):
        yield from _arrays(one, other, path)
    elif isinstance(one, (float, complex)):
        yield from _arrays(np.array(one), np.array(other), path)
    elif isinstance(one, str):
        mine, theirs = (DEVICE.sub("cpu", RANDOM.sub("", text)) for text in (one, other))
        if mine != theirs:
            yield f"{path}: {one!r:.200}, {other!r:.200}"
    elif one != other:
        yield f"{path}: {one!r:.90}, {other!r:.90}"


def _near(one: Check, other: Check) -> bool:
    small, large = sorted((one.bound or 0.0, other.bound or 0.0))
    # A bound of 0 is the CPU's, where what is run again gives the same bits.
    alike = large <= max(NEAR, TIMES * small)
    return alike and np.allclose(one.error, other.error, RELATIVE, NEAR, equal_nan=True)


def _parts(sequence: Any) -> list[Any]:
    """Return the parts, but for the cache that can be had with a GPU alone."""
    return [
        each for each in sequence if not (isinstance(each, KindRow) and each.name == "offloaded")
    ]


def _arrays(one: np.ndarray, other: np.ndarray, path: str) -> Iterator[str]:
    if (one.dtype, one.shape) != (other.dtype, other.shape):
        yield f"{path}: {one.dtype}{one.shape}, {other.dtype}{other.shape}"
        return
    if one.dtype.kind not in "fc":
        if not np.array_equal(one, other):
            yield f"{path}: {one!r:.90}, {other!r:.90}"
        return
    scale = float(np.abs(one[np.isfinite(one)]).max(initial=1.0))
    if not np.allclose(other, one, RELATIVE, ABSOLUTE * scale, equal_nan=True):
        yield f"{path}: off by {float(np.nanmax(np.abs(one - other), initial=0.0))} of {scale}"
