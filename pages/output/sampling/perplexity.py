"""View: how surprising a text is to the model, token by token."""

import math

import numpy as np
import pandas as pd

from components.figures.numbers import percent
from components.figures.sampling import surprisal_bars, surprisal_by_hand
from components.figures.visible import visible
from components.inspection.errors import InspectionError
from components.inspection.sampling.perplexity import Surprisals, by_hand, start_before, surprisals
from components.lesson import Ask, Predict, Shown, View
from components.widgets.markup import coded
from components.widgets.ribbon import Bead, picked_of
from pages.output.sampling import code

AT_A_TIME = 600
MOST_CHARACTERS = 100_000
FULL_TINT = math.log(1000)
"""A token of probability 1/1000 or less has the strongest tint."""
SURPRISING = "A llama is a generative transformer model and it can't fly."
EXPECTED = "Once upon a time there was a little fox named Leo."
BY_HAND = "0.4, 0.27, 0.55, 0.79"


def show(ask: Ask) -> Shown:
    answers = ask.facts.kind == "seq2seq"
    label = "The answer to score (empty: the prompt, which is what it answers)"
    text = ask.text(
        label if answers else "Text to score (empty: the prompt)",
        "text",
        "",
        lines=2,
        most=MOST_CHARACTERS,
    )
    scored, source = text or ask.prompt, ask.prompt if answers else ""
    first = first_too(ask)
    found = ask.inspect(surprisals, scored, source, first)
    begin, end = part(ask, len(found.tokens))
    beads = [bead(found, place) for place in range(begin, end)]
    key = "sampling-scored-token"
    picked = ask.drawn(key, lambda row: picked_of(beads, found.ids, key, row))
    formula, symbols = calculation(found)
    return Shown(
        surprisal_bars(found, begin, end),
        alt=f"The surprisal of each token in bits, and the perplexity so far, at the end "
        f"{found.perplexity:,.4g}.",
        told=told(found) + ("" if picked is None else f"  \n{one(found, picked)}"),
        checks=found.checks,
        unchecked="Of longer texts the probabilities are not computed a second time.",
        table=lambda: as_table(found),
        code=code.perplexity_code(
            ask.choice,
            ask.facts,
            scored,
            ask.prompt,
            found.before,
            found.context if found.in_windows else None,
        ),
        read="Each bar is a token's surprisal, −log₂ of the probability it had before it was seen; "
        "the grey line is the perplexity of the text so far (right axis). Above the figure, the "
        "text: the more orange, the less a token was expected. **Click any token** for its "
        "numbers. The code reads a long text from a file: save it as text.txt beside it.",
        formula=formula,
        symbols=symbols,
        predict=question(ask, found, scored, source, first),
        tries="Shuffle the words of your text. Repeat it three times. Choose another model.",
    )


def first_too(ask: Ask) -> bool:
    """Ask whether a start token is put in front, so that the first token is scored too."""
    if ask.inspect(start_before):
        return False  # one stands there anyway: there is nothing to ask
    hint = "transformers' loss leaves the first token out, since nothing comes before it."
    return ask.toggle("Score the first token too, after a start token", "first", hint=hint)


def part(ask: Ask, tokens: int) -> tuple[int, int]:
    """Return the first token shown, and the one after the last."""
    parts = math.ceil(tokens / AT_A_TIME)
    number = ask.number(f"Part (of {parts})", "part", 1, parts, 1) if parts > 1 else 1
    return (number - 1) * AT_A_TIME, min(number * AT_A_TIME, tokens)


def bead(found: Surprisals, place: int) -> Bead:
    nats = float(found.surprisal[place])
    if math.isnan(nats):
        return Bead(place, found.tokens[place], 0.0, "not scored: nothing comes before it")
    title = f"probability {percent(math.exp(-nats))}, {nats / math.log(2):.2f} bits"
    title += f", rank {found.rank[place]:,}"
    return Bead(place, found.tokens[place], min(1.0, nats / FULL_TINT), title)


