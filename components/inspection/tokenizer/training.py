"""Train a small tokenizer on a text, and see it grow: one learned piece after another."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from tokenizers import Tokenizer, models

from components.inspection.apart import TookTooLongError, run_apart
from components.inspection.errors import InspectionError
from components.inspection.progress import Progress, silent
from components.inspection.tokenizer import parts, trainers
from components.inspection.tokenizer.backend import checked_text
from components.inspection.tokenizer.counting import pair_counts
from components.inspection.tokenizer.cutting import WINDOW, TokenWindow, cut
from components.inspection.tokenizer.ready import ReadyTokenizer

Method = Literal["BPE", "WordPiece", "Unigram"]
METHODS: Final[tuple[Method, ...]] = ("BPE", "WordPiece", "Unigram")
LONGEST: Final = 2_000_000
"""Characters of the text that are learned from; the rest is left out, and that is said."""
SHORT: Final = 20_000
"""Characters of which any text is learned within a second; a longer one is learned from in a
process of its own, which can be stopped."""
PATIENCE: Final = 60.0
"""Seconds by the clock that it may take."""
LEARNING: Final = "Learning from the text"
SMALLEST: Final = 260
LARGEST: Final = 8_000


@dataclass(frozen=True)
class LearnedPiece:
    """One piece that was learned."""

    order: int
    """From 0: the first that was learned. For Unigram: the most probable."""
    piece: str
    """In the vocabulary's writing."""
    parts: tuple[str, str] | None
    """BPE: the two pieces that it was merged from."""
    count: int | None
    """BPE: how often the two stood side by side when they were merged."""
    score: float | None
    """Unigram: log probability, in nats."""


@dataclass(frozen=True, eq=False)
class TrainedTokenizer:
    """A tokenizer fresh from training."""

    method: Method
    content: str
    """The whole tokenizer as JSON: what tokenizer.json holds."""
    size: int
    """Tokens it ended with; a short text may not have as many pairs as were asked for."""
    alphabet: int
    """Of these, single bytes or characters and special tokens, which are not learned."""
    learned: tuple[LearnedPiece, ...]
    characters: int
    """Length of the text that it learned from."""


def train(text: str, method: Method, size: int, progress: Progress = silent) -> TrainedTokenizer:
    """Train a tokenizer of at most `size` tokens on the first `LONGEST` characters of `text`.

    Raises:
        InspectionError: the text is empty or half a surrogate pair is in it, the method is
            unknown, or the size is out of range.
    """
    if method not in METHODS:
        raise InspectionError(f"There is no method '{method}'; there is: {', '.join(METHODS)}.")
    if not SMALLEST <= size <= LARGEST:
        raise InspectionError(
            f"A vocabulary of {size:,} was asked for; {SMALLEST} to {LARGEST:,} is offered."
        )
    text = text[:LONGEST]
    checked_text(text)
    if not text.strip():
        raise InspectionError("There is no text to learn from. Type, choose or upload some.")
    progress(0.1, LEARNING)
    tokenizer = _learn(method, size, text, progress)
    progress(0.7, "Listing what was learned")
    learned = _learned(tokenizer, method, text, progress)
    total = tokenizer.get_vocab_size()
    alphabet = total - len(learned)
    return TrainedTokenizer(method, tokenizer.to_str(), total, alphabet, learned, len(text))


def steps_of(trained: TrainedTokenizer) -> int:
    """Return how many steps `cut_after` can take: pieces learned one after another."""
    return 0 if trained.method == "Unigram" else len(trained.learned)


def cut_after(trained: TrainedTokenizer, steps: int, text: str, count: int = WINDOW) -> TokenWindow:
    """Cut `text` by what `trained` knew after learning `steps` pieces.

    Unigram does not learn one piece after another: it is always taken as it ended.
    """
    backend = Tokenizer.from_str(trained.content)
    if trained.method != "Unigram":
        state = parts.state(backend.model)
        ids = sorted(state["vocab"].items(), key=lambda item: item[1])
        state["vocab"] = dict(ids[: trained.alphabet + steps])
        if trained.method == "BPE":
            state["merges"] = state["merges"][:steps]
            merges = [tuple(pair) for pair in state["merges"]]
            backend.model = models.BPE(state["vocab"], merges)
        else:
            backend.model = models.WordPiece(state["vocab"], unk_token="[UNK]")
    return cut(ReadyTokenizer("your own", backend), text, 0, count)


def _learn(method: Method, size: int, text: str, progress: Progress) -> Tokenizer:
    given = {"method": method, "size": size, "text": text}
    uniform = InspectionError(
        f"This text is too short or too uniform for {method} to learn from: give it more text."
    )
    if len(text) > SHORT:
        try:
            content = run_apart(
                Path(trainers.__file__), given, PATIENCE, lambda: progress(0.2, LEARNING)
            )
        except TookTooLongError:
            raise InspectionError(
                f"{method} has learned for {PATIENCE:.0f} seconds and was not done. Give it less "
                "text, or one with spaces between words."
            ) from None
        if not content:
            raise uniform
        return Tokenizer.from_str(content)
    try:
        return trainers.learned(method, size, text)
    except BaseException as error:
        if type(error).__name__ != "PanicException" and not isinstance(error, Exception):
            raise
        raise uniform from error


def _learned(
    tokenizer: Tokenizer, method: Method, text: str, progress: Progress
) -> tuple[LearnedPiece, ...]:
    state = parts.state(tokenizer.model)
    if method == "Unigram":
        scored = [(piece, score) for piece, score in state["vocab"] if piece != "<unk>"]
        ordered = sorted((item for item in scored if len(item[0]) > 1), key=lambda item: -item[1])
        return tuple(
            LearnedPiece(order, piece, None, None, score)
            for order, (piece, score) in enumerate(ordered)
        )
    if method == "WordPiece":
        pieces = sorted(state["vocab"], key=state["vocab"].get)
        grown = [p for p in pieces if len(p.removeprefix("##")) > 1 and p != "[UNK]"]
        return tuple(LearnedPiece(n, piece, None, None, None) for n, piece in enumerate(grown))
    merges = [(left, right) for left, right in state["merges"]]
    counts = pair_counts(tokenizer.pre_tokenizer, text, merges, progress)
    return tuple(
        LearnedPiece(order, left + right, (left, right), count, None)
        for order, ((left, right), count) in enumerate(zip(merges, counts, strict=True))
    )
