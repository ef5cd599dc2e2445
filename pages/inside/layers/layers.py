"""Lesson: layers. What happens to the stream between the first block and the last?"""

from components.lesson import lesson

lesson(
    "Layers",
    "inside.layers",
    "Logit lens",
    "Residual stream",
    "Direct attribution",
    "Score by parts",
    "Norms",
    "Activations",
    "Facts",
)
