"""View: reshape one next-token distribution while a slider is dragged."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.inspection.sampling.settings import RANGES, Settings
from components.widgets import frame
from components.widgets.checks import show_checks
from components.widgets.sampling import code, state
from components.widgets.sampling_playground import Released, sampling_playground

if TYPE_CHECKING:
    from components.inspection.sampling.next_token import NextToken
    from components.inspection.sampling.reshape import Reshaped

TOY: Final = {0: "Paris", 1: "a", 2: "the", 3: "in", 4: "llama"}
TOY_LOGITS: Final = (4.0, 3.0, 2.0, 1.0, 0.0)
TOY_TEMPERATURES: Final = (0.2, 0.5, 1.0, 2.0, 5.0)
MOST_ROWS: Final = 10_000


@st.fragment
def reshape_view(choice: ModelChoice, text: str) -> None:
    """Show the live playground for what comes after `text`, checked on the server."""
    source = st.segmented_control(
        "Logits",
        ["of the model", "4, 3, 2, 1, 0"],
        default="of the model",
        required=True,
        key="logits",
        bind="query-params",
        help="Five tokens with the logits 4, 3, 2, 1, 0 are easy to follow by hand.",
    )
    # A fragment's errors do not reach app.py, so they are explained here.
    with frame.explained():
        settings = state.current()
        toy = source != "of the model"
        following = _toy() if toy else _next_token(choice, text)
        number = _first_number(settings.seed)
        reshaped = _reshape(following, settings)
        released = sampling_playground(
            following.logits,
            following.history,
            _texts(choice, following, settings),
            settings,
            number=number,
            key="playground",
            on_release=state.keep,
        )
        _check(choice, following, released, reshaped, settings)
        _read_it(following, settings, reshaped)
        _predict()
        _take_away(choice, text, following, settings, reshaped, toy)


def _next_token(choice: ModelChoice, text: str) -> "NextToken":
    from components.inspection.sampling.next_token import next_token

    return engine.inspect(next_token, choice, text)


def _toy() -> "NextToken":
    from components.inspection.sampling.next_token import NextToken

    return NextToken(np.array(TOY_LOGITS, dtype=np.float32), (1, 2, 2), TOY)


def _first_number(seed: int) -> float:
    from components.inspection.sampling.generation import first_number

    return engine.compute(first_number, seed)


def _reshape(following: "NextToken", settings: Settings) -> "Reshaped":
    from components.inspection.sampling.reshape import reshape

    return engine.compute(reshape, following.logits, following.history, settings)


def _texts(choice: ModelChoice, following: "NextToken", settings: Settings) -> dict[int, str]:
    """Return the names that the browser knows: of the likeliest tokens, and of the one drawn."""
    from components.inspection.sampling.generation import first_drawn
    from components.inspection.sampling.next_token import name_of

    drawn = engine.compute(first_drawn, following.logits, following.history, settings)
    if drawn in following.texts:
        return following.texts
    return following.texts | {drawn: engine.inspect(name_of, choice, drawn)}


def _check(
    choice: ModelChoice,
    following: "NextToken",
    released: Released | None,
    reshaped: "Reshaped",
    settings: Settings,
) -> None:
    if released is None or released.settings != settings:
        st.caption("Checking what the browser drew against transformers on the server…")
        return
    from components.inspection.sampling.browser import checked_answer

    checks = engine.compute(
        checked_answer, following.logits, following.history, settings, released.answer
    )
    # What is said is said of these settings: a slider may be elsewhere by now.
    st.markdown(f":small[Checked for: {state.summary(settings)}]")
    show_checks((*checks, *following.checks), choice, "Reshape")
    if reshaped.tied:
        st.caption(
            f"At top-p's cut {reshaped.tied:,} tokens have equal logits, and "
            f"{reshaped.tied_left:,} of them stay: here those with the highest ids. Which of "
            "equals `generate` keeps is left open: its sort is not stable."
        )


def _read_it(following: "NextToken", settings: Settings, reshaped: "Reshaped") -> None:
    best = int(following.logits.argmax())
    logit, most = float(following.logits[best]), float(following.logits.max())
    tempered = settings.temperature or 1.0
    spread = float(np.exp((following.logits.astype(np.float64) - most) / tempered).sum())
    share = 1 / spread
    name = following.texts[best].strip() or "␣"
    with st.expander("How to read it, and the formula with these numbers"):
        st.markdown(
            "Grey bars are what the model says; teal bars are what is left to draw from. Each "
            "control is one step, applied **in the order shown**; beside it stand the tokens it "
            "leaves, the share of probability it keeps, and the entropy: how many yes-no questions "
            "the choice is still worth. The line below the bars lays the tokens end to end: the "
            "seed's random number points at the one that is drawn."
        )
        st.latex(
            r"p_i = \frac{e^{z_i / T}}{\sum_j e^{z_j / T}}"
            rf"\qquad p_{{\text{{{_latex(name)}}}}} = \frac{{e^{{{logit:.3f} / {tempered:g}}}}}"
            rf"{{\sum_j e^{{z_j / {tempered:g}}}}} = \frac{{1}}{{{spread:.4g}}} = {share:.4f}"
        )
        st.caption(
            "z is the logit, T the temperature"
            f"{' (0 is greedy: shown for 1)' if settings.greedy else ''}; this is before penalties "
            "and cuts. The right fraction is the left one with both sides divided by its top."
        )
        st.markdown("\n".join(f"- **{row.label}** {row.says}." for row in RANGES.values()))
        st.markdown(
            "Penalties count every token of the text so far, the prompt included, as transformers' "
            "repetition penalty does. OpenAI's presence and frequency penalties have the same "
            "formula, but count only the tokens that were sampled, not the prompt's. `generate` "
            "keeps only the 50 likeliest tokens unless it is told `top_k=0`."
        )
        stages = pd.DataFrame([asdict(stage) for stage in reshaped.stages])
        st.dataframe(stages, hide_index=True)


def _predict() -> None:
    st.subheader("Predict first", anchor=False)
    guess = st.segmented_control(
        "Top-p is 0.8 throughout. Raise the temperature from 0.2 to 5: how many of five tokens "
        "with logits 4, 3, 2, 1, 0 are left?",
        ["always the same number", "fewer and fewer", "more and more"],
        key="guess-nucleus",
    )
    if guess is None:
        return
    kept = [_reshape_toy(temperature) for temperature in TOY_TEMPERATURES]
    counts = ", ".join(str(count) for count in kept)
    st.markdown(
        f"{state.verdict(guess == 'more and more')} At temperature "
        f"{', '.join(f'{t:g}' for t in TOY_TEMPERATURES)} there are **{counts}** left. Heat "
        "flattens the distribution, so more tokens are needed before their probabilities reach "
        "0.8. Set it above with the logits 4, 3, 2, 1, 0 and see. *Then try:* top-k 3 with "
        "temperature 5: does top-k care about the temperature? And typical-p 0.2: is the likeliest "
        "token left?"
    )


def _reshape_toy(temperature: float) -> int:
    from components.inspection.sampling.reshape import reshape

    logits = np.array(TOY_LOGITS, dtype=np.float32)
    settings = Settings(temperature=temperature, top_p=0.8)
    return engine.compute(reshape, logits, (), settings).stages[-1].tokens


def _take_away(
    choice: ModelChoice,
    text: str,
    following: "NextToken",
    settings: Settings,
    reshaped: "Reshaped",
    toy: bool,
) -> None:
    with st.expander("The same in a few lines of transformers"):
        lines = code.reshape_code(
            choice,
            engine.facts(choice),
            text,
            settings,
            following.history,
            TOY_LOGITS if toy else (),
        )
        st.code(lines, language="python")
    left = np.argsort(-reshaped.after, kind="stable")[:MOST_ROWS]
    left = left[np.isfinite(reshaped.logits[left])]
    table = pd.DataFrame(
        {
            "id": left,
            "token": [following.texts.get(int(token), f"#{token}") for token in left],
            "logit": following.logits[left],
            "before": reshaped.before[left],
            "after": reshaped.after[left],
        }
    )
    kept = {"settings": asdict(settings), "stages": [asdict(each) for each in reshaped.stages]}
    csv, whole = st.columns(2)
    csv.download_button(
        "Tokens left (CSV)",
        table.to_csv(index=False),
        "tokens-left.csv",
        "text/csv",
        on_click="ignore",
        width="stretch",
        help=f"At most the {MOST_ROWS:,} likeliest.",
    )
    whole.download_button(
        "Settings and stages (JSON)",
        json.dumps(kept, indent=2),
        "reshaped.json",
        "application/json",
        on_click="ignore",
        width="stretch",
    )


def _latex(text: str) -> str:
    return "".join(char if char.isalnum() else "·" for char in text)
