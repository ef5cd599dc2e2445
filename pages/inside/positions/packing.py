"""View: several documents in one row of the context, and what keeps them apart."""

import pandas as pd

from components.figures.positions.packing import mask_map, packing_rows
from components.inspection.checks import short
from components.inspection.errors import InspectionError
from components.inspection.positions.packing import PackedReading, packed, packed_reading
from components.lesson import Ask, Predict, Shown, View
from components.widgets.markup import literal

LENGTHS = "310, 45, 120, 64, 12, 200, 33, 90, 410, 75, 18, 150, 260, 40, 8, 95"
DOCUMENTS = "The fox ran home.\nMary was glad.\nThe capital of France is Paris."


def show(ask: Ask) -> Shown:
    given = ask.text("Documents, one a line (at most 8)", "documents", DOCUMENTS, lines=3)
    found = ask.inspect(packed_reading, tuple(given.splitlines()))
    figure = mask_map(found.mask, found.document, found.tokens)
    same = found.checks[1].verdict == "holds"
    return Shown(
        figure,
        alt="Which token may attend to which: a triangle for each document, along the diagonal.",
        told="Largest change of a logit against reading the document alone: positions restarted "
        f"in each document **{short(max(found.apart))}**, continued through the row "
        f"**{short(max(found.counted_on))}**, continued with no mask between documents "
        f"**{short(max(found.no_mask))}**: then the later attend to the earlier, and change.",
        checks=found.checks,
        table=lambda: as_table(found),
        code=CODE,
        read="A row is a query token, a column a key token; a coloured cell is a pair that the "
        "mask allows, in the colour of its document. Documents are numbered from 0.",
        predict=Predict(
            "The last document stands behind the others, its positions continued from theirs, the "
            "mask keeping it to itself. Does this model read it as if alone?",
            ("yes", "no"),
            "yes" if same else "no",
            f"{literal(found.says)} "
            + (
                "Within a document all distances are the same wherever it stands, and distances "
                "are all that this model is told."
                if same
                else "Positions continued mislead it: the last document is read as if it began in "
                "the middle of a text."
            ),
            before=figure,
        ),
        tries="A fourth document. A document of one word.",
    )


def as_table(found: PackedReading) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "document": range(len(found.apart)),
            "positions restarted": found.apart,
            "continued": found.counted_on,
            "no mask": found.no_mask,
        }
    )


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
        table=lambda: pd.DataFrame(
            [(r, d, found.lengths[d]) for r, each in enumerate(found.rows) for d in each],
            columns=["row", "document", "tokens"],
        ),
        read="A bar is a row of the context. The numbers in the boxes say which document it is, "
        "counted from 0 in the order of the lengths above; colours only tell neighbours apart; the "
        "dashed line is the end of the row. The longest documents are laid first, each into the "
        "first row with room for it (first-fit decreasing).",
    )


def lengths_of(given: str) -> tuple[int, ...]:
    parts = given.replace(",", " ").split()
    wrong = next((part for part in parts if not (part.isascii() and part.isdecimal())), None)
    if wrong is not None:
        raise InspectionError(
            f"“{wrong[:30]}” is no length: write whole numbers, such as 310, 45, 120."
        )
    return tuple(int(part[:9]) for part in parts)


CODE = """import torch

document = torch.tensor([0, 0, 0, 1, 1, 2, 2, 2])
place = torch.arange(len(document))
mask = (document[:, None] == document) & (place[:, None] >= place)
positions = torch.cat([torch.arange(n) for n in document.bincount()])
print(mask.int(), positions)
# model(input_ids, attention_mask=torch.where(mask, 0, torch.finfo(dtype).min)[None, None],
#       position_ids=positions[None])
"""

VIEW = View(
    "Short documents waste a long context. Several are **packed** into one row; a mask keeps them "
    "apart. Does the model then read each as if it stood alone?",
    show,
    further={"How many rows do the documents need?": View("First fit, longest first.", rows)},
)
