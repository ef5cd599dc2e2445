"""View: greedy, beam search and sampling side by side on one prompt."""

import math
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.widgets import frame
from components.widgets.checks import show_checks
from components.widgets.sampling import code, state

if TYPE_CHECKING:
    from components.inspection.sampling.compare import Strategies


def compare_view(choice: ModelChoice, text: str) -> None:
    """Write on from `text` in three ways, and show the beams as a tree."""
    settings = state.settings_popover()
    first, second, third = st.columns(3)
    with first:
        new_tokens = state.asked_number("Tokens each", "each", 1, 40, 12)
    with second:
        beams = state.asked_number("Beams", "beams", 1, 8, 3)
    length_penalty = third.number_input(
        "Length penalty",
        -2.0,
        4.0,
        1.0,
        0.1,
        key="length_penalty",
        bind="query-params",
        help="A finished beam's score is its ln p / length ** penalty: above 0 helps long texts.",
    )
    guess = st.segmented_control(
        "Predict first: which of the three has the highest probability as a whole?",
        ["greedy", "beam search", "sampling"],
        key="guess-strategy",
    )
    from components.inspection.sampling.compare import strategies

    bar = st.empty()
    with frame.explained():
        found = engine.inspect(
            strategies,
            choice,
            text,
            settings,
            beams,
            new_tokens,
            length_penalty,
            progress=frame.telling(bar),
        )
        bar.empty()
        _texts(found, guess)
        show_checks(found.checks, choice, "Compare")
        _tree(found)
        _check(choice, text, found, beams, new_tokens, length_penalty)
        with st.expander("Beam search in a few lines of transformers"):
            facts = engine.facts(choice)
            st.code(
                code.beam_code(choice, facts, text, beams, new_tokens, length_penalty),
                language="python",
            )


def _texts(found: "Strategies", guess: str | None) -> None:
    ways = (found.greedy, found.beam, found.sampled)
    for column, way in zip(st.columns(3), ways, strict=True):
        with column.container(border=True, height="stretch"):
            st.markdown(f"**{way.name.capitalize()}**")
            st.code(way.text, language=None, wrap_lines=True)
            if guess:
                st.markdown(
                    f"ln p = **{way.log_probability:.3f}**  \n{len(way.tokens)} tokens, "
                    f"{way.log_probability / max(1, len(way.tokens)):.3f} each  \n"
                    f"{way.distinct:.0%} of its tokens are distinct"
                )
    if not guess:
        st.caption("Their probabilities appear once you have guessed.")
        return
    st.markdown(
        f"{verdict(guess, found)} "
        + _found_better(found)
        + " *Try:* one beam; is it greedy? Temperature 0 for sampling; is it greedy too? "
        "And “Once upon a time there was a little fox named Leo.” with 8 beams and 40 tokens."
    )


def verdict(guess: str, found: "Strategies") -> str:
    """Return what is said of a guess: texts that are the same are equally likely."""
    best = found.likeliest
    if len(best) == 3:
        return "All three wrote the same text, so none is likelier: nobody can be right here."
    right = "**Right**" if guess in best else "**Not quite**"
    if len(best) == 2:
        return f"{right}: **{best[0]}** and **{best[1]}** wrote the same text, the likeliest."
    return f"{right}: the likeliest of the three is the one by **{best[0]}**."


def _found_better(found: "Strategies") -> str:
    if found.beam.tokens == found.greedy.tokens:
        return "Here beam search found nothing better than greedy's text."
    gain = found.beam.log_probability - found.greedy.log_probability
    return (
        f"Beam search's text is {_times(gain)} greedy's: taking the best token each time "
        "need not give the best text."
    )


def _times(gain: float) -> str:
    if gain >= 0:
        return f"{math.exp(min(gain, 700)):,.3g} times as likely as"
    return f"{math.exp(min(-gain, 700)):,.3g} times less likely than"


def _tree(found: "Strategies") -> None:
    from components.figures.beam import beam_tree

    st.subheader("The beams", anchor=False)
    st.caption(
        "From left to right one token more; in each column the likeliest text so far is on top. "
        "Filled: kept as a beam. Hollow: dropped. Square: finished. Orange: the winner."
    )
    st.plotly_chart(
        beam_tree(found.search),
        config=state.PICTURE,
        key="beam-tree",
        alt="The continuations that beam search weighed, as a tree.",
    )
    rows = [
        {
            "text": "".join(beam.texts),
            "ln p": beam.log_probability,
            "tokens": len(beam.tokens),
            "score": beam.score,
        }
        for beam in found.search.beams
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True)
    nodes = pd.DataFrame([vars(node) for node in found.search.nodes])
    st.download_button(
        "All beams (CSV)", nodes.to_csv(), "beams.csv", "text/csv", on_click="ignore"
    )


def _check(
    choice: ModelChoice,
    text: str,
    found: "Strategies",
    beams: int,
    new_tokens: int,
    length_penalty: float,
) -> None:
    if not st.button("Check against transformers' own beam search"):
        return
    from components.inspection.sampling.compare import check_with_generate

    ours = found.search.beams[0]
    theirs, check = engine.inspect(
        check_with_generate, choice, text, ours, beams, new_tokens, length_penalty
    )
    show_checks((check,), choice, "Compare, generate")
    if theirs.tokens == ours.tokens:
        st.caption(f"It returns the same {len(ours.tokens)} tokens.")
    elif check.holds:
        st.caption(
            "It returns another text of the same score: the two are so close that rounding decides."
        )
