"""A part of Contents: how the cache grows with each token, and the formula for it."""

import re

from components.figures.kv_cache.contents import growth
from components.figures.kv_cache.tables import growth_table
from components.inspection.kv_cache.contents import Contents
from components.inspection.kv_cache.shapes import unusual
from components.lesson import Ask, Shown, View
from pages.output.kv_cache import code, parts

RULED = (
    "What each layer keeps was counted on the model's own code, run on shapes without numbers; "
    "here it is held against the cache object, after each of {} steps."
)


def grown(ask: Ask) -> Shown:
    found = parts.contents_of(ask)
    shape, length = found.shape, found.prompt + len(found.grown) - 1
    formula, symbols = usual_formula(found, length) if shape.usual else ("", "")
    said = [f"After {length:,} tokens the cache holds **{found.grown[-1]:,} bytes**."]
    if not shape.usual:
        said.append(
            "The usual formula, 2 × layers × key-value heads × head size × tokens, does not hold "
            f"for this model: {unusual(shape)}."
        )
    said.append(shape.lawless if found.law is None else RULED.format(len(found.grown)))
    if found.cross_bytes:
        said.append(
            f"Beside it, the encoder's keys and values take {found.cross_bytes:,} bytes and never "
            "grow."
        )
    return Shown(
        growth(found),
        alt=f"Bytes of the cache against the tokens written, measured and by the law, up to "
        f"{found.grown[-1]:,}.",
        told=" ".join(said),
        checks=(*found.checks, *shape.checks),
        unchecked=shape.lawless,
        table=lambda: growth_table(found),
        code=code.contents_code(parts.lines_for(ask, found.dtype), ask.prompt),
        read="Circles: the bytes of all layers' tensors, measured on the cache after each token. "
        "Line: the law counted on the model's own code. Dotted: what the same model would take "
        "with a key-value head for each query head (MHA) or one for all (MQA).",
        formula=formula,
        symbols=symbols,
        facts={"dtype": found.dtype}
        | (
            {"layers": shape.layers, "kv_heads": shape.kv_heads, "head_size": shape.head_size}
            if shape.usual
            else {}
        ),
    )


def usual_formula(found: Contents, length: int) -> tuple[str, str]:
    """Return the usual formula with this model's numbers; of windows, the rows that are kept."""
    shape, total = found.shape, int(found.shape.cache_bytes(length, found.itemsize))
    kept = sum(law.rows(length) for law in shape.cache)
    sizes = rf"{shape.kv_heads}\cdot{shape.head_size}"
    if shape.slides:
        formula = (
            r"\text{bytes}=2\cdot H_{kv}\cdot d\cdot b\cdot\sum_{l=1}^{L}\min(T,\,w_l-1)="
            rf"2\cdot{sizes}\cdot{found.itemsize}\cdot{kept:,}={total:,}"
        )
    else:
        formula = (
            r"\text{bytes}=2\cdot L\cdot H_{kv}\cdot d\cdot T\cdot b="
            rf"2\cdot{shape.layers}\cdot{sizes}\cdot{length:,}\cdot{found.itemsize}={total:,}"
        )
    symbols = (
        "2: a key and a value; *L* layers; *H* key-value heads of *d* numbers; *T* tokens; *b* "
        f"bytes of a {found.dtype}."
        + (
            " A layer with a sliding window of *w* tokens remembers the last *w* − 1: with the one "
            "that comes in there are *w*."
            if shape.slides
            else ""
        )
        + parts.repeated(shape)
    )
    return re.sub(r"(?<=\d),(?=\d)", "{,}", formula), symbols


GROWTH = View("What the cache takes, and the formula for it.", grown)
