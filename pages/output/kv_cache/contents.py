"""View: what the cache holds, how it grows, and why it may be kept at all."""

import re
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.inspection.errors import InspectionError
from components.widgets import frame
from components.widgets.checks import show_checks
from pages.output.kv_cache import code, parts
from pages.output.kv_cache.causality import reach

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from components.inspection.kv_cache.contents import Contents

MOST_STEPS: Final = 24


def contents_view(choice: ModelChoice, text: str) -> None:
    """Show keys and values row by row, bytes against the law, and the last token's reach."""
    found, picture = None, None
    try:
        found = _filled(choice, text)
    except InspectionError as error:
        if engine.facts(choice).kind in ("causal", "seq2seq"):
            st.error(str(error))
        else:
            st.info(f"{error} The experiment below shows what a cache rests on.")
    if found is not None:
        picture = _rows(found)
        _bytes(found, choice)
        _sharing(found)
    with frame.explained():
        reach(choice, text)
    if found is not None:
        with st.expander("The same in plain PyTorch"):
            lines = parts.lines_for(choice, found.dtype)
            st.code(code.contents_code(lines, text), "python")
        _files(choice, found, picture)


def _filled(choice: ModelChoice, text: str) -> "Contents":
    from components.inspection.kv_cache.asking import tokens_in
    from components.inspection.kv_cache.contents import contents

    # Of two stacks the decoder's text is its own; a short context leaves fewer steps.
    alone = engine.facts(choice).kind != "seq2seq"
    left = parts.room(choice) - (engine.inspect(tokens_in, choice, text) if alone else 1)
    steps = min(MOST_STEPS, left) if left >= 2 else MOST_STEPS
    return engine.inspect(contents, choice, text, None, steps)


def _rows(found: "Contents") -> "go.Figure | None":
    from components.figures.kv_cache.contents import keys_and_values

    steps = len(found.grown) - 1
    if not found.rows_in:
        st.info("No layer of this model keeps keys and values of tokens: see the table below.")
        return None
    step_side, layer_side, head_side = st.columns([2, 1, 1])
    with step_side:
        step = parts.asked_between(
            "Tokens written", "kv_step", 0, steps, 1, "0: after prefill. Then a row each."
        )
    with layer_side:
        layer = _picked("Layer", "kv_layer", found.rows_in)
    keys = found.keys[layer]
    assert keys is not None
    with head_side:
        head = _picked("Key-value head", "kv_head", tuple(range(len(keys))))
    figure = keys_and_values(found, layer, head, step)
    st.plotly_chart(
        figure,
        config=parts.CONFIG,
        key="kv-rows",
        alt=f"Keys and values of head {head} in layer {layer} after {step} written tokens, a row "
        "for each token.",
    )
    st.caption(
        "Each row is a token's key (left) and value (right); blue is positive, vermilion negative, "
        "each of the two with a scale of its own. **Slide “Tokens written”: one row comes in, "
        "framed, and no other changes.** Hover for the numbers. Keys are shown as they lie there: "
        "after the rotation by position, where a model has one."
    )
    return figure


def _picked(label: str, key: str, numbers: tuple[int, ...]) -> int:
    # A number box, not a slider: a slider of a single value cannot be drawn.
    if numbers == tuple(range(len(numbers))):
        return int(
            st.number_input(
                label,
                0,
                len(numbers) - 1,
                0,
                key=f"{key}-{len(numbers)}",
                persist_state="session",
                help=f"0 to {len(numbers) - 1}.",
            )
        )
    told = ", ".join(str(number) for number in numbers)
    return int(
        st.selectbox(
            label,
            numbers,
            key=f"{key}-{told}",
            persist_state="session",
            help="The others keep no rows for tokens.",
        )
    )


def _bytes(found: "Contents", choice: ModelChoice) -> None:
    from components.figures.kv_cache.contents import growth
    from components.inspection.kv_cache.shapes import unusual

    shape, length = found.shape, found.prompt + len(found.grown) - 1
    st.subheader("What it takes", anchor=False)
    st.plotly_chart(
        growth(found),
        config=parts.PLAIN,
        key="kv-growth",
        alt="Bytes of the cache against the tokens written, measured and by the law.",
    )
    if shape.usual:
        _formula(found, length)
    else:
        st.markdown(
            "The usual formula, 2 × layers × key-value heads × head size × tokens, does not hold "
            f"for this model: {unusual(shape)}."
        )
    if found.law is None:
        st.info(shape.lawless)
    else:
        st.markdown(
            f"What each layer keeps was counted on the model's own code, run on shapes without "
            f"numbers; here it is held against the cache object, after each of {len(found.grown)} "
            "steps."
        )
        show_checks((*found.checks, *shape.checks), choice, "key-value cache, What is in it")
    if found.cross_bytes:
        st.markdown(
            f"Beside it, the encoder's keys and values take {found.cross_bytes:,} bytes and never "
            "grow."
        )
    with st.expander("Layer by layer"):
        st.dataframe(_layers(found), hide_index=True, width="stretch")


