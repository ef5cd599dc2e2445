"""The live clocks of RoPE: a query and a key, turned while their positions are dragged or played.

Both vectors come once, unrotated; the browser turns them by itself (`turning.js`), and on release
tells the server what it has, so that the two can be compared.
"""

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from components.inspection.positions.rotation import Rope, places
from components.widgets.kit import component, last_release

_COMPONENT = component(__file__)


@dataclass(frozen=True, eq=False)
class PositionModule:
    """What the browser had when it came to rest."""

    query_at: int
    key_at: int
    query: NDArray[np.float64]
    """[size], turned."""
    key: NDArray[np.float64]
    """[size], turned."""
    score: float


def pairs_of(rope: Rope) -> list[list[int]]:
    """Return [pair, 2]: which numbers the browser turns, from the first towards the second.

    Turned the other way round, a pair's second number comes first.
    """
    found: list[list[int]] = places(rope)[:, :: rope.direction].tolist()
    return found


def rotation(
    query: NDArray[np.float32],
    key: NDArray[np.float32],
    rope: Rope,
    scale: float,
    tokens: tuple[str, str],
    home: tuple[int, int],
    at: tuple[int, int],
    longest: int,
    key_: str,
    on_placed: Callable[[int, int], None],
) -> PositionModule | None:
    """Show `query[size]` and `key[size]`, unrotated, as clocks; return what came to rest last.

    `tokens` name the two, `home` are the positions at which the model has them and `at` those to
    show, each first the query's; positions go from 0 to `longest` - 1. None until the browser has
    answered for these vectors.
    """
    sign = hashlib.sha256(query.tobytes() + key.tobytes() + rope.frequencies.tobytes())
    pairs = pairs_of(rope)
    sign.update(repr((rope.scaling, pairs, scale, tokens, home, longest)).encode())
    signature = sign.hexdigest()[:16]

    def tell() -> None:
        answer = _placed(st.session_state[key_].get("released"), signature, len(query), longest)
        if answer:
            on_placed(answer.query_at, answer.key_at)

    answer = _COMPONENT(
        data={
            "signature": signature,
            "query": query.astype(float).tolist(),
            "key": key.astype(float).tolist(),
            "rope": {
                "frequencies": rope.frequencies.astype(float).tolist(),
                "scaling": rope.scaling,
                "places": pairs,
            },
            "scale": scale,
            "tokens": {"query": tokens[0], "key": tokens[1]},
            "home": {"query": home[0], "key": home[1]},
            "at": {"query": at[0], "key": at[1]},
            "longest": longest,
            "release": last_release(key_),
        },
        key=key_,
        on_released_change=tell,
    )
    return _placed(answer.released, signature, len(query), longest)


def _placed(
    answer: Mapping[str, Any] | None, signature: str, size: int, longest: int
) -> PositionModule | None:
    # What a browser sends is input like any other: read with care.
    if not answer:
        return None
    try:
        positions = int(answer["query_at"]), int(answer["key_at"])
        query = np.asarray(answer["query"], dtype=np.float64)
        key = np.asarray(answer["key"], dtype=np.float64)
        score = float(answer["score"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    sound = query.shape == key.shape == (size,) and math.isfinite(score)
    if not sound or answer.get("signature") != signature:
        return None
    if not all(0 <= position < longest for position in positions):
        return None
    return PositionModule(*positions, query, key, score)
