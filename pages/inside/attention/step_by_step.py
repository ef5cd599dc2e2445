"""View: one token reads through one head, step by step, in the model's own numbers."""

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import streamlit as st

from components import engine
from components.widgets import address
from components.widgets.attention import code
from components.widgets.attention.choices import Reading, choose_head, take_away
from components.widgets.attention.questions import predict
from components.widgets.attention.toy_view import toy_view
from components.widgets.checks import show_checks
from components.widgets.markup import literal

if TYPE_CHECKING:
    from components.inspection.attention.steps import AttentionSteps
    from components.inspection.model import ModelFacts

NUMBERS: Final = ("of the model", "of a small example")


def steps_view(reading: Reading) -> None:
    """Show every step of one reading; or of a small example that can be edited."""
    address.warn_unless_one_of("numbers", NUMBERS)
    numbers = st.segmented_control(
        "Numbers", NUMBERS, default=NUMBERS[0], required=True, key="numbers", bind="query-params"
    )
    if numbers == NUMBERS[1]:
        toy_view()
        return
    _model_view(reading)


def _model_view(reading: Reading) -> None:
    from components.figures.attention import steps as figures
    from components.inspection.attention.steps import attention_steps

    maps = reading.maps()
    head_side, token_side = st.columns([3, 4])
    with head_side:
        layer, head = choose_head(maps)
    place = token_side.selectbox(
        "Token that reads",
        range(len(maps.readers)),
        index=len(maps.readers) - 1,
        format_func=lambda place: f"{place}: {maps.readers[place]}",
        key="reader",
        bind="query-params",
    )
    place = len(maps.readers) - 1 if place is None else int(place)
    steps = engine.inspect(attention_steps, reading.choice, *reading.arguments, layer, head, place)
    figure = figures.step_strips(steps)
    st.plotly_chart(figure, alt=_told(steps), key="strips")
    _cropped(steps, figures.shown_places(steps))
    _check(steps, reading)
    st.subheader("One dot product, number by number", anchor=False)
    best = int(steps.weights.argmax())
    readable = [int(i) for i in np.flatnonzero(~steps.hidden)]
    key = st.selectbox(
        "Token that is read",
        readable,
        index=readable.index(best),
        format_func=lambda place: f"{place}: {steps.read[place]}",
        key=f"key-of-{layer}-{head}-{place}",
    )
    key = best if key is None else int(key)
    st.plotly_chart(
        figures.product_strips(steps, key),
        alt=f"The query, the key of token {key}, and their products, which sum to "
        f"{steps.dots[key]:.4f}",
        config={"displayModeBar": False},
        key="product",
    )
    _formula(steps, key)
    _written(steps)
    _ask(steps)
    with st.expander("As a table"):
        st.dataframe(_table(steps), hide_index=True)
    facts = engine.facts(reading.choice)
    with st.expander("The same in a few lines of transformers"):
        if _like_llama(reading, steps, facts):
            st.code(code.steps_code(reading, facts, layer, head, place), language="python")
        else:
            st.markdown(
                "Every family computes its queries and keys in its own way; the weights it ends "
                "with can be had from all of them alike:"
            )
            among = maps.place_of(layer)
            st.code(code.weights_code(reading, facts, layer, head, among), language="python")
    take_away(
        "attention-steps",
        figure,
        lambda: _table(steps).to_csv(index=False),
        {
            "model": reading.choice.source,
            "text": reading.text,
            "layer": layer,
            "head": head,
            "reader": place,
            "scale": steps.scale,
            "query": steps.query.tolist(),
            "output": steps.output.tolist(),
        },
        "steps",
    )


def _like_llama(reading: Reading, steps: "AttentionSteps", facts: "ModelFacts") -> bool:
    """Say whether a Llama's head can be taken apart so: all that came before is read, no more."""
    plain = steps.bias is None and steps.sink is None and not steps.hidden[: steps.place + 1].any()
    known = facts.family in ("llama", "mistral") and facts.kind in ("causal", "classifier")
    return plain and known and reading.group == "decoder"


def _told(steps: "AttentionSteps") -> str:
    best = int(steps.weights.argmax())
    return (
        f"'{steps.reader}' reads in layer {steps.layer}, head {steps.head}: '{steps.read[best]}' "
        f"gets most, {steps.weights[best]:.1%}"
    )


def _cropped(steps: "AttentionSteps", places: np.ndarray) -> None:
    if len(places) < len(steps.read):
        st.caption(
            f"The {len(places)} tokens with the largest weights of {len(steps.read)}, in reading "
            f"order; together they get {steps.weights[places].sum():.1%}. All are in the table."
        )


