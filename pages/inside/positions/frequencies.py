"""View: how fast each pair turns; which numbers are turned; two ways to form pairs."""

from typing import Final

import numpy as np
import pandas as pd
import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.positions.rotation import Rope, formula
from components.widgets import address, frame
from components.widgets.checks import show_checks
from components.widgets.markup import literal
from components.widgets.positions import asked, code

PLAIN: Final = {"displayModeBar": False}
BY_HAND: Final = "the formula, with your numbers"
SEEN: Final = (
    ("Transformer (2017)", "sinusoids", "any; its size 512 is no limit of length"),
    ("GPT-2", "learned table", "1,024"),
    ("BERT", "learned table", "512"),
    ("OPT", "learned table of 2,050 rows, 2 reserved", "2,048"),
    ("BART", "learned table of 1,026 rows, 2 reserved", "1,024"),
    ("Llama", "RoPE", "2,048"),
    ("Llama 2", "RoPE", "4,096"),
    ("Phi-3-mini-4k", "RoPE", "4,096"),
    ("Llama 3", "RoPE, theta 500,000", "8,192"),
    ("Mistral 7B v0.2", "RoPE, theta 1,000,000", "32,768"),
    ("Llama 2 with YaRN", "RoPE, stretched", "131,072"),
)

CONVERT: Final = {
    "split-half": (
        "# from split-half to interleaved: number 2i is the old i, number 2i + 1 the old i + d/2\n"
        "interleaved = vector.unflatten(-1, (2, -1)).transpose(-1, -2).flatten(-2)"
    ),
    "interleaved": (
        "# from interleaved to split-half: number i is the old 2i, number i + d/2 the old 2i + 1\n"
        "split_half = vector.unflatten(-1, (-1, 2)).transpose(-1, -2).flatten(-2)"
    ),
}
"""How the numbers of a query or key are reordered, by the convention they are in."""


def frequencies_view(choice: ModelChoice, text: str) -> None:
    """Draw the spectrum, the turned numbers, and the two conventions."""
    source = st.segmented_control(
        "Rotation",
        ["of the model", BY_HAND],
        default="of the model",
        required=True,
        key="spectrum",
        bind="query-params",
    )
    rope: Rope | None = None
    checks: tuple[Check, ...] = ()
    if source != BY_HAND:
        with frame.explained():
            rope, checks = _own(choice)
    if rope is None:
        rope = _by_hand()
    _spectrum(choice, rope, checks)
    _partial(rope, literal(choice.name) if source != BY_HAND else "the formula")
    if source != BY_HAND:
        st.subheader("Two ways to form pairs", anchor=False)
        with frame.explained():
            _conventions(choice, text)
    with st.expander("Context lengths in the source texts"):
        st.dataframe(
            pd.DataFrame(SEEN, columns=["model", "positions", "reads up to"]), hide_index=True
        )
        st.caption(
            "A source text takes the original Transformer's vector size, 512, for its longest "
            "text. The two have nothing to do with each other."
        )


def _own(choice: ModelChoice) -> tuple[Rope, tuple[Check, ...]]:
    from components.inspection.positions.spectrum import spectrum

    found = engine.inspect(spectrum, choice)
    which = 0
    if len(found.ropes) > 1:
        which = st.selectbox(
            "Layers",
            range(len(found.ropes)),
            key="which-rope",
            format_func=lambda i: (
                f"{_called(found.ropes[i])}: layers " + ", ".join(map(str, found.layers[i]))
            ),
        )
    st.caption(found.says)
    return found.ropes[which], found.checks[which]


def _called(rope: Rope) -> str:
    """Say which rotation it is, in a few words."""
    base = f"theta {rope.theta:,.0f}" if np.isfinite(rope.theta) else "no base"
    return base if rope.kind == "default" else f"{rope.kind}, {base}"


def _by_hand() -> Rope:
    columns = st.columns(3)
    address.warn_unless_between("theta", 2, 1e8, 10_000)
    theta = columns[0].number_input(
        "theta (base)",
        2.0,
        1e8,
        10_000.0,
        key="theta",
        bind="query-params",
        persist_state="session",
        format="%g",
    )
    address.warn_unless_between("size", 2, 512, 6)
    size = columns[1].number_input(
        "d (numbers turned)", 2, 512, 6, 2, key="size", bind="query-params", persist_state="session"
    )
    address.warn_unless_between("length", 2, 1_000_000, 2048)
    context = columns[2].number_input(
        "context", 2, 1_000_000, 2048, key="length", bind="query-params", persist_state="session"
    )
    if size % 2:
        raise InspectionError(f"RoPE turns pairs, and {size} is odd: choose an even number.")
    return formula(int(size), float(theta), int(context))


