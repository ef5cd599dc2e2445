"""View: one method, its score for each piece, and whether the scores add up."""

from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.figures.visible import visible
from components.inspection.attribution.digits import with_error, written
from components.widgets import frame
from components.widgets.attention.questions import predict
from components.widgets.attribution import code, shown
from components.widgets.attribution.running import Cost, allowed, telling
from components.widgets.attribution.scores import attributed, more_orders, one_method
from components.widgets.checks import show_checks

if TYPE_CHECKING:
    from components.inspection.attribution.catalogue import Effort
    from components.inspection.attribution.methods import Attribution
    from components.inspection.attribution.question import Question, Reading
    from components.inspection.attribution.units import Units

BOUNDS: Final = {"5%": 0.05, "1%": 0.01, "0.1%": 0.001}
_PROMISES: Final = {
    "exactly": "Each order adds up exactly, so this method leaves no gap but rounding.",
    "in the limit": "This method promises no gap in the limit of many steps.",
    "on average": "This method promises no gap on average over many random points.",
    "no": "This method does not promise that it is 0.",
}


def words_view(
    choice: ModelChoice, question: "Question", reading: "Reading", effort: "Effort"
) -> None:
    """Show which pieces counted, by the method that is chosen."""
    from components.inspection.attribution.catalogue import METHODS

    method = one_method("Method")
    st.markdown(f"**{METHODS[method].title}** {METHODS[method].says}.")
    found = attributed(choice, question, reading, method, effort)
    if found is None:
        return
    _draw(found, reading)
    _sums(found)
    if found.orders:
        more_orders(choice, question, found, effort)
    show_checks(found.checks, choice, method)
    if method == "integrated_gradients":
        _add_up(choice, question, reading)
    _read_it(found, reading)
    _predict(choice)
    with st.expander("The same in a few lines of PyTorch"):
        st.code(code.scores_code(code.setting(choice), reading, method, effort), "python")


def _draw(found: "Attribution", reading: "Reading") -> None:
    from components.figures import attribution as figures
    from components.inspection.attribution.catalogue import METHODS

    method = METHODS[found.method]
    shown.coloured_text(found, method.signed, key="scored-text")
    names, scores = shown.pieces(found), found.scores[found.units.free]
    best = int(abs(scores).argmax())
    if method.signed:
        st.caption(
            ":blue[**Blue**] speaks for the answer, :orange[**orange**] against it; the number is "
            "the score in logits. Outlined pieces are held fixed."
            + (
                ""
                if found.errors is None
                else " Thin lines are ± one standard error; what is not known is not written."
            )
        )
        picture = figures.bridge(found)
    else:
        st.caption("The darker, the more a nudge would change the answer. No direction is told.")
        picture = figures.strengths(found)
    st.plotly_chart(
        picture,
        key="bridge",
        config=shown.modebar("attribution"),
        alt=f"Scores of {len(names)} pieces; largest {scores[best]:+.3f}, {names[best]!r}.",
    )
    facts: dict[str, Any] = {
        "method": found.method,
        "answer": reading.answer,
        "rather_than": reading.rather_than,
        "at_input": found.at_input,
        "at_baseline": found.at_baseline,
        "sum_of_scores": found.total,
    }
    shown.take_away("attribution", shown.table_of([method.title], [found]), picture, facts)


def _sums(found: "Attribution") -> None:
    from components.inspection.attribution.catalogue import METHODS

    if not METHODS[found.method].signed:
        st.markdown(
            "Strengths have no sign and do not sum to anything: there is no completeness to check."
        )
        return
    share = abs(found.gap) / abs(found.change) if found.change else float("inf")
    part = f" ({share:.1%} of the change)" if share < 10 else ""
    st.markdown(
        f"**Completeness.** The scores sum to **{found.total:+.4f}**; from the baseline "
        f"({found.at_baseline:.4f}) to the text ({found.at_input:.4f}) the target changes by "
        f"**{found.change:+.4f}**. Not accounted for: **{written(found.gap)}**{part}. "
        + _PROMISES[METHODS[found.method].complete]
    )


