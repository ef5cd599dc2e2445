"""View part: how well the model predicts past the length it was trained for."""

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.inspection.positions.ways import NAMES, Stretch, Way
from components.widgets.positions import asked

if TYPE_CHECKING:
    from components.inspection.positions.growth import Growth

PLAIN: Final = {"displayModeBar": False}
MOST_CHARACTERS: Final = 200_000
_KEPT: Final = "positions-growth"
PAST: Final = {
    "it falls: more context helps": "falls",
    "it stays": "stays",
    "it rises": "rises",
}


def growth_view(choice: ModelChoice, stretch: Stretch) -> None:
    """Measure perplexity as the context grows, under several rotations."""
    ways: list[Way] = ["trained", "linear", "dynamic"]
    if stretch.way not in ways:
        ways.append(stretch.way)
    chosen = st.pills(
        "Compare",
        list(NAMES),
        selection_mode="multi",
        default=ways,
        key="compared",
        format_func=NAMES.__getitem__,
    )
    text = st.text_area(
        "Long text",
        key="long",
        max_chars=MOST_CHARACTERS,
        height=80,
        persist_state="session",
        placeholder="Empty: 2,160 tokens of stories that the storyteller was not trained on",
    )
    key = (choice, text, tuple(Stretch(way, stretch.factor) for way in chosen))
    if st.button("Measure", type="primary", disabled=not chosen):
        _measure(*key)
    kept, found = st.session_state.get(_KEPT, (None, None))
    guess = st.segmented_control(
        "Predict first: read on past the trained length with the rotation as trained. What happens "
        "to perplexity, the number of tokens the model hesitates between?",
        list(PAST),
        key="guess-growth",
    )
    if kept == key:
        if guess is not None:
            _tell(found, guess)
        _measured(found)
    else:
        st.caption("Takes about a second for each point of the storyteller; you may stop it.")


def _tell(found: "Growth", guess: str) -> None:
    """Say what the measurement says of the prediction: of this model and text, not in general."""
    trained = [row for row, each in enumerate(found.stretches) if each.way == "trained"]
    so = found.beyond(trained[0]) if trained else ""
    if not so:
        st.caption("Measure “As trained” to the end, and it will be told.")
        return
    st.markdown(
        f"{'**Right.**' if PAST[guess] == so else '**Not quite.**'} Here it **{so}**, from the "
        f"trained {found.context:,} tokens to {found.lengths[-1]:,}. Past the trained length the "
        "slow pairs stand at angles the model has never met; how soon that hurts, and which way "
        "helps without any further training, is in the picture."
    )


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
        figure,
        config=PLAIN,
        key="growth",
        alt="Perplexity of the same last tokens against the number of tokens read, by rotation.",
    )
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
    if any(each.way == "linear" for each in found.stretches):
        st.caption(
            "Linear interpolation is meant to be followed by some training; measured here without, "
            "it also disturbs texts within the trained length."
        )
    st.latex(r"\text{perplexity} = \exp\Big(\frac{1}{N}\sum_t -\ln p(x_t \mid x_{<t})\Big)")
    table = pd.DataFrame(
        found.perplexity.T, columns=[each.name for each in found.stretches], index=found.lengths
    ).rename_axis("tokens read")
    st.dataframe(table.round(3))
    asked.downloads(table.reset_index(), "perplexity", asked.alone(figure))
