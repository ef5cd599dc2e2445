"""View: several documents in one row of the context, and what keeps them apart."""

from components.figures.positions.packing import mask_map
from components.figures.positions.tables import packed_table
from components.inspection.checks import short
from components.inspection.positions.packing import MOST_READ, packed_reading, passes
from components.lesson import Ask, Predict, Shown, View
from components.widgets import running
from components.widgets.markup import literal
from components.widgets.presets import examples
from pages.inside.positions.packing_rows import PACKING_ROWS

DOCUMENTS = "The fox ran home.\nMary was glad.\nThe capital of France is Paris."
EXAMPLES = {
    "The same document three times": {"documents": "\n".join(["Mary was glad."] * 3)},
    "A name that leaks": {"documents": "My name is Leo.\nMary was glad.\nHis name is"},
    "Three short documents": {"documents": DOCUMENTS},
}
QUESTION = (
    "The last document stands behind the others, its positions continued from theirs, the mask "
    "keeping it to itself. Does this model read it as if alone?"
)
ANSWERS = ("yes", "no")


def show(ask: Ask) -> Shown:
    given = ask.text("Documents, one a line (at most 8)", "documents", DOCUMENTS, lines=3)
    examples(ask, EXAMPLES)
    documents = tuple(given.splitlines())
    cost = running.over(ask, given.strip() or ask.prompt, passes(min(len(documents), MOST_READ)))
    asks = QUESTION, ANSWERS
    found = running.inspected(ask, packed_reading, documents, cost=cost, asks=asks)
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
        table=lambda: packed_table(found),
        code=CODE,
        read="A row is a query token, a column a key token; a coloured cell is a pair that the "
        "mask allows, in the colour of its document. Documents are numbered from 0.",
        predict=Predict(
            QUESTION,
            ANSWERS,
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
    further={"How many rows do the documents need?": PACKING_ROWS},
)
