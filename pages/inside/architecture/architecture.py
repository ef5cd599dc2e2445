"""Lesson: architecture. What is a network made of, and what does each part cost?"""

from components.lesson import lesson

lesson(
    "Architecture",
    "inside.architecture",
    "Ledger",
    "Shapes",
    "Look-up",
    "Sizes",
    "Side by side",
    "Walk-throughs",
)
