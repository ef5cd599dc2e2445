"""Train a tokenizer on the text at hand, and watch it learn."""

from typing import TYPE_CHECKING

import streamlit as st

from components import engine
from components.widgets import address, frame
from components.widgets.tokenizer import code
from components.widgets.tokenizer.cells import show_cut
from components.widgets.tokenizer.text import ChosenText

if TYPE_CHECKING:
    from components.inspection.tokenizer.training import Trained

_LEARNS = {
    "BPE": "Begins with the 256 bytes. Again and again, the pair of neighbours that stands "
    "**most often** in the text becomes a new token.",
    "WordPiece": "Begins with single characters and adds pieces, the most frequent first (this "
    "is how the `tokenizers` library learns WordPiece; the original weighs pairs by likelihood).",
    "Unigram": "Begins with far **too many** pieces and throws out those that the text can do "
    "without, until the vocabulary is as small as asked. What stays has a probability.",
}


def train_view(chosen: ChosenText) -> None:
    """Ask how to train, train, and show what was learned and how it cuts."""
    from components.inspection.tokenizer.training import LARGEST, LONGEST, METHODS, SMALLEST, train

    address.warn_unless_one_of("tok-method", METHODS)
    address.warn_unless_between("tok-size", SMALLEST, LARGEST, 1000)
    left, right = st.columns([2, 3])
    method = left.segmented_control(
        "Method", METHODS, default="BPE", required=True, key="tok-method", bind="query-params"
    )
    size = right.slider(
        "Size of the vocabulary, in tokens",
        SMALLEST,
        LARGEST,
        1000,
        step=20,
        key="tok-size",
        bind="query-params",
    )
    st.markdown(_LEARNS[method])
    if len(chosen.text) < 2_000:
        said, way_out = st.columns([3, 1], vertical_alignment="center")
        said.info(
            f"{len(chosen.text):,} characters are little to learn from. With a longer text, "
            "words appear."
        )
        way_out.button("Learn from Alice in Wonderland", on_click=_take_alice)
    with st.spinner("Learning"):
        trained = engine.compute(train, chosen.text, method, size)
    short = trained.size < size
    st.markdown(
        f"Learned **{len(trained.learned):,} pieces** from {trained.characters:,} characters"
        + (" (the first of them)" if len(chosen.text) > LONGEST else "")
        + f"; with the {trained.alphabet:,} it began with, **{trained.size:,} tokens**"
        + (": the text has no more to learn." if short else ".")
    )
    tried = _watch(trained)
    _list(trained)
    st.download_button(
        "Download tokenizer.json", trained.content, "tokenizer.json", on_click="ignore"
    )
    with st.expander("In Python"):
        if code.needs_file(chosen):
            st.caption(f"Save the text as {code.ELSEWHERE} beside it.")
        st.code(code.training(method, size, chosen, LONGEST, tried))


def _take_alice() -> None:
    # A widget's value can only be set from outside through its key.
    st.session_state["tok-text"] = "Alice in Wonderland"


def _watch(trained: "Trained") -> str:
    """Show how it cuts a text, after as many steps as are wanted; return that text."""
    from components.inspection.tokenizer.training import cut_after, steps_of

    text = st.text_input(
        "A text to cut with it",
        frame.prompt()[:300] or "The rabbit ran away.",
        key="tok-try",
        bind="query-params",
        max_chars=300,
    )
    steps = steps_of(trained)
    if steps:
        taken = st.slider(
            "Pieces learned so far: drag to the left to see it know less",
            0,
            steps,
            steps,
            key="tok-learned",
            bind="query-params",
        )
    else:
        taken = 0
    cut = engine.compute(cut_after, trained, taken, text, 300)
    st.markdown(f"## {cut.total:,} token{'s' * (cut.total != 1)}")
    show_cut(cut, "own-strip")
    return text


def _list(trained: "Trained") -> None:
    st.markdown(
        "**In the order learned**" if trained.method != "Unigram" else "**Likeliest first**"
    )
    rows = []
    for item in trained.learned:
        row: dict[str, object] = {"order": item.order + 1, "piece": item.piece}
        if item.parts is not None:
            row["merged from"] = " + ".join(item.parts)
        if item.count is not None:
            row["stood together"] = item.count
        if item.score is not None:
            row["log probability"] = round(item.score, 3)
        rows.append(row)
    st.dataframe(rows, hide_index=True, width="stretch", height=280)
