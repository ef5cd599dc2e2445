"""View: what the cache holds, how it grows, and why it may be kept at all."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.widgets import frame
from components.widgets.kv_cache import code, parts

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from components.inspection.kv_cache.contents import Contents

MOST_STEPS = 24


def contents_view(choice: ModelChoice, text: str) -> None:
    """Show keys and values row by row, bytes against the formula, and the last token's reach."""
    from components.inspection.kv_cache.contents import contents

    kind, found, picture = engine.facts(choice).kind, None, None
    if kind in ("causal", "seq2seq"):
        with frame.explained():
            found = engine.inspect(contents, choice, text, None, MOST_STEPS)
            picture = _rows(found)
            _bytes(found)
            _sharing(found)
    else:
        st.info(
            "This model has no cache: its tokens read both ways. The experiment below shows why "
            "that rules a cache out. Choose a model that continues a text to look into one."
        )
    with frame.explained():
        _reach(choice, text, kind)
    if found is not None:
        with st.expander("The same in plain PyTorch"):
            st.code(code.contents_code(choice.source, text, found.dtype), "python")
        _files(choice, found, picture)


def _rows(found: "Contents") -> "go.Figure":
    from components.figures.kv_cache.contents import keys_and_values

    layers, kv_heads = found.keys.shape[:2]
    step_side, layer_side, head_side = st.columns([2, 1, 1])
    with step_side:
        step = parts.asked_between(
            "Tokens written", "kv_step", 0, MOST_STEPS, 1, "0: after prefill. Then a row each."
        )
    with layer_side:
        layer = _counted("Layer", "kv_layer", layers)
    with head_side:
        head = _counted("Key-value head", "kv_head", kv_heads)
    figure = keys_and_values(found, layer, head, step)
    st.plotly_chart(
        figure, config=parts.CONFIG, key="kv-rows",
        alt=f"Keys and values of head {head} in layer {layer} after {step} written tokens, a row "
        "for each token.",
    )  # fmt: skip
    st.caption(
        "Each row is a token's key (left) and value (right); blue is positive, vermilion negative. "
        "**Slide “Tokens written”: one row comes in, framed, and no other changes.** Hover for the "
        "numbers. Keys are shown as they lie there"
        + (", after the rotation by position." if found.rotated else ".")
    )
    return figure


def _counted(label: str, key: str, count: int) -> int:
    # A number box, not a slider: a slider of a single value cannot be drawn.
    return int(
        st.number_input(
            label, 0, max(0, count - 1), 0, key=f"{key}-{count}", persist_state="session",
            help=f"0 to {count - 1}.",
        )
    )  # fmt: skip


def _bytes(found: "Contents") -> None:
    from components.figures.kv_cache.contents import growth

    shape, length = found.shape, found.prompt + MOST_STEPS
    st.subheader("What it takes", anchor=False)
    st.plotly_chart(
        growth(found), config=parts.PLAIN, key="kv-growth",
        alt="Bytes of the cache against the tokens written, measured and by the formula.",
    )  # fmt: skip
    st.latex(
        r"\text{bytes}=2\cdot L\cdot H_{kv}\cdot d\cdot T\cdot b="
        rf"2\cdot{shape.layers}\cdot{shape.kv_heads}\cdot{shape.head_size}\cdot{length}\cdot"
        rf"{found.itemsize}={int(shape.token_bytes(found.itemsize)) * length:,}".replace(
            ",", r"{,}"
        )
    )
    same = bool(np.array_equal(found.grown, found.formula))
    windows = "" if not shape.windows else " Layers with a sliding window stop growing when full."
    st.markdown(
        f"2: a key and a value; *L* layers; *H* key-value heads of *d* numbers; *T* tokens; *b* "
        f"bytes of a {found.dtype}.{windows}  \n"
        + (":green[✓] " if same else ":red[✗] ")
        + f"Measured on the cache object after each of {len(found.grown)} steps, the bytes are "
        + ("**exactly** the formula's" if same else "**not** the formula's")
        + f": {found.grown[-1]:,} at the end."
        + (
            f" Beside it, the encoder's keys and values take {found.cross_bytes:,} and never grow."
            if found.cross_bytes
            else ""
        )
    )
    with st.expander("Layer by layer"):
        st.dataframe(_layers(found), hide_index=True, width="stretch")


