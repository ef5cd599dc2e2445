"""How one word became its tokens, step by step."""

from typing import TYPE_CHECKING

import streamlit as st

from components.widgets.checks import show_checks
from components.widgets.piece_ladder import piece_ladder
from components.widgets.tokenizer.holder import Asked, space_before
from components.widgets.tokenizer.rungs import matching_rungs, merging_rungs, path_rungs

if TYPE_CHECKING:
    from components.inspection.tokenizer.algorithm import Story

_SAYS = {
    "BPE": (
        "**Byte pair encoding.** Begin with single characters or bytes. Of all neighbours, merge "
        "the pair that was **learned first**: the one of the lowest *rank*. Go on until no "
        "pair is left that was learned."
    ),
    "WordPiece": (
        "**Longest match.** Look the whole word up in the vocabulary. If it is not there, "
        "take a character off its end and try again. What is found is a token; then go on "
        "with the rest, which is marked `##`."
    ),
    "Unigram": (
        "**Best path.** Every piece has a probability. Of all ways to cut the word, take the one "
        "whose pieces have the **largest product** of probabilities, which is the largest sum "
        "of their logarithms. All are at most 0; nearer to 0 is better."
    ),
}


def steps_view(asked: Asked) -> None:
    """Ask for a word and tell its story."""
    from components.inspection.tokenizer.algorithm import LONGEST, story, story_in_sentence

    left, right = st.columns([3, 2], vertical_alignment="bottom")
    word = left.text_input(
        "A word or two", "tokenization", key="tok-word", bind="query-params", max_chars=LONGEST
    )
    with right:
        spaced = space_before("With a space before it", "tok-spaced", asked, on=True)
    told = asked.ask(story_in_sentence if spaced else story, word)
    _tell(told)
    show_checks(told.checks, asked.choice, "Step by step")


def _tell(told: "Story") -> None:
    st.markdown(_SAYS[told.method])
    if told.normalized != "" and len(told.words) > 1:
        shown = "  ".join(f"`{word.word}`" for word in told.words)
        st.caption(f"First the text is split, and each part is cut by itself: {shown}")
    for number, word in enumerate(told.words):
        rungs, places = (
            merging_rungs(word)  # type: ignore[arg-type]  # the method tells the kind of word
            if told.method == "BPE"
            else matching_rungs(word)  # type: ignore[arg-type]
            if told.method == "WordPiece"
            else path_rungs(word)  # type: ignore[arg-type]
        )
        piece_ladder(rungs, places, f"ladder-{number}", f"How {word.word} is cut")
    ids = ", ".join(f"{id_:,}" for id_ in told.ids)
    st.markdown(f"The ids: **{ids}**")
