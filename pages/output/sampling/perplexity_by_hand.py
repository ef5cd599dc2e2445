"""A fold of Perplexity: four probabilities, to be followed with a calculator."""

import numpy as np
import pandas as pd

from components.figures.sampling_surprisal import surprisal_by_hand
from components.inspection.errors import InspectionError
from components.inspection.sampling.perplexity import by_hand
from components.lesson import Ask, Shown, View

UNTRAINED = "0.4, 0.27, 0.55, 0.79"


def show(ask: Ask) -> Shown:
    given = ask.text(
        "Probabilities of “a red fox.”, token by token", "by_hand", UNTRAINED, most=200
    )
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
        read="A bar is −log₂ of a token's probability; perplexity is 2 to the power of their mean. "
        "The probability of the whole text is not divided by the number of tokens, as one reads at "
        "times: it is their n-th root that makes texts of different lengths comparable.",
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
            f"{given!r:.60} is not a list of numbers: write for example {UNTRAINED}."
        ) from None


BY_HAND = View("Four probabilities, one number.", show)
