"""The steps from a word to its tokens as rungs of a piece ladder, and as a table."""

from collections.abc import Sequence
from typing import Final

import pandas as pd

from components.figures.visible import visible
from components.inspection.tokenizer.best_path import BestPath
from components.inspection.tokenizer.matching import Matching
from components.inspection.tokenizer.merging import Merging
from components.widgets.piece_ladder import Piece, Rung, State

MOST_ROWS: Final = 60
MOST_TRIES: Final = 2
"""Tries in vain for one piece that are drawn: the first, and the last ones."""
Way = Merging | Matching | BestPath


def merging_rungs(word: Merging) -> tuple[list[Rung], int]:
    """Return a rung for each merge, and the number of places: one for each part at the start."""
    begun = word.steps[0].parts if word.steps else word.result
    widths = [1] * len(begun)
    rungs: list[Rung] = []
    made = -1
    for number, step in enumerate(word.steps):
        pieces = [
            Piece(text, width, _merge_state(place, step.place, made))
            for place, (text, width) in enumerate(zip(step.parts, widths, strict=True))
        ]
        left, right = step.parts[step.place : step.place + 2]
        others = len(step.candidates) - 1
        among = f", lowest of {others + 1}" if others else ", the only pair"
        rungs.append(
            Rung(
                f"step {number + 1}", tuple(pieces), f"{left} + {right}: rank {step.rank:,}{among}"
            )
        )
        made = step.place
        widths[step.place : step.place + 2] = [sum(widths[step.place : step.place + 2])]
    done = tuple(Piece(p, w, "done") for p, w in zip(word.result, widths, strict=True))
    says = (
        "in the vocabulary as it is: taken whole"
        if word.whole
        else "no pair is left that may merge"
    )
    return [*rungs, Rung("tokens", done, says)], len(begun)


def text_rung(word: Merging) -> Rung | None:
    """Return the characters over the parts that they begin as, if one begins as several bytes."""
    if all(parts == 1 for _, parts in word.characters):
        return None
    pieces = (Piece(visible(char), parts) for char, parts in word.characters)
    return Rung("text", tuple(pieces), "in bytes, one sign for each:")


def matching_rungs(word: Matching, most: int | None = None) -> tuple[list[Rung], int]:
    """Return a rung for each try, of each piece at most `most`; a place is a character."""
    rungs: list[Rung] = []
    for number, step in enumerate(word.steps):
        full = len(word.word) - step.start
        left_out = max(0, len(step.tried) - most) if most else 0
        for shorter, text in enumerate(step.tried):
            if 1 <= shorter <= left_out:
                continue
            says = f"nor the {left_out} between" if left_out and shorter else "not there"
            piece = Piece(text, full - shorter, "tried")
            rungs.append(Rung(f"piece {number + 1}", (piece,), says, step.start))
        if step.found is not None:
            piece = Piece(step.found, full - len(step.tried), "done")
            tries = len(step.tried) + 1
            said = "found at once" if tries == 1 else f"found, at try {tries}"
            rungs.append(Rung(f"piece {number + 1}", (piece,), said, step.start))
        else:
            rungs.append(Rung("", (), "no piece fits, so the whole word is unknown"))
    if word.too_long:
        rungs.append(Rung("", (), "longer than WordPiece looks at: unknown"))
    return _shortened(rungs), max(len(word.word), 1)


def path_rungs(word: BestPath) -> tuple[list[Rung], int]:
    """Return a rung for each of the best ways to cut the word; a place is a character."""
    rungs = []
    for number, path in enumerate(word.paths):
        state: State = "plain" if number else "done"
        pieces = tuple(
            Piece(text, len(text), state, f"{score:.2f}")
            for text, score in zip(path.pieces, path.scores, strict=True)
        )
        rungs.append(Rung(f"{number + 1}.", pieces, f"sum {path.total:.2f}"))
    return rungs, max(len(word.word), 1)


def rungs_of(word: Way, most: int | None = MOST_TRIES) -> tuple[list[Rung], int]:
    """Return the rungs of a word by its tokenizer's method, and the number of places."""
    if isinstance(word, Merging):
        rungs, places = merging_rungs(word)
        above = text_rung(word)
        return [above, *rungs] if above else rungs, places
    return matching_rungs(word, most) if isinstance(word, Matching) else path_rungs(word)


def as_table(words: Sequence[Way]) -> pd.DataFrame:
    """Return a row for each step, of every word and with every try."""
    return pd.DataFrame(
        [
            {
                "part": part,
                "step": rung.name,
                "pieces": " ".join(piece.text for piece in rung.pieces),
                "log probabilities": " ".join(piece.note for piece in rung.pieces),
                "why": rung.says,
            }
            for part, word in enumerate(words, 1)
            for rung in rungs_of(word, None)[0]
        ]
    )


def _merge_state(place: int, merged: int, made: int) -> State:
    if place in (merged, merged + 1):
        return "next"
    return "new" if place == made else "plain"


def _shortened(rungs: list[Rung]) -> list[Rung]:
    if len(rungs) <= MOST_ROWS:
        return rungs
    half = MOST_ROWS // 2
    left_out = Rung("", (), f"{len(rungs) - 2 * half} more tries, not shown")
    return [*rungs[:half], left_out, *rungs[-half:]]
