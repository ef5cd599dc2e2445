"""Lesson: sampling. A model gives every token a probability; how is one of them taken?"""

from components.lesson import lesson

lesson(
    "Sampling",
    "output.sampling",
    "Logits processing",
    "Temperature",
    "Generate",
    "Compare",
    "Draws",
    "Perplexity",
)
