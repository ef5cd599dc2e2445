"""View: make the context longer than it was trained for, as transformers does it."""

from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd
import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.inspection.positions.rotation import Rope, formula
from components.inspection.positions.ways import Stretch
from components.widgets import frame
from components.widgets.checks import show_checks
from components.widgets.positions import asked, code
from components.widgets.positions.growth_view import growth_view

PLAIN: Final = {"displayModeBar": False}
LLAMA: Final = formula(128, 10_000.0, 2048)


def stretch_view(choice: ModelChoice, text: str) -> None:
    """Stretch the rotation; see the frequencies, the attention and the perplexity change."""
    stretch = asked.stretch()
    own = _own_rope(choice)
    with frame.explained():
        _frequencies(own or LLAMA, stretch)
    st.subheader("Where linear interpolation takes a position", anchor=False)
    _line(own or LLAMA, stretch)
    if own is not None:
        st.subheader("The model's attention, stretched", anchor=False)
        with frame.explained():
            _attention(choice, text, stretch)
        st.subheader("Past the trained length", anchor=False)
        with frame.explained():
            growth_view(choice, stretch)


def _own_rope(choice: ModelChoice) -> Rope | None:
    """Return the rotation of the model that is stretched, and say of which layers it is."""
    from components.inspection.positions.stretch import target_or_none
    from components.inspection.positions.words import said

    found = engine.inspect(target_or_none, choice)
    if found is None:
        st.info(
            f"{engine.inspect(said, choice)} So there is nothing of it to stretch; shown are "
            "Llama's 64 pairs, trained for 2,048 tokens."
        )
        return None
    if found.others:
        st.caption(
            f"Layers {', '.join(map(str, found.layers))} are stretched; layers "
            f"{', '.join(map(str, found.others))} turn otherwise and stay as they are."
        )
    if found.rope.kind not in ("default", "unknown"):
        st.caption(
            f"This model's rotation is stretched already ({found.rope.kind}). “As trained” is "
            "that; every way below replaces it, and starts from its base "
            f"{found.rope.theta:,.0f} and the {found.rope.context:,} tokens it was first trained "
            "for."
        )
    return found.rope


def _frequencies(rope: Rope, stretch: Stretch) -> None:
    from components.figures.positions.rotation import wavelength_dots
    from components.inspection.positions.stretch import parameters_for, under

    length = int(rope.context * stretch.factor)
    changed = engine.compute(under, rope, stretch, length)
    figure = wavelength_dots(rope, changed, length)
    with np.errstate(divide="ignore", invalid="ignore"):
        slower = np.where(rope.frequencies > 0, rope.frequencies / changed.frequencies, 1.0)
    st.plotly_chart(
        figure,
        config=PLAIN,
        key="stretched-dots",
        alt=f"Each pair's wavelength before and after: the fastest {slower[0]:.2f}, the slowest "
        f"{slower[-1]:.2f} times slower.",
    )
    words = (
        f"The fastest pair turns **{slower[0]:.2f}** times slower, the slowest "
        f"**{slower[-1]:.2f}** times; {int((np.abs(slower - 1) < 1e-6).sum())} of {rope.pairs} "
        "keep their speed."
    )
    if stretch.way == "dynamic":
        words += (
            f" That is for a text of {length:,} tokens, {stretch.factor:g} times the trained "
            f"length: {stretch.factor:g}² - {stretch.factor:g} + 1 times, not {stretch.factor:g}."
        )
    if changed.scaling != 1:
        words += (
            f" Queries and keys are lengthened by {changed.scaling:.4f}, so every score by its "
            f"square, {changed.scaling**2:.4f}."
        )
    st.markdown(words)
    table = pd.DataFrame(
        {
            "pair": np.arange(rope.pairs),
            "theta_i before": rope.frequencies,
            "theta_i after": changed.frequencies,
            "times slower": slower,
            "positions a turn before": rope.wavelengths,
            "after": changed.wavelengths,
        }
    )
    with st.expander("Each pair before and after, and in a few lines of transformers"):
        st.dataframe(table, hide_index=True)
        st.code(code.stretched(rope, stretch, parameters_for(rope, stretch)), "python")
    asked.downloads(table, "stretched", asked.alone(figure))


def _line(rope: Rope, stretch: Stretch) -> None:
    from components.figures.positions.stretch import number_line

    length = int(rope.context * stretch.factor)
    position = st.slider("A position", 0, length - 1, (length * 3) // 4, key="position")
    st.plotly_chart(
        number_line(rope.context, length, position),
        config=PLAIN,
        key="line",
        alt=f"Under linear interpolation position {position} of {length} goes to "
        f"{position * rope.context / length:.1f}.",
    )
    st.caption(
        "Linear interpolation puts every position of the longer text between trained ones: "
        f"{position:,} × {rope.context:,} / {length:,} = {position * rope.context / length:,.1f}. "
        "For a window of 2,048 stretched to 4,096: 3,000 goes to 1,500, and 4,095 to 2,047.5. The "
        "picture is that of the linear way whichever is chosen above; the others do so with the "
        "slow pairs at most, and spare the fast ones."
    )


def _attention(choice: ModelChoice, text: str, stretch: Stretch) -> None:
    from components.figures.positions.stretch import attention_change
    from components.inspection.positions.measured import position_code
    from components.inspection.positions.stretched_attention import attention_under

    facts = engine.facts(choice)
    layers = engine.inspect(position_code, choice).first.attending
    layer, head = asked.layer_and_head(layers, facts.heads)
    found = engine.inspect(attention_under, choice, text, layer, head, stretch)
    many, few = len(found.tokens), slice(0, asked.MOST_TOKENS_SHOWN)
    found = replace(
        found,
        tokens=found.tokens[few],
        trained=found.trained[few, few],
        changed=found.changed[few, few],
    )
    figure = attention_change(found)
    st.plotly_chart(
        figure,
        config=PLAIN,
        key="attention-change",
        alt=f"Attention of head {head} in layer {layer} as trained, stretched, and the difference.",
    )
    if many > len(found.tokens):
        st.caption(f"The first {len(found.tokens)} of {many:,} tokens are drawn.")
    if found.answers[0]:
        st.markdown(
            f"The likeliest token at the end: `{asked.visible(found.answers[0])}` as trained, "
            f"`{asked.visible(found.answers[1])}` stretched. The largest change of its logits: "
            f"{found.logit_change:.3g}."
            + (
                " Dynamic NTK leaves texts within the trained context alone."
                if stretch.way == "dynamic" and not found.logit_change
                else ""
            )
        )
    show_checks(found.checks, choice, "Stretching")
    labels = [f"{place} {token}" for place, token in enumerate(found.tokens)]
    with st.expander("As tables"):
        for name, weights in (("As trained", found.trained), ("Stretched", found.changed)):
            st.markdown(name)
            st.dataframe(pd.DataFrame(weights, index=labels, columns=labels).round(4))
    reader, read = np.tril_indices(len(labels))
    table = pd.DataFrame(
        {
            "reader": [labels[place] for place in reader],
            "read": [labels[place] for place in read],
            "as trained": found.trained[reader, read],
            "stretched": found.changed[reader, read],
        }
    )
    asked.downloads(table, "attention-stretched", asked.alone(figure))
