"""Examples that set the controls of a view, each with the reason why it is there in its name."""

from collections.abc import Mapping
from typing import Any, Final

WORDS: Final[Mapping[str, Mapping[str, Any]]] = {
    "Longest match: theme": {"name": "wordpiece", "word": "theme"},
    "Best path: theme": {"name": "unigram", "word": "theme"},
    "Merging: tokenization": {"name": "gpt2", "word": "tokenization"},
    "Merging bytes: 日本語": {"name": "gpt2", "word": "日本語"},
    "An unknown character: rabbit🎵": {"name": "wordpiece", "word": "rabbit🎵"},
    "A word at the start of a text: hiking": {"name": "gpt2", "word": "hiking", "spaced": False},
    "Capitals: CAPITALIZATION": {"name": "gpt2", "word": "CAPITALIZATION"},
}
"""Words for *Step by step*, each with the tokenizer whose method it shows."""
QUESTION: Final = "What is 1 + 1?"
_EMPTY: Final = dict.fromkeys(("system", "assistant", "user_2", "assistant_2", "user_3"), "")
CONVERSATIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    "One question": _EMPTY | {"user": QUESTION},
    "A second question: who remembers Maarten?": _EMPTY
    | {
        "user": "Hi! My name is Maarten. What is 1 + 1?",
        "assistant": "The answer to 1 + 1 is 2.",
        "user_2": "What is my name?",
    },
    "One-shot: an example turn, then the task": _EMPTY
    | {
        "user": "A 'Gigamuru' is a type of Japanese musical instrument. An example of a sentence "
        "that uses the word Gigamuru is:",
        "assistant": "I have a Gigamuru that my uncle gave me as a gift. I love to play it at "
        "home.",
        "user_2": "To 'screeg' something is to swing a sword at it. An example of a sentence that "
        "uses the word screeg is:",
    },
    "A system text: whose turn is it in?": _EMPTY
    | {"system": "You answer in one word.", "user": "What is the capital of France?"},
}
"""Turns of a conversation; the two about Maarten and Gigamuru are from "Hands-On Large Language
Models" (Alammar and Grootendorst, 2024)."""
