"""The cards of the bundled WordPiece and Unigram tokenizers: each figure is measured when written."""

# ruff: noqa: E501 (a row of a Markdown table is one line)

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from components.inspection.tokenizer.opening import ready
from components.inspection.tokenizer.ready import ReadyTokenizer
from components.inspection.tokenizer.roundtrip import round_trip
from components.inspection.tokenizer.statistics import text_statistics
from components.teaching_models.wordpiece_and_unigram import (
    ASSETS,
    CONTEXT,
    FOLDER,
    SIZE,
    book,
    grammar,
    training_lines,
)

HELD_OUT_CHARACTERS: Final = 20_000
COMMAND: Final = "python -m components.teaching_models tokenizers"


@dataclass(frozen=True)
class Measured:
    """What a tokenizer makes of one text that it has not seen."""

    name: str
    tokens_per_word: float
    characters_per_token: float
    unknown: float
    """Share of the text's tokens that are unknown."""
    returning: float
    """Share of the lines that decoding gives back, character for character."""


def held_out_texts() -> dict[str, str]:
    """Return texts by name of which no line was learned from."""
    scripts = ASSETS / "samples" / "tokenizer" / "scripts.txt"
    return {
        "the book's last chapter": book()[1],
        "documents of the grammar that training never sees": "\n".join(
            grammar(HELD_OUT_CHARACTERS, held_out=True)
        ),
        "many scripts and emoji (`assets/samples/tokenizer/scripts.txt`)": scripts.read_bytes().decode(),
    }


def measured(tokenizer: ReadyTokenizer, name: str, text: str) -> Measured:
    """Measure `tokenizer` on `text`."""
    found = text_statistics(tokenizer, text)
    lines = [line for line in text.splitlines() if line.strip()]
    same = sum(round_trip(tokenizer, line).same for line in lines)
    return Measured(
        name,
        found.tokens_per_word,
        found.characters_per_token,
        found.unknown / max(found.of_text, 1),
        same / max(len(lines), 1),
    )


def write_cards(folder: Path = FOLDER) -> None:
    """Write README.md beside each tokenizer below `folder`."""
    for name, (introduction, limits) in WORDS.items():
        tokenizer = ready(str(folder / name))
        results = [measured(tokenizer, *text) for text in held_out_texts().items()]
        parts = (introduction, _training(name), _results(results), f"## Limits\n\n{limits.strip()}")
        text = "\n\n".join(part.strip() for part in parts) + "\n"
        (folder / name / "README.md").write_text(text, encoding="utf-8")


def _training(name: str) -> str:
    lines = training_lines()
    return f"""
```python
from transformers import AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("assets/tokenizers/{name}")
print(tokenizer("Have the bards who preceded me left any theme unsung?").tokens())
```

## Training

{SIZE:,} tokens, the special ones included: as many as the storyteller's tokenizer has, so that the
method is what sets them apart. Learned from {sum(map(len, lines)):,} characters in {len(lines):,} lines,
one half from Lewis Carroll, "Alice's Adventures in Wonderland" (1865, in the public domain;
`assets/samples/tokenizer/alice.txt`) but for its last chapter, the other from documents of our own
grammar (`components/teaching_models`, MIT). Set for a context of {CONTEXT} tokens. Licence: MIT, as Vitrine.

    {COMMAND}

trains it and writes these files again, byte for byte the same."""


def _results(results: list[Measured]) -> str:
    rows = "\n".join(
        f"| {each.name} | {each.tokens_per_word:.2f} | {each.characters_per_token:.2f} "
        f"| {each.unknown:.1%} | {each.returning:.0%} |"
        for each in results
    )
    return f"""
## Measured on texts that it did not learn from

| text | tokens per word | characters per token | unknown tokens | lines that decoding gives back |
|---|---|---|---|---|
{rows}

A word is a run of characters that are not white space. Special tokens are not counted."""


WORDS: Final = {
    "wordpiece": (
        """
# WordPiece, as BERT's

A small tokenizer that works as BERT's does (Devlin et al., 2019): capitals and accents are taken
off (BertNormalizer), the text is split at white space and punctuation (BertPreTokenizer), and each
word is cut from the left, always by the longest piece of the vocabulary. A piece within a word
begins with `##`. `[CLS]` is put before every text and `[SEP]` after it; `[MASK]` hides a word,
`[PAD]` fills up a batch, `[UNK]` stands for a word that cannot be written.""",
        """
Capitals, accents, line breaks and the spaces around punctuation do not come back. A word with one
character that is not in the vocabulary is unknown as a whole. The `tokenizers` library learns the
pieces as BPE does, by merging the most frequent pair; WordPiece as first described weighs a pair by
how much likelier it makes the text. Only the way of cutting is WordPiece's. No model was trained
with it.""",
    ),
    "unigram": (
        """
# Unigram, as T5's and XLNet's

A small tokenizer that works as T5's does (Kudo, 2018; Raffel et al., 2020): every piece has a log
probability, kept in `tokenizer.json`, and a text is cut along its best path, the pieces whose log
probabilities add up to most (found as by Viterbi). Characters are put in their standard form (NFKC),
white space becomes one `▁`, and one stands before every text. `</s>` is put after it, `<pad>` fills
up a batch, `<unk>` stands for characters that cannot be written.""",
        """
Line breaks, several spaces in a row and characters that NFKC replaces do not come back; a character
that is not in the vocabulary becomes `<unk>`, for there are no bytes to fall back on. Trained by
SentencePiece on one thread; log probabilities are rounded to four decimals. No model was trained
with it.""",
    ),
}
