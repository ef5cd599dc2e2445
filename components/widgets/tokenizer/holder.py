"""Which tokenizer is looked at: the chosen model's, or one of the list; and asking it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.inspection.catalogue import short_name
from components.inspection.errors import InspectionError
from components.inspection.gguf_file import SUFFIX
from components.inspection.progress import Progress
from components.widgets import frame

Result = TypeVar("Result")
OWN: Final = "model"
"""Stands for the tokenizer of the model that is chosen in the sidebar."""
_NOT_HERE: Final = " (not on this machine)"


@dataclass(frozen=True)
class Asked:
    """The tokenizer that was chosen."""

    source: str
    title: str
    """How it is called in a sentence."""
    choice: ModelChoice | None
    """The chosen model, if it is that model's tokenizer."""

    @property
    def whole(self) -> str:
        """Where it comes from: the chosen model's source, if it is that model's tokenizer."""
        return self.source if self.choice is None else self.choice.source

    def ask(
        self,
        inspection: Callable[..., Result],
        *inputs: Any,
        progress: Progress | None = None,
    ) -> Result:
        """Return `inspection(holder, *inputs)` for this tokenizer."""
        if self.choice is not None:
            return engine.inspect(inspection, self.choice, *inputs, progress=progress)
        return engine.compute(inspection, self.source, *inputs, progress=progress)


def choose_tokenizer() -> Asked:
    """Ask which tokenizer is looked at.

    Raises:
        InspectionError: the model whose tokenizer was chosen cannot be loaded.
    """
    from components.inspection.tokenizer.catalogue import is_path, title
    from components.inspection.tokenizer.opening import ready

    source = st.selectbox(
        "Tokenizer",
        offers(),
        key="tokenizer",
        bind="query-params",
        accept_new_options=True,
        format_func=described,
        help="The chosen model's, or another. You can also type a hub id (`owner/name`), or the "
        "path of a tokenizer.json or of a .gguf file.",
    )
    source = source_of(source or OWN)
    if source != OWN:
        wait_for(source)
        try:
            ready(source)
        except InspectionError as error:
            st.error(f"{error} Still looking at the chosen model's tokenizer.")
            if not is_path(source):
                offer_to_fetch((source,))
        else:
            return Asked(source, short_name(title(source)), None)
    choice = frame.chosen_model()
    return Asked(OWN, choice.name, choice)


def show_facts(asked: Asked) -> None:
    """Say in a line what kind of tokenizer it is."""
    from components.inspection.tokenizer.about import tokenizer_facts

    facts = asked.ask(tokenizer_facts)
    marked = "" if facts.marker == "none" else f" · {facts.marker}"
    st.caption(f"{facts.method} · {facts.vocabulary:,} tokens in the vocabulary{marked}")


def wait_for(source: str) -> None:
    """Wait for transformers, which alone can read a GGUF file: two threads may not import it."""
    if source.lower().endswith(SUFFIX):
        engine.import_libraries()


def space_before(label: str, key: str, asked: Asked, on: bool = False) -> bool:
    """Ask whether a space stands before a word; of a tokenizer that always puts one, say so."""
    from components.inspection.tokenizer.about import tokenizer_facts

    if asked.ask(tokenizer_facts).adds_space:
        st.toggle(
            label,
            True,
            key=f"{key}-always",
            disabled=True,
            help="This tokenizer puts a space before every text itself, so that a word is always "
            "cut as behind another one.",
        )
        return True
    return st.toggle(
        label,
        on,
        key=key,
        bind="query-params",
        help="In the middle of a sentence a word has one. Many tokenizers cut it otherwise then.",
    )


def choose_several() -> tuple[str, ...]:
    """Ask for two to six tokenizers; return their names."""
    chosen = st.multiselect(
        "Tokenizers side by side",
        [source for source in offers() if source != OWN],
        default=_first_compared(),
        key="tok-against",
        bind="query-params",
        max_selections=6,
        accept_new_options=True,
        format_func=described,
        help="Up to six. You can also type a hub id, or the path of a tokenizer.json.",
    )
    return tuple(dict.fromkeys(source_of(source) for source in chosen))


def _first_compared() -> list[str]:
    wanted = (frame.DEFAULT_MODEL, "gpt2", "mistral-v1", "mistral-tekken")
    return [source for source in wanted if source in offers() and _here(source)]


def offers() -> list[str]:
    """Return the tokenizers on the list, the chosen model's first."""
    from components.inspection.tokenizer.catalogue import tokenizers

    return [OWN, *(entry.source for entry in tokenizers())]


def described(source: str) -> str:
    """Return how a tokenizer is listed: its name, and whether it is here."""
    from components.inspection.tokenizer.catalogue import title

    if source == OWN:
        return "The chosen model's"
    return title(source) + ("" if _here(source) else _NOT_HERE)


def source_of(listed: str) -> str:
    """Return the source of a tokenizer that a link names as it is listed, here or elsewhere."""
    from components.inspection.tokenizer.catalogue import tokenizers

    name = listed.removesuffix(_NOT_HERE)
    known = {entry.title: entry.source for entry in tokenizers()} | {described(OWN): OWN}
    return known.get(name, name)


def offer_to_fetch(sources: tuple[str, ...]) -> None:
    """Draw a button for each of `sources`, to fetch it from the hub. Nothing goes out before."""
    from components.inspection.tokenizer.opening import fetch_tokenizer

    for source in sources:
        if st.button(f"Fetch {source} from the hub", key=f"fetch-{source}"):
            with frame.explained(), st.spinner(f"Fetching {source}"):
                fetch_tokenizer(source)
                _here.clear(source)
                st.rerun()


@st.cache_data(max_entries=100, ttl=60, show_spinner=False)
def _here(source: str) -> bool:
    from components.inspection.tokenizer.catalogue import on_this_machine

    return on_this_machine(source)
