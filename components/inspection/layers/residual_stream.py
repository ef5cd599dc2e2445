"""The residual stream of one pass: how long it is, and what each part writes to it.

Source: Elhage et al., "A Mathematical Framework for Transformer Circuits" (2021). For the first
token's giant norm and the few dimensions that hold it: Sun et al., "Massive Activations in Large
Language Models" (2024); Xiao et al., "Efficient Streaming Language Models with Attention Sinks"
(2023).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float, Float32

from components.inspection import rounding
from components.inspection.anatomy import StackName
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.layers.fact import PartName, writes_of
from components.inspection.layers.residual_stream_heads import HeadWrites, head_writes
from components.inspection.layers.residual_stream_sums import added_to, norms_follow
from components.inspection.model import Model
from components.inspection.premises import require
from components.inspection.premises.stream import stream_check
from components.inspection.recording import Recording, StackRecord

MOST_TOKENS: Final = 1_024
GIANT: Final = 0.05
"""From this share of the squared norm on a dimension is called giant, if it is also
`OVER_EVEN` times what it would be if all were alike."""
OVER_EVEN: Final = 10.0
MOST_GIANTS: Final = 5


@dataclass(frozen=True)
class Loudest:
    """Where the stream of one token is longest, measured by that of the other tokens there."""

    token: int
    boundary: int
    norm: float
    others: float
    """The median norm of the other tokens at that boundary."""

    @property
    def times(self) -> float:
        """How many times as long."""
        return self.norm / max(self.others, 1e-30)


@dataclass(frozen=True, eq=False)
class ResidualStream:
    """One stack's stream, and what was written to it. Norms are lengths of vectors."""

    stack: StackName
    read: tuple[tuple[int, ...], ...]
    """The ids that each stack of the model read, in the order in which they run."""
    tokens: tuple[str, ...]
    norms: Float32[np.ndarray, "boundary token"]
    """Row 0 enters the first block, row n + 1 leaves block n."""
    writes: Mapping[PartName, Float32[np.ndarray, "layer token"]]
    """The norm of what each kind of part writes; empty where that is not known."""
    cosines: Mapping[PartName, Float32[np.ndarray, "layer token"]]
    """Of the same writes with the stream they are added to: the MLP's with the stream to which
    attention was added already. Below 0 a write takes something away."""
    heads: HeadWrites | None
    """None where it cannot be told what a head writes."""
    post_normed: bool
    """Each sum is normed (BERT), so the norm stands on the stream."""
    shares: Float32[np.ndarray, " width"]
    """Each dimension's share of the squared norm, 0 to 1; the mean over tokens and over all
    boundaries behind a block. They sum to 1."""
    shares_of_loudest: Float32[np.ndarray, " width"]
    """The same for the `loudest` token alone."""
    unknown: tuple[str, ...]
    """What cannot be told of this model, and why: sentences."""
    checks: tuple[Check, ...]

    @property
    def loudest(self) -> Loudest | None:
        """The token that is longest among the others; None if it is alone."""
        return loudest(self.norms)

    @property
    def giants(self) -> tuple[int, ...]:
        """The dimensions that hold most of the norm, the largest first; often none."""
        return giants(self.shares)


def stacks_of(model: Model) -> tuple[StackName, ...]:
    """Return the stacks there are, in the order in which they run."""
    return tuple(model.anatomy.stacks)


def residual_stream(
    model: Model, text: str, target: str | None, stack: StackName
) -> ResidualStream:
    """Let `model` read `text` once, and return one stack's stream.

    A decoder beside an encoder reads its start token and then `target`.

    Raises:
        InspectionError: the text is empty or too long, or there is no one stream.
    """
    recording, found, residual = recorded_stream(model, text, target, stack)
    check, why = stream_check(model, recording)
    checks, unknown = ([check], []) if check.holds else ([], [why])
    writes: dict[PartName, Float32[np.ndarray, "layer token width"]] = {}
    heads = None
    if check.holds:
        writes = dict(writes_of(model, found))
    bases = added_to(model, found.name, residual, writes)
    norms = _norm(residual)
    lengths = {name: _norm(write) for name, write in writes.items()}
    cosines = {name: cosine(write, bases[name]) for name, write in writes.items()}
    post_normed = bool(model.anatomy.stacks[found.name].post_norms)
    if writes and not post_normed:
        checks.append(norms_follow(norms, lengths, cosines, model.facts.dtype))
    if writes:
        try:
            heads = head_writes(model, recording, found.name, found.attention_writes, residual)
            checks.append(heads.check)
        except InspectionError as error:
            unknown.append(str(error))
    shares = squared_shares(residual[1:])
    first = loudest(norms)
    return ResidualStream(
        stack=found.name,
        read=tuple(each.ids for each in recording.stacks),
        tokens=found.tokens,
        norms=norms,
        writes=lengths,
        cosines=cosines,
        heads=heads,
        post_normed=post_normed,
        shares=shares.mean((0, 1)).astype(np.float32),
        shares_of_loudest=shares[:, 0 if first is None else first.token].mean(0).astype(np.float32),
        unknown=tuple(unknown),
        checks=tuple(checks),
    )


