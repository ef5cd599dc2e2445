"""View: a whole phrase. Which token of the text counted for which token written?"""

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.figures.theme import visible
from components.inspection.errors import InspectionError
from components.widgets import address
from components.widgets.attribution import code, shown
from components.widgets.attribution.running import Cost, allowed, telling

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

    if engine.facts(choice).kind not in ("causal", "seq2seq"):
        raise InspectionError(
            f"{choice.source} does not write text: it answers with one token or one class, which "
            "the other views explain. Choose a decoder, such as storyteller."
        )
    offered = engine.inspect(inspection.stand_ins, choice)
    if not offered:
        raise InspectionError(
            f"{choice.source} has no special token to stand in for one that is taken away."
        )
    first, second, third, fourth = st.columns([3, 1, 2, 2])
    given = first.text_input(
        "The phrase", key="phrase", bind="query-params", max_chars=300,
        persist_state="session", placeholder="Empty: what the model itself writes",
    )  # fmt: skip
    with second:
        address.warn_unless_between("phrase_tokens", 1, inspection.MOST_PHRASE, 6)
        new_tokens = int(
            st.number_input(
                "Tokens", 1, inspection.MOST_PHRASE, 6, key="phrase_tokens", bind="query-params",
                disabled=bool(given), help="How many the model may write.",
            )
        )  # fmt: skip
    with third:
        address.warn_unless_one_of("phrase_method", list(METHODS))
        title = st.selectbox("Method", list(METHODS), key="phrase_method", bind="query-params")
    method = METHODS[title or "Feature ablation"]
    stand_in = fourth.selectbox(
        "Stand-in", offered, key="stand_in", bind="query-params",
        help="The token put where one is taken away.",
    ) or offered[0]  # fmt: skip
    asked = (text, given, new_tokens, method, stand_in)
    tokens = len(engine.inspect(_count, choice, text))
    forwards, backwards = inspection.phrase_cost(method, tokens, new_tokens)
    if not allowed(choice, Cost(forwards, backwards, tokens + new_tokens), *asked):
        return
    found = engine.inspect(
        inspection.attribute_phrase, choice, *asked, progress=telling(choice, *asked)
    )
    _draw(found)
    _check(found)
    _predict(found)
    with st.expander("How to read it, and the formula"):
        st.markdown(
            "One row is one token of the phrase, one column one token of the text. Blue made the "
            "written token **likelier**, orange less likely, in nats: +0.69 doubles its "
            "probability. Before each row the model has read the text and the phrase so far."
        )
        st.latex(r"F_j(x) = \ln p(y_j \mid x, y_1 \dots y_{j-1})")
        st.markdown(
            "Ablation and Shapley values: Captum's `LLMAttribution`; integrated gradients: its "
            "`LLMGradientAttribution` (Miglani et al. 2023). For encoder-decoders, which these do "
            "not take, the same methods are run row by row."
        )
    if engine.facts(choice).kind == "causal":
        with st.expander("The same in a few lines of PyTorch"):
            st.code(code.phrase_code(choice.source, text, found), "python")


def _count(model: object, text: str) -> list[int]:
    return model.encode(text)  # type: ignore[attr-defined]


def _draw(found: "PhraseAttribution") -> None:
    from components.figures.attribution import phrase_table

    wrote = "The model writes" if found.generated else "The phrase"
    st.markdown(
        f"{wrote}: **`{visible(''.join(found.phrase))}`** "
        f"(probability {np.exp(found.log_probabilities.sum()):.2%} as a whole)"
    )
    picture = phrase_table(found)
    st.plotly_chart(
        picture, key="phrase-table", config=shown.modebar("phrase"),
        alt=f"Scores of {len(found.tokens)} tokens for {len(found.phrase)} written tokens.",
    )  # fmt: skip
    table = pd.DataFrame({"token": found.tokens})
    for place, token in enumerate(found.phrase):
        table[f"{place} {token}"] = found.scores[place].astype(float)
    table["whole phrase"] = found.whole.astype(float)
    facts = {"method": found.method, "stand_in": found.stand_in, "phrase": list(found.phrase)}
    shown.take_away("phrase", table, picture, facts)


def _check(found: "PhraseAttribution") -> None:
    change = found.log_probabilities - found.baseline_log_probabilities
    worst = int(np.abs(found.gaps).argmax())
    gap = shown.signed(float(found.gaps[worst]))
    said = (
        f"From a text of `{found.stand_in}` to this one, the phrase's log-probability changes by "
        f"**{change.sum():+.3f}** nats; the scores sum to **{found.scores.sum():+.3f}**. The row "
        f"that is furthest off is `{visible(found.phrase[worst])}`, by {gap}"
    )
    if found.method == "ablation":
        st.info(f"**Completeness.** {said}. Ablation does not promise that it is 0.")
        return
    share = abs(found.gaps[worst]) / max(abs(float(change[worst])), 1e-9)
    told = st.success if share <= 0.05 else st.warning
    told(f"**Completeness.** {said} ({share:.1%} of its change). {found.forwards:,} texts read.")


def _predict(found: "PhraseAttribution") -> None:
    names = [f"{place}: {visible(token)}" for place, token in enumerate(found.tokens)]
    st.subheader("Predict first", anchor=False)
    guess = st.selectbox(
        "Cover the table: which token of the text counts most for the phrase as a whole?",
        names, index=None, placeholder="Take a guess", key="guess-phrase",
    )  # fmt: skip
    if guess in names:
        best = int(np.abs(found.whole).argmax())
        st.markdown(
            f"{'**Yes**' if guess == names[best] else '**No**'}: it is "
            f"`{visible(found.tokens[best])}` with {found.whole[best]:+.2f} nats. *Try:* "
            "type a phrase that the model would not have written. Which token speaks "
            "most against it?"
        )
