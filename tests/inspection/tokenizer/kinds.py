"""Tokenizers of every kind, none from the network: bundled, Mistral's, and small trained ones."""

from pathlib import Path

from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

from components.inspection.tokenizer.opening import ready
from components.inspection.tokenizer.ready import ReadyTokenizer

SAMPLES = Path(__file__).parents[3] / "assets" / "samples" / "tokenizer"


def sample(name: str) -> str:
    """A sample text of the page, exactly."""
    return (SAMPLES / name).read_bytes().decode()


def wordpiece() -> ReadyTokenizer:
    """A small BERT: small letters, no accents, [CLS] and [SEP]."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(vocab_size=800, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(sample("alice.txt")[:40_000].splitlines(), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return ReadyTokenizer("small BERT", tokenizer)


def unigram() -> ReadyTokenizer:
    """A small T5: SentencePiece's Unigram with NFKC, and an end token."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=600, special_tokens=["<unk>", "</s>"], unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(sample("alice.txt")[:40_000].splitlines(), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", 1)]
    )
    return ReadyTokenizer("small T5", tokenizer)


MADE = {"small BERT": wordpiece, "small T5": unigram}
NAMED = ("gpt2", "wordpiece", "unigram", "mistral-v1", "mistral-v3", "mistral-tekken")
_cache: dict[str, ReadyTokenizer] = {}


def tokenizer_called(name: str) -> ReadyTokenizer:
    """One tokenizer for all tests."""
    if name not in _cache:
        _cache[name] = MADE[name]() if name in MADE else ready(name)
    return _cache[name]
