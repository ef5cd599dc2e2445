"""Sentences with the numbers of one text: of its tokens, and of several tokenizers compared."""

from typing import Final

from components.figures.visible import visible
from components.inspection.catalogue import short_name
from components.inspection.tokenizer.compare import Comparison, Reading
from components.inspection.tokenizer.roundtrip import RoundTrip
from components.inspection.tokenizer.template import SpecialToken
from components.inspection.tokenizer.tokens import TokenWindow
from components.widgets.markup import coded, literal
from pages.text.tokenizer.asking import MARKERS, counted


def numbers(
    text: str,
    tokens: int,
    special: tuple[SpecialToken, ...],
    cut: TokenWindow,
    back: RoundTrip,
) -> str:
    """Return how many tokens the text is, what was added, and what is lost."""
    added = [token for token in special if token.put]
    said = counted(tokens, len(added))
    if tokens:
        said += f": {len(text):,} characters ÷ {tokens:,} tokens = "
        said += f"**{len(text) / tokens:.2f} characters per token**"
    said += "."
    if added:
        put = ", ".join(f"{coded(visible(token.piece))} {token.put} it" for token in added)
        said += f" Added to every text: {put}."
    if any({"begins a text", "ends a text"} <= {*token.roles} for token in added):
        said += " An *end* comes first since one stood between any two texts of the training: "
        said += "what follows it is a beginning."
    if len(cut.tokens) < cut.total:
        last = cut.first + len(cut.tokens) - 1
        said += f"  \nShown are positions {cut.first:,} to {last:,} of {cut.total:,} tokens."
    if cut.divided:
        said += "  \nA character at the edge has thousands of tokens: only a part of it is shown."
    if not back.same:
        said += f"  \n:orange[**decode(encode(text)) ≠ text.**] {' '.join(back.reasons)}"
    return said


def heading(each: Reading) -> str:
    """Return the line above a tokenizer's strip."""
    seen = len(each.cut.tokens)
    more = f", the first {seen:,} shown" if seen < each.tokens + each.special else ""
    return (
        f"**{literal(short_name(each.title))}** · {each.tokens:,} tokens"
        + (f" + {each.special} special" if each.special else "")
        + (f" · {each.unknown:,} unknown" if each.unknown else "")
        + f"{more} :gray[· {each.method}]"
    )


def fewest_and_most(found: Comparison, fewest: Reading, most: Reading) -> str:
    """Return which tokenizer needs the fewest tokens, and which the most."""
    if fewest.tokens == most.tokens:
        return f"All {len(found.readings)} make {counted(fewest.tokens)} of it: try another text."
    return (
        f"Fewest: {literal(short_name(fewest.title))} with {counted(fewest.tokens)}, "
        f"{fewest.characters_per_token:.2f} characters per token; most: "
        f"{literal(short_name(most.title))} with {counted(most.tokens)}. Special tokens are "
        "counted apart."
    )


READ: Final = (
    "Each coloured box is a token, its number (*id*) below it; the six tints only part neighbours. "
    "An outlined box is a special token, which the tokenizer added; a wavy line marks an unknown "
    "token. Tokens that share one visible character carry it once, above all of them. Point at a "
    "token, or walk with the arrow keys, for its **vocabulary entry**, its bytes, and what it says "
    "**decoded alone**; click it to keep that in view. A mark `·` is a space.\n\n"
    f"{MARKERS}\n\nSpecial tokens are counted apart from the text's. The table and the "
    "files hold the tokens on screen; positions are counted from 0."
)
"""How to read a strip of tokens."""