def _formula(found: "Contents", length: int) -> None:
    """Write the usual formula with this model's numbers; of windows, the rows that are kept."""
    shape, total = found.shape, int(found.shape.cache_bytes(length, found.itemsize))
    rows = sum(law.rows(length) for law in shape.cache)
    sizes = rf"{shape.kv_heads}\cdot{shape.head_size}"
    if shape.slides:
        formula = (
            r"\text{bytes}=2\cdot H_{kv}\cdot d\cdot b\cdot\sum_{l=1}^{L}\min(T,\,w_l-1)="
            rf"2\cdot{sizes}\cdot{found.itemsize}\cdot{rows:,}={total:,}"
        )
    else:
        formula = (
            r"\text{bytes}=2\cdot L\cdot H_{kv}\cdot d\cdot T\cdot b="
            rf"2\cdot{shape.layers}\cdot{sizes}\cdot{length:,}\cdot{found.itemsize}={total:,}"
        )
    st.latex(re.sub(r"(?<=\d),(?=\d)", "{,}", formula))
    st.markdown(
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


def _layers(found: "Contents") -> pd.DataFrame:
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


def _sharing(found: "Contents") -> None:
    from components.figures.kv_cache.contents import sharing_bars, wiring
    from components.inspection.kv_cache.shapes import sharing

    st.subheader("Fewer keys and values: MHA, GQA, MQA", anchor=False)
    shape = found.shape
    if not shape.usual:
        st.markdown(
            "This is asked of models that keep a key and a value for each key-value head: of this "
            "one it cannot be."
        )
        return
    picked = st.segmented_control(
        f"{shape.heads} query heads share",
        list(reversed(shape.groupings())),
        default=shape.kv_heads,
        required=True,
        key=f"kv-groups-{shape.heads}",
        format_func=lambda count: f"{count} key-value head{'s' if count > 1 else ''}",
    )
    other = shape.shared_by(picked or shape.kv_heads)
    left, right = st.columns([3, 2], gap="large")
    left.plotly_chart(
        wiring(shape, other.kv_heads),
        config=parts.PLAIN,
        key="kv-wiring",
        alt=f"{shape.heads} query heads wired to {other.kv_heads} key-value heads.",
    )
    right.plotly_chart(
        sharing_bars(shape, found.itemsize),
        config=parts.PLAIN,
        key="kv-sharing",
        alt="Bytes of a token in the cache for each possible number of key-value heads.",
    )
    now, then = shape.token_bytes(found.itemsize), other.token_bytes(found.itemsize)
    weights = sum(shape.attention_weights) - sum(other.attention_weights)
    more = f" and {abs(weights):,} weights {'fewer' if weights > 0 else 'more'}" if weights else ""
    st.markdown(
        f"**{sharing(other)[:1].upper()}{sharing(other)[1:]}**: {then:,.0f} bytes for each token"
        + (
            " (as this model is)."
            if other == shape
            else f", {then / now:.3g} times this model's,{more}."
        )
        + " Blue: queries; vermilion and green: the keys and values that they share. Orange bar: "
        "this model as it was trained. The others are arithmetic: sharing must be learnt."
    )


def _files(choice: ModelChoice, found: "Contents", picture: "go.Figure | None") -> None:
    table = pd.DataFrame(
        {
            "tokens_written": np.arange(len(found.grown)),
            "tokens_in_cache": found.prompt + np.arange(len(found.grown)),
            "bytes_measured": found.grown,
            "bytes_by_the_law": np.nan if found.law is None else found.law,
        }
    )
    facts: dict[str, object] = {"model": choice.source, "dtype": found.dtype}
    if found.shape.usual:
        facts |= {
            "layers": found.shape.layers,
            "kv_heads": found.shape.kv_heads,
            "head_size": found.shape.head_size,
        }
    parts.downloads("kv-cache-bytes", table, facts, picture)
