"""View: make the context longer than it was trained for, as transformers does it."""

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.inspection.positions.rotation import Rope, formula
from components.inspection.positions.ways import NAMES, Stretch, Way
from components.widgets import frame
from components.widgets.positions import asked, code

if TYPE_CHECKING:
    from components.inspection.positions.growth import Growth

PLAIN: Final = {"displayModeBar": False}
MOST_CHARACTERS: Final = 200_000
_KEPT: Final = "positions-growth"
LLAMA: Final = formula(128, 10_000.0, 2048)


def stretch_view(choice: ModelChoice, text: str) -> None:
    """Stretch the rotation; see the frequencies, the attention and the perplexity change."""
    stretch = asked.stretch()
    own = _own_rope(choice)
    if own is None:
        st.info(f"{choice.source} does not rotate. Shown are Llama's 64 pairs, trained for 2,048.")
    with frame.explained():
        _frequencies(own or LLAMA, stretch)
    st.subheader("Where positions go", anchor=False)
    _line(own or LLAMA, stretch)
    if own is not None:
        st.subheader("The model's attention, stretched", anchor=False)
        with frame.explained():
            _attention(choice, text, stretch)
        st.subheader("Past the trained length", anchor=False)
        with frame.explained():
            _growth(choice, stretch)


def _own_rope(choice: ModelChoice) -> Rope | None:
    from components.inspection.positions.spectrum import spectrum_or_none

    found = engine.inspect(spectrum_or_none, choice)
    return found.ropes[-1] if found else None


def _frequencies(rope: Rope, stretch: Stretch) -> None:
    from components.figures.positions.rotation import wavelength_dots
    from components.inspection.positions.stretch import parameters_for, under

    length = int(rope.context * stretch.factor)
    changed = engine.compute(under, rope, stretch, length)
    figure = wavelength_dots(rope, changed, length)
    slower = rope.frequencies / changed.frequencies
    st.plotly_chart(
        figure, config=PLAIN, key="stretched-dots",
        alt=f"Each pair's wavelength before and after: the fastest {slower[0]:.2f}, the slowest "
        f"{slower[-1]:.2f} times slower.",
    )  # fmt: skip
    words = (
        f"The fastest pair turns **{slower[0]:.2f}** times slower, the slowest "
        f"**{slower[-1]:.2f}** times; {int((np.abs(slower - 1) < 1e-6).sum())} of {rope.pairs} "
        "keep their speed."
    )
    if changed.scaling != 1:
        words += (
            f" Queries and keys are lengthened by {changed.scaling:.4f}, so every score by its "
            f"square, {changed.scaling**2:.4f}."
        )
    st.markdown(words)
    table = pd.DataFrame(
        {"pair": np.arange(rope.pairs), "theta_i before": rope.frequencies,
         "theta_i after": changed.frequencies, "times slower": slower,
         "positions a turn before": rope.wavelengths, "after": changed.wavelengths}
    )  # fmt: skip
    with st.expander("Each pair before and after, and in a few lines of transformers"):
        st.dataframe(table, hide_index=True)
        st.code(code.stretched(rope, stretch, parameters_for(rope, {}, stretch)), "python")
    asked.downloads(table, "stretched", asked.alone(figure))


