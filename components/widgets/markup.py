"""Text that somebody else wrote, in a sentence of ours: shown as it is, never read as markup."""

import re
from typing import Final

_SIGNS: Final = re.compile(r"([\\`*\[\]<>$~|#&]|(?<![^\W_])_|_(?![^\W_]))")
"""What Markdown reads as a sign; an underline within a word it does not."""
_JOINED: Final = re.compile(r"(:(?=\S)|@|\bwww(?=\.)|[-<>=~](?=[-<>=]))", re.IGNORECASE)
_JOINER: Final = "\u2060"
"""Takes no room and breaks no line. What is found in a text after Markdown was read, where a
backslash is gone already (`:smile:`, `->`, addresses), is not found with it in between."""


def literal(text: str) -> str:
    r"""Return `text` as Markdown that shows it letter by letter, on one line.

    >>> literal("**x** $y$ _z_"), literal("a plain name: my_model")
    ('\\*\\*x\\*\\* \\$y\\$ \\_z\\_', 'a plain name: my_model')
    """
    line = text.replace("\r\n", "↵").replace("\n", "↵").replace("\r", "↵")
    return _SIGNS.sub(r"\\\1", _JOINED.sub(rf"\1{_JOINER}", line))


def coded(text: str) -> str:
    """Return `text` as code within a line of Markdown, whatever is in it.

    >>> coded("cat"), coded("`")
    ('`cat`', '`` ` ``')
    """
    longest = max((len(ticks) for ticks in re.findall("`+", text)), default=0)
    room = " " if text.startswith("`") or text.endswith("`") else ""
    fence = "`" * (longest + 1)
    return f"{fence}{room}{text}{room}{fence}"
