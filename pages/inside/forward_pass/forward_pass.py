"""Lesson: the whole forward pass in one drawing, from the tokens to the next token."""

from components.lesson import lesson

lesson("Forward pass", "inside.forward_pass", "The machine")
