"""Tokens as they are written: signs for what a label would swallow, and nothing read as markup."""

from typing import Final

MOST: Final = 200
"""Characters of one label in a figure."""


def visible(token: str) -> str:
    r"""Show spaces, tabs and line breaks.

    >>> visible(" the\n")
    '·the↵'
    """
    return token.replace(" ", "·").replace("\t", "⇥").replace("\r", "␍").replace("\n", "↵")


def label(token: str, most: int = MOST) -> str:
    """Return `token` as a figure writes it: visible, not too long, and shown letter by letter.

    Plotly reads tags such as `<b>` and `<a href>` in every text, and signs such as `&lt;`.

    >>> label(" the"), label("<s>"), label(""), label("reconsideration", 8)
    ('·the', '&lt;s&gt;', '∅', 'reconsi…')
    """
    shown = visible(token) or "∅"
    shown = shown if len(shown) <= most else f"{shown[: most - 1]}…"
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
