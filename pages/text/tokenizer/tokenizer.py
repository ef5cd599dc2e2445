"""Lesson: tokens. How is a text cut into the pieces that a model reads?"""

from components.lesson import lesson

lesson(
    "Tokenizer tour",
    "text.tokenizer",
    "Tokens",
    "Step by step",
    "Compare",
    "Statistics",
    "Train your own",
    "Special tokens",
)
