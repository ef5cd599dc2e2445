"""View: how surprised the model is by a text, token by token."""

import math
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.inspection.errors import InspectionError
from components.widgets import frame
from components.widgets.checks import show_checks
from components.widgets.sampling import code, state
from components.widgets.sampling.ribbon import Bead, ribbon

if TYPE_CHECKING:
    from components.inspection.sampling.perplexity import Surprise

AT_A_TIME: Final = 600
MOST_CHARACTERS: Final = 100_000
FULL_TINT: Final = math.log(1000)
"""A token of probability 1/1000 or less has the strongest tint."""
SURPRISING: Final = "A llama is a generative transformer model and it can't fly."
_PICKED: Final = "sampling-scored-token"
BY_HAND: Final = "0.4, 0.27, 0.55, 0.79"


def perplexity_view(choice: ModelChoice, prompt: str) -> None:
    """Score a text: the prompt, or one the reader types."""
    answers = engine.facts(choice).kind == "seq2seq"
    text = st.text_area(
        "The answer to score (the prompt is what it answers)" if answers else "Text to score",
        key="scored",
        max_chars=MOST_CHARACTERS,
        height=80,
        bind="query-params",
        persist_state="session",
        placeholder="Empty: the prompt in the sidebar",
    )
    scored = text or prompt
    from components.inspection.sampling.perplexity import start_before, surprise

    with frame.explained():
        first = _first_too(engine.inspect(start_before, choice))
        bar = st.empty()
        found = engine.inspect(
            surprise,
            choice,
            scored,
            prompt if answers else "",
            first,
            progress=frame.telling(bar),
        )
        bar.empty()
        _result(found, choice)
        _code(found, choice, scored, prompt)
    st.subheader("Predict first", anchor=False)
    guess = st.segmented_control(
        f"Type “{SURPRISING}” above. Is its perplexity higher or lower than that of a sentence "
        "like those the model was trained on?",
        ["higher", "lower"],
        key="guess-perplexity",
    )
    if guess:
        st.markdown(
            f"{state.verdict(guess == 'higher')} The less a model expects a text, the higher its "
            "perplexity. *Try:* shuffle the words of your text; repeat it three times; choose "
            "another model."
        )
    _by_hand()


def _first_too(always: str) -> bool:
    """Ask whether a start token is put in front, so that the first token is scored too.

    `always` is the one that stands there anyway: then there is nothing to ask.
    """
    label = "Score the first token too, after a start token"
    if always:
        st.toggle(
            label,
            True,
            key="first-always",
            disabled=True,
            help=f"`{always}` stands before every text that this model reads, so its first token "
            "is always scored.",
        )
        return False
    return st.toggle(
        label,
        key="first",
        bind="query-params",
        help="transformers' loss leaves the first token out, since nothing comes before it.",
    )


def _code(found: "Surprise", choice: ModelChoice, scored: str, prompt: str) -> None:
    with st.expander("The same in a few lines of transformers"):
        if len(scored) > code.LONGEST:
            st.caption("Save the text as text.txt beside it.")
        lines = code.perplexity_code(
            choice,
            engine.facts(choice),
            scored,
            prompt,
            found.before,
            found.context if found.in_windows else None,
        )
        st.code(lines, language="python")


def _result(found: "Surprise", choice: ModelChoice) -> None:
    from components.figures.sampling import surprise_bars

    pages = math.ceil(len(found.tokens) / AT_A_TIME)
    page = 1
    if pages > 1:
        page = state.asked_number(f"Part (of {pages})", "part", 1, pages, 1)
    begin, end = (page - 1) * AT_A_TIME, min(page * AT_A_TIME, len(found.tokens))
    beads = [_bead(found, i) for i in range(begin, end)]
    picked = ribbon([("", beads)], _picked(found), key="scored-tokens", scale="surprise")
    if picked is not None:
        # A click is an event, over after one run; the token stays picked until another is.
        st.session_state[_PICKED] = (found.ids, picked)
        st.rerun()
    if (shown := _picked(found)) is not None:
        _one(found, shown)
    st.plotly_chart(
        surprise_bars(found, begin, end),
        config=state.PICTURE,
        key="surprise",
        alt="The surprisal of each token in bits, and the perplexity so far.",
    )
    _formula(found)
    show_checks(found.checks, choice, "Perplexity")
    table = pd.DataFrame(
        {
            "token": found.tokens,
            "id": found.ids,
            "surprisal_bits": found.surprisal / np.log(2),
            "probability": np.exp(-found.surprisal.astype(np.float64)),
            "rank": found.rank,
            "expected": found.expected,
        }
    )
    with st.expander("As a table"):
        st.dataframe(table.iloc[begin:end], hide_index=True)
    st.download_button(
        "Every token (CSV)",
        table.to_csv(index=False),
        "surprisal.csv",
        "text/csv",
        on_click="ignore",
    )


