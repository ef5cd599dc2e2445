"""A kind of Look-up: a word's nearest tokens, by cosine and by distance."""

from components.figures.embeddings.geometry import near_bars, near_table
from components.inspection.embeddings.geometry import near
from components.lesson import Ask, Predict, Shown, View
from components.widgets.markup import coded
from pages.text.embeddings import code_words


def show(ask: Ask) -> Shown:
    word = ask.text("Word", "near_word", "king", most=80, wide=170)
    found = ask.consult(near, word)
    most, agreed = len(found.by_cosine), len(found.both)
    pieces = ", ".join(map(coded, found.word.pieces))
    whole = (
        f"{pieces} is one token."
        if found.word.whole
        else f"{coded(found.word.word)} is no token here; shown is the mean of {pieces}."
    )
    return Shown(
        near_bars(found),
        alt=f"The {most} tokens nearest to a word by cosine and by distance: {agreed} in both.",
        told=f"{whole} Cosine and distance agree on **{agreed} of {most}**.",
        checks=found.checks,
        table=lambda: near_table(found),
        code=code_words.near(ask.choice, found.word.ids),
        read="Left the tokens with the largest cosine, right those with the smallest distance. "
        "Blue ones are in both lists, orange ones in one.",
        formula=r"\lVert a - b \rVert^2 = \lVert a \rVert^2 + \lVert b \rVert^2 "
        r"- 2 \lVert a \rVert \lVert b \rVert \cos(a, b)",
        symbols="a and b are two tokens' vectors: distance depends on their lengths too, cosine on "
        "the angle alone. Of vectors of one length both give the same order.",
        predict=Predict(
            f"How many of the {most} nearest by cosine are also among the nearest by distance?",
            ("all", "more than half", "half or fewer"),
            "all" if agreed == most else "more than half" if 2 * agreed > most else "half or fewer",
            "Distance favours short vectors: they are near to everything.",
        ),
        tries="A name, a number, a punctuation mark. Which measure gives the likelier neighbours?",
    )


NEAREST = View(
    "Which tokens are **near** a word? It depends on how nearness is measured: by the angle, or by "
    "the distance.",
    show,
)
