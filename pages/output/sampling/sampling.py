"""Lesson: sampling. A model gives every token a probability; how is one of them taken?"""

from components.lesson import lesson

lesson(
    "Sampling playground",
    "output.sampling",
    "Logits processing",
    "Generate",
    "Compare",
    "Draws",
    "Perplexity",
)
