"""Fold: reading each sentence once, or each pair together."""

from components.figures.embeddings.search import pass_lines
from components.figures.embeddings.search_tables import pass_table
from components.inspection.embeddings.passes import MOST, passes
from components.inspection.pace import pass_seconds
from components.lesson import Ask, Predict, Shown, View
from pages.text.embeddings.corpus import corpus, cost

ANSWERS = ("twice as many", "ten times as many", "a hundred times as many")


def show(ask: Ask) -> Shown:
    number = ask.number("Number of sentences", "number", 2, MOST, 10_000, step=1_000)
    ahead = cost(ask, corpus(ask)).plan
    length = -(-ahead.tokens // ahead.sentences)
    single, double = (ask.inspect(pass_seconds, many) for many in (length, 2 * length))
    found = ask.compute(passes, number)
    growth = ask.compute(passes, min(10 * number, MOST)).pairs / found.pairs
    return Shown(
        pass_lines(found),
        alt=f"{number:,} sentences: {number:,} passes one by one, {found.pairs:,} in pairs.",
        told=f"**{number:,}** passes read each sentence once; **{found.pairs:,}** read each pair. "
        f"At this machine's pace, one pass after another: {_duration(number * single)} "
        f"({length} tokens each) against **{_duration(found.pairs * double)}** ({2 * length} "
        "tokens). Only the passes are counted; comparing vectors takes a moment.",
        checks=found.checks,
        table=lambda: pass_table(found, single, double),
        code=CODE.format(number=number),
        read="Both axes go in powers of ten. A *bi-encoder* reads each sentence alone and compares "
        "vectors; a *cross-encoder* reads two at once, so that the words of one see those of the "
        f"other. {ask.model_name} stands for both in the seconds: it is timed on random tokens.",
        formula=r"\text{pairs} = \frac{n (n - 1)}{2}",
        symbols=f"n = {number:,} sentences, so {found.pairs:,} pairs.",
        predict=Predict(
            "Ten times as many sentences: how many more **pairs**?",
            ANSWERS,
            min(ANSWERS, key=lambda one: abs((2, 10, 100)[ANSWERS.index(one)] - growth)),
            f"{growth:.0f} times as many: pairs grow with the square. So search lets a bi-encoder "
            "find the first hundred, and a cross-encoder sort only those anew: *reranking*.",
        )
        if 10 <= number <= MOST // 10
        else None,
        tries="How many sentences can be compared in pairs within an hour here?",
    )


def _duration(seconds: float) -> str:
    """Write a time that may be long.

    >>> _duration(0.25), _duration(90.0), _duration(200_000.0), _duration(4e8)
    ('0.2 s', '2 minutes', '56 hours', '13 years')
    """
    for size, name in ((31_557_600, "years"), (345_600, "days"), (5_400, "hours"), (60, "minutes")):
        unit = {"years": 31_557_600, "days": 86_400, "hours": 3_600, "minutes": 60}[name]
        if seconds >= size:
            return f"{seconds / unit:,.0f} {name}"
    return f"{seconds:.1f} s"


CODE = """from math import comb

n = {number}
print(n, "passes one by one,", comb(n, 2), "passes in pairs")
"""

PAIRS = View(
    "To find the two sentences most alike, a **cross-encoder** reads every pair in one pass; a "
    "**bi-encoder** reads every sentence once.",
    show,
)
