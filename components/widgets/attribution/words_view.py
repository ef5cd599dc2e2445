"""View: one method, its score for each piece, and whether the scores add up."""

from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.figures.theme import visible
from components.widgets import address, frame
from components.widgets.attribution import code, shown
from components.widgets.attribution.running import Cost, allowed, telling

if TYPE_CHECKING:
    from components.inspection.attribution.catalogue import Effort, MethodName
    from components.inspection.attribution.methods import Attribution
    from components.inspection.attribution.question import Question, Reading

BOUNDS: Final = {"5%": 0.05, "1%": 0.01, "0.1%": 0.001}


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
    _check(found)
    if method == "integrated_gradients":
        _add_up(choice, question, reading)
    _read_it(found, reading)
    _predict(choice)
    with st.expander("The same in a few lines of PyTorch"):
        st.code(code.scores_code(choice.source, question, reading, method, effort), "python")


def one_method(label: str) -> "MethodName":
    """Ask for a method; links name it by its title."""
    from components.inspection.attribution.catalogue import BY_TITLE

    titles = list(BY_TITLE)
    address.warn_unless_one_of("method", titles)
    title = st.selectbox(
        label, titles, key="method", bind="query-params", persist_state="session"
    )  # fmt: skip
    return BY_TITLE[title or titles[0]]


def attributed(
    choice: ModelChoice,
    question: "Question",
    reading: "Reading",
    method: "MethodName",
    effort: "Effort",
) -> "Attribution | None":
    """Return the scores, once the reader has started what is dear."""
    from components.inspection.attribution import catalogue, methods

    forwards, backwards = catalogue.cost(method, len(reading.units.free), effort)
    what = (question, method, effort)
    if not allowed(choice, Cost(forwards, backwards, len(reading.units.tokens)), *what):
        return None
    return engine.inspect(
        methods.attribute, choice, question, method, effort, progress=telling(choice, *what)
    )


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
        )
        picture = figures.bridge(found)
    else:
        st.caption("The darker, the more a nudge would change the answer. No direction is told.")
        picture = figures.strengths(found)
    st.plotly_chart(
        picture, key="bridge", config=shown.modebar("attribution"),
        alt=f"Scores of {len(names)} pieces; largest {scores[best]:+.3f}, {names[best]!r}.",
    )  # fmt: skip
    facts: dict[str, Any] = {
        "method": found.method,
        "answer": reading.answer,
        "rather_than": reading.rather_than,
        "at_input": found.at_input,
        "at_baseline": found.at_baseline,
        "sum_of_scores": found.total,
    }
    shown.take_away("attribution", shown.table_of([method.title], [found]), picture, facts)


def _check(found: "Attribution") -> None:
    from components.inspection.attribution.catalogue import METHODS

    method = METHODS[found.method]
    sums = (
        f"The scores sum to **{found.total:+.4f}**; from the baseline ({found.at_baseline:.4f}) to "
        f"the text ({found.at_input:.4f}) the target changes by **{found.change:+.4f}**. "
        f"Not accounted for: **{shown.signed(found.gap)}**"
    )
    share = abs(found.gap) / abs(found.change) if found.change else float("inf")
    part = f" ({share:.1%} of the change)" if share < 10 else ""
    if not method.signed:
        st.info(
            "Strengths have no sign and do not sum to anything: there is no completeness to check."
        )
    elif method.complete == "exactly":
        st.success(f"**Completeness.** {sums}{part}: each order adds up exactly.")
    elif method.complete == "in the limit":
        told = st.success if share <= 0.05 else st.warning
        told(
            f"**Completeness.** {sums}{part}."
            + ("" if share <= 0.05 else " Too much to trust small scores: take more steps, below "
               "or under Effort, or another baseline.")
        )  # fmt: skip
    else:
        st.info(f"**Completeness.** {sums}{part}. This method does not promise that it is 0.")


def _add_up(choice: ModelChoice, question: "Question", reading: "Reading") -> None:
    from components.figures import attribution as figures
    from components.inspection.attribution import completeness

    with st.expander("Take more steps until it adds up", expanded=False, key="add-up"):
        name = st.segmented_control(
            "The gap shall be at most", list(BOUNDS), key="bound", bind="query-params",
            help="As a share of the change. Steps are doubled from 4 to 512 until it is.",
        )  # fmt: skip
        if not name:
            st.markdown("Choose a bound, and the steps are doubled until the gap is below it.")
            return
        texts = sum(completeness.steps_tried())
        cost = Cost(texts + 3 * len(completeness.steps_tried()), texts, len(reading.units.tokens))
        what = (question, "raise", name)
        st.caption("At most:")
        if not allowed(choice, cost, *what):
            return
        found = engine.inspect(
            completeness.raise_steps, choice, question, BOUNDS[name],
            progress=telling(choice, *what),
        )  # fmt: skip
        st.plotly_chart(
            figures.approach(found), key="approach", config={"displayModeBar": False},
            alt=f"The gap after {', '.join(map(str, found.steps))} steps.",
        )  # fmt: skip
        told = st.success if found.reached else st.warning
        told(
            f"After **{found.steps[-1]}** steps the gap is {found.gaps[-1]:+.2g} logits, "
            f"**{found.shares[-1]:.2%}** of the change: "
            + (
                f"within {name}."
                if found.reached
                else f"still over {name}. From this baseline the way bends too sharply: the model "
                "norms its vectors, and near zero their direction turns at once. Compare with "
                "another baseline."
            )
        )


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
    from components.inspection.attribution.methods import attribute
    from components.inspection.attribution.question import Question

    if engine.facts(choice).kind == "classifier":
        st.markdown("**Try**: put a *not* into the prompt. Which scores turn their sign?")
        return
    st.subheader("Predict first", anchor=False)
    text = "The keys near the castle"
    guess = st.segmented_control(
        f"In “{text}”: which word will speak most for ` are` rather than ` is`?",
        ["keys", "near", "castle"],
        key="guess-words",
    )
    if not guess:
        return
    asked = Question(text, " are", " is", "mean", "word")
    with frame.explained():
        found = engine.inspect(attribute, choice, asked, "shapley")
        names, scores = shown.pieces(found), found.scores[found.units.free]
        told = ", ".join(
            f"`{visible(name)}` {score:+.2f}" for name, score in zip(names, scores, strict=True)
        )
        best = names[int(scores.argmax())].strip()
        st.markdown(
            f"{'**Yes**' if best == guess else '**No**'}, for this model it is **{best}**. Shapley "
            f"values of the difference: {told}. *Try:* take the sample “Far-off verb”, and explain "
            "`·are` rather than `·is` above; then make *keys* singular."
        )
