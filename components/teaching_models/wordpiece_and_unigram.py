"""Two tokenizers of the other methods, WordPiece and Unigram, trained on text that ships with us.

They learn from "Alice's Adventures in Wonderland" but for its last chapter, and from as many
characters of the grammar's documents; both vocabularies are as large as the storyteller's, so that
the method is what sets them apart. Training again gives the same files, byte for byte.
"""

import io
import string
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import sentencepiece
from tokenizers import (
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import PreTrainedTokenizerFast

from components.teaching_models.corpus import documents

ASSETS: Final = Path(__file__).parents[2] / "assets"
FOLDER: Final = ASSETS / "tokenizers"
"""Where the bundled tokenizers live, each in a folder of its name."""
BOOK: Final = ASSETS / "samples" / "tokenizer" / "alice.txt"
LAST_CHAPTER: Final = "CHAPTER XII."
"""Held out: from here on the book is measured with, not learned from."""
SIZE: Final = 2560
"""Tokens of each vocabulary, the special ones included."""
CONTEXT: Final = 512
DIGITS: Final = 4
"""Decimals kept of a log probability, so that no machine's rounding shows."""
PRINTABLE: Final = sorted(set(string.printable) - set(string.whitespace))


def book() -> tuple[str, str]:
    """Return the book up to its last chapter, and that chapter."""
    text = BOOK.read_bytes().decode("utf-8")
    cut = text.index(LAST_CHAPTER)
    return text[:cut], text[cut:]


def grammar(characters: int, held_out: bool = False) -> list[str]:
    """Return documents of the grammar, of at least so many characters together."""
    found: list[str] = []
    left = characters
    for document in documents(seed=0, held_out=held_out):
        if left <= 0:
            break
        found.append(document.text)
        left -= len(document.text)
    return found


def training_lines() -> list[str]:
    """Return the lines that both learn from, the book's before the grammar's."""
    known, _ = book()
    texts = [known, *grammar(len(known))]
    return [line for text in texts for line in text.splitlines() if line.strip()]


def train_wordpiece(lines: list[str], size: int = SIZE) -> PreTrainedTokenizerFast:
    """Return a tokenizer as BERT's: no capitals, no accents, `##` goes on with a word.

    Sources: Devlin et al., "BERT" (2019). The `tokenizers` library learns the pieces by merging the
    most frequent pair, as BPE does; only the cutting is WordPiece's.
    """
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    pieces = _wordpiece_parts(models.WordPiece(unk_token="[UNK]"))
    # The library numbers `##a`, `##b`, ... in the order of a hash map, another in every process,
    # and pairs of equal count are merged by number. Named beforehand, they have fixed ones.
    letters = [char for char in PRINTABLE if not char.isupper()]
    inside = [f"##{char}" for char in string.ascii_lowercase + string.digits]
    trainer = trainers.WordPieceTrainer(
        vocab_size=size, special_tokens=[*special, *letters, *inside], show_progress=False
    )
    pieces.train_from_iterator(lines, trainer)
    # Anew, so that letters are ordinary pieces and not matched before the text is cut.
    vocabulary = pieces.get_vocab(with_added_tokens=False)
    tokenizer = _wordpiece_parts(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(name, vocabulary[name]) for name in ("[CLS]", "[SEP]")],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        model_max_length=CONTEXT,
        clean_up_tokenization_spaces=False,
    )


def _wordpiece_parts(model: models.WordPiece) -> Tokenizer:
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True, strip_accents=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


def train_unigram(lines: list[str], size: int = SIZE) -> PreTrainedTokenizerFast:
    """Return a tokenizer as T5's: `▁` for a space, a log probability for every piece.

    Sources: Kudo, "Subword Regularization" (2018); trained by SentencePiece, on one thread (on
    several, sums are added in another order each time).
    """
    trained = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_writer=trained,
        model_type="unigram",
        vocab_size=size,
        character_coverage=1.0,
        required_chars="".join(PRINTABLE),
        normalization_rule_name="nfkc",
        num_threads=1,
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        minloglevel=2,
    )
    found = sentencepiece.SentencePieceProcessor(model_proto=trained.getvalue())
    scored = [
        (found.id_to_piece(id_), round(found.get_score(id_), DIGITS)) for id_ in range(len(found))
    ]
    tokenizer = Tokenizer(models.Unigram(scored, unk_id=found.unk_id()))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFKC(),
            normalizers.Replace(Regex(r"\s+"), " "),
            # As transformers converts T5's: a space in front stays part of the first token.
            normalizers.Strip(left=False, right=True),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", found.eos_id())]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
        model_max_length=CONTEXT,
        clean_up_tokenization_spaces=False,
    )


METHODS: Final[Mapping[str, Callable[[list[str]], PreTrainedTokenizerFast]]] = {
    "wordpiece": train_wordpiece,
    "unigram": train_unigram,
}


def train_tokenizers(folder: Path = FOLDER) -> None:
    """Train both and write each into a folder of its name below `folder`."""
    lines = training_lines()
    for name, train in METHODS.items():
        train(lines).save_pretrained(folder / name)
