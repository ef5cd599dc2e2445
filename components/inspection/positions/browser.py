"""What a browser says it turned, against the server's own arithmetic."""

from typing import Protocol

import numpy as np
from jaxtyping import Float32, Float64

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.positions.rotation import Rope, matrix, places, rotated


class Answer(Protocol):
    """A query and a key as a browser has turned them."""

    @property
    def query_at(self) -> int:
        """Position of the query."""

    @property
    def key_at(self) -> int:
        """Position of the key."""

    @property
    def query(self) -> Float64[np.ndarray, " size"]:
        """Turned there."""

    @property
    def key(self) -> Float64[np.ndarray, " size"]:
        """Turned there."""

    @property
    def score(self) -> float:
        """Their product times the scale."""


def browser_checks(
    query: Float32[np.ndarray, " size"],
    key: Float32[np.ndarray, " size"],
    rope: Rope,
    scale: float,
    answer: Answer,
) -> tuple[Check, ...]:
    """Compare `answer` with `query` and `key`, turned here, and with their score.

    The server rounds angles to float32, as models do; a browser has twice as many digits.
    """
    here = rotated(query, np.float32(answer.query_at), rope)
    there = rotated(key, np.float32(answer.key_at), rope)
    found = np.concatenate([answer.query, answer.key])
    slack = np.concatenate([_slack(query, answer.query_at, rope), _slack(key, answer.key_at, rope)])
    score = float(here.astype(np.float64) @ there.astype(np.float64)) * scale
    sizes = np.abs(here) @ slack[rope.size :] + np.abs(there) @ slack[: rope.size]
    # Both terms of a product off at once, and what the browser's own sum rounds, are far less.
    allowed = abs(scale) * float(sizes + slack[: rope.size] @ slack[rope.size :]) + 1e-12
    return (
        rounding.compared(
            f"at positions {answer.query_at} and {answer.key_at} the browser has turned the two "
            "vectors as the server does",
            found,
            np.concatenate([here, there]),
            slack,
            "The dials that are drawn do not show this rotation.",
        ),
        Check(
            f"the browser's score there is the server's, {score:+.4f}",
            abs(score - answer.score),
            allowed,
            "The score that is drawn is not that of these two vectors.",
        ),
    )


def matrix_check(
    vector: Float32[np.ndarray, " size"], position: int, found: Float64[np.ndarray, " size"]
) -> Check:
    """Compare the matrix of RoFormer's formula at `position` times `vector` with a browser's
    `found`.

    The browser's frequencies are float32, so its angles are off by a share of themselves.
    """
    size = len(vector)
    exact = matrix(position, size) @ vector
    allowed = 2 * rounding.unit("float32") * (1 + position) * np.abs(vector).sum()
    return rounding.compared(
        "this matrix times the vector is what the browser turned",
        found,
        exact,
        float(allowed),
        "The dials that are drawn do not show this matrix.",
    )


def _slack(
    vector: Float32[np.ndarray, " size"], position: int, rope: Rope
) -> Float64[np.ndarray, " size"]:
    """Return how far each turned number may be off where its angle is float32."""
    sizes = np.abs(vector).astype(np.float64)
    both = sizes[places(rope)].sum(-1) * rope.scaling
    angles = position * np.abs(rope.frequencies.astype(np.float64))
    unit = rounding.unit("float32")
    slack = sizes * unit
    slack[places(rope)] = (both * unit * (6 + 2 * angles))[:, None]
    return slack
