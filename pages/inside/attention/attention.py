"""Lesson: attention. Which tokens does each head attend to, and how does it come to that?"""

from components.lesson import lesson

lesson(
    "Attention",
    "inside.attention",
    "All heads",
    "One head",
    "BertViz",
    "Step by step",
    "While writing",
    "Masks and sharing",
)