def _spectrum(choice: ModelChoice, rope: Rope, checks: tuple[Check, ...]) -> None:
    from components.figures.positions.rotation import wavelength_dots

    slow = int((rope.wavelengths > rope.context).sum())
    _guess(rope, slow)
    figure = wavelength_dots(rope)
    st.plotly_chart(
        figure,
        config=PLAIN,
        key="spectrum-dots",
        alt=f"Wavelength of each pair, from {rope.wavelengths.min():.3g} positions on; {slow} of "
        f"{rope.pairs} are longer than the context.",
    )
    st.markdown(
        f"**{slow} of {rope.pairs}** pairs (open circles) never complete a turn within "
        f"{rope.context:,} positions. The fastest turns once in {rope.wavelengths.min():.4g}."
    )
    if rope.kind == "default":
        st.latex(
            r"\theta_i = b^{-2i/d}, \qquad \text{a turn every } 2\pi/\theta_i \text{ positions}"
        )
        st.caption(f"Here the base b (“rope_theta”) is {rope.theta:,.0f}, and d = {rope.turned}.")
    table = pd.DataFrame(
        {
            "pair": np.arange(rope.pairs),
            "theta_i (rad)": rope.frequencies,
            "positions a turn": rope.wavelengths,
            "turns in the context": rope.context / rope.wavelengths,
        }
    )
    if checks:
        show_checks(checks, choice, "Frequencies")
    if rope.kind == "unknown":
        st.caption(
            "These are not the frequencies of RoPE's formula for any base; they are as measured."
        )
    elif rope.kind != "default":
        st.caption(
            f"This rotation is another than the formula's: transformers calls it {rope.kind}. "
            "Shown is what the layers were handed for a short text."
        )
    with st.expander("As a table, and in a few lines of PyTorch"):
        st.dataframe(table, hide_index=True)
        if rope.kind == "default":
            st.code(code.frequencies(rope), "python")
        else:
            st.caption("No code is shown: the formula alone does not give these frequencies.")
    asked.downloads(table, "frequencies", asked.alone(figure))


def _guess(rope: Rope, slow: int) -> None:
    still = int((rope.wavelengths > 4 * rope.context).sum())
    if slow < 8 or still in (slow, slow // 4):
        return
    asked.guess(
        f"Predict first: {slow} pairs never make a full turn within {rope.context:,} positions. "
        "Within four times as many, how many will still not?",
        [str(slow // 4), str(still), str(slow)],
        str(still),
        "guess-slow",
        f"**{still}**. Wavelengths grow by the same factor from pair to pair, so four times the "
        f"context catches only {slow - still} pairs more. At the angles that a slow pair never "
        "reached in training, anything may happen: that is what stretching is about.",
    )


def _partial(rope: Rope, name: str) -> None:
    from components.figures.positions.rotation import turned_strip

    st.subheader("Which numbers are turned", anchor=False)
    st.plotly_chart(
        turned_strip(rope),
        config=PLAIN,
        key="turned-strip",
        alt=f"{rope.turned} of a head's {rope.size} numbers are turned.",
    )
    still = int((rope.frequencies == 0).sum())
    turning = rope.turned - 2 * still
    if turning < rope.size:
        which = "last" if rope.start else "first"
        st.markdown(
            f"Partial rotary: only **{turning} of {rope.size}** numbers of each head of {name} are "
            f"turned ({turning / rope.size:.0%})"
            + (f", the {which} ones" if not still else f"; {still} pairs have frequency 0")
            + "; the others compare contents wherever the tokens stand."
        )
    else:
        st.markdown(
            f"All {rope.size} numbers of a head of {name} are turned; the two of a pair have the "
            "same colour. GPT-NeoX and Pythia turn only the first 25%, Phi-1 and Phi-2 40 to 50%."
        )


def _conventions(choice: ModelChoice, text: str) -> None:
    from components.figures.positions.schemes import two_maps
    from components.inspection.positions.spectrum import mixed

    facts = engine.facts(choice)
    layer, head = asked.layer_and_head(asked.rotating_layers(choice), facts.heads)
    found = engine.inspect(mixed, choice, text, layer, head)
    rope = found.rope
    half, start = rope.turned // 2, rope.start
    st.markdown(
        f"**Split-half** pairs number i with number i + {half}; **interleaved** pairs 2i with 2i + "
        "1"
        + (f" (counted from number {start}, the first that is turned)" if start else "")
        + f". {literal(choice.name)} is **{rope.convention}**. Reorder the numbers of query and "
        "key, and one becomes the other: a dot product does not mind the order."
        if rope.pairs > 1
        else "Only one pair of a head is turned here, so there is only one way to form it."
    )
    if rope.pairs > 1:
        few = slice(0, asked.MOST_TOKENS_SHOWN)
        st.plotly_chart(
            two_maps(found.right[few, few], found.wrong[few, few], found.tokens[few]),
            config=PLAIN,
            key="conventions",
            alt="One head's attention with its own pairs, and with pairs formed the other way.",
        )
        st.markdown(
            "Not converted (the slip when weights move from one program to another), scores are "
            f"off by up to **{found.mistaken_error:.2g}**."
        )
    show_checks(found.checks, choice, "Frequencies, two ways to form pairs")
    if rope.pairs > 1 and rope.turned == rope.size:
        st.code(CONVERT[rope.convention], "python")
