"""What the views of the attention page ask before they tell; each answer is computed."""

import numpy as np

from components.figures.visible import visible
from components.inspection.attention.heads import ENOUGH, ProbeResult
from components.inspection.attention.maps import AttentionMaps
from components.inspection.attention.steps import AttentionSteps, without_division
from components.inspection.attention.toy import EXAMPLE, matrix, toy_attention
from components.inspection.attention.writing import Generation
from components.inspection.causality import LastTokenChanged
from components.inspection.checks import short
from components.lesson import Ask, Predict
from components.widgets.markup import coded

WRITES = "Does the model also attend to what it has just written itself?"
YES_NO = ("yes", "no")
HOW_MANY = ("none", "fewer than half", "half or more")
HOW_MUCH = ("more", "about as much", "less")
OF_LARGE_SCORES = ("even weights", "almost all to one token", "NaN")


def induction(probe: ProbeResult) -> Predict:
    """Ask whether a head finds again what came next."""
    weights = np.nan_to_num(probe.scores.shares["induction"])
    place, head = np.unravel_index(int(weights.argmax()), weights.shape)
    best = float(weights.max())
    return Predict(
        "The model reads random tokens, twice over. Is there a head that looks back at what came "
        "next the first time?",
        YES_NO,
        "yes" if best >= ENOUGH else "no",
        f"The strongest is layer {probe.maps.numbers[place]}, head {head}: in the second half it "
        f"gives **{best:.0%}** of its attention to the token that followed last time. Set "
        "*Measured on* to random tokens and look for its stripe.",
    )


def first_token(maps: AttentionMaps, layer: int, head: int | None) -> Predict | None:
    """Ask how much the first token gets, on average."""
    if maps.group != "decoder" or len(maps.readers) < 2:
        return None
    weight = float(maps.weights[:, :, 1:, 0].mean())
    if np.isnan(weight):
        return None
    even = float(np.mean(1 / maps.visible.sum(-1)[:, 1:].clip(1)))
    here = "" if head is None else maps.weights[maps.place_of(layer), head, 1:, 0].mean()
    answer = "more" if weight > even * 1.1 else "about as much" if weight > even * 0.9 else "less"
    return Predict(
        "The first token of the text: do heads give it more than an even share, on average?",
        HOW_MUCH,
        answer,
        f"All heads together give it **{weight:.0%}**; evenly spread it would be {even:.0%}."
        + (f" This head gives {here:.0%}." if head is not None else ""),
    )


def thickest_line(maps: AttentionMaps, layer: int | None) -> Predict | None:
    """Ask for how many heads of `layer`, or of all, the last token attends most to the first."""
    if len(maps.read) < 3:
        return None
    rows = maps.weights[:, :, -1] if layer is None else maps.weights[maps.place_of(layer), :, -1]
    if np.isnan(rows).any():
        return None
    best = rows.reshape(-1, rows.shape[-1]).argmax(-1)
    most, heads = int((best == 0).sum()), len(best)
    where = "Of all heads" if layer is None else f"Of the {heads} heads of layer {layer}"
    return Predict(
        f"{where}, how many draw the thickest line of the **last** token to the **first** one?",
        HOW_MANY,
        HOW_MANY[0 if not most else 1 if most < heads / 2 else 2],
        f"It is {most} of {heads}. Many heads put most weight on the first token when nothing else "
        "is relevant (attention sink).",
    )


def division(steps: AttentionSteps) -> Predict | None:
    """Ask what the division by √d does, where the model divides and there is a choice of tokens."""
    divides = abs(steps.scale * len(steps.query) ** 0.5 - 1) < 1e-3
    if int((~steps.hidden).sum()) < 2 or not divides:
        return None
    then, now = float(without_division(steps).max()), float(steps.weights.max())
    return Predict(
        "Leave out the division by √d. Will the softmax get sharper or flatter?",
        ("sharper", "flatter"),
        "sharper" if then > now else "flatter",
        f"With q · k undivided, the largest weight would be **{then:.1%}** instead of {now:.1%}: "
        "longer vectors make larger dot products, and the division keeps the softmax from going "
        "all to one token.",
    )


def large_scores(ask: Ask) -> Predict:
    """Ask what becomes of the small example with very large scores."""
    small = matrix(EXAMPLE, "Q")
    large = ask.compute(toy_attention, 30 * small, 30 * small, small, False, True, 1.0).weights[2]
    right = 2 if not np.isfinite(large).all() else 1 if large.max() > 0.9 else 0
    return Predict(
        "Multiply the first Q and K by 30, without √d. What does the last row of the softmax "
        "become?",
        OF_LARGE_SCORES,
        OF_LARGE_SCORES[right],
        f"It becomes **{', '.join(f'{number:.3f}' for number in large)}**: scores of 1,800 leave "
        "nothing for the others. A first attempt in NumPy takes the exponential of 1,800, which "
        "is infinite, and shows NaN; taking the row's largest score off first changes nothing "
        "else, and cures it.",
    )


def own_words(found: Generation, place: int, layer: int) -> Predict:
    """Ask whether what was just written is attended to; `place` is the layer's among those here."""
    weight = found.own_share(place)
    return Predict(
        WRITES,
        YES_NO,
        "yes" if weight > 0.01 else "no",
        f"In layer {layer}, tokens that the model wrote itself get **{weight:.0%}** of the "
        "attention of those after them: to the model they are text like any other.",
    )


def last_token(found: LastTokenChanged) -> Predict:
    """Ask what a change of the last token changes before it."""
    before, after = coded(visible(found.before)), coded(visible(found.after))
    return Predict(
        "Change the last token of the prompt. Does anything change at the tokens before it?",
        YES_NO,
        "yes" if found.looks_ahead else "no",
        f"{before} became {after}. The hidden states of all earlier tokens changed by at most "
        f"**{short(found.earlier)}** of their norm, the last one's by {found.stream[-1]:.0%}. "
        + (
            "Here tokens attend both ways: every token knows the whole text."
            if found.looks_ahead
            else "A causal model cannot look ahead, so what it has computed stays true: that is "
            "why keys and values can be cached."
        ),
    )
