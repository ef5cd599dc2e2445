"""A fold of Residual stream: how alike the stream is at two boundaries."""

import numpy as np

from components.figures.layers.residual_stream import cosines_of, likeness, likeness_table
from components.inspection.layers.residual_stream_similarity import (
    StreamSimilarity,
    stream_similarity,
)
from components.lesson import Ask, Predict, Shown, View
from pages.inside.layers.residual_stream_asked import stack_of

MEAN, ONE = "mean over tokens", "one token"
STEPS = ("in the first layer", "in a layer between", "in the last layer")


def show(ask: Ask) -> Shown:
    text, target, stack = stack_of(ask)
    found = ask.inspect(stream_similarity, text, target, stack)
    over = ask.choice_of("Cosine of", "over", (MEAN, ONE))
    token = None if over == MEAN else ask.token("Token", "token", found.tokens, -1)
    without = bool(found.giants) and ask.toggle("Without the giant dimensions", "giants_out")
    z = cosines_of(found, token, without)
    return Shown(
        likeness(found, token, without),
        alt=f"Cosines of the stream at {len(z)} boundaries; from the embedding to the end "
        f"{z[0, -1]:.2f}.",
        told=told(found, token),
        checks=found.checks,
        table=lambda: likeness_table(found, token, without),
        read="A cell is the cosine of a token's stream at two boundaries: 1 points the same way. "
        "A bright step along the diagonal is a layer that turns the stream.",
        formula=r"\cos(x, y) = \sum_{d \in G} \frac{x_d\, y_d}{|x|\,|y|} "
        r"+ \sum_{d \notin G} \frac{x_d\, y_d}{|x|\,|y|}",
        symbols="x and y are one token's stream at two boundaries, d counts dimensions; G are the "
        f"giant ones, here {', '.join(map(str, found.giants)) or 'none'}.",
        predict=turned(found),
        tries="Leave the giant dimensions out: how alike are distant layers then?"
        if found.giants
        else "Look at one token: does the first one's stream turn as the last one's does?",
    )


def told(found: StreamSimilarity, token: int | None) -> str:
    """Tell how alike the inner boundaries are, and what of that is the giant dimensions'."""
    last = found.cosines.shape[1] - 1
    inner = [(one, other) for other in range(1, last) for one in range(1, other)]
    if not inner:
        return "There are too few layers to compare boundaries between them."
    pairs = tuple(np.array(inner).T)
    whole, few, rest = (
        float((rows.mean(0) if token is None else rows[token])[pairs].mean())
        for rows in (found.cosines, found.of_giants, found.without)
    )
    said = f"Two boundaries between layers (1 to {last - 1}) have a cosine of **{whole:.2f}**, on "
    if not found.giants:
        return f"{said}average. No dimension is so large that it alone would make it."
    names = ", ".join(map(str, found.giants))
    many = "dimensions" if len(found.giants) > 1 else "dimension"
    return (
        f"{said}average. The giant {many} {names} give **{few:.2f}** of it; with these left out of "
        f"both vectors it is **{rest:.2f}**."
    )


def turned(found: StreamSimilarity) -> Predict:
    """Ask which layer turns the stream most, over all tokens."""
    mean = cosines_of(found, None, False)
    steps = [float(mean[place, place + 1]) for place in range(len(mean) - 1)]
    most = min(range(len(steps)), key=steps.__getitem__)
    answers = STEPS if len(steps) > 2 else (STEPS[0], STEPS[2])
    right = STEPS[0] if most == 0 else STEPS[2] if most == len(steps) - 1 else STEPS[1]
    return Predict(
        "Where does the stream turn most from one boundary to the next (mean over tokens)?",
        answers,
        right,
        f"In layer {most}: the cosine before and after it is {steps[most]:.2f}. A layer turns the "
        "stream the more, the longer its writes are beside the stream.",
        before=likeness(found, None, False, False),
    )


STREAM_SIMILARITY = View(
    "Does a layer turn the stream, or only make it longer? The cosine of the stream at each two "
    "boundaries. A few **giant dimensions** can make all of them look alike.",
    show,
)
