"""View: one text by several tokenizers, under one another; and how numbers are written."""

from functools import partial

import pandas as pd

from components.figures.tokenizer import number_grid, token_counts
from components.inspection.catalogue import short_name
from components.inspection.errors import InspectionError
from components.inspection.tokenizer.compare import Comparison, Reading, compare, tokens_per_number
from components.lesson import Ask, Predict, Shown, View
from components.widgets.markup import literal
from components.widgets.tokenizers import several
from pages.text.tokenizer import asking, code
from pages.text.tokenizer.asking import ChosenText, counted
from pages.text.tokenizer.cells import show_cut

LONG = 250
"""Tokens on screen from which on the strips scroll."""
ANSWERS = ("none", "fewer than half", "half or more")


def compared(ask: Ask) -> tuple[Comparison, ChosenText]:
    sources, read = several(ask), asking.text(ask)
    if not sources:
        raise InspectionError("Choose two or more tokenizers to see them side by side.")
    found = ask.compute(compare, sources, read.text)
    for name, why in found.missing:
        said = f"Not on this machine: {name}. {why}".replace("\n", " ")
        ask.drawn(f"missing-{name}", partial(_note, ask, said))
    if not found.readings:
        raise InspectionError("None of these tokenizers is on this machine: choose another.")
    return found, read


def _note(ask: Ask, said: str, _: object) -> None:
    ask.note(said)


def strips(ask: Ask) -> Shown:
    found, read = compared(ask)
    hint = "Tokens that every one of them makes of exactly the same characters turn grey."
    grey = ask.toggle("Grey out tokens all share", "differences", hint=hint)
    long = sum(len(each.cut.tokens) for each in found.readings) > LONG
    box = ask.stage.container(height=asking.TALL if long else "content")
    with box:
        for each in found.readings:
            box.markdown(heading(each))
            show_cut(
                each.cut,
                f"strip-{each.source}",
                agreed=each.agreed if grey else (),
                label=f"The text as tokens of {short_name(each.title)}",
            )
    return shown(found, read, True)


def bars(ask: Ask) -> Shown:
    return shown(*compared(ask), False)


def heading(each: Reading) -> str:
    seen = len(each.cut.tokens)
    more = f", the first {seen:,} shown" if seen < each.tokens + each.special else ""
    return (
        f"**{literal(short_name(each.title))}** · {each.tokens:,} tokens"
        + (f" + {each.special} special" if each.special else "")
        + f"{more} :gray[· {each.method}]"
    )


def shown(found: Comparison, read: ChosenText, live: bool) -> Shown:
    fewest = min(found.readings, key=lambda each: each.tokens)
    most = max(found.readings, key=lambda each: each.tokens)
    return Shown(
        None if live else token_counts(found),
        alt=f"Number of tokens by tokenizer, the fewest first: {fewest.tokens:,} by "
        f"{short_name(fewest.title)}.",
        told=told(found, fewest, most),
        checks=found.checks,
        table=lambda: as_table(found),
        code=code.comparing(tuple(each.source for each in found.readings), read),
        read="The same text by each tokenizer. Outlined: special tokens, which it adds. The table "
        "says what sets them apart: the vocabulary's size, the method, the marker that stands for "
        "a space, unknown tokens, and the round trip: whether decoding gives the text back.",
        predict=question(found) if len(found.readings) > 1 else None,
        tries="Another text: *Numbers*, *Python code*, *Many scripts and emoji*. Which tokenizer "
        "is the best now?",
    )


def told(found: Comparison, fewest: Reading, most: Reading) -> str:
    if fewest.tokens == most.tokens:
        said = f"All {len(found.readings)} make {counted(fewest.tokens)} of it: try another text."
    else:
        said = (
            f"Fewest: {literal(short_name(fewest.title))} with {counted(fewest.tokens)}, "
            f"{fewest.characters_per_token:.2f} characters per token; most: "
            f"{literal(short_name(most.title))} with {counted(most.tokens)}."
        )
    return f"{said} Special tokens are counted apart."


def question(found: Comparison) -> Predict:
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


def as_table(found: Comparison) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "tokenizer": each.title,
                "tokens": each.tokens,
                "special": each.special,
                "characters per token": round(each.characters_per_token, 3),
                "vocabulary": each.vocabulary,
                "method": each.method,
                "marker": each.marker,
                "unknown tokens": each.unknown,
                "round trip": each.same,
            }
            for each in found.readings
        ]
    )


def numbers(ask: Ask) -> Shown:
    chosen = asking.tokenizer(ask)
    spaced = asking.spaced(ask, chosen, "With a space before them", "space")
    counts = chosen.inspect(ask, tokens_per_number, spaced)
    share = float((counts == 1).mean())
    where = code.loading(chosen.source, chosen.revision)
    before = " " if spaced and not where.startswith("from mistral") else ""
    return Shown(
        number_grid(counts),
        alt=f"In how many tokens {chosen.title} writes each number from 0 to 9,999: {share:.0%} "
        "are one token.",
        told=f"{chosen.name}: **{share:.0%}** of the numbers are one token; the longest takes "
        f"{int(counts.max())}.",
        unchecked="A count over all 10,000 numbers; *Tokens* checks that the ids are those that "
        "the tokenizer gives.",
        table=lambda: pd.DataFrame({"number": range(counts.size), "tokens": counts.ravel()}),
        read="Row: the hundreds; column: the last two digits. The darker, the more tokens.",
        uncoded=f"*Tokens* shows the code for one text; a number here is written as "
        f"“{before}4207”.",
    )


VIEW = View(
    "The same text by several tokenizers. Each has a vocabulary of its own, so each makes another "
    "number of tokens of it.",
    kind="Plot",
    kinds={"Tokens": View("", strips), "Counts": View("", bars)},
    further={
        "Numbers from 0 to 9,999": View("In how many tokens is each number written?", numbers)
    },
)
