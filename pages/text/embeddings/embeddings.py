"""Lesson: embeddings. What do vectors of words and sentences know?"""

from components.lesson import lesson

lesson(
    "Embeddings",
    "text.embeddings",
    "Map",
    "Look-up",
    "In context",
    "Sentences",
    "Search",
    "Labels",
    "Clusters",
)
