"""The tokens of the text, a window of them at a time."""

from typing import TYPE_CHECKING, Final

import streamlit as st

from components.widgets import address
from components.widgets.checks import show_checks
from components.widgets.tokenizer import code
from components.widgets.tokenizer.cells import show_cut, show_table
from components.widgets.tokenizer.holder import Asked
from components.widgets.tokenizer.progress import encoded_text
from components.widgets.tokenizer.text import ChosenText

if TYPE_CHECKING:
    from components.inspection.tokenizer.pieces import EncodedText
    from components.inspection.tokenizer.roundtrip import RoundTrip

ON_SCREEN: Final = 500
"""Tokens that are drawn at a time."""


def tokens_view(asked: Asked, chosen: ChosenText) -> None:
    """Draw the tokens, how many they are, and whether they give the text back."""
    from components.inspection.tokenizer.cutting import encoding_checks, window
    from components.inspection.tokenizer.roundtrip import round_trip_of

    heading, switches = st.columns([1, 1], vertical_alignment="bottom")
    with switches.container(horizontal=True, horizontal_alignment="right"):
        guessing = st.toggle(
            "Guess first",
            key="tok-guess",
            bind="query-params",
            help="Say how many tokens you expect before you see them.",
        )
        spaces = st.toggle("Show spaces", True, key="tok-spaces", bind="query-params")
        notes = st.toggle("Show ids", True, key="tok-ids", bind="query-params")
    encoded = encoded_text(asked, chosen.text)
    if guessing and not _guessed(encoded, chosen):
        return
    heading.markdown(_numbers(encoded, chosen))
    first = (_page(len(encoded.ids)) - 1) * ON_SCREEN
    cut = asked.ask(window, chosen.text, encoded, first, ON_SCREEN)
    show_cut(cut, "token-strip", spaces, notes, floating=False)
    back = asked.ask(round_trip_of, chosen.text, encoded)
    _round_trip(back, len(chosen.text))
    whole = asked.ask(encoding_checks, chosen.text, encoded)
    show_checks((*back.checks, *cut.checks, *whole), asked.choice, "Tokens")
    with st.expander("As a table, and to download"):
        show_table(cut)
    with st.expander("In Python"):
        source = asked.whole
        revision = asked.choice.revision if asked.choice else "main"
        if code.needs_file(chosen):
            st.caption(f"Save the text as {code.ELSEWHERE} beside it.")
        st.code(code.cutting(source, chosen, revision))


def _guessed(encoded: "EncodedText", chosen: ChosenText) -> bool:
    guess = st.number_input(
        f"{len(chosen.text):,} characters of {chosen.name}. How many tokens do you think?",
        min_value=0,
        value=None,
        step=1,
        key=f"guess-{hash(chosen.text)}",
    )
    if guess is None:
        st.text(chosen.text[:2_000])
        return False
    found = len(encoded.ids) - encoded.before - encoded.after
    off = abs(guess - found) / max(found, 1)
    verdict = "Exactly." if guess == found else "Close." if off < 0.15 else "Look at what is split."
    st.success(f"You said {guess:,}; it is {found:,}. {verdict}")
    return True


def _numbers(encoded: "EncodedText", chosen: ChosenText) -> str:
    special = encoded.before + encoded.after
    tokens, characters = len(encoded.ids) - special, len(chosen.text)
    said = f"## {tokens:,} token{'s' * (tokens != 1)}"
    if special:
        said += f" + {special} special"
    if tokens:
        said += (
            f"\n{characters:,} characters ÷ {tokens:,} tokens = "
            f"**{characters / tokens:.2f} characters per token**"
        )
    return said


def _page(tokens: int) -> int:
    pages = max(1, -(-tokens // ON_SCREEN))
    if pages == 1:
        return 1
    with st.container(horizontal=True, vertical_alignment="center"):
        address.warn_unless_between("tok-window", 1, pages, 1)
        page = st.pagination(pages, key="tok-window", bind="query-params")
        page = min(max(page, 1), pages)
        low, high = (page - 1) * ON_SCREEN + 1, min(page * ON_SCREEN, tokens)
        st.caption(f"tokens {low:,} to {high:,} of {tokens:,}")
    return page


def _round_trip(result: "RoundTrip", characters: int) -> None:
    if result.same:
        if result.checked < characters:
            st.caption(f"Of the text, its first {result.checked:,} characters were decoded again.")
        return
    st.warning("**decode(encode(text)) ≠ text.** " + " ".join(result.reasons))
    with st.expander("Where they differ"):
        st.dataframe(
            [
                {"at character": item.at, "was": repr(item.was), "became": repr(item.became)}
                for item in result.differences
            ],
            hide_index=True,
        )
        if result.more:
            st.caption("The first differences; there are more.")
