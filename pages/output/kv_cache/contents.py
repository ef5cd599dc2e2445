"""View: what the cache holds, row by row; how it grows; and why it may be kept at all."""

import re

import numpy as np
import pandas as pd

from components.figures.kv_cache.contents import growth, keys_and_values, layer_bars
from components.inspection.errors import InspectionError
from components.inspection.kv_cache.contents import Contents
from components.inspection.kv_cache.shapes import unusual
from components.lesson import Ask, Predict, Shown, View
from pages.output.kv_cache import code, parts
from pages.output.kv_cache.causality import CAUSALITY
from pages.output.kv_cache.sharing import SHARING, contents_of

RULED = (
    "What each layer keeps was counted on the model's own code, run on shapes without numbers; "
    "here it is held against the cache object, after each of {} steps."
)


def rows(ask: Ask) -> Shown:
    try:
        found = contents_of(ask)
    except InspectionError as error:
        if ask.facts.kind in ("causal", "seq2seq"):
            raise
        last = "The last part below shows what a cache rests on."
        raise InspectionError(f"{error} {last}") from error
    if not found.rows_in:
        raise InspectionError(
            "No layer of this model keeps keys and values of tokens: the parts below say what it "
            "keeps instead."
        )
    hint = "0: after prefill. Then a row each."
    step = int(ask.slider("Tokens written", "step", 0, len(found.grown) - 1, 1, hint=hint))
    layer = ask.layer(found.rows_in)
    keys, values = found.keys[layer], found.values[layer]
    assert keys is not None and values is not None
    head = ask.number("Key-value head", "kv_head", 0, len(keys) - 1, 0)
    others = len(found.keys) - len(found.rows_in)
    there = found.prompt + step
    return Shown(
        keys_and_values(found, layer, head, step),
        alt=f"Keys and values of head {head} in layer {layer} after {step} written tokens, a row "
        f"for each of {there} tokens.",
        told=f"The prompt's {found.prompt} tokens take **{found.grown[0]:,} bytes** in all layers; "
        f"with {step} more it is {found.grown[step]:,}."
        + (f" {others} other layers keep no rows for tokens." if others else ""),
        checks=(*found.checks, *found.shape.checks),
        unchecked=found.shape.lawless,
        table=lambda: numbers(found, keys[head, :there], values[head, :there]),
        code=code.contents_code(parts.lines_for(ask, found.dtype), ask.prompt),
        read="Each row is a token's key (left) and value (right); blue is positive, vermilion "
        "negative, each of the two with a scale of its own. **Slide “Tokens written”: one row "
        "comes in, framed, and no other changes.** Hover for the numbers. Keys are shown as they "
        "lie there: after the rotation by position, where a model has one.",
        predict=question(found),
        tries="Slide “Tokens written” from 0 on and watch the rows above the frame. Do the keys or "
        "the values of neighbouring tokens look more alike, and in which layer?",
    )


def question(found: Contents) -> Predict | None:
    """Ask what a token adds, with answers that forget the layers or the values."""
    more = int(found.grown[1] - found.grown[0])
    answers = sorted({more, more // 2, more // len(found.rows_in)})
    if not more or len(answers) < 2:
        return None
    return Predict(
        "One more token is written. By how many bytes does the whole cache grow?",
        tuple(f"{each:,}" for each in answers),
        f"{more:,}",
        "A key and a value come in for each key-value head of each of "
        f"{len(found.rows_in)} layers, with {found.itemsize} bytes a number. The part *How it "
        "grows* has the formula.",
    )


def numbers(found: Contents, keys: np.ndarray, values: np.ndarray) -> pd.DataFrame:
    """Return the numbers that are drawn, a row for each token."""
    named = {
        f"{name} {place}": array[:, place]
        for name, array in (("key", keys), ("value", values))
        for place in range(array.shape[1])
    }
    count = len(keys)
    return pd.DataFrame({"position": range(count), "token": found.tokens[:count]} | named)


def grown(ask: Ask) -> Shown:
    found = contents_of(ask)
    shape, length = found.shape, found.prompt + len(found.grown) - 1
    formula, symbols = usual_formula(found, length) if shape.usual else ("", "")
    steps = np.arange(len(found.grown))
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
        table=lambda: pd.DataFrame(
            {
                "tokens_written": steps,
                "tokens_in_cache": found.prompt + steps,
                "bytes_measured": found.grown,
                "bytes_by_the_law": np.nan if found.law is None else found.law,
            }
        ),
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


def layers(ask: Ask) -> Shown:
    found = contents_of(ask)
    return Shown(
        layer_bars(found),
        alt=f"Bytes of each of {len(found.layer_bytes)} layers, up to "
        f"{found.layer_bytes.max(initial=0):,}.",
        told=f"The largest layer holds **{found.layer_bytes.max(initial=0):,} bytes**, the "
        f"smallest {found.layer_bytes.min(initial=found.layer_bytes.max(initial=0)):,}.",
        checks=found.checks,
        unchecked=found.shape.lawless,
        table=lambda: layer_table(found),
        code=code.contents_code(parts.lines_for(ask, found.dtype), ask.prompt),
        read="A bar for each layer: the bytes of what it keeps, after all tokens were written. "
        "The table has the names and axes (batch, head, token, size) of what lies there, and the "
        "window of layers that slide.",
    )


def layer_table(found: Contents) -> pd.DataFrame:
    length, shape = found.prompt + len(found.grown) - 1, found.shape
    table = pd.DataFrame(
        {
            "layer": range(len(found.layer_bytes)),
            "what it keeps (batch, head, token, size)": found.layer_kept,
            "bytes, measured": found.layer_bytes,
        }
    )
    if found.law is None:
        return table
    places = range(len(found.layer_bytes))
    table["bytes, by the law"] = [
        int(shape.layer_bytes(place, length, found.itemsize)) for place in places
    ]
    table["window"] = [str(shape.windows[place] or "all") for place in places]
    return table


VIEW = View(
    "Most models keep one key and one value for each token, layer and key-value head: rows of "
    "numbers that are written once and then only read.",
    rows,
    further={
        "How it grows": View("What the cache takes, and the formula for it.", grown),
        "Layer by layer": View("What each layer keeps.", layers),
        "MHA, GQA, MQA": SHARING,
        "Why it may be kept": CAUSALITY,
    },
)
