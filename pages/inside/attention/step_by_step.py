"""View: one token attends through one head, step by step, in the model's own numbers."""

import numpy as np
import pandas as pd

from components.figures.attention import steps as figures
from components.figures.visible import visible
from components.inspection.attention.maps import AttentionMaps
from components.inspection.attention.steps import (
    AttentionSteps,
    attention_steps,
    without_division,
)
from components.inspection.errors import InspectionError
from components.lesson import Ask, Predict, Shown, View
from components.widgets.markup import coded
from pages.inside.attention import code
from pages.inside.attention.choices import Reading, layer_and_head, maps_of, sharing
from pages.inside.attention.toy import toy


def steps_of(ask: Ask) -> tuple[Reading, AttentionMaps, AttentionSteps]:
    asked, maps = maps_of(ask)
    layer, head = layer_and_head(ask, maps)
    place = ask.token("Query token", "query", maps.readers, -1)
    return asked, maps, ask.inspect(attention_steps, *asked.arguments, layer, head, place)


def model(ask: Ask) -> Shown:
    asked, maps, steps = steps_of(ask)
    best, places = int(steps.weights.argmax()), figures.shown_places(steps)
    latex, symbols = formula(steps, best)
    cropped = (
        f" Drawn are the {len(places)} tokens with the largest weights of {len(steps.read)}, in "
        f"reading order; together they get {steps.weights[places].sum():.1%}."
        if len(places) < len(steps.read)
        else ""
    )
    own, where = like_llama(asked, steps, ask), (steps.layer, steps.head)
    return Shown(
        figures.step_strips(steps),
        alt=f"Strips over the key tokens from q · k to the softmax: the largest weight is "
        f"{steps.weights[best]:.1%}, of token {best}.",
        told=f"{named(steps.reader)} attends most to {named(steps.read[best])}, "
        f"**{steps.weights[best]:.1%}**, in layer {steps.layer}, head {steps.head}. "
        + notes(steps)
        + cropped,
        checks=steps.checks,
        table=lambda: as_table(steps),
        read=READ + sharing(maps),
        code=code.steps(asked, ask.facts, *where, steps.place)
        if own
        else OTHERWISE + code.weights(asked, ask.facts, *where, maps.place_of(steps.layer)),
        formula=latex,
        symbols=symbols,
        predict=question(steps),
        tries="Another query token. And the first token of the text: what can it attend to?",
        facts={
            "attention": asked.group,
            "layer": steps.layer,
            "head": steps.head,
            "query token": steps.place,
            "scale": steps.scale,
            "query": steps.query.tolist(),
            "output": steps.output.tolist(),
        },
    )


def named(token: str) -> str:
    """Return a token within a sentence."""
    return coded(visible(token))


def like_llama(asked: Reading, steps: AttentionSteps, ask: Ask) -> bool:
    """Say whether a Llama's head can be taken apart so: all that came before is read, no more."""
    plain = steps.bias is None and steps.sink is None and not steps.hidden[: steps.place + 1].any()
    known = ask.facts.family in ("llama", "mistral") and ask.facts.kind in ("causal", "classifier")
    return plain and known and asked.group == "decoder"


def notes(steps: AttentionSteps) -> str:
    said = ""
    if steps.bias is not None:
        said += (
            "This model adds a number for the two positions to each score (as ALiBi and T5's "
            "buckets do): the score that is there without query and key. "
        )
    if steps.sink is not None:
        said += (
            f"A learned sink with the score {steps.sink:.3f} takes part in the softmax and is no "
            f"token: the weights here sum to {steps.weights.sum():.1%}. "
        )
    if steps.unturned_dots is not None:
        said += (
            "*Before RoPE*: the same query and key, turned back by the model's own angles; what "
            "changes to the next strip is the effect of position alone."
        )
    return said


def question(steps: AttentionSteps) -> Predict | None:
    # Asked where the model divides by √d, and with several tokens to spread attention over.
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


