"""View: what each part adds to a token's logit, directly: embedding, heads, MLPs and biases."""

from typing import Final

from components.figures.layers import direct_attribution as figures
from components.figures.visible import visible
from components.inspection.layers.direct_attribution import (
    DirectAttribution,
    direct_attribution,
)
from components.lesson import Ask, Predict, Shown, View
from components.widgets.markup import literal
from components.widgets.presets import examples
from pages.inside.layers import direct_attribution_code as code
from pages.inside.layers import direct_attribution_question
from pages.inside.layers.neurons import NEURONS

DRINK: Final = "When Mary and John went to the shop, Mary gave a drink to"
DRAWN: Final = {
    "Largest": figures.terms_bars,
    "By layer": figures.layer_bars,
    "Map": figures.terms_map,
}
EXAMPLES: Final = {
    "Who gets the drink? John, not Mary": {"prompt": DRINK, "answer": "·John", "contrast": "·Mary"},
    "The keys ... are, not is": {
        "prompt": "The keys near the castle",
        "answer": "·are",
        "contrast": "·is",
    },
}


def show(ask: Ask) -> Shown:
    question = direct_attribution_question.of(ask)
    drawn = ask.choice_of("Show", "terms", list(DRAWN))
    examples(ask, EXAMPLES)
    found = ask.inspect(direct_attribution, *question)
    kinds = found.by_kind
    return Shown(
        DRAWN[drawn](found),
        alt=f"What each part adds to the {question_of(found)}: {found.total:+.2f} in all.",
        told=told(found),
        checks=found.checks,
        table=lambda: figures.terms_table(found),
        read=READ,
        code=code.terms(ask.choice, ask.facts, ask.prompt, found),
        uncoded=code.UNCODED,
        formula=FORMULA,
        symbols=SYMBOLS,
        predict=Predict(
            f"All together, what adds most to the {literal(question_of(found))}?",
            tuple(kinds),
            max(kinds, key=lambda name: kinds[name]),
            "Added up: " + ", ".join(f"{name} {by:+.2f}" for name, by in kinds.items()) + ".",
            before=figures.logit_bars(found),
        ),
        tries="Let A and B change places. Then choose none for B: why are the terms so much "
        "larger? Which head matters at the second mention of a name?",
    )


def question_of(found: DirectAttribution) -> str:
    """Say what is taken apart."""
    return figures.asked(found.answer, found.contrast, visible)


def told(found: DirectAttribution) -> str:
    """Say the sum and its largest terms."""
    order = sorted(zip(found.terms, found.parts, strict=True), key=lambda each: -abs(each[0]))
    most = ", ".join(f"{part.words} ({term:+.2f})" for term, part in order[:3])
    said = f"At “{literal(visible(found.tokens[found.place]))}”, the "
    said += f"{literal(question_of(found))} is **{found.total:+.2f}**. Largest terms: {most}."
    if found.push.capped:
        said += " This network caps its logits; this is before the cap."
    return said + (f" {literal(found.push.without_heads)}" if found.push.without_heads else "")


READ: Final = (
    "A bar or a cell is what one part adds **directly** to the logit of A less that of B: blue "
    "towards A, orange towards B. L2 H1 is head 1 of layer 2. What a part adds by way of later "
    "parts that read it is counted as theirs. A logit alone (B: none) also holds what speaks for "
    "any token."
)
FORMULA: Final = r"\ell_A - \ell_B = \sum_p w_p \cdot d + c"
SYMBOLS: Final = (
    "ℓ is a logit; w what part p writes to the residual stream at this token; d the difference of "
    "the two tokens' rows of the unembedding, times the last norm's gain and scale, held at what "
    "they are here; c what no part adds: the norm's shift and the tokens' biases."
)
VIEW = View(
    "What each part writes is added to the residual stream, and a logit is read off the sum. So a "
    "logit falls into **one term for each part**: direct logit attribution.",
    show,
    further={"MLP neurons": NEURONS},
)
