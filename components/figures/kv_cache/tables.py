"""The numbers of the cache's figures as tables."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.inspection.causality import LastTokenChanged
from components.inspection.kv_cache.agreement import Agreement
from components.inspection.kv_cache.contents import Contents
from components.inspection.kv_cache.kinds import KindRow
from components.inspection.kv_cache.planner import Fit
from components.inspection.kv_cache.roofline import Roofline
from components.inspection.kv_cache.shapes import Shape, sharing
from components.inspection.kv_cache.summary import Summary, WaySummary
from components.inspection.kv_cache.timing import Timing


def timing_rows(found: Timing) -> pd.DataFrame:
    """Return every measured step as a row."""
    way, repeat, step = np.nonzero(np.isfinite(found.seconds))
    return pd.DataFrame(
        {
            "way": np.array(["with", "without"])[way],
            "repeat": repeat,
            "step": step,
            "phase": np.where(step == 0, "prefill", "decode"),
            "tokens_in_text": found.start + step,
            "seconds": found.seconds[way, repeat, step],
        }
    )


def timing_totals(summary: Summary) -> pd.DataFrame:
    """Return a row for each way of writing."""

    def row(way: WaySummary) -> dict[str, object]:
        return {
            "": "with the cache" if way.way == "with" else "without",
            "first token (ms)": round(way.first * 1e3, 2),
            "each further (ms, median)": round(way.per_token * 1e3, 3),
            "middle half (ms)": f"{np.median(way.low[1:]) * 1e3:.2f} to "
            f"{np.median(way.high[1:]) * 1e3:.2f}"
            if way.steps > 1
            else "",
            "tokens": way.steps,
            "in all (s)": round(way.total, 3),
            "tokens per second": round(way.rate, 1),
            "positions computed": way.positions,
        }

    return pd.DataFrame([row(way) for way in summary.ways])


def agreement_table(found: Agreement) -> pd.DataFrame:
    """Return a row for each step, with the token of either way."""
    return pd.DataFrame(
        {
            "step": np.arange(len(found.difference)),
            "token": found.tokens,
            "token without the cache": found.without,
            "largest_difference": found.difference,
            "logit_margin": found.margin,
            "largest_logit": found.largest,
        }
    )


def cache_rows(
    found: Contents, keys: NDArray[np.float32], values: NDArray[np.float32]
) -> pd.DataFrame:
    """Return one head's keys and values [token, number], a row for each token."""
    named = {
        f"{name} {place}": array[:, place]
        for name, array in (("key", keys), ("value", values))
        for place in range(array.shape[1])
    }
    count = len(keys)
    return pd.DataFrame({"position": range(count), "token": found.tokens[:count]} | named)


def growth_table(found: Contents) -> pd.DataFrame:
    """Return the bytes after each written token."""
    steps = np.arange(len(found.grown))
    return pd.DataFrame(
        {
            "tokens_written": steps,
            "tokens_in_cache": found.prompt + steps,
            "bytes_measured": found.grown,
            "bytes_by_the_law": np.nan if found.law is None else found.law,
        }
    )


def layer_table(found: Contents) -> pd.DataFrame:
    """Return a row for each layer: what it keeps, and its bytes."""
    length, shape = found.prompt + len(found.grown) - 1, found.shape
    places = range(len(found.layer_bytes))
    table = pd.DataFrame(
        {
            "layer": places,
            "what it keeps (batch, head, token, size)": found.layer_kept,
            "bytes, measured": found.layer_bytes,
        }
    )
    if found.law is not None:
        table["bytes, by the law"] = [
            int(shape.layer_bytes(place, length, found.itemsize)) for place in places
        ]
        table["window"] = [str(shape.windows[place] or "all") for place in places]
    return table


def change_table(changed: LastTokenChanged) -> pd.DataFrame:
    """Return how much each token's stream, keys and values changed."""
    table = pd.DataFrame({"token": changed.tokens, "residual stream": changed.stream})
    if changed.vectors.size:
        for layer, row in zip(changed.layers, changed.vectors, strict=True):
            table[f"layer {layer}"] = row
    return table


def sharing_table(shape: Shape, itemsize: float) -> pd.DataFrame:
    """Return a row for each number of key-value heads that `shape` could have."""
    shapes = [shape.shared_by(count) for count in reversed(shape.groupings())]
    return pd.DataFrame(
        {
            "key-value heads": [each.kv_heads for each in shapes],
            "sharing": [sharing(each) for each in shapes],
            "bytes for each token": [each.token_bytes(itemsize) for each in shapes],
            "weights in a block's attention": [each.attention_weights[0] for each in shapes],
        }
    )


def type_table(ran: Sequence[KindRow], class_of: Callable[[str], str]) -> pd.DataFrame:
    """Return a row for each cache type; `class_of` names its class in transformers."""
    table = pd.DataFrame([_type_row(row, class_of(row.name)) for row in ran])
    if not any(row.elsewhere for row in ran):
        table = table.drop(columns="bytes in the machine's memory")
    return table


def _type_row(row: KindRow, made_by: str) -> dict[str, object]:
    return {
        "type": row.name,
        "class": made_by,
        "bytes held": row.held,
        "bytes in the machine's memory": row.elsewhere,
        "tokens remembered": row.rows,
        "ms per step (median)": round(row.median * 1e3, 3),
        "middle half (ms)": f"{row.low * 1e3:.2f} to {row.high * 1e3:.2f}",
        "largest difference of a logit": row.difference,
        "same best token": f"{row.same} of {row.steps}",
    }


def roofline_table(found: Roofline) -> pd.DataFrame:
    """Return a row for each pass: work, bytes, time, and what limits it."""
    return pd.DataFrame(
        {
            "pass": each.done.name,
            "positions": each.done.positions,
            "MFLOP": round(each.done.operations / 1e6, 2),
            "MB in and out": round(each.done.matrix_bytes / 1e6, 2),
            "of which weights": round(each.done.weight_bytes / 1e6, 2),
            "cache looked up (MB)": round(each.done.cache_bytes / 1e6, 3),
            "FLOP/byte": round(each.intensity, 2),
            "ms": round(each.seconds * 1e3, 2),
            "GFLOP/s": round(each.rate / 1e9, 2),
            "GB/s": round(each.done.matrix_bytes / each.seconds / 1e9, 2),
            "limit": found.limit(each),
        }
        for each in found.passes
    )


def fit_table(fits: Sequence[Fit], context: int) -> pd.DataFrame:
    """Return a row for each device; `context`: the tokens that the model reads at most."""
    return pd.DataFrame(
        {
            "device": fit.gpu,
            "memory (GiB)": fit.memory,
            "fits": "yes" if fit.fits else "no",
            "devices needed": str(fit.needed or "too small"),
            "left (GiB)": round(fit.left / 2**30, 1),
            "longest text at this batch": f"{fit.longest:,}"
            + (" (all it reads)" if fit.longest == context else ""),
            "largest batch of this length": f"{fit.batch:,}",
        }
        for fit in fits
    )
