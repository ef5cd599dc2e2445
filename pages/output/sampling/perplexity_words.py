"""What is said of a text's surprisal: token by token, as a formula, and a question."""

import math

import numpy as np

from components.figures.numbers import percent
from components.figures.visible import visible
from components.inspection.sampling.perplexity import Surprisals, surprisals
from components.lesson import Ask, Predict
from components.widgets.markup import coded
from components.widgets.ribbon import Bead

FULL_TINT = math.log(1000)
"""A token of probability 1/1000 or less has the strongest tint."""
SURPRISING = "A llama is a generative transformer model and it can't fly."
EXPECTED = "Once upon a time there was a little fox named Leo."


def number(perplexity: float) -> str:
    """Return a perplexity with four digits that count, never as a power of ten.

    >>> number(1.9536), number(21_259.7), number(482.16), number(1e9)
    ('1.954', '21,260', '482.2', 'over 100 million')
    """
    if perplexity > 1e8:
        return "over 100 million"
    return f"{perplexity:,.0f}" if perplexity >= 1000 else f"{perplexity:.4g}"


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
        f"Perplexity **{number(found.perplexity)}**: as uncertain as a fair choice among so many "
        f"tokens; {bits:.2f} bits per token. "
    )
    if found.start and found.without_first is not None:
        words += (
            f"The first token is scored too, as what follows {coded(found.start)}; without it the "
            f"perplexity is {number(found.without_first)}."
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
        rf"\exp({scored.mean():.4f}) = \textbf{{{number(found.perplexity)}}}"
    )
    return formula, f"p is the probability that a token had, n = {len(scored)} tokens are scored."


def question(ask: Ask, found: Surprisals, scored: str, source: str, first: bool) -> Predict:
    """Ask about another text, which is scored for the answer."""
    other = EXPECTED if scored == SURPRISING else SURPRISING
    theirs = ask.inspect(surprisals, other, source, first).perplexity
    return Predict(
        f"Score “{other}” instead: is its perplexity higher or lower than that of this text?",
        ("higher", "lower"),
        "higher" if theirs > found.perplexity else "lower",
        f"{number(theirs)} against {number(found.perplexity)}. The less a model expects a text, "
        "the higher its perplexity.",
    )
