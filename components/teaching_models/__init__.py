"""Bundled teaching models: the grammar that writes their text, their training, their cards.

`python -m components.teaching_models train storyteller` trains one from nothing.
"""