def formula(steps: AttentionSteps, key: int) -> tuple[str, str]:
    """Return how the weight of token `key` comes about, in numbers, and the symbols."""
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
    latex = (
        rf"\begin{{gathered}} q \cdot k = \sum_{{n=1}}^{{{size}}} q_n k_n = "
        rf"{steps.dots[key]:.3f} \\[4pt] {scaled} \\[4pt] "
        rf"A = \frac{{e^{{{score:.3f}}}}}{{\sum_j e^{{s_j}}}} = "
        rf"\frac{{1}}{{\sum_j e^{{s_j {-score:+.3f}}}}} = \frac{{1}}{{{bottom}}} = {weight:.4f} "
        r"\end{gathered}"
    )
    return latex, (
        f"Of key token {key}, {named(steps.read[key])}. q: the query. k: the key. s: the scores "
        "after all steps, over the tokens that may be attended to"
        + (" and the sink" if steps.sink is not None else "")
        + ". A: the weight, between 0 and 1."
    )


def as_table(steps: AttentionSteps) -> pd.DataFrame:
    columns = {strip.name: strip.numbers for strip in figures.strips(steps)}
    return pd.DataFrame(
        {"key at": range(len(steps.read)), "key token": steps.read, "masked": steps.hidden}
        | columns
    )


READ = (
    "A column is a key token, a row one step, from the dot product of query and key to the weight: "
    "vermilion is negative, blue positive, violet a share; each strip has a scale of its own. The "
    "last strip is the weight times the norm of what the token's value adds through this head. "
)
OTHERWISE = """# Every family computes its queries and keys in its own way; the weights it
# ends with can be had from all of them alike. The row of the query token is what is shown.
"""


def product(ask: Ask) -> Shown:
    _, _, steps = steps_of(ask)
    seen = np.flatnonzero(~steps.hidden)
    best = int(steps.weights.argmax())
    key = ask.token("Key token", "key", steps.read[: int(seen[-1]) + 1], best)
    if steps.hidden[key]:
        raise InspectionError("The mask hides this key token from the query token: take another.")
    latex, symbols = formula(steps, key)
    terms = steps.query * steps.keys[key]
    return Shown(
        figures.product_strips(steps, key),
        alt=f"The query, the key of token {key}, and their products, which sum to "
        f"{steps.dots[key]:.4f}.",
        told=f"The {len(terms)} products sum to q · k = **{steps.dots[key]:.3f}**; the weight "
        f"that comes of it is **{steps.weights[key]:.1%}**.",
        checks=steps.checks,
        table=lambda: pd.DataFrame(
            {
                "number": range(len(terms)),
                "query": steps.query,
                "key": steps.keys[key],
                "query × key": terms,
            }
        ),
        read="A column is one number of the two vectors, as the model used them (after RoPE, where "
        "it rotates); the last row is their product. Blue is positive, vermilion negative.",
        formula=latex,
        symbols=symbols,
    )


def contribution(ask: Ask) -> Shown:
    _, _, steps = steps_of(ask)
    if steps.write is None or steps.write_lengths is None:
        raise InspectionError("Where this family keeps its output projection is not known here.")
    norm, lengths = float(np.linalg.norm(steps.write)), steps.write_lengths
    return Shown(
        figures.write_bars(steps),
        alt=f"Norm of what each head adds here; head {steps.head}: {norm:.3f}.",
        told=f"The weighted values sum to a vector of {len(steps.output)} numbers. The head's "
        f"slice of the output projection turns it into **{len(steps.write)}** numbers, of norm "
        f"**{norm:.3f}**: its contribution to the residual stream at {named(steps.reader)}."
        + (
            f" The projection also adds a bias, of norm {steps.bias_write:.3f}, which belongs to "
            "no head."
            if steps.bias_write
            else ""
        ),
        checks=steps.checks,
        table=lambda: pd.DataFrame({"head": range(len(lengths)), "norm": lengths}),
        read="A bar is the norm of what one head of this layer adds to the residual stream at the "
        "query token (its OV output); green is the head above.",
        formula=r"\text{write}^h = \Big(\sum_j A_{ij}\, v_j\Big)\, W_O^h",
        symbols="A: the weights. v: the values. W: the head's slice of the output projection.",
    )


VIEW = View(
    "How a weight comes about: a query meets every key, the products are scaled, masked, turned "
    "into weights by softmax, and used to mix the values.",
    kind="Numbers",
    kinds={
        "of the model": View("", model),
        "of a small example": View(
            "Three tokens, two numbers each: every matrix of attention, to follow by hand.", toy
        ),
    },
    further={
        "One dot product, number by number": View("A query and a key of the model.", product),
        "What the head adds to the residual stream": View("Head by head.", contribution),
    },
)
