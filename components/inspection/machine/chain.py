"""What is added to the stream in one block, and where norms stand: found on recorded values.

A block adds its parts' writes to the stream in one of few ways: one after the other, or all to the
same stream (parallel); each may read the stream through a norm, have its write normed, or have the
sum normed. That way is taken which leads from what entered the block to what left it.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

import numpy as np
from jaxtyping import Float32

from components.inspection.machine.streams import (
    Chain,
    Sub,
    SubChain,
    close,
    gave,
    near,
    rounded,
    same,
    streams_of,
)
from components.inspection.machine.trace import Trace


def find_chain(
    trace: Trace,
    entered: Float32[np.ndarray, "token width"],
    left: Float32[np.ndarray, "token width"],
    parts: Mapping[Sub, tuple[Sequence[str], Float32[np.ndarray, "token width"] | None]],
    dtype: str,
) -> Chain | None:
    """Return how a block's parts are added; None if no way leads to what left it.

    `parts`: for each, in order, the modules whose output it may be, and what its first map reads.
    """
    for paths in product(*(writes for writes, _ in parts.values())):
        chosen = dict(zip(parts, paths, strict=True))
        reads = {name: read for name, (_, read) in parts.items()}
        for chain in _ways(trace, entered, chosen, reads, dtype):
            found = streams_of(chain, trace, entered, left, dtype)
            if found is not None and found.check is not None and found.check.holds:
                return chain
    return None


def _ways(
    trace: Trace,
    entered: Float32[np.ndarray, "token width"],
    writes: Mapping[Sub, str],
    reads: Mapping[Sub, Float32[np.ndarray, "token width"] | None],
    dtype: str,
) -> Iterator[Chain]:
    """Yield the ways in which the parts may be added, each with its norms."""
    tokens = len(entered)
    # One after the other first: in a parallel block what the MLP reads cannot be found on that way.
    yield from _further(trace, entered, list(writes.items()), reads, (), tokens, dtype)
    if len(writes) > 1:
        subs = []
        for name, path in writes.items():
            of_write = _norm_of_write(trace, path, tokens)
            there, before = _norm_before(trace, entered, reads[name], dtype)
            if not there:
                return
            subs.append(SubChain(name, path, before, of_write))
        yield Chain(tuple(subs), parallel=True)


def _further(
    trace: Trace,
    stream: Float32[np.ndarray, "token width"],
    rest: list[tuple[Sub, str]],
    reads: Mapping[Sub, Float32[np.ndarray, "token width"] | None],
    subs: tuple[SubChain, ...],
    tokens: int,
    dtype: str,
) -> Iterator[Chain]:
    if not rest:
        yield Chain(subs)
        return
    (name, path), *more = rest
    there, before = _norm_before(trace, stream, reads[name], dtype)
    of_write = _norm_of_write(trace, path, tokens)
    write = gave(trace, of_write or path, tokens)
    if not there or write is None:
        return
    sub = SubChain(name, path, before, of_write)
    total = rounded(stream + write, dtype)
    yield from _further(trace, total, more, reads, (*subs, sub), tokens, dtype)
    for norm in _norms_reading(trace, total, [stream, write], dtype):
        onward = gave(trace, norm, tokens)
        assert onward is not None
        sub = SubChain(name, path, before, of_write, norm)
        yield from _further(trace, onward, more, reads, (*subs, sub), tokens, dtype)


def _norm_before(
    trace: Trace,
    stream: Float32[np.ndarray, "token width"],
    reads: Float32[np.ndarray, "token width"] | None,
    dtype: str,
) -> tuple[bool, str | None]:
    """Say whether a part can read `stream`, and through which norm."""
    if reads is not None and near(reads, stream, dtype):
        return True, None
    for path in _norms_reading(trace, stream, [stream], dtype):
        gives = gave(trace, path, len(stream))
        if reads is None or same(gives, reads):
            return True, path
    return reads is None, None


def _norm_of_write(trace: Trace, path: str, tokens: int) -> str | None:
    """Return the norm that reads exactly what the module at `path` gave."""
    given = gave(trace, path, tokens)
    for other in _norms(trace, tokens) if given is not None else ():
        read = trace.calls[other].read(tokens)
        if other != path and same(read, given):
            return other
    return None


def _norms_reading(
    trace: Trace,
    stream: Float32[np.ndarray, "token width"],
    terms: Sequence[Float32[np.ndarray, "token width"]],
    dtype: str,
) -> list[str]:
    found = []
    for path in _norms(trace, len(stream)):
        read = trace.calls[path].read(len(stream))
        if read is not None and read.shape == stream.shape and close(read, terms, dtype).holds:
            found.append(path)
    return found


def _norms(trace: Trace, tokens: int) -> list[str]:
    """Return the simple modules with a gain of one axis, or none, which keep the shape."""
    found = []
    for path, call in trace.calls.items():
        weight = getattr(call.module, "weight", None)
        if call.simple and (weight is None or weight.dim() == 1) and call.given is not None:
            given, gives = call.read(tokens), call.gave(tokens)
            if given is not None and gives is not None and given.shape == gives.shape:
                found.append(path)
    return found
