"""A kind of In context: how alike a word's vectors are at one layer."""

from components.figures.embeddings.in_context import cosine_map, cosine_table
from components.inspection.embeddings.in_context import WordInContext, stage_name, word_in_context
from components.lesson import Ask, Predict, Shown, View
from pages.text.embeddings import code_words, contexts

ANSWERS = ("in the table", "in the first half of the layers", "in the second half")


def show(ask: Ask) -> Shown:
    found: WordInContext = contexts.read(ask, word_in_context)
    stages = len(found.cosines)
    hint = "0: the table, before positions and neighbours. 1: entering layer 0. Then after each."
    stage = int(ask.slider("Stage", "stage", 0, stages - 1, stages // 2, hint=hint))
    here = stage_name(stage, stages)
    first, table = found.cosines[stage, 0, 1], found.cosines[0, 0, 1]
    one, other = (place + 1 for place in found.alike(stage))
    return Shown(
        cosine_map(found, stage),
        alt=f"How alike {len(found.found)} places of one word are, {here}.",
        told=f"Shown is **{here}**: places 1 and 2 have a cosine of **{first:.3f}** (in the table "
        f"{table:.3f}); most alike are {one} and {other}, "
        f"{found.cosines[stage][found.alike(stage)]:.3f}."
        f"{contexts.pieces(found)}{contexts.direction(found)}",
        checks=found.checks,
        table=lambda: cosine_table(found, stage),
        code=code_words.context(ask.choice, found, ask.facts.kind == "seq2seq"),
        read="A row and a column for each place where the word stands, numbered. A cell is the "
        "cosine of the word's two vectors. Slide from the table up through the layers.",
        formula=r"\cos(u, v) = \frac{u \cdot v}{\lVert u \rVert \lVert v \rVert}",
        symbols="u and v are the word's vectors at two places; 1 is the same direction.",
        predict=Predict(
            "Where are places 1 and 2 of the word least alike?",
            ANSWERS,
            farthest(found),
            f"{stage_name(found.farthest, stages).capitalize()}, at "
            f"{found.cosines[found.farthest, 0, 1]:.3f}. The table cannot tell one meaning from "
            "another; each layer adds what the neighbours say.",
        )
        if found.cosines[:, 0, 1].min() < found.cosines[0, 0, 1]
        else None,
        tries="Slide on: the last layers of a model that writes turn to what comes **next**, and "
        "like meanings part again. Write sentences of yours with two meanings: from which layer on "
        "do the like ones go together?",
    )


def farthest(found: WordInContext) -> str:
    """Return which of `ANSWERS` is where the first two places are least alike."""
    if found.farthest == 0:
        return ANSWERS[0]
    layers = len(found.cosines) - 2
    return ANSWERS[1] if found.farthest - 1 <= layers / 2 else ANSWERS[2]


CONTEXT_TABLE = View(
    "In the table a word has **one** vector. Above it, it has another in every sentence: one word, "
    "many vectors.",
    show,
)
