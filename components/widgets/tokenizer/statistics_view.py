"""Statistics as numbers and tables; the figures are the page's."""

from typing import TYPE_CHECKING, Final

import streamlit as st

from components.figures.visible import visible
from components.widgets.checks import show_checks
from components.widgets.tokenizer.holder import Asked
from components.widgets.tokenizer.progress import encoded_text
from components.widgets.tokenizer.text import ChosenText

if TYPE_CHECKING:
    from components.inspection.tokenizer.statistics import CountedToken, TextStatistics

WINDOWS: Final = (
    ("BERT, GPT-1", 512),
    ("GPT-3", 2_048),
    ("Phi-3-mini", 4_096),
    ("Llama 3", 8_192),
    ("Mistral 7B v0.2", 32_768),
    ("Llama 3.1", 131_072),
)
"""Context lengths that models are published with, in tokens."""


def counted(asked: Asked, chosen: ChosenText) -> "TextStatistics":
    """Count over the text, with a bar if it is long."""
    from components.inspection.tokenizer.statistics import statistics_of

    return asked.ask(statistics_of, chosen.text, encoded_text(asked, chosen.text))


def show_numbers(found: "TextStatistics") -> None:
    """Show the counts and the ratios."""
    rows = (
        (
            ("tokens", f"{found.of_text:,}", f"+ {found.added} special, around every text"),
            (
                "characters per token",
                f"{found.characters_per_token:.2f}",
                f"{found.characters:,} characters",
            ),
            ("bytes per token", f"{found.bytes_per_token:.2f}", f"{found.bytes:,} bytes in UTF-8"),
            ("tokens per word", f"{found.tokens_per_word:.2f}", f"{found.words:,} words"),
        ),
        (
            (
                "tokens per line",
                f"{found.tokens_per_line:.1f}",
                f"lines with text: {found.lines:,}",
            ),
            (
                "different tokens",
                f"{found.distinct:,}",
                f"of {found.vocabulary:,} in the vocabulary",
            ),
            ("of the vocabulary", f"{found.distinct / max(found.vocabulary, 1):.1%}", "is used"),
            ("unknown", f"{found.unknown:,}", "what cannot be written"),
        ),
    )
    for row in rows:
        for column, (name, value, says) in zip(st.columns(4), row, strict=True):
            column.metric(name, value, says, delta_color="off", delta_arrow="off")
    if found.seconds > 0.5:
        rate = found.characters / found.seconds / 1e6
        st.caption(f"Cut in {found.seconds:.1f} s: {rate:.1f} million characters per second.")


def show_check(asked: Asked, chosen: ChosenText) -> None:
    """Say whether what was counted are the tokenizer's own ids."""
    from components.inspection.tokenizer.cutting import encoding_checks

    encoded = encoded_text(asked, chosen.text)
    checks = asked.ask(encoding_checks, chosen.text, encoded)
    show_checks(checks, asked.choice, "Statistics")


def windows(found: "TextStatistics", title: str) -> list[tuple[str, int]]:
    """Return the context windows that the text is held against, the model's own first."""
    own = [(title, found.context)] if found.context else []
    return own + [(name, size) for name, size in WINDOWS if size != found.context]


def choose_chunks(tokens: int) -> None:
    """Ask for a chunk's size and overlap; say how many chunks the text makes."""
    from components.inspection.tokenizer.statistics import chunks

    size_side, overlap_side, said = st.columns([1, 1, 2])
    size = size_side.select_slider(
        "Chunk, in tokens",
        [128, 256, 512, 1024, 2048, 4096],
        512,
        key="tok-chunk",
        bind="query-params",
    )
    overlap = overlap_side.select_slider(
        "Overlap", [0, 16, 32, 64], 64, key="tok-overlap", bind="query-params"
    )
    made = chunks(tokens, size, overlap)
    said.markdown(
        f"A text that is too long is read in **{made:,} chunk{'s' * (made != 1)}** of {size:,} "
        f"tokens, each repeating {overlap} of the one before:  \n"
        f":gray[1 + ⌈({tokens:,} − {size:,}) ÷ ({size:,} − {overlap})⌉ = {made:,}]"
        if made > 1
        else f"The text is one chunk: {tokens:,} tokens fit into {size:,}."
    )


def show_lists(found: "TextStatistics") -> None:
    """Show the most frequent and the longest tokens."""
    left, right = st.columns(2)
    with left:
        st.markdown("**Most frequent tokens**")
        _table(found.frequent, "count")
    with right:
        st.markdown("**Longest tokens that occur**")
        _table(found.longest, "length")


def _table(tokens: "tuple[CountedToken, ...]", by: str) -> None:
    most = max((getattr(token, by) for token in tokens), default=1)
    st.dataframe(
        [
            {
                "token": visible(token.text),
                "id": token.id,
                "times": token.count,
                "bytes": token.length,
            }
            for token in tokens
        ],
        hide_index=True,
        width="stretch",
        column_config={
            ("times" if by == "count" else "bytes"): st.column_config.ProgressColumn(
                format="%d", min_value=0, max_value=most
            )
        },
    )
