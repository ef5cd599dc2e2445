"""The merge steps of a word as rungs of a piece ladder."""

from typing import Final

from components.inspection.tokenizer.best_path import BestPath
from components.inspection.tokenizer.matching import Matching
from components.inspection.tokenizer.merging import Merging
from components.widgets.piece_ladder import Piece, Rung, State

MOST_ROWS: Final = 60


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


def matching_rungs(word: Matching) -> tuple[list[Rung], int]:
    """Return a rung for each try; a place is a character."""
    rungs: list[Rung] = []
    for number, step in enumerate(word.steps):
        full = len(word.word) - step.start
        for shorter, text in enumerate(step.tried):
            piece = Piece(text, full - shorter, "tried")
            rungs.append(Rung(f"piece {number + 1}", (piece,), "not there", step.start))
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


def rungs_of(word: Merging | Matching | BestPath) -> tuple[list[Rung], int]:
    """Return the rungs of a word by its tokenizer's method, and the number of places."""
    if isinstance(word, Merging):
        return merging_rungs(word)
    return matching_rungs(word) if isinstance(word, Matching) else path_rungs(word)


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
