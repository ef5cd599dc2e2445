"""Controls that choose tokenizers: one, or several; and fetch one that is not on this machine."""

from collections.abc import Sequence
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components import importing
from components.inspection.errors import InspectionError
from components.inspection.gguf_file import SUFFIX
from components.inspection.tokenizer.catalogue import is_path, on_this_machine, title, tokenizers
from components.inspection.tokenizer.opening import fetch_tokenizer, ready
from components.widgets import models, settled
from components.widgets.ask import Ask
from components.widgets.explained import explained
from components.widgets.markup import literal

OWN: Final = "model"
"""Stands for the tokenizer of the model that is chosen in the sidebar."""
MOST: Final = 6
_NOT_HERE: Final = " (not on this machine)"
_FIRST: Final = (models.DEFAULT, "gpt2", "wordpiece", "unigram")
_HINT: Final = "You can also type a hub id (`owner/name`), or the path of a tokenizer.json"


def one(ask: Ask) -> str:
    """Ask which tokenizer is looked at; of one that cannot be opened say why, and return `OWN`."""

    def draw(row: DeltaGenerator) -> str:
        key = f"{ask.scope}.name"
        ask.tells(key)
        picked = row.selectbox(
            "Tokenizer",
            offers(),
            accept_new_options=True,
            format_func=described,
            help=f"The chosen model's, or another. {_HINT} or of a .gguf file.",
            width=round(230 * ask.scale),
            **settled.anything(key, "Tokenizer", OWN),
        )
        source = source_of(picked or OWN)
        if source == OWN:
            return OWN
        wait_for(source)
        try:
            ready(source)
        except InspectionError as error:
            said = str(error).replace("\n", " ")
            ask.note(f"{said} Still looking at the chosen model's tokenizer.")
            offer_to_fetch(ask, row, [source])
            return OWN
        return source

    return ask.drawn("name", draw)


def several(ask: Ask) -> tuple[str, ...]:
    """Ask for up to `MOST` tokenizers."""

    def draw(row: DeltaGenerator) -> tuple[str, ...]:
        key = f"{ask.scope}.against"
        ask.tells(key)
        default = [source for source in _FIRST if source in offers() and _here(source)]
        chosen = row.multiselect(
            "Tokenizers side by side",
            [source for source in offers() if source != OWN],
            default=default,
            max_selections=MOST,
            accept_new_options=True,
            format_func=described,
            help=f"Up to six. {_HINT}.",
            width=round(640 * ask.scale),
            **settled.some_of(key, "Tokenizers side by side", None, default, MOST),
        )
        sources = tuple(dict.fromkeys(source_of(source) for source in chosen))
        for source in sources:
            wait_for(source)
        offer_to_fetch(ask, row, sources)
        return sources

    return ask.drawn("against", draw)


def wait_for(source: str) -> None:
    """Wait for transformers, which alone can read a GGUF file: two threads may not import it."""
    if source.lower().endswith(SUFFIX):
        importing.import_libraries()


def offers() -> list[str]:
    """Return the tokenizers on the list, the chosen model's first."""
    return [OWN, *(entry.source for entry in tokenizers())]


def described(source: str) -> str:
    """Return how a tokenizer is listed: its name, and whether it is here."""
    if source == OWN:
        return "The chosen model's"
    return title(source) + ("" if _here(source) else _NOT_HERE)


def source_of(listed: str) -> str:
    """Return the source of a tokenizer that a link names as it is listed, here or elsewhere."""
    name = listed.removesuffix(_NOT_HERE)
    known = {entry.title: entry.source for entry in tokenizers()} | {described(OWN): OWN}
    return known.get(name, name)


def offer_to_fetch(ask: Ask, row: DeltaGenerator, sources: Sequence[str]) -> None:
    """Draw a button for each hub id that is not here. Nothing goes out before it is pressed."""
    for source in sources:
        if is_path(source) or on_this_machine(source):
            continue
        if row.button(f"Fetch {literal(source)} from the hub", key=f"{ask.key}-fetch-{source}"):
            with explained(), st.spinner(f"Fetching {source}"):
                fetch_tokenizer(source)
                _here.clear(source)
                st.rerun()


@st.cache_data(max_entries=100, ttl=60, show_spinner=False)
def _here(source: str) -> bool:
    return on_this_machine(source)
