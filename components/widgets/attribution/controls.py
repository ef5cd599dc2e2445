"""The question, asked once for all views: which answer, rather than which, compared with what."""

from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal, cast

import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.figures.visible import visible
from components.widgets import address

if TYPE_CHECKING:
    from components.inspection.attribution.baselines import Baseline
    from components.inspection.attribution.catalogue import Effort
    from components.inspection.attribution.question import Question, Reading
    from components.inspection.attribution.units import Unit

LIKELIEST: Final = "the likeliest"
RUNNER_UP: Final = "the runner-up"
NOTHING: Final = "nothing"
NEUTRAL: Final = "neutral"
UNITS: Final[tuple["Unit", ...]] = ("word", "token", "sentence")


def ask(choice: ModelChoice, text: str) -> tuple["Question", "Reading", "Effort"]:
    """Show the choices in a row; return the question, what the model says to it, and the effort.

    Raises:
        InspectionError: the model cannot be asked this.
    """
    from components.inspection.attribution.question import Question, read

    first, second, third, fourth, fifth = st.columns([4, 4, 3, 3, 3], vertical_alignment="bottom")
    with third:
        baseline = _baseline(choice)
    with fourth:
        address.warn_unless_one_of("unit", UNITS)
        unit = st.selectbox(
            "In pieces of",
            UNITS,
            key="unit",
            bind="query-params",
            persist_state="session",
            help="Score the tokens of a word or a sentence together, or each token alone.",
        )
    plain = Question(text, baseline=baseline, unit=unit or "word")
    likely = engine.inspect(read, choice, plain)
    # By number, since what an answer looks like may be written with other tokens.
    names = {
        visible(name): number
        for name, number in zip(likely.answers, likely.answer_ids, strict=True)
    }
    typed = likely.asked in ("next token", "masked token")
    answer = first.selectbox(
        "Explain",
        [LIKELIEST, *names],
        key="answer",
        bind="query-params",
        accept_new_options=typed,
        persist_state="session",
        help="The answer whose score is shared out among the pieces of the prompt. "
        + ("Type any other token; · is a space." if typed else ""),
    )
    other = second.selectbox(
        "rather than",
        [RUNNER_UP, NOTHING, *names],
        key="other",
        bind="query-params",
        accept_new_options=typed,
        persist_state="session",
        help="With a second answer the target is the difference of the two logits: what speaks "
        f"for the one *rather than* the other. {RUNNER_UP.capitalize()} is the likeliest of the "
        "others. A logit alone also holds all that speaks for any answer.",
    )
    question = replace(
        plain,
        answer="" if answer in (None, LIKELIEST) else names.get(answer, answer),
        rather_than=_other(other, names),
    )
    reading = likely if question == plain else engine.inspect(read, choice, question)
    with fifth:
        hard = effort()
    st.markdown(summary(reading))
    st.caption(neutrality(reading))
    return question, reading, hard


def _baseline(choice: ModelChoice) -> "Baseline | Literal['']":
    from components.inspection.attribution import baselines

    offered = engine.inspect(baselines.available, choice)
    address.warn_unless_one_of("baseline", [NEUTRAL, *offered])
    chosen = st.selectbox(
        "Compared with",
        [NEUTRAL, *offered],
        key="baseline",
        bind="query-params",
        persist_state="session",
        format_func=lambda name: f"{NEUTRAL}: {offered[0]}" if name == NEUTRAL else name,
        help="What stands where a piece of the text is taken away. "
        + "; ".join(f"**{name}**: {baselines.BASELINES[name]}" for name in offered)
        + f". **{NEUTRAL}** is what says nothing to this model, by rule: the mask of a model that "
        "fills in masks, else a padding token of its own, else the token that ends a text. A score "
        "is a difference, so it depends on this.",
    )
    return "" if chosen in (None, NEUTRAL) else cast("Baseline", chosen)


def _other(other: str | None, names: dict[str, int]) -> str | int | None:
    if other is None or other == RUNNER_UP:
        return ""
    return None if other == NOTHING else names.get(other, other)


def summary(reading: "Reading") -> str:
    """Return in a line what the model says and how much there is to explain."""
    name = f"`{visible(reading.answer)}`"
    sure = "" if reading.probability is None else f" has **{reading.probability:.1%}**"
    if reading.rather_than is not None:
        against = f"`{visible(reading.rather_than)}`"
        if reading.other_probability is not None:
            against += f" {reading.other_probability:.1%}"
        said = f"{name}{sure}, {against}; their logits differ by **{reading.at_input:+.3f}**"
    elif sure:
        said = (
            f"The {reading.asked} {name} has probability **{reading.probability:.1%}** and the "
            f"logit **{reading.at_input:.3f}**"
        )
    else:
        said = f"The {reading.asked} {name} is **{reading.at_input:.3f}**"
    return (
        f"{said}. Without the prompt's words, by the baseline, it is {reading.at_baseline:+.3f}. "
        f"To share out among the pieces: **{reading.change:+.3f}**."
    )


def neutrality(reading: "Reading") -> str:
    """Return in a line what the baseline is, and how far it is from saying nothing."""
    from components.inspection.attribution.baselines import BASELINES

    stands = f" `{visible(reading.stand_in)}`" if reading.stand_in else ""
    stays = f"{abs(reading.at_baseline):.3g} of {abs(reading.at_input):.3g} logits stay"
    if reading.at_baseline * reading.at_input < 0:
        stays = f"nothing of {reading.at_input:+.3g} logits stays: it is {reading.at_baseline:+.3g}"
    said = (
        f"Baseline **{reading.baseline}**{stands}: {BASELINES[reading.baseline]}. With it in place "
        f"of the words {stays}"
    )
    if reading.little_left:
        said += ", more than the words change: **little is left to attribute**"
    if reading.baseline_probability is not None:
        said += (
            f"; the model then holds `{visible(reading.baseline_answer)}` likeliest, with "
            f"{reading.baseline_probability:.1%}"
        )
    said += f". Its vector is {reading.baseline_length:.2f} times as long as a token's on average"
    if reading.baseline in ("mean", "zero"):
        said += ", and no token's: the model has never read such a text"
    return f"{said}."


def effort() -> "Effort":
    """Ask in a popover how hard the methods shall try."""
    from components.inspection.attribution.catalogue import MOST, Effort
    from components.inspection.attribution.shapley import EXACT, FEWEST_ORDERS

    usual = Effort()
    with st.popover("Effort", width="stretch"):
        steps = _number(
            "Steps of integrated gradients",
            "steps",
            1,
            MOST.steps,
            usual.steps,
            "Gradient SHAP takes as many random points.",
        )
        samples = _number(
            "Orders of Shapley values",
            "samples",
            FEWEST_ORDERS,
            MOST.samples,
            usual.samples,
            f"For more than {EXACT} pieces; up to {EXACT} all orders count, and nothing is drawn. "
            "Half are drawn, half are their reverses. Four times as many halve the standard error.",
        )
        window = _number("Window of occlusion", "window", 1, MOST.window, usual.window)
        seed = _number("Seed", "draw_seed", 0, 9999, usual.seed, "Of all random orders and points.")
    return Effort(steps, samples, window, seed)


def _number(label: str, key: str, low: int, high: int, default: int, says: str = "") -> int:
    address.warn_unless_between(key, low, high, default)
    return int(
        st.number_input(
            label,
            low,
            high,
            default,
            1,
            key=key,
            bind="query-params",
            persist_state="session",
            help=says or f"From {low} to {high:,}.",
        )
    )
