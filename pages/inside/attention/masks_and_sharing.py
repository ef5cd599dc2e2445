"""View: who may read whom, and which heads share keys and values."""

from typing import Final

import numpy as np
import pandas as pd
import streamlit as st

from components import engine
from components.inspection.checks import short
from components.widgets import address
from components.widgets.attention.choices import Reading, choose_layer
from components.widgets.attention.questions import predict
from components.widgets.checks import show_checks
from components.widgets.markup import literal

TOKENS: Final = 24
MOST_DRAWN: Final = 64
LENGTHS: Final = (512, 2048, 4096, 8192, 32768, 131072)
KINDS: Final = (
    "causal",
    "bidirectional",
    "sliding window",
    "strided",
    "fixed blocks",
    "cross",
)
SAYS: Final = {
    "causal": "Each token reads itself and what came before: what a decoder does.",
    "bidirectional": "Every token reads every other: what an encoder does.",
    "sliding window": "Each token reads the last few only (Mistral 7B v0.1, half of Gemma 2's "
    "layers). "
    "Farther tokens arrive through the layers, each of which reaches one window further.",
    "strided": "The last few, and then every *width*-th one before (Sparse Transformer).",
    "fixed blocks": "Its own block, and the last token of each block before (Sparse Transformer).",
    "cross": "The decoder's tokens (rows) read all of the encoder's (columns).",
}


def masks_view(reading: Reading) -> None:
    """Show this model's mask and sharing, then a gallery to compare with."""
    st.subheader(f"The mask of {literal(reading.choice.name)}", anchor=False)
    _own_mask(reading)
    st.subheader("Which heads share keys and values", anchor=False)
    _sharing(reading)
    st.subheader("Other masks", anchor=False)
    _gallery()


def _own_mask(reading: Reading) -> None:
    from components.figures.attention.patterns import mask_square

    maps = reading.maps()
    square_side, words = st.columns([3, 2])
    rows, columns = maps.visible.shape[1:]
    alike = bool((maps.visible == maps.visible[:1]).all())
    layer = maps.numbers[0]
    with words:
        if not alike:
            st.markdown("The layers have different masks here (some see a window only).")
            layer = choose_layer(maps, st.container())
        allowed = maps.visible[maps.place_of(layer)]
        st.markdown(
            f"**{int(allowed.sum()):,}** of {rows * columns:,} places may be read. "
            + _kind(allowed, reading.group)
        )
        show_checks(maps.checks, reading.choice, "Masks and sharing")
        if reading.group != "cross":
            _future(reading)
    shown = allowed[:MOST_DRAWN, :MOST_DRAWN]
    square_side.plotly_chart(
        mask_square(shown, maps.readers[:MOST_DRAWN], maps.read[:MOST_DRAWN]),
        alt=f"The mask of layer {layer}: {int(allowed.sum())} of {rows * columns} places",
        key="own-mask",
    )
    square_side.download_button(
        "This mask (CSV)",
        pd.DataFrame(allowed.astype(int)).to_csv(index=False),
        "mask.csv",
        "text/csv",
        on_click="ignore",
        help="1 where a token may be read, a line for each token that reads.",
    )
    if shown.size < allowed.size:
        square_side.caption(f"The first {len(shown)} of {rows} tokens; the rest goes on alike.")


def _kind(allowed: np.ndarray, group: str) -> str:
    if group == "cross":
        return "Cross-attention: the decoder's tokens read all of the encoder's."
    if allowed.all():
        return "Bidirectional: each token reads those before and after it."
    back = np.arange(len(allowed))[:, None] - np.arange(len(allowed))
    if np.array_equal(allowed, back >= 0):
        return "Causal: each token reads itself and those before it."
    width = int(allowed.sum(-1).max())
    if np.array_equal(allowed, (back >= 0) & (back < width)):
        return f"A sliding window: each token reads itself and the {width - 1} before it."
    reach = int(np.abs(back[allowed]).max())
    if np.array_equal(allowed, np.abs(back) <= reach):
        return f"A window to both sides: each token reads the {reach} before and after it."
    ahead = "" if not (allowed & (back < 0)).any() else " Some tokens read later ones, too."
    return f"A pattern of its own, as drawn.{ahead}"


