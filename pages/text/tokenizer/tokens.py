"""View: the text as tokens, a window of them at a time, in a live strip."""

from functools import partial

from components.figures.tokenizer_tables import all_tokens_csv
from components.inspection.tokenizer.cutting import encoding_checks, window
from components.inspection.tokenizer.decoding import entries
from components.inspection.tokenizer.pieces import EncodedText
from components.inspection.tokenizer.roundtrip import round_trip_of
from components.inspection.tokenizer.template import special_tokens
from components.inspection.tokenizer.tokens import TokenWindow
from components.lesson import Ask, Predict, Shown, View
from components.widgets import settled
from components.widgets.apparatus import told
from components.widgets.markup import literal
from components.widgets.text_files import download
from pages.text.tokenizer import asking, code, says, texts
from pages.text.tokenizer.asking import ChosenTokenizer
from pages.text.tokenizer.cells import as_table, show_cut
from pages.text.tokenizer.guesses import QUESTIONS, asked, ranges
from pages.text.tokenizer.ids_to_text import IDS_TO_TEXT
from pages.text.tokenizer.round_trip import ROUND_TRIP
from pages.text.tokenizer.texts import ChosenText

ON_SCREEN = 500
"""Tokens that are drawn at a time."""
LONG = 200
"""Tokens from which on the strip scrolls, so that what belongs to it stays on the screen."""


def show(ask: Ask) -> Shown:
    chosen, read = asking.tokenizer(ask), texts.text(ask)
    spaces, ids = ask.toggle("Show spaces", "spaces", True), ask.toggle("Show ids", "ids", True)
    hint = "Say how many tokens you expect before you see them."
    guessing = ask.toggle("Guess first", "guess", hint=hint)
    encoded = asking.encoded(ask, chosen, read)
    tokens = len(encoded.ids) - encoded.before - encoded.after
    answers, right = ranges(len(read.text), tokens)
    # Of another text nothing has been guessed yet, whatever was of the last one.
    anew = settled.moved(f"{ask.key}-answers", answers)
    hidden = guessing and (anew or not told(ask.key))
    cut = shown_window(ask, chosen, read, encoded)
    special = chosen.inspect(ask, special_tokens)
    back = chosen.inspect(ask, round_trip_of, read.text, encoded)
    checks = (*back.checks, *cut.checks, *chosen.inspect(ask, encoding_checks, read.text, encoded))
    box = ask.stage.container(height=asking.TALL if len(cut.tokens) > LONG else "content")
    with box:
        if hidden:
            box.text(read.text[:2_000])
        else:
            show_cut(cut, f"strip-{ask.key}", spaces, ids, floating=False)
    return Shown(
        None,
        alt=f"The text in {cut.total:,} tokens, special ones included.",
        told="" if hidden else says.numbers(read.text, tokens, special, cut, back),
        checks=checks,
        table=lambda: as_table(cut),
        code=code.cutting(chosen.source, read, chosen.revision),
        read=says.READ,
        predict=Predict(
            f"{len(read.text):,} characters of {literal(read.name)}. How many tokens are they?",
            answers,
            right,
            f"It is {tokens:,}: look at what is split.",
        ),
        tries="Double a letter in a long word; write a word in capitals; put two spaces. Which "
        "tokens change, and which only move?",
    )


def shown_window(
    ask: Ask, chosen: ChosenTokenizer, read: ChosenText, encoded: EncodedText
) -> TokenWindow:
    """Return the tokens on screen; of more than fit, ask which, and offer all as a file."""
    pages = max(1, -(-len(encoded.ids) // ON_SCREEN))
    if settled.moved(f"{ask.key}-window", (chosen.source, read.name, len(read.text))):
        ask.sets({"window": 1})
    place = ask.number(f"Window, of {pages:,}", "window", 1, pages, 1) if pages > 1 else 1
    if pages > 1:
        named = chosen.inspect(ask, entries, encoded)
        rows = partial(all_tokens_csv, encoded.ids, named)
        download(ask, f"All {len(encoded.ids):,} tokens", rows, "tokens.csv")
    return chosen.inspect(ask, window, read.text, encoded, (place - 1) * ON_SCREEN, ON_SCREEN)


VIEW = View(
    "A model does not read letters or words. A **tokenizer** first tokenizes the text: it cuts it "
    "into pieces from a fixed list, its *vocabulary*. Each piece is a **token** with a number, its "
    "*id*; the ids are all that the model ever sees.",
    show,
    further={"Round trip": ROUND_TRIP, "Ids to text": IDS_TO_TEXT}
    | {name: View("", partial(asked, question)) for name, question in QUESTIONS.items()},
)
