"""What is told of the residual stream, what is asked of it, and how its figures are read."""

from components.figures.layers.residual_stream import norm_map, short
from components.figures.visible import visible
from components.inspection.layers.residual_stream import ResidualStream
from components.lesson import Predict
from components.widgets.markup import coded

STREAM, WRITES, COSINES = "norm of the stream", "norm of the writes", "cosine of the writes"
LONGER = ("less than twice", "2 to 10 times", "10 to 100 times", "more than 100 times")


def loud(found: ResidualStream) -> str:
    """Tell the token that is longest among the others."""
    one = found.loudest
    if one is None:
        return ""
    norm, token = short(one.norm), coded(visible(found.tokens[one.token]))
    if one.times < 10:
        return (
            f"No token is a giant: the nearest to one is {token} at boundary {one.boundary}, with "
            f"norm **{norm}**, {one.times:.1f} times the median of the others "
            f"({short(one.others)})."
        )
    sink = " Heads often use such a token as an **attention sink**." if one.token == 0 else ""
    which = f"{token}{' (the first token)' if one.token == 0 else ''}"
    return (
        f"**A giant**: at boundary {one.boundary} the stream of {which} has norm **{norm}**, "
        f"{one.times:,.0f} times the median of the others ({short(one.others)}).{sink}"
    )


def few_dimensions(found: ResidualStream) -> str:
    """Tell which dimensions hold most of the squared norm."""
    width, one = len(found.shares), found.loudest
    if not found.giants:
        return (
            f"No dimension of {width:,} is a giant: the largest holds "
            f"{found.shares.max():.1%} of the squared norm, on average."
        )
    said = ", ".join(f"**{each}** holds {found.shares[each]:.0%}" for each in found.giants)
    first = found.giants[0]
    there = (
        ""
        if one is None
        else f" (at {coded(visible(found.tokens[one.token]))} dimension "
        f"{first} holds {found.shares_of_loudest[first]:.0%})"
    )
    return f"Giant dimensions, of {width:,}: {said} of the squared norm, on average{there}."


def growth(found: ResidualStream) -> Predict:
    """Ask how much longer the last token's stream becomes."""
    begins, ends = (float(found.norms[place, -1]) for place in (0, -1))
    times = ends / max(begins, 1e-30)
    return Predict(
        "The stream of the **last token**: when it leaves the last layer, how many times as long "
        "is it as when it entered the first?",
        LONGER,
        LONGER[sum(times >= least for least in (2, 10, 100))],
        f"From {short(begins)} to {short(ends)}: {times:,.1f} times. "
        + (
            "Here a norm stands on the stream after each sum, and sets its length."
            if found.post_normed
            else "Each layer adds to it; only what is written against it makes it shorter again."
        ),
        before=norm_map(found, False),
    )


HINT = (
    "**Norm**: the length of a vector. **Write**: what one part adds to the stream. **Cosine**: 1 "
    "along the stream, 0 at a right angle to it, −1 against it."
)
POST_NORMED = " In this family each sum is normed, so the norm also sets the length of the stream."
LOGARITHMIC = " Shades of grey are logarithmic, or the longest would leave nothing of the others."
READ = {
    STREAM: "A column is a token, a row a boundary between two layers, from the embedding below to "
    "what leaves the last layer on top. Darker is longer.",
    WRITES: "At the chosen token: the norm of what attention, the MLP and each head (a dot) of a "
    "layer write, beside that of the stream that enters the layer.",
    COSINES: "At the chosen token: the cosine of each write with the stream that it is added to. "
    "The MLP's is taken after attention's write was added.",
}
