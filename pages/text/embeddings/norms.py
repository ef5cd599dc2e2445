"""A kind of Look-up: how long the vectors are."""

from components.figures.embeddings.geometry import norm_bars, norm_table
from components.inspection.embeddings.lengths import Norms, norms
from components.lesson import Ask, Predict, Shown, View
from components.widgets.markup import coded
from pages.text.embeddings import code_words


def show(ask: Ask) -> Shown:
    found = ask.consult(norms)
    low, high = float(found.input.min()), float(found.input.max())
    return Shown(
        norm_bars(found),
        alt=f"Lengths of {len(found.input):,} tokens' vectors, from {low:.2f} to {high:.2f}.",
        told=told(found),
        checks=found.checks,
        table=lambda: norm_table(found),
        code=code_words.norms(ask.choice),
        read="How many tokens have a vector of which length. The shortest and the longest token "
        "are named; the table names more of them.",
        formula=r"\lVert e_t \rVert = \sqrt{\sum_i e_{t,i}^2}",
        symbols="e is the vector of token t, i counts its numbers.",
        predict=Predict(
            f"How much longer is the longest vector than the shortest one of {ask.model_name}?",
            ("less than 3 times", "3 to 10 times", "more than 10 times"),
            ratio(low, high),
            "A token's length says how its training went: how often it was met, and what it was "
            "met with.",
        ),
        tries="The table's two ends: are they frequent words, names, pieces of words, or tokens "
        "that no text has? Does another model agree?",
    )


def ratio(low: float, high: float) -> str:
    """Return how much longer the longest is, in words."""
    times = high / low if low else float("inf")
    if times < 3:
        return "less than 3 times"
    return "3 to 10 times" if times <= 10 else "more than 10 times"


def told(found: Norms) -> str:
    """Name both ends, and the output's table."""
    short, long = (
        ", ".join(coded(token) for token, _ in each[:5]) for each in (found.shortest, found.longest)
    )
    output = {True: " The output's table is the same one.", None: " There is no output table."}
    words = f"Shortest: {short}. Longest: {long}."
    words += (
        output.get(found.tied, "")
        if found.output is None
        else (
            f" At the output vectors are {found.output.mean():.2f} long on average, at the input "
            f"{found.input.mean():.2f}."
        )
    )
    if found.unnamed:
        words += f" {found.unnamed:,} rows have no token: no text can have trained them."
    return words + (
        " A token that training never met keeps about the length that it began with, or shrinks "
        "where weights decay: many rows of one length are a hint, and no proof."
    )


NORMS = View(
    "Vectors have a **length** (their *norm*), and training made some tokens' longer than others'.",
    show,
)
