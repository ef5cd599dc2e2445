"""View: how one word became its tokens, step by step, as a live ladder of pieces."""

from collections.abc import Sequence

import pandas as pd

from components.inspection.tokenizer.algorithm import LONGEST, story, story_in_sentence
from components.inspection.tokenizer.cutting import cut, cut_in_sentence
from components.lesson import Ask, Predict, Shown, View
from components.widgets.markup import coded
from components.widgets.piece_ladder import Rung, piece_ladder
from pages.text.tokenizer import asking, code
from pages.text.tokenizer.asking import ChosenText
from pages.text.tokenizer.rungs import rungs_of

SAYS = {
    "BPE": "**Byte pair encoding.** Begin with single characters or bytes. Of all neighbours, "
    "merge the pair that was **learned first**: the one of the lowest *rank*. Go on until no pair "
    "is left that was learned.",
    "WordPiece": "**Longest match.** Look the whole word up in the vocabulary. If it is not there, "
    "take a character off its end and try again. What is found is a token; then go on with the "
    "rest, which is marked `##`.",
    "Unigram": "**Best path.** Every piece has a probability. Of all ways to cut the word, take "
    "the one whose pieces have the **largest product** of probabilities, which is the largest sum "
    "of their logarithms. All are at most 0; nearer to 0 is better.",
}
ANSWERS = ("fewer", "as many", "more")
TALL = 11
"""Rungs that fit on the first screen."""


def show(ask: Ask) -> Shown:
    chosen = asking.tokenizer(ask)
    word = ask.text("A word or two", "word", "tokenization", most=LONGEST)
    spaced = asking.spaced(ask, chosen, "With a space before it", "spaced", on=True)
    found = chosen.inspect(ask, story_in_sentence if spaced else story, word)
    ladders = [rungs_of(each) for each in found.words]
    tall = sum(len(rungs) for rungs, _ in ladders) > TALL
    with ask.stage.container(height=asking.TALL if tall else "content"):
        for number, (each, (rungs, places)) in enumerate(zip(found.words, ladders, strict=True)):
            piece_ladder(rungs, places, f"ladder-{ask.key}-{number}", f"How {each.word} is cut")
    own = chosen.inspect(ask, cut_in_sentence if spaced else cut, word, 0, 100, False)
    capitals = chosen.inspect(
        ask, cut_in_sentence if spaced else cut, word.upper(), 0, 500, False
    ).total
    split = "  ".join(coded(each.word) for each in found.words)
    return Shown(
        None,
        alt=f"The merge steps of {word!r}, from its smallest parts to {len(found.ids)} tokens.",
        told=SAYS[found.method]
        + (
            f"  \nFirst the text is split, and each part is cut by itself: {split}."
            if found.normalized and len(found.words) > 1
            else ""
        )
        + f"  \nThe ids: **{', '.join(f'{each:,}' for each in found.ids)}**",
        checks=found.checks,
        table=lambda: as_table(ladders),
        code=code.cutting(chosen.source, ChosenText(own.text, ""), chosen.revision),
        read="From the top down, a row is a step. Blue: the pair that is merged next; green: what "
        "came of it, and at the end the tokens. Words at the right say why this step. Struck out: "
        "tried and not in the vocabulary. `Ġ`, `▁` and `·` stand for a space; other odd letters "
        "are bytes as a byte-level vocabulary writes them.",
        predict=Predict(
            "Written in CAPITALS, how many tokens would this be?",
            ANSWERS,
            ANSWERS[1 + (capitals > own.total) - (capitals < own.total)],
            f"{capitals:,}, against {own.total:,} as it is written.",
        ),
        tries="A rare word, a misspelt one, an emoji. Take the space away: is it the same word?",
    )


def as_table(ladders: Sequence[tuple[list[Rung], int]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "part": part,
                "step": rung.name,
                "pieces": " ".join(piece.text for piece in rung.pieces),
                "why": rung.says,
            }
            for part, (rungs, _) in enumerate(ladders, 1)
            for rung in rungs
        ]
    )


VIEW = View("How does one word become its tokens? By the tokenizer's own merge steps.", show)
