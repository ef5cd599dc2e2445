"""Fold: the logit lens, the tuned lens and the Jacobian lens side by side."""

from components.figures.layers.three_lenses import lenses_map, lenses_table
from components.figures.visible import visible
from components.inspection.layers.three_lenses import LENSES, ThreeLenses, three_lenses
from components.lesson import Ask, Predict, Shown, View
from components.widgets.markup import coded
from pages.inside.layers.logit_lens_asked import places

ALIKE = "all three alike"


def show(ask: Ask) -> Shown:
    there, target = places(ask)
    place = ask.token("Token", "token", there.tokens, there.place)
    found = ask.inspect(three_lenses, ask.prompt, target, place)
    return Shown(
        lenses_map(found),
        alt=f"What three lenses read at {len(found.boundaries)} boundaries; the model says "
        f"{visible(found.answer)}.",
        told=told(found),
        checks=found.checks,
        table=lambda: lenses_table(found),
        uncoded="The maps, and how they were fitted, are in `assets/lenses`, with their card.",
        read="A row for each boundary, the embedding below; a column for each lens. A cell names "
        "the token that the lens finds likeliest, and its probability. All three end alike, since "
        "the last stream is read as it is. Each rests on an assumption. **Logit lens**: early "
        "layers write in the last layer's own directions. **Tuned lens**: an affine map, trained "
        "to come near the final answer, may use whatever goes along with it, also what the model "
        "itself never uses. **Jacobian lens**: on an average over texts, a small change of this "
        "stream changes the last ones, here and later, as its matrix says; so it tells what the "
        "stream is used for, and not what comes next.",
        formula=r"p = \operatorname{softmax}\!\left(W_U\, \mathrm{norm}(M_\ell h_\ell + b_\ell)"
        r"\right)",
        symbols="h is the stream after block ℓ. Logit lens: M is the identity, b is 0. Tuned lens: "
        "both are trained. Jacobian lens: M is the mean of ∂h_L/∂h_ℓ over texts, b is 0.",
        predict=question(found),
        tries="Another token: where do the lenses disagree longest? On a token in the middle of a "
        "word, which of them is sure first?",
    )


def told(found: ThreeLenses) -> str:
    leads = [
        f"the {name} after **{found.boundaries[found.first_lead(lens)].said}**"
        for lens, name in enumerate(LENSES.values())
    ]
    middle = (len(found.boundaries) - 1) // 2
    bits = ", ".join(
        f"{name} {found.held_out[lens, middle]:.3g}" for lens, name in enumerate(LENSES.values())
    )
    return (
        f"{coded(visible(found.answer))}, the model's answer, is the likeliest first: "
        f"{', '.join(leads)}. On {found.held_out_tokens:,} tokens of texts that none was fitted "
        f"to, after {found.boundaries[middle].said}, bits from the model's own answer: {bits}."
    )


def question(found: ThreeLenses) -> Predict:
    names = list(LENSES.values())
    leads = [found.first_lead(lens) for lens in range(len(names))]
    first = [name for name, lead in zip(names, leads, strict=True) if lead == min(leads)]
    right = first[0] if len(first) == 1 else ALIKE if len(first) == len(names) else "two of them"
    return Predict(
        "Which lens finds the model's answer the likeliest after the fewest blocks?",
        (*names, "two of them", ALIKE),
        right,
        f"{', '.join(first)}: after {found.boundaries[min(leads)].said}. Being early is no proof: "
        "the tuned lens was trained to be.",
        before=lenses_map(found, True),
    )


THREE_LENSES = View(
    "Three ways to read the same stream, each with an assumption of its own. The two fitted ones "
    "were made for the bundled model.",
    show,
)