def _check(steps: "AttentionSteps", reading: Reading) -> None:
    show_checks(steps.checks, reading.choice, "Step by step")
    notes = []
    if steps.bias is not None:
        notes.append(
            "This model adds a number for the two positions to each score (as ALiBi and T5's "
            "buckets do): the score that is there without query and key."
        )
    if steps.sink is not None:
        notes.append(
            f"A learned sink with the score {steps.sink:.3f} takes part in the softmax and is no "
            f"token: the weights here sum to {steps.weights.sum():.1%}."
        )
    if steps.unturned_dots is not None:
        notes.append(
            "*Before RoPE*: the same query and key, turned back by the model's own angles. What "
            "changes to the next strip is the effect of position alone."
        )
    st.caption(" ".join(notes))


def _formula(steps: "AttentionSteps", key: int) -> None:
    size = len(steps.query)
    score, weight = float(steps.scores[key]), float(steps.weights[key])
    # Both sides of the fraction divided by its top: e to a score of 30 is no number for eyes.
    every = steps.scores[~steps.hidden].astype(np.float64)
    if steps.sink is not None:
        every = np.append(every, steps.sink)
    rest = float(np.exp(every - score).sum())
    digits, _, power = f"{rest:.4g}".partition("e")
    bottom = rf"{digits} \times 10^{{{int(power)}}}" if power else digits
    usual = abs(steps.scale * size**0.5 - 1) < 1e-3
    scaled = (
        rf"\frac{{q \cdot k}}{{\sqrt{{{size}}}}} = \frac{{{steps.dots[key]:.3f}}}"
        rf"{{{size**0.5:.3f}}} = {steps.scaled[key]:.3f}"
        if usual
        else rf"{steps.scale:.4g} \times q \cdot k = {steps.scaled[key]:.3f}"
    )
    st.latex(
        rf"q \cdot k = \sum_{{n=1}}^{{{size}}} q_n k_n = {steps.dots[key]:.3f} \qquad {scaled}"
    )
    st.latex(
        rf"A = \frac{{e^{{{score:.3f}}}}}{{\sum_j e^{{s_j}}}} = "
        rf"\frac{{1}}{{\sum_j e^{{s_j {-score:+.3f}}}}} = \frac{{1}}{{{bottom}}} = {weight:.4f}"
    )
    st.caption(
        "q: the query. k: the key. s: the scores after all steps"
        + (f", capped at ±{steps.cap:g}" if steps.cap else "")
        + (", with what is added for the positions" if steps.bias is not None else "")
        + ", over every token that may be attended to"
        + (" and the sink" if steps.sink is not None else "")
        + ". A: the weight, between 0 and 1."
    )


def _written(steps: "AttentionSteps") -> None:
    if steps.write is None or steps.write_lengths is None:
        st.caption("Where this family keeps its output projection is not known to Vitrine.")
        return
    from components.figures.attention.steps import write_bars
    from components.figures.visible import visible

    st.subheader("What the head writes", anchor=False)
    words, bars = st.columns([2, 3])
    length = float(np.linalg.norm(steps.write))
    words.markdown(
        f"The weighted values sum to a vector of {len(steps.output)} numbers. The head's slice of "
        f"the output projection turns it into **{len(steps.write)}** numbers, of length "
        f"**{length:.3f}**, which are added to the stream at “{literal(visible(steps.reader))}”."
    )
    words.latex(r"\text{write}^h = \Big(\sum_j A_{ij}\, v_j\Big)\, W_O^h")
    if steps.bias_write:
        words.caption(
            f"The projection also adds a bias, of length {steps.bias_write:.3f}, which belongs to "
            "no head."
        )
    bars.plotly_chart(
        write_bars(steps),
        alt=f"Length of what each head writes here; head {steps.head}: {length:.3f}",
        config={"displayModeBar": False},
        key="writes",
    )


def _ask(steps: "AttentionSteps") -> None:
    # Asked where the model divides by √d, and with several tokens to share attention among.
    divides = abs(steps.scale * len(steps.query) ** 0.5 - 1) < 1e-3
    if int((~steps.hidden).sum()) < 2 or not divides:
        return
    st.subheader("Predict first", anchor=False)

    def reveal() -> tuple[str, str]:
        from components.inspection.attention.steps import without_division

        then, now = float(without_division(steps).max()), float(steps.weights.max())
        return (
            "sharper" if then > now else "flatter",
            (
                f"With q · k undivided, the largest weight would be **{then:.1%}** instead of "
                f"{now:.1%}: longer vectors make larger dot products, and the division keeps the "
                "softmax from going all to one token. *Then try:* another query token. And the "
                "first token of the text: what can it attend to?"
            ),
        )

    predict(
        "Leave out the division by √d. Will the softmax get sharper or flatter?",
        ("sharper", "flatter"),
        reveal,
        "scale",
    )


def _table(steps: "AttentionSteps") -> pd.DataFrame:
    from components.figures.attention.steps import strips

    columns = {strip.name: strip.numbers for strip in strips(steps)}
    return pd.DataFrame(
        {"place": range(len(steps.read)), "token": steps.read, "hidden": steps.hidden, **columns}
    )
