"""A kind of Look-up: what a token's row is multiplied by, and what is added to it."""

from components.figures.architecture.look_up import entering_map, entering_table
from components.figures.embeddings.lookup import MOST_NUMBERS
from components.inspection.architecture.look_up import Entered, entering
from components.inspection.embeddings.lookup import root_of_width, token_list
from components.lesson import Ask, Predict, Shown, View
from components.widgets.markup import coded
from components.widgets.presets import examples
from pages.inside.architecture import look_up_code

EXAMPLES = {
    "The same word twice": {"prompt": "The cat saw the cat"},
    "The same word in a row": {"prompt": "no no no no"},
}


def show(ask: Ask) -> Shown:
    tokens = ask.consult(token_list, ask.prompt)
    place = ask.token("Token", "token", tokens, min(1, len(tokens) - 1))
    examples(ask, EXAMPLES)
    found = ask.inspect(entering, ask.prompt)
    width = found.rows.shape[1]
    part = f" (the first {MOST_NUMBERS} of {width:,})" if width > MOST_NUMBERS else ""
    moves = found.adds == "another vector at each place"
    return Shown(
        entering_map(found, place),
        alt=f"A token's row times {found.factor:.4g}; added is {found.adds}.",
        told=told(found, place),
        checks=found.checks,
        table=lambda: entering_table(found),
        code=look_up_code.entering(ask.choice, found.ids, place),
        read=f"Above, the numbers of three vectors{part}: the token's row, what is added, and the "
        "sum; colour is sign and size. Below, how long each of the three is, for every token.",
        formula=r"x_p = c\, e_t + a_p",
        symbols=f"e is the row of token t; c one number for all tokens, here {found.factor:.4g}; a "
        f"what is added at place p, here {found.adds}; x enters the first block"
        + (", after a norm." if found.normed else "."),
        predict=Predict(
            "The same token stands at two places. Does the same vector enter the first block?",
            ("yes", "no"),
            "no" if moves else "yes",
            "Each place adds a vector of its own: that tells order."
            if moves
            else "Nothing here depends on the place. This network tells order later, in attention.",
            before=entering_map(found, place, False),
        ),
        tries="A word twice, with other words between. Which is longer, row or what is added?",
    )


def told(found: Entered, place: int) -> str:
    """Say what becomes of the token's row, and of the same token elsewhere."""
    width = found.rows.shape[1]
    root = f" = √{width:,}" if root_of_width(found.factor, width, "bfloat16") else ""
    times = "as it is" if found.factor == 1 else f"times **{found.factor:.4g}**{root}"
    added = {
        "nothing": "**Nothing** is added for its place.",
        "the same at each place": "The same vector is added at each place.",
        "another vector at each place": "**Another vector** is added at each place.",
    }[found.adds]
    said = f"The row enters {times}. {added}"
    if found.normed:
        said += " A norm follows before the first block."
    again = found.again(place)
    if again:
        apart = found.apart(place, again[0])
        what = f"differs by {apart:.0%} of its length" if apart else "is the same, bit for bit"
        said += (
            f"  \n{coded(found.tokens[place])} stands at place {again[0]} too: what enters {what}."
        )
    return said


INTO = View(
    "On its way into the first block a row may be **multiplied**, and a vector may be **added** "
    "for its place. Measured, by reading the text twice.",
    show,
)
