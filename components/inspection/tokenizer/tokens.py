"""Tokens in their text: what is drawn of a text that was cut."""

from dataclasses import dataclass

from components.inspection.checks import Check


@dataclass(frozen=True)
class Token:
    """One token in its text. Characters and bytes are counted from 0; ends are not included."""

    position: int
    id: int
    piece: str
    """The vocabulary's raw string."""
    raw: bytes | None
    """The bytes it stands for, as far as the vocabulary fixes them."""
    start: int
    end: int
    """Characters of the text that it covers, wholly or in part; equal where it covers none."""
    byte_start: int
    byte_end: int
    """Bytes of the text in UTF-8 that it covers, exactly if `Cut.exact`."""
    alone: str
    """What it decodes to by itself."""
    added: bool
    """It is matched whole or put there by the tokenizer, like <|endoftext|>."""
    unknown: bool
    """It stands for something that the vocabulary cannot write."""
    group: int
    """Its place in `Cut.groups`. Tokens that share a visible character are in one group."""


@dataclass(frozen=True)
class Group:
    """A stretch of text that no token boundary can divide without dividing a character."""

    text: str
    before: str
    """Text between the group before and this one, which no token covers."""
    first: int
    """Place in `Cut.tokens` of its first token."""
    count: int
    """Number of its tokens: 1, unless they share a character."""


@dataclass(frozen=True)
class TokenWindow:
    """A window of a text's tokens."""

    tokens: tuple[Token, ...]
    groups: tuple[Group, ...]
    after: str
    """Text after the last token in this window that no token covers."""
    first: int
    """Place among all tokens of the text of the first one here."""
    total: int
    """Number of all tokens of the text."""
    exact: bool
    """The tokens' bytes, put together, are the text's bytes."""
    lossless: bool = False
    """The tokenizer is made so that they must be."""
    divided: bool = False
    """A character at its edge has more tokens than are looked at: only a part of it is here."""

    @property
    def checks(self) -> tuple[Check, ...]:
        """That the tokens' bytes as they are drawn are the text's: how many are not.

        Nothing is said of a tokenizer whose tokens do not fix their bytes, or that changes texts.
        """
        if not self.exact and not self.lossless:
            return ()
        # Where texts are changed, what no token covers (white space) is no token's.
        own = self.text if self.lossless else "".join(group.text for group in self.groups)
        whole = own.encode()
        if all(token.raw is not None for token in self.tokens):
            covering = (token for token in self.tokens if token.byte_end > token.byte_start)
            drawn = b"".join(token.raw or b"" for token in covering)
            others = sum(a != b for a, b in zip(drawn, whole, strict=False))
            off = abs(len(drawn) - len(whole)) + others
        else:  # "as the text has them": how many they are is what is drawn
            off = abs(sum(token.byte_end - token.byte_start for token in self.tokens) - len(whole))
        return (
            Check(
                "the tokens' bytes, put together, are the text's bytes",
                float(off if self.exact else max(off, 1)),
                0.0,
                "Tokens are not where they are drawn, or do not stand for the bytes that are said.",
            ),
        )

    @property
    def text(self) -> str:
        """The text of this window, what no token covers included."""
        return "".join(group.before + group.text for group in self.groups) + self.after
