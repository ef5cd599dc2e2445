"""View: the text as tokens, a window of them at a time, in a live strip."""

from functools import partial

import pandas as pd

from components.inspection.tokenizer.cutting import encoding_checks, window
from components.inspection.tokenizer.pieces import EncodedText
from components.inspection.tokenizer.roundtrip import RoundTrip, round_trip_of
from components.lesson import Ask, Predict, Shown, View
from components.widgets import settled
from components.widgets.apparatus import told
from components.widgets.markup import literal
from pages.text.tokenizer import asking, code
from pages.text.tokenizer.asking import ChosenText, counted
from pages.text.tokenizer.cells import as_table, show_cut
from pages.text.tokenizer.questions import QUESTIONS, asked

ON_SCREEN = 500
"""Tokens that are drawn at a time."""
LONG = 200
"""Tokens from which on the strip scrolls, so that what belongs to it stays on the screen."""


def show(ask: Ask) -> Shown:
    chosen, read = asking.tokenizer(ask), asking.text(ask)
    spaces, ids = ask.toggle("Show spaces", "spaces", True), ask.toggle("Show ids", "ids", True)
    hint = "Say how many tokens you expect before you see them."
    guessing = ask.toggle("Guess first", "guess", hint=hint)
    encoded = asking.encoded(ask, chosen, read)
    total = len(encoded.ids)
    answers, right = guesses(len(read.text), total - encoded.before - encoded.after)
    # Of another text nothing has been guessed yet, whatever was of the last one.
    anew = settled.moved(f"{ask.key}-answers", answers)
    hidden = guessing and (anew or not told(ask.key))
    pages = max(1, -(-total // ON_SCREEN))
    place = ask.number(f"Window, of {pages:,}", "window", 1, pages, 1) if pages > 1 else 1
    first = (place - 1) * ON_SCREEN
    cut = chosen.inspect(ask, window, read.text, encoded, first, ON_SCREEN)
    back = chosen.inspect(ask, round_trip_of, read.text, encoded)
    checks = (*back.checks, *cut.checks, *chosen.inspect(ask, encoding_checks, read.text, encoded))
    box = ask.stage.container(height=asking.TALL if len(cut.tokens) > LONG else "content")
    with box:
        if hidden:
            box.text(read.text[:2_000])
        else:
            show_cut(cut, f"strip-{ask.key}", spaces, ids, floating=False)
    here = f"  \nShown are tokens {first + 1:,} to {min(first + ON_SCREEN, total):,} of {total:,}."
    return Shown(
        None,
        alt=f"The text in {total:,} tokens, special ones included.",
        told="" if hidden else numbers(encoded, read) + (here if pages > 1 else "") + lost(back),
        checks=checks,
        table=lambda: as_table(cut),
        code=code.cutting(chosen.source, read, chosen.revision),
        read=READ,
        predict=Predict(
            f"{len(read.text):,} characters of {literal(read.name)}. How many tokens are they?",
            answers,
            right,
            f"It is {total - encoded.before - encoded.after:,}: look at what is split.",
        ),
        tries="Double a letter in a long word; write a word in capitals; put two spaces. Which "
        "tokens change, and which only move?",
    )


def numbers(encoded: EncodedText, read: ChosenText) -> str:
    special = encoded.before + encoded.after
    tokens, characters = len(encoded.ids) - special, len(read.text)
    if not tokens:
        return f"{counted(0, special)}."
    return (
        f"{counted(tokens, special)}: {characters:,} characters ÷ {tokens:,} tokens = "
        f"**{characters / tokens:.2f} characters per token**."
    )


def lost(back: RoundTrip) -> str:
    if back.same:
        return ""
    return f"  \n:orange[**decode(encode(text)) ≠ text.**] {' '.join(back.reasons)}"


def guesses(characters: int, tokens: int) -> tuple[tuple[str, ...], str]:
    """Return four ranges by the number of characters, and the one that holds `tokens`.

    >>> guesses(60, 13)
    (('fewer than 10', '10 to 14', '15 to 29', '30 or more'), '10 to 14')
    """
    low = max(1, characters // 6)
    middle = max(low + 1, characters // 4)
    high = max(middle + 1, characters // 2)
    answers = (
        f"fewer than {low:,}",
        f"{low:,} to {middle - 1:,}" if middle > low + 1 else f"{low:,}",
        f"{middle:,} to {high - 1:,}" if high > middle + 1 else f"{middle:,}",
        f"{high:,} or more",
    )
    return answers, answers[(tokens >= low) + (tokens >= middle) + (tokens >= high)]


def round_trip(ask: Ask) -> Shown:
    chosen, read = asking.tokenizer(ask), asking.text(ask)
    encoded = asking.encoded(ask, chosen, read)
    back = chosen.inspect(ask, round_trip_of, read.text, encoded)
    rows = pd.DataFrame(
        {
            "at character": [item.at for item in back.differences],
            "was": [repr(item.was) for item in back.differences],
            "became": [repr(item.became) for item in back.differences],
        }
    )
    if len(rows):
        ask.stage.dataframe(rows, hide_index=True)
    else:
        ask.stage.text("decode(encode(text)) = text")
    return Shown(
        None,
        alt=f"decode(encode(text)) differs from the text at {len(rows)} places that are listed.",
        told=f"The first {back.checked:,} of {len(read.text):,} characters were decoded again. "
        + (
            "They come back as they were."
            if back.same
            else " ".join(back.reasons)
            + (" The first differences; there are more." if back.more else "")
        ),
        checks=back.checks,
        table=lambda: rows if len(rows) else pd.DataFrame({"characters the same": [back.checked]}),
        code=code.cutting(chosen.source, read, chosen.revision),
        read="A row is a place where the text that comes back is another: what stood there, and "
        "what became of it. The code's last line says whether the text comes back.",
    )


READ = (
    "Each coloured box is a token, its number (*id*) below it; the six tints only part neighbours. "
    "An outlined box is a special token, which the tokenizer added; a wavy line marks an unknown "
    "token. Tokens that share one visible character carry it once, above all of them. Point at a "
    "token, or walk with the arrow keys, for its **vocabulary entry**, its bytes, and what it says "
    "**decoded alone**; click it to keep that in view. A mark `·` is a space.\n\nSpecial tokens "
    "are counted apart from the text's. The table and the files hold the tokens on screen, "
    "counted from 0."
)

VIEW = View(
    "A model does not read letters or words. A **tokenizer** first tokenizes the text: it cuts it "
    "into pieces from a fixed list, its *vocabulary*. Each piece is a **token** with a number, its "
    "*id*; the ids are all that the model ever sees.",
    show,
    further={"Round trip": View("Does decoding give the text back?", round_trip)}
    | {name: View("", partial(asked, question)) for name, question in QUESTIONS.items()},
)