def _future(reading: Reading) -> None:
    from components.inspection.causality import last_token_changed

    def reveal() -> tuple[str, str]:
        found = engine.inspect(last_token_changed, reading.choice, *reading.arguments)
        return (
            "yes" if found.looks_ahead else "no",
            f"“{found.before}” became “{found.after}”. The hidden states of all earlier tokens "
            f"changed by at most **{short(found.earlier)}** of their norm, the last one's by "
            f"{found.stream[-1]:.0%}. "
            + (
                "Here tokens read both ways: every token knows the whole text."
                if found.looks_ahead
                else "A causal model cannot look ahead, so what it has computed stays true: that "
                "is why keys and values can be cached."
            ),
        )

    predict(
        "Change the last token of the prompt. Does anything change at the tokens before it?",
        ("yes", "no"),
        reveal,
        "future",
    )


def _sharing(reading: Reading) -> None:
    from components.figures.attention.patterns import wiring
    from components.inspection.attention.patterns import Sharing

    facts, maps = engine.facts(reading.choice), reading.maps()
    heads = maps.heads
    picture, words = st.columns([3, 2])
    divisors = [number for number in range(1, heads + 1) if heads % number == 0]
    with words:
        address.warn_unless_one_of("kv-heads", [str(number) for number in divisors])
        kv_heads = int(
            st.select_slider(
                "Key-value heads",
                divisors,
                value=maps.kv_heads if maps.kv_heads in divisors else heads,
                key=f"kv-heads-{facts.source}",
                help="The model's own number to begin with; move it to see what others would cost.",
            )
        )
        size = maps.key_size
        sharing = Sharing(heads, kv_heads, size, maps.layers)
        own = kv_heads == maps.kv_heads
        tokens = facts.context
        st.markdown(
            f"**{sharing.name}**{', as this model has it' if own else ''}: "
            f"{sharing.group} query head{'s' * (sharing.group > 1)} to each key-value head."
        )
        many = Sharing(heads, heads, size, maps.layers).cache_bytes(tokens)
        mine = sharing.cache_bytes(tokens)
        st.latex(
            rf"2 \cdot {maps.layers} \cdot {kv_heads} \cdot {size} \cdot {tokens:,} \cdot 2 "
            rf"= {mine / 2**20:,.2f}\ \text{{MiB}}".replace(",", "{,}")
        )
        smaller = (
            f", {many / mine:.0f} times smaller than with a key-value head for each query head"
            if kv_heads != heads
            else ""
        )
        st.caption(
            f"Keys and values × layers that attend × key-value heads × size × {tokens:,} tokens × "
            f"2 bytes{smaller}. So much a cache takes that keeps keys and values of all tokens as "
            "they are, in bfloat16; what this model's own keeps is on the page *Key-value cache*."
        )
    picture.plotly_chart(
        wiring(sharing),
        alt=f"{heads} query heads read {kv_heads} key-value heads",
        config={"displayModeBar": False},
        key="wiring",
    )


def _gallery() -> None:
    from components.figures.attention.patterns import mask_square
    from components.inspection.attention.patterns import mask, reach, score_bytes

    square_side, words = st.columns([3, 2])
    with words:
        address.warn_unless_one_of("mask", KINDS)
        kind = st.selectbox("Mask", KINDS, key="mask", bind="query-params") or "causal"
        width = 4
        if kind in ("sliding window", "strided", "fixed blocks"):
            width = int(st.slider("Width", 1, 12, 4, key="width", bind="query-params"))
        layers = int(st.slider("Layers", 1, 12, 3, key="mask-layers", bind="query-params"))
        rows = 8 if kind == "cross" else TOKENS
        allowed = engine.compute(mask, kind, rows, TOKENS, width)
        st.markdown(SAYS[kind])
        st.markdown(f"**{int(allowed.sum())}** of {allowed.size} places are computed.")
        if kind != "cross":
            reached = engine.compute(reach, allowed, layers)
            st.markdown(
                f"After {layers} layer{'s' * (layers > 1)}, the last of {TOKENS} tokens has been "
                f"reached by **{int(reached[-1])}** of them."
            )
    square_side.plotly_chart(
        mask_square(allowed), alt=f"A {kind} mask: {int(allowed.sum())} places", key="mask-picture"
    )
    with st.expander("Why it matters: the square grows fast"):
        st.dataframe(
            pd.DataFrame(
                {
                    "tokens": [f"{length:,}" for length in LENGTHS],
                    "places": [f"{length * length:,}" for length in LENGTHS],
                    "one head's scores in 16 bits": [
                        f"{score_bytes(length) / 2**20:,.1f} MiB" for length in LENGTHS
                    ],
                }
            ),
            hide_index=True,
        )
        st.caption(
            "FlashAttention never writes this square down: it goes over it in tiles, keeping a "
            "running maximum and sum. The result is the same."
        )