def _line(rope: Rope, stretch: Stretch) -> None:
    from components.figures.positions.stretch import number_line

    length = int(rope.context * stretch.factor)
    position = st.slider("A position", 0, length - 1, (length * 3) // 4, key="position")
    st.plotly_chart(
        number_line(rope.context, length, position), config=PLAIN, key="line",
        alt=f"Position {position} of {length} goes to {position / stretch.factor:.1f}.",
    )  # fmt: skip
    st.caption(
        "Linear interpolation puts every position of the longer text between trained ones: "
        f"{position:,} × {rope.context:,} / {length:,} = {position * rope.context / length:,.1f}. "
        "For a window of 2,048 stretched to 4,096: 3,000 goes to 1,500, and 4,095 to 2,047.5. The "
        "other ways do so with the slow pairs and spare the fast ones."
    )


def _attention(choice: ModelChoice, text: str, stretch: Stretch) -> None:
    from components.figures.positions.stretch import attention_change
    from components.inspection.positions.stretch import attention_under

    facts = engine.facts(choice)
    layer, head = asked.layer_and_head(facts.layers, facts.heads)
    found = engine.inspect(attention_under, choice, text, layer, head, stretch)
    many, few = len(found.tokens), slice(0, asked.MOST_TOKENS_SHOWN)
    found = replace(
        found, tokens=found.tokens[few], trained=found.trained[few, few],
        changed=found.changed[few, few],
    )  # fmt: skip
    figure = attention_change(found)
    st.plotly_chart(
        figure, config=PLAIN, key="attention-change",
        alt=f"Attention of head {head} in layer {layer} as trained, stretched, and the difference.",
    )  # fmt: skip
    if many > len(found.tokens):
        st.caption(f"The first {len(found.tokens)} of {many:,} tokens are drawn.")
    st.markdown(
        f"The likeliest next token: `{asked.visible(found.answers[0])}` as trained, "
        f"`{asked.visible(found.answers[1])}` stretched. The largest change of its logits: "
        f"{found.logit_change:.3g}."
        + (
            " Dynamic NTK leaves texts within the trained context alone."
            if stretch.way == "dynamic" and not found.logit_change
            else ""
        )
    )
    if not found.same_as_model:
        st.success(
            "Checked: the stretched network is a twin that shares the model's weights. With the "
            "model's own parameters the twin's logits differ from the model's by **0**: bit for "
            "bit the same.",
            icon=None,
        )
    else:
        st.warning(
            f"With the model's own parameters the twin differs by {found.same_as_model:.1e}."
        )
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


def _growth(choice: ModelChoice, stretch: Stretch) -> None:
    asked.guess(
        "Predict first: read on past the trained length with the rotation as trained. What happens "
        "to perplexity, the number of tokens the model hesitates between?",
        ["it falls: more context helps", "it stays", "it rises"],
        "it rises",
        "guess-growth",
        "Beyond the trained length the slow pairs stand at angles the model has never met. How "
        "soon that hurts, and which way helps without any further training, is measured below.",
    )
    ways: list[Way] = ["trained", "linear", "dynamic"]
    if stretch.way not in ways:
        ways.append(stretch.way)
    chosen = st.pills(
        "Compare", list(NAMES), selection_mode="multi", default=ways, key="compared",
        format_func=NAMES.__getitem__,
    )  # fmt: skip
    text = st.text_area(
        "Long text", key="long", max_chars=MOST_CHARACTERS, height=80, persist_state="session",
        placeholder="Empty: 2,160 tokens of stories that the storyteller was not trained on",
    )  # fmt: skip
    key = (choice, text, tuple(Stretch(way, stretch.factor) for way in chosen))
    if st.button("Measure", type="primary", disabled=not chosen):
        _measure(*key)
    kept, found = st.session_state.get(_KEPT, (None, None))
    if kept == key:
        _measured(found)
    else:
        st.caption("Takes about a second for each point of the storyteller; you may stop it.")


def _measure(choice: ModelChoice, text: str, stretches: tuple[Stretch, ...]) -> None:
    """Draw the lines as they grow. Each pass is kept at once, so stopping loses nothing."""
    from components.figures.positions.stretch import growth_lines
    from components.inspection.positions.growth import growth

    bar, stop, place = st.empty(), st.empty(), st.empty()
    stop.button("Stop", key="stop-growth", help="Keeps what is measured so far.")
    for found in engine.stream(growth, choice, text, stretches):
        # A measurement grows over a run and is no widget's value; it is small.
        st.session_state[_KEPT] = ((choice, text, stretches), found)
        bar.progress(found.done, f"{found.done:.0%} of the passes")
        place.plotly_chart(growth_lines(found), config=PLAIN)
    for each in (bar, stop, place):
        each.empty()


def _measured(found: "Growth") -> None:
    from components.figures.positions.stretch import growth_lines

    figure = growth_lines(found)
    st.plotly_chart(
        figure, config=PLAIN, key="growth",
        alt="Perplexity of the same last tokens against the number of tokens read, by rotation.",
    )  # fmt: skip
    known = np.isfinite(found.perplexity).all(axis=0)
    if known.any():
        last = int(np.flatnonzero(known)[-1])
        best = int(found.perplexity[:, last].argmin())
        st.markdown(
            f"The same last {found.scored} tokens are scored each time; only how much stands "
            f"before them grows. At {found.lengths[last]:,} tokens, "
            f"{found.lengths[last] / found.context:g} times the trained length, "
            f"**{found.stretches[best].name}** does best: perplexity "
            f"**{found.perplexity[best, last]:.2f}**."
        )
    st.latex(r"\text{perplexity} = \exp\Big(\frac{1}{N}\sum_t -\ln p(x_t \mid x_{<t})\Big)")
    table = pd.DataFrame(
        found.perplexity.T, columns=[each.name for each in found.stretches], index=found.lengths
    ).rename_axis("tokens read")
    st.dataframe(table.round(3))
    asked.downloads(table.reset_index(), "perplexity", asked.alone(figure))
