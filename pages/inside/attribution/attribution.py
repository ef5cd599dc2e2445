"""Lesson: attribution. Which words of the prompt led to this prediction?"""

from components.lesson import lesson

lesson(
    "Attribution",
    "inside.attribution",
    "Scores",
    "Methods",
    "Faithfulness",
    "Attention",
    "Sequence",
)
