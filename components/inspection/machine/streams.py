"""The stream within one block: what is read, written and summed, along a way that was found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
import torch
from jaxtyping import Float32

from components.inspection import rounding
from components.inspection.checks import Check, worst
from components.inspection.machine.trace import Trace

Sub = Literal["attention", "cross-attention", "MLP"]
Placement = Literal["pre", "post", "parallel", "sandwich", "after the part", "none", "unknown"]
ROUNDINGS: Final = 4.0
"""Results rounded on the way from one stream to the next: two or three sums, and a write's own."""
Rows = Float32[np.ndarray, "token width"]


@dataclass(frozen=True)
class SubChain:
    """One part of a block: which norms stand around it, by their paths."""

    name: Sub
    write: str
    """The module whose output the part makes, before a norm of it."""
    before: str | None = None
    """Norms the stream before the part reads it."""
    of_write: str | None = None
    """Norms what the part writes, before it is added."""
    of_sum: str | None = None
    """Norms the stream after it was added."""


@dataclass(frozen=True)
class Chain:
    """How a block leads from one stream to the next."""

    subs: tuple[SubChain, ...]
    """In the order in which they are added."""
    parallel: bool = False
    """All read the stream that enters the block."""

    @property
    def placement(self) -> Placement:
        """Where the norms stand, in a word."""
        if self.parallel:
            return "parallel"
        before = any(sub.before for sub in self.subs)
        behind = any(sub.of_write for sub in self.subs)
        if any(sub.of_sum for sub in self.subs):
            return "post"
        if before:
            return "sandwich" if behind else "pre"
        return "after the part" if behind else "none"


@dataclass(frozen=True, eq=False)
class Streams:
    """The stream at each place of a block, by recorded values where a module read or gave it."""

    read: Mapping[Sub, Float32[np.ndarray, "token width"]]
    """Before the norm, where there is one."""
    writes: Mapping[Sub, Float32[np.ndarray, "token width"]]
    """What is added."""
    sums: Mapping[Sub, Float32[np.ndarray, "token width"]] = field(default_factory=dict)
    """The stream with the write added, before a norm of the sum."""
    check: Check | None = None


def close(
    found: Float32[np.ndarray, "token width"],
    terms: Sequence[Float32[np.ndarray, "token width"]],
    dtype: str,
) -> Check:
    """Compare a stream with the sum of its terms."""
    total = np.sum([term.astype(np.float64) for term in terms], axis=0)
    sizes = np.abs(found) + np.sum([np.abs(term) for term in terms], axis=0)
    return rounding.compared(
        "what enters the block and what its parts write lead to what leaves it",
        found,
        total,
        ROUNDINGS * rounding.unit(dtype) * sizes,
        "This block does more to the stream than is drawn.",
    )


def streams_of(
    chain: Chain,
    trace: Trace,
    entered: Float32[np.ndarray, "token width"],
    left: Float32[np.ndarray, "token width"],
    dtype: str,
) -> Streams | None:
    """Return the streams of a traced text along a chain; None if a module did not run so."""
    tokens = len(entered)
    stream, terms, checks = entered, [entered], []
    reads: dict[Sub, Rows] = {}
    writes: dict[Sub, Rows] = {}
    sums: dict[Sub, Rows] = {}
    for sub in chain.subs:
        given = None if sub.before is None else trace.calls.get(sub.before)
        read = None if given is None else given.read(tokens)
        write = gave(trace, sub.of_write or sub.write, tokens)
        if write is None or write.shape != stream.shape or (sub.before and read is None):
            return None
        reads[sub.name], writes[sub.name] = stream if read is None else read, write
        checks.append(close(reads[sub.name], [entered] if chain.parallel else terms, dtype))
        stream = entered if chain.parallel else reads[sub.name]
        terms = [*terms, write] if chain.parallel else [stream, write]
        stream = rounded(_sum(terms), dtype)
        if sub.of_sum is not None:
            norm = trace.calls.get(sub.of_sum)
            total = None if norm is None else norm.read(tokens)
            onward = gave(trace, sub.of_sum, tokens)
            if total is None or onward is None or total.shape != stream.shape:
                return None
            checks.append(close(total, terms, dtype))
            stream, terms = onward, [onward]
            sums[sub.name] = total
        else:
            sums[sub.name] = stream
    checks.append(close(left, terms, dtype))
    return Streams(reads, writes, sums, worst(checks))


def gave(trace: Trace, path: str, tokens: int) -> Float32[np.ndarray, "{tokens} _"] | None:
    """Return what the module at `path` gave for each token; None if it did not run so."""
    call = trace.calls.get(path)
    return None if call is None else call.gave(tokens)


def same(
    one: Float32[np.ndarray, "_token _"] | None, other: Float32[np.ndarray, "_token _"] | None
) -> bool:
    """Say whether both are there, and equal to the last bit."""
    return one is not None and other is not None and bool(np.array_equal(one, other))


def _sum(terms: Sequence[Rows]) -> Rows:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def rounded(
    rows: Float32[np.ndarray, "token width"], dtype: str
) -> Float32[np.ndarray, "token width"]:
    """Return `rows` as the network's number format holds them."""
    return torch.from_numpy(rows).to(getattr(torch, dtype)).float().numpy()


def near(
    found: Float32[np.ndarray, "token _"], stream: Float32[np.ndarray, "token width"], dtype: str
) -> bool:
    """Say whether rows are the stream's, but for rounding."""
    return found.shape == stream.shape and close(found, [stream], dtype).holds