def recorded_stream(
    model: Model, text: str | Sequence[int], target: str | None, stack: StackName
) -> tuple[Recording, StackRecord, Float32[np.ndarray, "boundary token width"]]:
    """Return one pass, the stack that is meant, and its stream.

    Raises:
        InspectionError: the text is empty or too long, or there is no one stream of numbers.
    """
    require(model, "output")
    ids = model.encode(text) if isinstance(text, str) else list(text)
    if len(ids) > MOST_TOKENS:
        raise InspectionError(
            f"The text is {len(ids):,} tokens long; the stream is recorded for at most "
            f"{MOST_TOKENS:,}. Shorten the text."
        )
    recording = record(model, ids, target, keep=("residual", "attention"))
    found = recording.stack(stack)
    if found.residual is None or len(found.residual) < 2:
        raise InspectionError(
            f"'{model.name}' has no one residual stream with a row for each token: it keeps "
            "several side by side, or hands them on in its own way. Choose another model, such as "
            "storyteller."
        )
    rounding.require_numbers(found.residual)
    return recording, found, found.residual


def squared_shares(
    rows: Float32[np.ndarray, "*axes width"],
) -> Float[np.ndarray, "*axes width"]:
    """Return each dimension's share of a vector's squared norm.

    >>> squared_shares(np.array([[3, 4]], np.float32))
    array([[0.36, 0.64]])
    """
    squares = np.square(rows, dtype=np.float64)
    return squares / np.maximum(squares.sum(-1, keepdims=True), np.finfo(np.float64).tiny)


def giants(shares: Float32[np.ndarray, " width"]) -> tuple[int, ...]:
    """Return the dimensions with a giant share of the squared norm, the largest first.

    >>> giants(np.array([0.8] + [0.001] * 200, np.float32)), giants(np.ones(8, np.float32) / 8)
    ((0,), ())
    """
    least = max(GIANT, OVER_EVEN / len(shares))
    order = np.argsort(-shares, kind="stable")[:MOST_GIANTS]
    return tuple(int(each) for each in order if shares[each] >= least)


def loudest(norms: Float32[np.ndarray, "boundary token"]) -> Loudest | None:
    """Return where one token's norm is the most times the median of the others'.

    >>> loudest(np.array([[1, 1, 1], [90, 2, 4]], np.float32))
    Loudest(token=0, boundary=1, norm=90.0, others=3.0)
    """
    if norms.shape[1] < 2:
        return None
    others = _median_of_others(norms)
    times = norms / np.maximum(others, np.finfo(np.float32).tiny)
    boundary, token = np.unravel_index(int(times.argmax()), times.shape)
    place = boundary, token
    return Loudest(int(token), int(boundary), float(norms[place]), float(others[place]))


def _median_of_others(
    norms: Float32[np.ndarray, "boundary token"],
) -> Float32[np.ndarray, "boundary token"]:
    """Return for each token the median of the norms of all others at that boundary."""
    ordered, others = np.sort(norms, axis=1), norms.shape[1] - 1
    place = norms.argsort(axis=1, kind="stable").argsort(axis=1)

    def at(rank: int) -> Float32[np.ndarray, "boundary token"]:
        """Return the norm of that rank once the token itself is left out."""
        return np.where(rank < place, ordered[:, rank, None], ordered[:, rank + 1, None])

    return (at((others - 1) // 2) + at(others // 2)) / 2


def cosine(
    one: Float[np.ndarray, "*axes width"], other: Float[np.ndarray, "*axes width"]
) -> Float32[np.ndarray, "*axes"]:
    """Return the cosines of vectors, from -1 to 1; 0 where one is nothing.

    >>> cosine(np.array([[3.0, 4.0]]), np.array([[4.0, 3.0]]))
    array([0.96], dtype=float32)
    """
    first, second = one.astype(np.float64), other.astype(np.float64)
    lengths = np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1)
    products = (first * second).sum(-1)
    return (products / np.maximum(lengths, np.finfo(np.float64).tiny)).astype(np.float32)


def _norm(rows: Float32[np.ndarray, "*axes width"]) -> Float32[np.ndarray, "*axes"]:
    return np.linalg.norm(rows.astype(np.float64), axis=-1).astype(np.float32)