def _add_up(choice: ModelChoice, question: "Question", reading: "Reading") -> None:
    from components.figures import attribution as figures
    from components.inspection.attribution import completeness

    with st.expander("Take more steps until it adds up", expanded=False, key="add-up"):
        name = st.segmented_control(
            "The gap shall be at most",
            list(BOUNDS),
            key="bound",
            bind="query-params",
            help="As a share of the change. Steps are doubled from 4 to 512 until it is so for two "
            "doublings running: one alone may be by chance.",
        )
        if not name:
            st.markdown(
                "Choose a bound, and the steps are doubled until the gap is below it twice running."
            )
            return
        cost = Cost(*completeness.cost(), len(reading.units.tokens))
        what = (question, "raise", name)
        st.caption("At most:")
        if not allowed(choice, cost, *what):
            return
        with telling(choice, *what) as tell:
            found = engine.inspect(
                completeness.raise_steps, choice, question, BOUNDS[name], progress=tell
            )
        st.plotly_chart(
            figures.approach(found),
            key="approach",
            config={"displayModeBar": False},
            alt=f"The gap after {', '.join(map(str, found.steps))} steps, and the bound.",
        )
        st.markdown(
            f"After **{found.steps[-1]}** steps the gap is {found.gaps[-1]:+.2g} logits, "
            f"**{found.shares[-1]:.2%}** of the change: "
            + (
                f"within {name}, for two doublings running."
                if found.reached
                else f"not within {name} for two doublings running. From this baseline the way "
                "bends too sharply (a model that norms its vectors turns at once near a vector of "
                "zeros), or jumps. Compare with another baseline."
            )
        )
        show_checks(found.last.checks, choice, "add-up")


def _read_it(found: "Attribution", reading: "Reading") -> None:
    from components.inspection.attribution.catalogue import METHODS

    method = METHODS[found.method]
    with st.expander("How to read it, and the formula with these numbers"):
        st.markdown(
            "Begin at the left, where every piece is replaced by the baseline. Each column adds "
            "what its piece counted, up in blue or down in orange, and the last stands where the "
            "model's own target is. F is the target, x the text's embeddings, x′ the baseline's."
        )
        st.latex(method.formula)
        if method.signed:
            names = shown.pieces(found)
            scores = found.scores[found.units.free]
            best = int(abs(scores).argmax())
            name = "".join(char if char.isalnum() else "·" for char in names[best])
            st.latex(
                rf"\underbrace{{{found.at_baseline:.3f}}}_{{F(x')}} + "
                rf"\underbrace{{{found.total:+.3f}}}_{{\sum \phi_i,\ \phi_\text{{{name}}} = "
                rf"{scores[best]:.3f}}} + \underbrace{{{found.gap:+.3f}}}_{{\text{{gap}}}} = "
                rf"\underbrace{{{found.at_input:.3f}}}_{{F(x)}}"
            )
        st.markdown(
            f"Source: {method.source}. Special tokens stay in place and get no score. A score "
            "tells how the *model* uses a word here, compared with this baseline; not what is "
            "true, and not why in the way people mean it."
        )


def _predict(choice: ModelChoice) -> None:
    from components.inspection.attribution.question import Question, read

    if engine.facts(choice).kind == "classifier":
        st.markdown("**Try**: put a *not* into the prompt. Which scores turn their sign?")
        return
    st.subheader("Predict first", anchor=False)
    asked = Question("The keys near the castle", " are", " is", unit="word")
    with frame.explained():
        # On offer is every word that is scored, so that the right one is among them.
        words = answers_of(engine.inspect(read, choice, asked).units)
        predict(
            f"In “{asked.text}”: which word will speak most for ` are` rather than ` is`?",
            words,
            lambda: _answer(choice, asked, words),
            "words",
        )


def answers_of(units: "Units") -> list[str]:
    """Return what can be answered: the scored pieces; those that are written alike are counted.

    >>> from components.inspection.attribution.units import Units
    >>> answers_of(Units(("a", "b", "a"), (0, 1, 2), ("a", "b", "a"), (False, False, False)))
    ['a (1)', 'b', 'a (2)']
    """
    names = [units.texts[place] for place in units.free]
    return [
        name if names.count(name) == 1 else f"{name} ({names[: place + 1].count(name)})"
        for place, name in enumerate(names)
    ]


def _answer(choice: ModelChoice, asked: "Question", words: list[str]) -> tuple[str, str]:
    from components.inspection.attribution.methods import attribute

    found = engine.inspect(attribute, choice, asked, "shapley")
    free = found.units.free
    told = ", ".join(
        f"`{visible(word)}` {with_error(float(found.scores[unit]), found.error_of(unit))}"
        for word, unit in zip(words, free, strict=True)
    )
    best = words[int(found.scores[free].argmax())]
    return best, (
        f"For this model it is **{best}**. Shapley values of the difference: {told}. *Try:* take "
        "the sample “Far-off verb”, and explain `·are` rather than `·is` above; then make *keys* "
        "singular."
    )
