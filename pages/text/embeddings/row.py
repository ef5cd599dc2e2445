"""A kind of Look-up: a token's row, as the product of a one-hot vector and the table."""

from components.figures.embeddings.lookup import MOST_NUMBERS, product_map, row_table
from components.inspection.embeddings.lookup import (
    LookUp,
    TableSize,
    look_up,
    root_of_width,
    token_list,
)
from components.lesson import Ask, Predict, Shown, View
from components.widgets.markup import coded
from pages.text.embeddings import code_words

OTHERS = {"BERT": TableSize(30_522, 768), "Phi-3 mini": TableSize(32_064, 3_072)}
"""Tables that the books tell of."""
NOTHING, ALL = "none", "all but one row's are with 0"


def show(ask: Ask) -> Shown:
    tokens = ask.consult(token_list, ask.prompt)
    place = ask.token("Token", "token", tokens, min(1, len(tokens) - 1))
    found = ask.inspect(look_up, ask.prompt, place)
    part = f" (the first {MOST_NUMBERS})" if found.size.width > MOST_NUMBERS else ""
    return Shown(
        product_map(found),
        alt=f"A one-hot vector picks row {found.id} of the table, {found.size.width:,} numbers.",
        told=told(ask, found),
        checks=found.checks,
        table=lambda: row_table(found),
        code=code_words.look_up(ask.choice, found.id),
        read="On the left the one-hot vector: 1 at the token's id, 0 at all others. Beside it the "
        "rows of the table around that id, each a token's vector; colour is the number's sign and "
        f"size. Below, the product: one row{part}.",
        formula=r"e_t = \mathbf{1}_t^\top W, \qquad W \in \mathbb{R}^{V \times d}",
        symbols=f"1 with index t is the one-hot vector of token t (here {found.id}); W is the "
        f"table, V = {found.size.rows:,} tokens by d = {found.size.width:,} numbers.",
        predict=Predict(
            f"One-hot times the table takes {found.size.operations:,} operations. How many does "
            "the network need?",
            (f"{found.size.operations:,}", f"{found.size.width:,}", "0"),
            "0" if found.scale == 1 else f"{found.size.width:,}",
            f"It copies {found.size.width:,} numbers"
            + (", bit for bit: all products but one row's are with 0." if found.scale == 1 else ".")
            + f" The product would read {megabytes(found.size.numbers * found.item)}.",
        ),
        tries="A token that stands twice: does another place change its row? A rare one?",
    )


def told(ask: Ask, found: LookUp) -> str:
    """Say the size of the table, what is special of it, and what becomes of the row."""
    size, times = found.size, len(found.places)
    tied = {
        True: " and the output's table is the same one (tied)",
        False: ", and the output has another one (not tied)",
        None: "",
    }[found.tied]
    others = ", ".join(
        f"{name} {each.rows:,} × {each.width:,} = {each.numbers:,}" for name, each in OTHERS.items()
    )
    name = coded(found.tokens[found.place])
    again = f" {name} stands {times} times in the prompt: one row." if times > 1 else ""
    return (
        f"{size.rows:,} × {size.width:,} = **{size.numbers:,}** numbers, {found.share:.1%} of "
        f"{ask.model_name}{tied}. {entering(found)}{again}  \nElsewhere: {others}."
    )


def entering(found: LookUp) -> str:
    """Say what enters the first layer, as measured."""
    if found.enters == "times a number":
        width = found.size.width
        root = root_of_width(found.factor, width, "bfloat16")
        what = f"the row times {found.factor:.4g}" + (f" (√{width:,})" if root else "")
    else:
        what = {
            "as it is": "this row as it is; nothing is added for its position",
            "otherwise": "not this row but one made of it, the same at every place",
            "with its place": "not this row alone: at each place the token is another vector there",
        }[found.enters]
    return f"What enters the first layer is {what}."


def megabytes(size: int) -> str:
    """Write bytes for eyes.

    >>> megabytes(2_621_440)
    '2.6 MB'
    """
    return f"{size / 1e6:,.1f} MB"


ROW = View(
    "A token's **embedding** is its row in a table. Looking it up is a matrix product: a *one-hot* "
    "vector (one 1, at the token's id) times the table.",
    show,
)
