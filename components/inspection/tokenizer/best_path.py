"""Unigram, step by step: of all ways to cut a word, the one with the highest probability.

Source: Kudo, "Subword Regularization" (2018); the best path is found as by Viterbi (1967).
"""

from dataclasses import dataclass
from typing import Final

from components.inspection.tokenizer import parts
from components.inspection.tokenizer.ready import ReadyTokenizer

UNKNOWN_PENALTY: Final = 10.0
"""How much less than the rarest piece an unknown character scores, in nats."""
LISTED: Final = 5
"""Ways to cut a word that are listed, the best first."""


@dataclass(frozen=True)
class Path:
    """One way to cut the word."""

    pieces: tuple[str, ...]
    scores: tuple[float, ...]
    """[piece] the logarithm of its probability, in nats: at most 0."""

    @property
    def total(self) -> float:
        """Log probability of the whole way: the sum."""
        return sum(self.scores)


@dataclass(frozen=True)
class BestPath:
    """How one word was cut."""

    word: str
    paths: tuple[Path, ...]
    """The best ways, best first; the first is taken."""
    result: tuple[str, ...]


def best_paths(tokenizer: ReadyTokenizer, word: str, listed: int = LISTED) -> BestPath:
    """Return the `listed` best ways to cut `word` by the Unigram model of `tokenizer`."""
    state = parts.state(tokenizer.backend.model)
    scores = tokenizer.piece_scores
    longest = max(map(len, scores), default=1)
    unknown = min(scores.values(), default=0.0) - UNKNOWN_PENALTY
    # best[end]: the best ways to cut word[:end], best first
    best: list[list[Path]] = [[Path((), ())], *([] for _ in word)]
    for end in range(1, len(word) + 1):
        ways: list[Path] = []
        for start in range(max(0, end - longest), end):
            piece = word[start:end]
            score = scores.get(piece, unknown if end - start == 1 else None)
            if score is not None:
                ways += [Path((*way.pieces, piece), (*way.scores, score)) for way in best[start]]
        best[end] = sorted(ways, key=lambda way: -way.total)[:listed]
    paths = tuple(best[len(word)])
    name = state["vocab"][state["unk_id"]][0] if state.get("unk_id") is not None else None
    return BestPath(word, paths, _written(tokenizer, paths[0].pieces if paths else (), name))


def _written(
    tokenizer: ReadyTokenizer, pieces: tuple[str, ...], unknown: str | None
) -> tuple[str, ...]:
    """Put the unknown token, or bytes, for what is not in the vocabulary."""
    scores = tokenizer.piece_scores
    found: list[str] = []
    missing = ""
    for piece in (*pieces, None):
        if piece is not None and piece not in scores:
            missing += piece
            continue
        if missing:
            spelled = [f"<0x{byte:02X}>" for byte in missing.encode()]
            known = tokenizer.byte_fallback and all(byte in scores for byte in spelled)
            found += spelled if known else [unknown or missing]
            missing = ""
        if piece is not None:
            found.append(piece)
    return tuple(found)
