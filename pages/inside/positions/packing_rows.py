"""A fold of Packing: how many rows documents of given lengths need."""

from components.figures.positions.packing import packing_rows
from components.figures.positions.tables import row_table
from components.inspection.errors import InspectionError
from components.inspection.positions.packing import packed
from components.lesson import Ask, Shown, View

LENGTHS = "310, 45, 120, 64, 12, 200, 33, 90, 410, 75, 18, 150, 260, 40, 8, 95"


def rows(ask: Ask) -> Shown:
    given = ask.text("Lengths of the documents, in tokens", "lengths", LENGTHS)
    row = ask.number("Tokens in a row", "row", 8, 131_072, 512)
    found = ask.compute(packed, lengths_of(given), row)
    return Shown(
        packing_rows(found),
        alt=f"{len(found.lengths)} documents in {len(found.rows)} rows of {row} positions.",
        told=f"**{len(found.lengths)}** documents in **{len(found.rows)}** rows: {found.used:.0%} "
        "of the positions hold a token. A row for each document, padded, would use "
        f"{found.used_padded:.0%}.",
        checks=found.checks,
        table=lambda: row_table(found),
        read="A bar is a row of the context, a box a document with its length in tokens; hover for "
        "its number, counted from 0 in the order of the lengths above. The two colours only tell "
        "neighbours apart; the dashed line is the end of the row. The longest documents are laid "
        "first, each into the first row with room for it (first-fit decreasing).",
    )


def lengths_of(given: str) -> tuple[int, ...]:
    parts = given.replace(",", " ").split()
    wrong = next((part for part in parts if not (part.isascii() and part.isdecimal())), None)
    if wrong is not None:
        raise InspectionError(
            f"“{wrong[:30]}” is no length: write whole numbers, such as 310, 45, 120."
        )
    return tuple(int(part[:9]) for part in parts)


PACKING_ROWS = View("First fit, longest first.", rows)