def one(found: Surprisals, place: int) -> str:
    nats, name = float(found.surprisal[place]), coded(visible(found.tokens[place]))
    if math.isnan(nats):
        return f"{name} is not scored: nothing comes before it."
    return (
        f"{name}: the model gave it **{percent(math.exp(-nats))}** ({nats / math.log(2):.2f} "
        f"bits), rank **{found.rank[place]:,}**. It expected "
        f"{coded(visible(found.expected[place]))}."
    )


def told(found: Surprisals) -> str:
    bits = math.log2(found.perplexity)
    words = (
        f"Perplexity **{found.perplexity:,.4g}**: as uncertain as a fair choice among "
        f"{found.perplexity:,.3g} tokens; {bits:.2f} bits per token. "
    )
    if found.start and found.without_first is not None:
        words += (
            f"The first token is scored too, as what follows {coded(found.start)}; without it the "
            f"perplexity is {found.without_first:,.4g}."
        )
    elif not found.start:
        words += "The first token is not scored, as in transformers' loss: nothing comes before it."
    if found.in_windows:
        words += (
            f" The text is longer than a window of {found.context:,} tokens, so it was read in "
            "windows that overlap by half."
        )
    return words


def calculation(found: Surprisals) -> tuple[str, str]:
    scored = found.surprisal[~np.isnan(found.surprisal)].astype(np.float64)
    formula = (
        r"\text{perplexity} = \exp\Big(\tfrac{1}{n} \sum_i -\ln p_i\Big) = "
        rf"\exp\Big(\tfrac{{{scored.sum():.3f}}}{{{len(scored)}}}\Big) = "
        rf"\exp({scored.mean():.4f}) = \mathbf{{{found.perplexity:.4g}}}"
    )
    return formula, f"p is the probability that a token had, n = {len(scored)} tokens are scored."


def question(ask: Ask, found: Surprisals, scored: str, source: str, first: bool) -> Predict:
    other = EXPECTED if scored == SURPRISING else SURPRISING
    theirs = ask.inspect(surprisals, other, source, first).perplexity
    return Predict(
        f"Score “{other}” instead: is its perplexity higher or lower than that of this text?",
        ("higher", "lower"),
        "higher" if theirs > found.perplexity else "lower",
        f"{theirs:,.4g} against {found.perplexity:,.4g}. The less a model expects a text, the "
        "higher its perplexity.",
    )


def as_table(found: Surprisals) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "token": found.tokens,
            "id": found.ids,
            "surprisal_bits": found.surprisal / np.log(2),
            "probability": np.exp(-found.surprisal.astype(np.float64)),
            "rank": found.rank,
            "expected": found.expected,
        }
    )


def four(ask: Ask) -> Shown:
    given = ask.text("Probabilities of “a red fox.”, token by token", "by_hand", BY_HAND, most=200)
    shares = numbers(given)
    product, mean, perplexity = ask.compute(by_hand, shares)
    factors = r" \cdot ".join(f"{share:g}" for share in shares)
    return Shown(
        surprisal_by_hand(shares),
        alt=f"The surprisal of {len(shares)} tokens; their perplexity is {perplexity:.4g}.",
        told=f"{len(shares)} tokens: perplexity **{perplexity:.13g}**. Here the first token is "
        "scored as well. After training: 0.7, 0.5, 0.6, 0.9.",
        unchecked="The formula itself, to be followed with a calculator.",
        table=lambda: pd.DataFrame({"probability": shares, "bits": -np.log2(shares)}),
        read="A bar is −log₂ of a token's probability; perplexity is 2 to the power of their mean.",
        formula=rf"{factors} = {product:.4g},\quad"
        rf"\sqrt[{len(shares)}]{{{product:.4g}}} = {mean:.4f},\quad"
        rf"\text{{perplexity}} = \frac{{1}}{{{mean:.4f}}} = {perplexity:.13g}",
        symbols="The product of the probabilities, their geometric mean, and its inverse.",
    )


def numbers(given: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in given.split(","))
    except ValueError:
        raise InspectionError(
            f"{given!r:.60} is not a list of numbers: write for example {BY_HAND}."
        ) from None


VIEW = View(
    "Score a given text: the **surprisal** of each token, and their perplexity. The more orange, "
    "the less a token was expected.",
    show,
    further={"By hand: a sentence of four tokens": View("Four probabilities, one number.", four)},
)