def _picked(found: "Surprise") -> int | None:
    ids, picked = st.session_state.get(_PICKED, (None, None))
    return picked if ids == found.ids and 0 <= picked < len(ids) else None


def _bead(found: "Surprise", i: int) -> Bead:
    nats = float(found.surprisal[i])
    if math.isnan(nats):
        return Bead(i, found.tokens[i], 0.0, "not scored: nothing comes before it")
    title = (
        f"probability {math.exp(-nats):.2%}, {nats / math.log(2):.2f} bits, rank {found.rank[i]:,}"
    )
    return Bead(i, found.tokens[i], min(1.0, nats / FULL_TINT), title)


def _one(found: "Surprise", i: int) -> None:
    from components.figures.visible import visible

    nats = float(found.surprisal[i])
    if math.isnan(nats):
        st.markdown(f"`{visible(found.tokens[i])}` is not scored: nothing comes before it.")
        return
    st.markdown(
        f"`{visible(found.tokens[i])}`: the model gave it **{math.exp(-nats):.2%}** "
        f"({nats / math.log(2):.2f} bits), rank **{found.rank[i]:,}**. It expected "
        f"`{visible(found.expected[i])}`."
    )


def _formula(found: "Surprise") -> None:
    scored = found.surprisal[~np.isnan(found.surprisal)].astype(np.float64)
    mean = float(scored.mean())
    st.latex(
        r"\text{perplexity} = \exp\Big(\tfrac{1}{n} \sum_i -\ln p_i\Big) = "
        rf"\exp\Big(\tfrac{{{scored.sum():.3f}}}{{{len(scored)}}}\Big) = \exp({mean:.4f}) = "
        rf"\mathbf{{{found.perplexity:.4g}}}"
    )
    words = (
        f"As uncertain as a fair choice among {found.perplexity:,.3g} tokens, on average: "
        f"{mean / math.log(2):.2f} bits per token. "
    )
    if found.start and found.without_first is not None:
        words += (
            f"The first token is scored too, as what follows `{found.start}`; without it the "
            f"perplexity is {found.without_first:,.4g}."
        )
    elif not found.start:
        words += "The first token is not scored, as in transformers' loss: nothing comes before it."
    if found.in_windows:
        words += (
            f" The text is longer than a window of {found.context:,} tokens, so it was read in "
            "windows that overlap by half."
        )
    st.caption(words)


def _by_hand() -> None:
    with st.expander("By hand: a sentence of four tokens"):
        given = st.text_input(
            "Probabilities of “a red fox.”, token by token",
            BY_HAND,
            key="by_hand",
            bind="query-params",
            max_chars=200,
        )
        from components.inspection.sampling.perplexity import by_hand

        with frame.explained():
            shares = _numbers(given)
            product, mean, perplexity = by_hand(shares)
            factors = r" \cdot ".join(f"{share:g}" for share in shares)
            st.latex(
                rf"{factors} = {product:.4g},\quad"
                rf"\sqrt[{len(shares)}]{{{product:.4g}}} = {mean:.4f},\quad"
                rf"\text{{perplexity}} = \frac{{1}}{{{mean:.4f}}} = {perplexity:.13g}"
            )
            st.caption(
                "Here the first token is scored as well. After training: 0.7, 0.5, 0.6, 0.9."
            )


def _numbers(given: str) -> list[float]:
    try:
        return [float(part) for part in given.split(",")]
    except ValueError:
        raise InspectionError(
            f"{given!r:.60} is not a list of numbers: write for example {BY_HAND}."
        ) from None
