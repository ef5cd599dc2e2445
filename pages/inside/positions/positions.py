"""Lesson: positions. How does a model know which word came first?"""

from components.lesson import lesson

lesson(
    "Positions",
    "inside.positions",
    "Rotation",
    "Relative",
    "Frequencies",
    "Extension",
    "Schemes",
    "Word order",
    "Packing",
)
