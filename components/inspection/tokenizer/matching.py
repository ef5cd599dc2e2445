"""WordPiece, step by step: from the left, always the longest piece that the vocabulary has.

Source: Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers" (2019), after
Wu et al., "Google's Neural Machine Translation System" (2016).
"""

from dataclasses import dataclass

from components.inspection.tokenizer.ready import ReadyTokenizer


@dataclass(frozen=True)
class Match:
    """One step: what was tried, longest first, until a piece was found."""

    start: int
    """Character of the word at which the piece begins."""
    tried: tuple[str, ...]
    """Pieces that the vocabulary lacks, in order."""
    found: str | None
    """The piece; None if there is none, which makes the whole word unknown."""


@dataclass(frozen=True)
class Matching:
    """How one word was cut."""

    word: str
    steps: tuple[Match, ...]
    result: tuple[str, ...]
    too_long: bool
    """The word has more characters than WordPiece looks at, and is unknown for that."""


def match_word(tokenizer: ReadyTokenizer, word: str) -> Matching:
    """Cut `word` as the WordPiece model of `tokenizer` does, keeping every try."""
    model = tokenizer.backend.model
    if len(word) > model.max_input_chars_per_word:
        return Matching(word, (), (model.unk_token,), True)
    steps: list[Match] = []
    result: list[str] = []
    start = 0
    while start < len(word):
        tried: list[str] = []
        found = None
        for end in range(len(word), start, -1):
            piece = (model.continuing_subword_prefix if start else "") + word[start:end]
            if model.token_to_id(piece) is not None:
                found = piece
                break
            tried.append(piece)
        steps.append(Match(start, tuple(tried), found))
        if found is None:
            return Matching(word, tuple(steps), (model.unk_token,), False)
        result.append(found)
        start = end
    return Matching(word, tuple(steps), tuple(result), False)
