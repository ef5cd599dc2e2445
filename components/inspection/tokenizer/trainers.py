"""Let the library learn a vocabulary; also as a program of its own, which can be ended.

A text of one word of a million letters keeps the library's trainers busy for hours, and nothing
inside of a process can stop them. Imports nothing of Vitrine's: `training` starts it.
"""

import json
import sys
from typing import Any

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers


def learned(method: str, size: int, text: str) -> Tokenizer:
    """Return a tokenizer of at most `size` tokens, learned from `text` line by line, as from a
    corpus: no piece can span two lines.

    Raises:
        BaseException: the library panics on a text too small for its Unigram trainer.
    """
    tokenizer, trainer = _untrained(method, size)
    tokenizer.train_from_iterator(text.splitlines(keepends=True), trainer)
    return tokenizer


def _untrained(method: str, size: int) -> tuple[Tokenizer, Any]:
    quiet: dict[str, Any] = {"vocab_size": size, "show_progress": False}
    if method == "BPE":
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        return tokenizer, trainers.BpeTrainer(initial_alphabet=alphabet, **quiet)
    if method == "WordPiece":
        tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        tokenizer.decoder = decoders.WordPiece()
        return tokenizer, trainers.WordPieceTrainer(special_tokens=["[UNK]"], **quiet)
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    return tokenizer, trainers.UnigramTrainer(special_tokens=["<unk>"], unk_token="<unk>", **quiet)


if __name__ == "__main__":
    given = json.load(sys.stdin)
    try:
        made = learned(given["method"], given["size"], given["text"]).to_str()
    except BaseException:  # noqa: BLE001 (the library panics: it has learned nothing)
        made = ""
    json.dump(made, sys.stdout)