def _layers(found: "Contents") -> pd.DataFrame:
    length = found.prompt + MOST_STEPS
    return pd.DataFrame(
        {
            "layer": range(len(found.layer_bytes)),
            "shape of keys (batch, head, token, size)": [str(s) for s in found.layer_shapes],
            "bytes, measured": found.layer_bytes,
            "bytes, formula": [
                int(found.shape.layer_bytes(layer, length, found.itemsize))
                for layer in range(len(found.layer_bytes))
            ],
            "window": [found.shape.window(n) or "all" for n in range(len(found.layer_bytes))],
        }
    ).astype({"window": str})


def _sharing(found: "Contents") -> None:
    from components.figures.kv_cache.contents import sharing_bars, wiring
    from components.inspection.kv_cache.shapes import sharing

    st.subheader("Fewer keys and values: MHA, GQA, MQA", anchor=False)
    shape = found.shape
    picked = st.segmented_control(
        f"{shape.heads} query heads share", list(reversed(shape.groupings())),
        default=shape.kv_heads, required=True, key=f"kv-groups-{shape.heads}",
        format_func=lambda count: f"{count} key-value head{'s' if count > 1 else ''}",
    )  # fmt: skip
    other = shape.shared_by(picked or shape.kv_heads)
    left, right = st.columns([3, 2], gap="large")
    left.plotly_chart(
        wiring(shape, other.kv_heads), config=parts.PLAIN, key="kv-wiring",
        alt=f"{shape.heads} query heads wired to {other.kv_heads} key-value heads.",
    )  # fmt: skip
    right.plotly_chart(
        sharing_bars(shape, found.itemsize), config=parts.PLAIN, key="kv-sharing",
        alt="Bytes of a token in the cache for each possible number of key-value heads.",
    )  # fmt: skip
    now, then = shape.token_bytes(found.itemsize), other.token_bytes(found.itemsize)
    weights = shape.layers * (shape.attention_weights - other.attention_weights)
    st.markdown(
        f"**{sharing(other)[:1].upper()}{sharing(other)[1:]}**: {then:,.0f} bytes for each token"
        + (" (as this model is)." if other == shape else f", {then / now:.3g} times this model's, "
           f"and {abs(weights):,} weights {'fewer' if weights > 0 else 'more'}.")
        + " Blue: queries; vermilion and green: the keys and values that they share. Orange bar: "
        "this model as it was trained. The others are arithmetic: sharing must be learnt."
    )  # fmt: skip


def _files(choice: ModelChoice, found: "Contents", picture: "go.Figure | None") -> None:
    table = pd.DataFrame(
        {
            "tokens_written": np.arange(len(found.grown)),
            "tokens_in_cache": found.prompt + np.arange(len(found.grown)),
            "bytes_measured": found.grown,
            "bytes_formula": found.formula,
        }
    )
    facts = {
        "model": choice.source, "dtype": found.dtype, "layers": found.shape.layers,
        "kv_heads": found.shape.kv_heads, "head_size": found.shape.head_size,
    }  # fmt: skip
    parts.downloads("kv-cache-bytes", table, facts, picture)


def _reach(choice: ModelChoice, text: str, kind: str) -> None:
    from components.figures.kv_cache.contents import change_map
    from components.inspection.kv_cache.contents import last_token_changed

    st.subheader("Why it may be kept: earlier tokens never change", anchor=False)
    st.markdown(
        "The text is read twice, the second time with **another last token**. How much do the keys "
        "and values of the others change?"
    )
    changed = engine.inspect(last_token_changed, choice, text)
    st.plotly_chart(
        change_map(changed), config=parts.PLAIN, key="kv-reach",
        alt="Largest change of a key or value for each token and layer.",
    )  # fmt: skip
    still = changed.before < 1e-4 * float(changed.change.max())
    if still:
        st.markdown(
            f":green[✓] Before the last token no key or value changes by more than "
            f"**{changed.before:.2g}**: tokens read backwards only, so what was computed once "
            "stays right."
        )
    else:
        st.markdown(
            f"**Everything changes**, by up to {changed.before:.2g} before the last token: here "
            "tokens read both ways"
            + (", in the encoder. Its text does not grow; the decoder's does, and reads backwards."
               if kind == "seq2seq" else ", so nothing computed earlier could be kept.")
        )  # fmt: skip
