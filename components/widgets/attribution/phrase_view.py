"""View: a whole phrase. Which token of the text counted for which token written?"""

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.figures.visible import visible
from components.inspection.attribution.digits import written
from components.widgets import address
from components.widgets.attribution import shown
from components.widgets.attribution.code import setting
from components.widgets.attribution.phrase_code import phrase_code
from components.widgets.attribution.running import Cost, allowed, telling
from components.widgets.checks import show_checks

if TYPE_CHECKING:
    from components.inspection.attribution.phrase import PhraseAttribution
    from components.inspection.attribution.phrase_ways import PhraseMethod

METHODS: Final[dict[str, "PhraseMethod"]] = {
    "Feature ablation": "ablation",
    "Integrated gradients": "integrated_gradients",
    "Shapley values": "shapley",
}


def phrase_view(choice: ModelChoice, text: str) -> None:
    """Show a table of text tokens and phrase tokens, by Captum's methods for generated text."""
    from components.inspection.attribution import phrase as inspection
    from components.inspection.attribution.baselines import stand_ins
    from components.inspection.attribution.catalogue import MOST, USUAL
    from components.inspection.attribution.phrase_ways import phrase_cost
    from components.inspection.attribution.shapley import FEWEST_ORDERS
    from components.inspection.decoding import require_writing

    engine.inspect(require_writing, choice)
    offered = engine.inspect(stand_ins, choice)
    first, second, third, fourth, fifth = st.columns([3, 1, 2, 2, 1])
    given = first.text_input(
        "The phrase",
        key="phrase",
        bind="query-params",
        max_chars=300,
        persist_state="session",
        placeholder="Empty: what the model itself writes",
    )
    with second:
        address.warn_unless_between("phrase_tokens", 1, inspection.MOST_PHRASE, 6)
        new_tokens = int(
            st.number_input(
                "Tokens",
                1,
                inspection.MOST_PHRASE,
                6,
                key="phrase_tokens",
                bind="query-params",
                disabled=bool(given),
                help="How many the model may write.",
            )
        )
    with third:
        address.warn_unless_one_of("phrase_method", list(METHODS))
        title = st.selectbox("Method", list(METHODS), key="phrase_method", bind="query-params")
    method = METHODS[title or "Feature ablation"]
    # The first is the neutral one of this model, which another model may not have.
    stand_in = (
        fourth.selectbox(
            "Stand-in",
            offered,
            key="stand_in",
            bind="query-params",
            help="The token put where one is taken away.",
        )
        or offered[0]
    )
    with fifth:
        address.warn_unless_between("phrase_orders", FEWEST_ORDERS, MOST.samples, USUAL.samples)
        orders = int(
            st.number_input(
                "Orders",
                FEWEST_ORDERS,
                MOST.samples,
                USUAL.samples,
                key="phrase_orders",
                bind="query-params",
                disabled=method != "shapley",
                help="Random orders of Shapley values, for more than eight tokens; up to eight all "
                "count. Four times as many halve the standard error.",
            )
        )
    asked = (text, given, new_tokens, method, stand_in, orders)
    tokens, said = engine.inspect(inspection.lengths, choice, text, given)
    forwards, backwards = phrase_cost(method, tokens, said or new_tokens, orders)
    if not allowed(choice, Cost(forwards, backwards, tokens + (said or new_tokens)), *asked):
        return
    with telling(choice, *asked) as tell:
        found = engine.inspect(inspection.attribute_phrase, choice, *asked, progress=tell)
    _draw(found, given)
    _sums(found)
    show_checks(found.checks, choice, "phrase")
    _predict(found)
    with st.expander("How to read it, and the formula"):
        st.markdown(
            "One row is one token of the phrase, one column one token of the text. Blue made the "
            "written token **likelier**, orange less likely, in nats: +0.69 doubles its "
            "probability. Before each row the model has read the text and the phrase so far."
        )
        st.latex(r"F_j(x) = \ln p(y_j \mid x, y_1 \dots y_{j-1})")
        st.markdown(
            "The target is that of Captum's `LLMAttribution` (Miglani et al. 2023). Each text with "
            "holes is read once, and tells the log-probability of every token of the phrase."
        )
    with st.expander("The same in a few lines of PyTorch"):
        st.code(phrase_code(setting(choice), text, found, orders), "python")


def _draw(found: "PhraseAttribution", given: str) -> None:
    from components.figures.attribution_tables import phrase_table

    wrote = "The model writes" if found.generated else "The phrase"
    st.markdown(
        f"{wrote}: **`{visible(''.join(found.phrase))}`** "
        f"(probability {np.exp(found.log_probabilities.sum()):.2%} as a whole)"
    )
    if not found.generated and "".join(found.phrase) != given:
        st.caption(
            f"What was typed, `{visible(given)}`, is read as `{visible(''.join(found.phrase))}`: "
            "behind a word, a word begins with a space (`·`)."
        )
    picture = phrase_table(found)
    st.plotly_chart(
        picture,
        key="phrase-table",
        config=shown.modebar("phrase"),
        alt=f"Scores of {len(found.tokens)} tokens for {len(found.phrase)} written tokens.",
    )
    table = pd.DataFrame({"token": found.tokens})
    for place, token in enumerate(found.phrase):
        table[f"{place} {token}"] = found.scores[place].astype(float)
        if found.errors is not None:
            table[f"{place} {token}, standard error"] = found.errors[place].astype(float)
    table["whole phrase"] = found.whole.astype(float)
    facts = {"method": found.method, "stand_in": found.stand_in, "phrase": list(found.phrase)}
    shown.take_away("phrase", table, picture, facts)


def _sums(found: "PhraseAttribution") -> None:
    change = found.log_probabilities - found.baseline_log_probabilities
    worst = int(np.abs(found.gaps).argmax())
    sure = (
        ""
        if found.errors is None
        else f" Standard errors are at most **{float(found.errors.max()):.2g}** nats; as many "
        "digits are written as are known."
    )
    st.markdown(
        f"**Completeness.** From a text of `{found.stand_in}` to this one, the phrase's "
        f"log-probability changes by **{change.sum():+.3f}** nats; the scores sum to "
        f"**{found.scores.sum():+.3f}**. The row that is furthest off is "
        f"`{visible(found.phrase[worst])}`, by {written(float(found.gaps[worst]))}. "
        f"{found.forwards:,} texts were read.{sure}"
    )


def _predict(found: "PhraseAttribution") -> None:
    names = [f"{place}: {visible(token)}" for place, token in enumerate(found.tokens)]
    st.subheader("Predict first", anchor=False)
    guess = st.selectbox(
        "Cover the table: which token of the text counts most for the phrase as a whole?",
        names,
        index=None,
        placeholder="Take a guess",
        key="guess-phrase",
    )
    if guess in names:
        best = int(np.abs(found.whole).argmax())
        st.markdown(
            f"{shown.verdict(guess == names[best])} It is `{visible(found.tokens[best])}` with "
            f"{found.whole[best]:+.2f} nats. *Try:* type a phrase that the model would not have "
            "written. Which token speaks most against it?"
        )
