"""View: one text by several tokenizers, under one another; and how many tokens each makes."""

from components.figures.tokenizer import token_counts
from components.inspection.catalogue import short_name
from components.inspection.tokenizer.compare import Comparison
from components.lesson import Ask, Predict, Shown, View
from components.widgets.markup import literal
from pages.text.tokenizer import asking, says
from pages.text.tokenizer.cells import show_cut
from pages.text.tokenizer.comparison import compared, shown
from pages.text.tokenizer.numbers import NUMBERS

ANSWERS = ("none", "fewer than half", "half or more")
LONG = 120
"""Tokens on screen from which on the strips scroll."""


def strips(ask: Ask) -> Shown:
    found, read = compared(ask)
    hint = "Tokens that every one of them makes of exactly the same characters turn grey."
    grey = ask.toggle("Grey out tokens all share", "differences", hint=hint)
    below = "What the vocabulary has, with its marks of spaces and parts of words; off: the ids."
    entries = ask.toggle("Vocabulary entries below", "entries", True, hint=below)
    long = sum(len(each.cut.tokens) for each in found.readings) > LONG
    box = ask.stage.container(height=asking.TALL if long else "content", gap="small")
    with box:
        for each in found.readings:
            box.markdown(says.heading(each))
            show_cut(
                each.cut,
                f"strip-{each.source}",
                entries=entries,
                agreed=each.agreed if grey else (),
                label=f"The text as tokens of {short_name(each.title)}",
            )
    return shown(found, read, "", None, question(found))


def bars(ask: Ask) -> Shown:
    found, read = compared(ask)
    fewest = min(each.tokens for each in found.readings)
    pairs = (
        f" In grey, other ways to cut: {found.words:,} words, {found.characters:,} characters, "
        f"{found.bytes:,} bytes. Attention compares each with each: {fewest:,}² = {fewest**2:,} "
        f"pairs of tokens, {found.characters:,}² = {found.characters**2:,} of characters."
    )
    return shown(found, read, pairs, token_counts(found), question(found))


def question(found: Comparison) -> Predict | None:
    """Ask how much of the text all tokenizers cut alike, if there are several."""
    if len(found.readings) < 2:
        return None
    first = found.readings[0]
    own = [
        agreed
        for agreed, token in zip(first.agreed, first.cut.tokens, strict=True)
        if token.end > token.start
    ]
    share = sum(own) / max(len(own), 1)
    return Predict(
        f"Of the tokens of {literal(short_name(first.title))}, how many do all these tokenizers "
        "cut in the same places?",
        ANSWERS,
        ANSWERS[(share > 0) + (share >= 0.5)],
        f"{sum(own):,} of {len(own):,} on screen: *Grey out tokens all share* shows which.",
    )


VIEW = View(
    "The same text by several tokenizers: each has its own method and vocabulary, and cuts "
    "elsewhere.",
    kind="Plot",
    kinds={"Tokens": View("", strips), "Counts": View("", bars)},
    further={"Numbers from 0 to 9,999": NUMBERS},
)
