"""Lesson: the key-value cache. What does it save, what does it cost, and is it exact?"""

from components.lesson import lesson

lesson(
    "Key-value cache",
    "output.kv_cache",
    "Timing",
    "Logits",
    "Contents",
    "Cache types",
    "Roofline",
    "Memory planner",
)
