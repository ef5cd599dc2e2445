"""The question, asked once for all views: which answer, rather than which, compared with what."""

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.figures.theme import visible
from components.widgets import address

if TYPE_CHECKING:
    from components.inspection.attribution.catalogue import Effort
    from components.inspection.attribution.question import Question, Reading
    from components.inspection.attribution.units import Unit

LIKELIEST: Final = "the likeliest"
NOTHING: Final = "nothing"
UNITS: Final[tuple["Unit", ...]] = ("token", "word", "sentence")


def ask(choice: ModelChoice, text: str) -> tuple["Question", "Reading", "Effort"]:
    """Show the choices in a row; return the question, what the model says to it, and the effort.

    Raises:
        InspectionError: the model cannot be asked this.
    """
    from components.inspection.attribution import baselines
    from components.inspection.attribution.question import Question, read

    offered = engine.inspect(baselines.available, choice)
    first, second, third, fourth, fifth = st.columns([4, 4, 3, 3, 3], vertical_alignment="bottom")
    with third:
        address.warn_unless_one_of("baseline", offered)
        baseline = st.selectbox(
            "Compared with", offered, key="baseline", bind="query-params",
            persist_state="session",
            help="What stands where a piece of the text is taken away. "
            + "; ".join(f"**{name}**: {baselines.BASELINES[name]}" for name in offered)
            + ". A score is a difference, so it depends on this.",
        )  # fmt: skip
    with fourth:
        address.warn_unless_one_of("unit", UNITS)
        unit = st.selectbox(
            "In pieces of",
            UNITS,
            key="unit",
            bind="query-params",
            persist_state="session",
            help="Score each token alone, or the tokens of a word or a sentence together.",
        )
    plain = Question(text, baseline=baseline or offered[0], unit=unit or "token")
    likely = engine.inspect(read, choice, plain)
    names = {visible(name): name for name in likely.answers}
    typed = likely.asked != "class"
    answer = first.selectbox(
        "Explain", [LIKELIEST, *names], key="answer", bind="query-params",
        accept_new_options=typed, persist_state="session",
        help="The answer whose score is shared out among the pieces of the prompt. "
        + ("Type any other token; · is a space." if typed else ""),
    )  # fmt: skip
    other = second.selectbox(
        "rather than", [NOTHING, *names], key="other", bind="query-params",
        accept_new_options=typed, persist_state="session",
        help="With a second answer the target is the difference of the two logits: what speaks "
        "for the one *rather than* the other.",
    )  # fmt: skip
    question = replace(
        plain,
        answer="" if answer in (None, LIKELIEST) else names.get(answer, answer),
        rather_than="" if other in (None, NOTHING) else names.get(other, other),
    )
    reading = likely if question == plain else engine.inspect(read, choice, question)
    with fifth:
        hard = effort()
    st.markdown(summary(reading))
    return question, reading, hard


def summary(reading: "Reading") -> str:
    """Return in a line what the model says and how much there is to explain."""
    name = f"`{visible(reading.answer)}`"
    if reading.rather_than is None:
        said = (
            f"The {reading.asked} {name} has probability **{reading.probability:.1%}** and the "
            f"logit **{reading.at_input:.3f}**"
        )
    else:
        said = (
            f"{name} has **{reading.probability:.1%}**, `{visible(reading.rather_than)}` "
            f"{reading.other_probability:.1%}; their logits differ by **{reading.at_input:+.3f}**"
        )
    return (
        f"{said}. Without the prompt's words, by the baseline, it is {reading.at_baseline:.3f}. To "
        f"share out among the pieces: **{reading.change:+.3f}**."
    )


def effort() -> "Effort":
    """Ask in a popover how hard the methods shall try."""
    from components.inspection.attribution.catalogue import MOST, Effort

    usual = Effort()
    with st.popover("Effort", width="stretch"):
        steps = _number("Steps of integrated gradients", "steps", 1, MOST.steps, usual.steps)
        samples = _number(
            "Orders of Shapley values", "samples", 1, MOST.samples, usual.samples,
            "Gradient SHAP takes twice as many random points.",
        )  # fmt: skip
        window = _number("Window of occlusion", "window", 1, MOST.window, usual.window)
        seed = _number("Seed", "draw_seed", 0, 9999, usual.seed, "Of all random orders and points.")
    return Effort(steps, samples, window, seed)


def _number(label: str, key: str, low: int, high: int, default: int, says: str = "") -> int:
    address.warn_unless_between(key, low, high, default)
    return int(
        st.number_input(
            label, low, high, default, 1, key=key, bind="query-params", persist_state="session",
            help=says or f"From {low} to {high:,}.",
        )
    )  # fmt: skip
