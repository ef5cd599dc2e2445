"""View: draw many times from one distribution, and test the counts."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.widgets.checks import show_checks
from components.widgets.sampling import code, state

if TYPE_CHECKING:
    from components.inspection.sampling.draws import Draws


def draws_view(choice: ModelChoice, text: str) -> None:
    """Draw the token after `text` many times and hold the counts against the probabilities."""
    from components.figures.sampling import draws_against_exact
    from components.inspection.sampling.draws import draws
    from components.inspection.sampling.next_token import next_token

    settings = state.settings_popover()
    count = state.asked_number("Draws", "draws", 1, 100_000, 1000)
    guess = st.segmented_control(
        "Predict first: with 100 times as many draws, how much nearer do the bars come to the "
        "marks?",
        ["not at all", "10 times", "100 times"],
        key="guess-draws",
    )
    if guess:
        st.markdown(
            f"{state.verdict(guess == '10 times')} The error shrinks with the square root of the "
            "number of draws: 100 times as many, a tenth of the error. Try 100 and then 10,000, "
            "and watch the whiskers."
        )
    following = engine.inspect(next_token, choice, text)
    drawn = engine.compute(draws, following.logits, following.history, settings, count)
    st.plotly_chart(
        draws_against_exact(drawn, following.texts),
        config=state.PICTURE,
        key="drawn",
        alt=f"Of {count} draws, how often the likeliest tokens came up, and their exact shares.",
    )
    _verdict(drawn)
    show_checks((*following.checks, *drawn.checks), choice, "Draws")
    table = _table(drawn, following.texts)
    with st.expander("As a table"):
        st.dataframe(table.head(200), hide_index=True)
    st.download_button(
        "Counts (CSV)", table.to_csv(index=False), "draws.csv", "text/csv", on_click="ignore"
    )
    with st.expander("The same in a few lines of PyTorch"):
        facts = engine.facts(choice)
        st.code(
            code.draws_code(choice, facts, text, settings, following.history, count),
            language="python",
        )


def _verdict(drawn: "Draws") -> None:
    if drawn.p_value is None:
        st.markdown(
            "Only one outcome is common enough to be tested, so there is nothing to be off: draw "
            "more often, or leave more tokens."
        )
        return
    st.latex(
        r"\chi^2 = \sum_{\text{bins}} \frac{(\text{drawn} - \text{expected})^2}{\text{expected}}"
        rf" = {drawn.statistic:.2f} \quad\text{{with }} {drawn.bins} - 1 = "
        rf"{drawn.degrees_of_freedom}\text{{ degrees of freedom}},\quad p = {drawn.p_value:.3f}"
    )
    if drawn.p_value >= 0.01:
        st.markdown(
            f"p = {drawn.p_value:.3f}: of 100 honest series of {drawn.drawn:,} draws, about "
            f"{100 * drawn.p_value:.0f} would be at least this far off. Nothing speaks against "
            "these."
        )
    else:
        st.markdown(
            f"p = {drawn.p_value:.4f}: fewer than one honest series in 100 is this far off. That "
            "happens, once in 100 seeds: try another seed. If it stayed, the draws would be biased."
        )
    st.caption(
        "Tokens of which fewer than 5 draws are expected share one bin: the test holds only where "
        "enough is expected."
    )


def _table(drawn: "Draws", texts: dict[int, str]) -> pd.DataFrame:
    order = np.argsort(-drawn.probabilities, kind="stable")
    order = order[(drawn.probabilities[order] > 0) | (drawn.counts[order] > 0)][:10_000]
    return pd.DataFrame(
        {
            "id": order,
            "token": [texts.get(int(token), f"#{token}") for token in order],
            "drawn": drawn.counts[order],
            "expected": drawn.probabilities[order] * drawn.drawn,
            "probability": drawn.probabilities[order],
        }
    )
