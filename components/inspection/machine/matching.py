"""Which module's numbers these are: found by equality to the last bit, number by number.

Families lay queries, keys and values out in many ways: three matrices; one, in three pieces (GPT-2,
Phi-3); one, in pieces of each head (BLOOM, Falcon, GPT-NeoX). Each number is looked for by itself,
as the column of a text's tokens, so no layout has to be known.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from jaxtyping import Float32, Int64
from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

from components.inspection.machine.trace import LAYOUTS, Trace, laid

LINEAR: Final = (nn.Linear, Conv1D)
"""Linear maps; GPT-2's Conv1D is one whose weight lies [input, output]."""


@dataclass(frozen=True, eq=False)
class Columns:
    """Where numbers stand: in the output (or input) of which module, in which column."""

    paths: tuple[str, ...]
    """One; several where a vector is put together (DeepSeek's keys)."""
    which: Int64[np.ndarray, "head size"]
    """Of `paths`."""
    columns: Int64[np.ndarray, "head size"]


@dataclass(frozen=True, eq=False)
class Source:
    """Where queries, keys or values come from, before any rotation."""

    maps: Columns | None
    """In the outputs of linear maps. None: of no map, or of one behind something that is not
    known."""
    factor: float = 1.0
    """On what the map gives (OPT scales its queries so)."""
    norm: str | None = None
    """A norm between the map and the vector (Qwen 3, Gemma 3, OLMo 2): then `maps` are of what goes
    into it."""
    normed: Columns | None = None
    """Where in the norm's output they stand."""
    layout: int = 0
    """Of the norm's input and output, as `trace.laid` counts them."""


def matched(
    wanted: Float32[np.ndarray, "head token size"],
    candidates: Mapping[str, Float32[np.ndarray, "token _"]],
) -> Columns | None:
    """Return where each number of `wanted` stands in one of `candidates`, for all tokens.

    None if one is nowhere. Where several columns are the same, that next to the one before it is
    taken.
    """
    places: dict[bytes, list[tuple[int, int]]] = {}
    paths = tuple(candidates)
    for which, path in enumerate(paths):
        for column, key in enumerate(_keys(candidates[path])):
            places.setdefault(key, []).append((which, column))
    heads, tokens, size = wanted.shape
    flat = wanted.transpose(1, 0, 2).reshape(tokens, -1)
    found: list[tuple[int, int]] = []
    for key in _keys(flat):
        here = places.get(key)
        if here is None:
            return None
        following = (found[-1][0], found[-1][1] + 1) if found else (0, 0)
        found.append(following if following in here else here[0])
    used = sorted({which for which, _ in found})
    new = {which: number for number, which in enumerate(used)}
    return Columns(
        tuple(paths[which] for which in used),
        np.array([new[which] for which, _ in found], np.int64).reshape(heads, size),
        np.array([column for _, column in found], np.int64).reshape(heads, size),
    )


def _keys(rows: Float32[np.ndarray, "token column"]) -> Iterator[bytes]:
    # Minus 0 equals 0, and has other bits.
    return (column.tobytes() for column in np.ascontiguousarray((rows + np.float32(0)).T))


def source_of(
    wanted: Float32[np.ndarray, "head token size"], trace: Trace, dtype: torch.dtype
) -> Source | None:
    """Return where vectors come from, among the modules of a block; None if that is not found."""
    tokens, size = wanted.shape[1:]
    linear = outputs_of(trace, tokens)
    maps = matched(wanted, linear)
    if maps is not None:
        return Source(maps)
    for factor in (size**-0.5, size**-0.25):
        scaled = {path: times(rows, factor, dtype) for path, rows in linear.items()}
        maps = matched(wanted, scaled)
        if maps is not None:
            return Source(maps, factor=factor)
    for path, call in trace.calls.items():
        if not call.simple or path in linear or call.given is None or not call.gives:
            continue
        for layout in LAYOUTS:
            gave = laid(call.gives[0], tokens, layout)
            read = laid(call.given, tokens, layout)
            if gave is None or read is None or gave.shape != read.shape:
                continue
            normed = matched(wanted, {path: gave})
            if normed is not None:
                given = read[:, normed.columns].transpose(1, 0, 2)
                return Source(matched(given, linear), 1.0, path, normed, layout)
    return None


def times(
    rows: Float32[np.ndarray, "token column"], factor: float, dtype: torch.dtype
) -> Float32[np.ndarray, "token column"]:
    """Return `rows` times `factor`, rounded as the network rounds."""
    return (torch.from_numpy(rows).to(dtype) * factor).float().numpy()


def outputs_of(trace: Trace, tokens: int) -> dict[str, Float32[np.ndarray, "{tokens} _"]]:
    """Return what each linear map of a block gave for `tokens` tokens."""
    return {
        path: rows
        for path, call in trace.calls.items()
        if isinstance(call.module, LINEAR) and (rows := call.gave(tokens)) is not None
    }


def inputs_of(trace: Trace, tokens: int) -> dict[str, Float32[np.ndarray, "{tokens} _"]]:
    """Return what each linear map of a block was given for `tokens` tokens."""
    return {
        path: rows
        for path, call in trace.calls.items()
        if isinstance(call.module, LINEAR) and (rows := call.read(tokens)) is not None
    }


def weights_of(
    module: nn.Module, outputs: Int64[np.ndarray, " outputs"] | list[int]
) -> tuple[Float32[np.ndarray, "outputs inputs"], Float32[np.ndarray, " outputs"] | None]:
    """Return the rows of a linear map's weights that make the numbers `outputs`, and their bias."""
    weight: Tensor = module.weight  # type: ignore[assignment]
    bias: Tensor | None = getattr(module, "bias", None)
    index = torch.as_tensor(np.asarray(outputs), device=weight.device)
    rows = weight.T[index] if isinstance(module, Conv1D) else weight[index]
    return _plain(rows), None if bias is None else _plain(bias[index])


def _plain(tensor: Tensor) -> Float32[np.ndarray, "..."]:
    return tensor.detach().to("cpu", torch.float32).numpy()


def gathered(
    columns: Columns, rows: Mapping[str, Float32[np.ndarray, "token _"]], head: int
) -> Float32[np.ndarray, "token size"] | None:
    """Return the numbers of one head where `columns` says that they stand; None if not there."""
    if any(path not in rows for path in columns.paths):
        return None
    found = [
        rows[columns.paths[which]][:, column]
        for which, column in zip(columns.which[head], columns.columns[head], strict=True)
    ]
    return np.stack(found, axis=1)
