"""What kind of tokenizer it is, in a few words and numbers."""

from dataclasses import dataclass

from components.inspection.tokenizer.opening import Holder, ready


@dataclass(frozen=True)
class TokenizerFacts:
    """A tokenizer in short."""

    name: str
    method: str
    """BPE, WordPiece, Unigram or WordLevel, and what it works on."""
    vocabulary: int
    """Number of tokens, added ones included."""
    marker: str
    """How its vocabulary marks spaces or parts of words, in words; "none" if it does not."""
    adds_space: bool
    """A space is put before every text, as in the middle of a sentence."""
    drops_space: bool
    """A space before a word is no part of any token: a word is the same wherever it stands."""
    context: int | None
    """Most tokens that its model reads at once, where that is known."""


def tokenizer_facts(holder: Holder) -> TokenizerFacts:
    """Return what kind of tokenizer `holder` has or names.

    Raises:
        InspectionError: there is no such tokenizer on this machine.
    """
    tokenizer = ready(holder)
    method = tokenizer.method
    if tokenizer.byte_level:
        method += " over bytes"
    elif tokenizer.byte_fallback:
        method += " with byte fallback"
    return TokenizerFacts(
        tokenizer.name,
        method,
        tokenizer.size,
        tokenizer.marker,
        tokenizer.adds_space,
        tokenizer.drops_space,
        tokenizer.context,
    )
