"""Part of Tokens: type ids, and read what they say, each alone and all together."""

from components.figures.tokenizer_tables import decoded_table
from components.inspection.tokenizer.decoding import DecodedIds, decode_ids, parsed_ids
from components.lesson import Ask, Predict, Shown, View
from components.widgets import settled
from components.widgets.markup import coded
from components.widgets.token_strip import TokenCell, token_strip
from pages.text.tokenizer import asking, code, texts

FIRST = 20
"""Ids of the text that the box begins with."""
NAMES = ("id", "vocabulary entry", "bytes", "decoded alone")


def show(ask: Ask) -> Shown:
    chosen = asking.tokenizer(ask)
    read = texts.text(ask)
    first = " ".join(map(str, asking.encoded(ask, chosen, read).ids[:FIRST]))
    if settled.moved(f"{ask.key}-ids", (read.name, read.text[:FIRST])):
        ask.sets({"typed_ids": first})
    typed = ask.text("Ids", "typed_ids", first, most=600)
    found = chosen.inspect(ask, decode_ids, parsed_ids(typed))
    with ask.stage.container():
        token_strip(cells(found), f"strip-{ask.key}", NAMES, label="The ids as tokens")
    same = tuple(each.id for each in found.ids) == found.again
    return Shown(
        None,
        alt=f"{len(found.ids)} ids as tokens: {found.text!r}.",
        told=f"Together: {coded(found.text)}",
        checks=found.checks,
        table=lambda: decoded_table(found),
        code=code.decoding(chosen.source, [each.id for each in found.ids], chosen.revision),
        read="A box is an id: what it decodes to alone, its number below. Together they may say "
        "something else: a character whose bytes are parted shows only when all are there.",
        predict=Predict(
            "Tokenize the text that these ids spell. Are they the same ids again?",
            ("yes", "no"),
            "yes" if same else "no",
            f"The text is tokenized into {len(found.again):,} ids; {len(found.ids):,} were given. "
            "One text can be spelled by many ids, and a tokenizer takes one way always.",
        ),
        tries="Another tokenizer, with the ids as they are: a model fed with another's ids reads "
        "this. Swap two ids; leave one of an emoji's out.",
    )


def cells(found: DecodedIds) -> list[TokenCell]:
    """Return the ids as they are drawn."""
    return [
        TokenCell(
            text=each.alone or each.piece,
            note=str(each.id),
            details=(
                f"{each.id:,}",
                each.piece,
                "as the text has them" if each.raw is None else each.raw.hex(" ").upper(),
                repr(each.alone),
            ),
            look="added" if each.special else "plain",
        )
        for each in found.ids
    ]


IDS_TO_TEXT = View(
    "A model answers in ids. Type some: what do they say, each alone and all together?", show
)
