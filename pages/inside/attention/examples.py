"""Sentences to begin with: which pair of words to look at in each, by the kind of the model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from components.inspection.attention.maps import AttentionMaps
from components.inspection.masking import with_mask
from components.inspection.words import Spans, span_texts
from components.lesson import Ask
from components.widgets.presets import examples
from pages.inside.attention.choices import NAMES, Reading
from pages.inside.attention.measures import PAIR, PROMPT


@dataclass(frozen=True)
class Example:
    """A text, and a query word and a key word that say why it is there."""

    prompt: str
    query: str
    key: str
    target: str = ""
    """What the decoder of an encoder-decoder has written."""


SENTENCES: Final = {
    "Who gets the drink? John": Example(
        "When Mary and John went to the shop, Mary gave a drink to", "to", "John"
    ),
    "The same, the names swapped": Example(
        "When Mary and John went to the shop, John gave a drink to", "to", "Mary"
    ),
    "A far-off verb: many keys": Example("The keys near the castle", "castle", "keys"),
    "The same, one key": Example("The key near the castles", "castles", "key"),
    "Who is it? Sarah or the cat": Example("Sarah fed the cat because it", "it", "cat"),
    "Who is it? The dog or the squirrel": Example(
        "The dog chased the squirrel because it was hungry", "hungry", "dog"
    ),
    "The same, another last word": Example(
        "The dog chased the squirrel because it ran", "ran", "squirrel"
    ),
    "Syntax: who is tired?": Example("The boy who is running fast is tired", "tired", "boy"),
    "Syntax: what is given, to whom?": Example("He gave her the book", "book", "gave"),
}
TRANSLATIONS: Final = {
    "Translation: I love llamas": Example(
        "translate English to German: I love llamas", "Lamas", "llamas", "Ich liebe Lamas"
    ),
    "Translation: a name": Example(
        "Translate into Dutch: My name is Maarten", "naam", "name", "Mijn naam is Maarten"
    ),
}
OPEN_ENDS: Final = {
    "An open end": {"prompt": "Once upon a time there was a", "new": 40},
    "A count that goes on": {"prompt": "one, two, three, four, five,", "new": 20},
}
"""Texts to be written on, at some length."""
HORRIBLE: Final = "What a horrible"
NOTE: Final = (
    "Each sorts *All heads* by the weight of one pair of words. Storyteller was trained on the "
    "first four; the others need a model that has read more, such as GPT-2. In a decoder, *it* "
    "cannot see the word that tells who it is: look at the row of the last word."
)


def examples_of(ask: Ask) -> dict[str, Example]:
    """Return the sentences that fit the model, by the name that they are offered under."""
    if ask.facts.kind == "masked":
        prompt = f"{ask.inspect(with_mask, HORRIBLE)}!"
        mask = prompt.removeprefix(HORRIBLE).removesuffix("!").strip()
        return {"A gap to fill": Example(prompt, mask, "horrible")} | SENTENCES
    return TRANSLATIONS | SENTENCES if ask.facts.kind == "seq2seq" else SENTENCES


def offer_examples(ask: Ask, asked: Reading) -> None:
    """Offer the sentences, in a list that opens."""
    examples(
        ask,
        {
            name: {"prompt": each.prompt, "sort": PAIR, "measured": PROMPT}
            | ({"target": each.target} if asked.two_stacks else {})
            | ({"group": NAMES["cross"]} if each.target else {})
            for name, each in examples_of(ask).items()
        },
        NOTE,
    )


def pair_of(ask: Ask, maps: AttentionMaps) -> tuple[int, int]:
    """Return the query and the key token to begin with: an example's, else the last and the first.

    A negative place counts from the end.
    """
    for each in examples_of(ask).values():
        if each.prompt == ask.prompt:
            query = token_of(maps.readers, maps.reader_words, each.query)
            key = token_of(maps.read, maps.read_words, each.key)
            return -1 if query is None else query, 0 if key is None else key
    return -1, 0


def token_of(tokens: Sequence[str], words: Spans, word: str) -> int | None:
    """Return the last token of the last word that is `word`: it has read the whole of it.

    >>> token_of(("The", " c", "at", " it"), ((0, 1), (1, 3), (3, 4)), "cat")
    2
    """
    for text, (_, end) in reversed(list(zip(span_texts(tokens, words), words, strict=True))):
        if text.strip() == word:
            return end - 1
    return None
