"""Parts of Tokens: guess first, then look. The strip waits for the guess."""

from dataclasses import dataclass
from typing import Final

from components.inspection.tokenizer.cutting import cut, cut_in_sentence
from components.lesson import Ask, Predict, Shown
from components.widgets.apparatus import told
from pages.text.tokenizer import asking, code
from pages.text.tokenizer.cells import as_table, show_cut
from pages.text.tokenizer.texts import ChosenText


@dataclass(frozen=True)
class Question:
    """A guess about how a text is tokenized."""

    asks: str
    text: str
    in_sentence: bool
    """It stands behind another word, and so has a space before it."""
    lesson: str
    """What to take from the answer, true whatever it is."""


QUESTIONS: Final = {
    "Guess: a word in a sentence": Question(
        "How many tokens is ` hiking`, with the space that it has in a sentence?",
        "hiking",
        True,
        "Now try it without the space, at the start of a text: many tokenizers have the word only "
        "with its space, and must build it from pieces otherwise.",
    ),
    "Guess: one character": Question(
        "How many tokens is the one character 🎵?",
        "🎵",
        False,
        "It is four bytes in UTF-8. Where the vocabulary has no token for a character, it is "
        "spelled in bytes, or lost as unknown.",
    ),
    "Guess: capital letters": Question(
        "How many tokens is `CAPITALIZATION`?",
        "CAPITALIZATION",
        False,
        "The same word in small letters is another word to most tokenizers, and a more common one.",
    ),
}
CHOICES: Final = ("1", "2", "3", "4", "5", "6 or more")


def asked(question: Question, ask: Ask) -> Shown:
    """Ask the question; once there is a guess, show the tokens."""
    chosen = asking.tokenizer(ask)
    found = chosen.inspect(
        ask, cut_in_sentence if question.in_sentence else cut, question.text, 0, 100, False
    )
    box = ask.stage.container()
    with box:
        if told(ask.key):
            show_cut(found, f"strip-{ask.key}")
        else:
            box.text(question.text)
    return Shown(
        None,
        alt=f"{question.text!r} as the tokens of {chosen.title}.",
        told=question.lesson if told(ask.key) else "",
        checks=found.checks,
        unchecked="The vocabulary of this tokenizer does not fix the bytes of its tokens.",
        table=lambda: as_table(found),
        code=code.cutting(chosen.source, ChosenText(found.text, ""), chosen.revision),
        read="The word, and below it its tokens, once you have guessed.",
        predict=Predict(
            question.asks,
            CHOICES,
            CHOICES[min(max(found.total, 1), len(CHOICES)) - 1],
            f"**{found.total}** for {chosen.name}.",
        ),
    )


def ranges(characters: int, tokens: int) -> tuple[tuple[str, ...], str]:
    """Return four ranges by the number of characters, and the one that holds `tokens`.

    >>> ranges(60, 13)
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
