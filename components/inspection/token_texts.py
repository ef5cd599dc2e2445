"""What a token's id stands for, as text."""

import re
from collections.abc import Sequence
from typing import Final

from transformers import PreTrainedTokenizerBase

from components.inspection.tokenizer.backend import BYTE_OF


class TokenTexts:
    """The texts of one tokenizer's ids: of those that were asked for, so at most as many as it has.

    Bytes that are not a character by themselves are written as ⟨F0⟩⟨9F⟩, and an id that the
    tokenizer lacks as ⟨id 151936⟩.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self._tokenizer = tokenizer
        self._byte_level = '"ByteLevel"' in _decoder(tokenizer)
        self._as_written = set(tokenizer.all_special_tokens)
        if self._byte_level:
            self._as_written |= set(tokenizer.get_added_vocab())
        self._known: dict[int, str] = {}

    def of(self, ids: Sequence[int]) -> tuple[str, ...]:
        """Return for each id what it stands for, with its leading space."""
        new = [index for index in dict.fromkeys(ids) if index not in self._known]
        raw = self._tokenizer.convert_ids_to_tokens(new)
        for index, token in zip(new, raw, strict=True):
            if token is None:
                self._known[index] = f"⟨id {index}⟩"
            elif token in self._as_written:
                self._known[index] = token
            else:
                self._known[index] = _text(token, self._byte_level)
        return tuple(self._known[index] for index in ids)


def _decoder(tokenizer: PreTrainedTokenizerBase) -> str:
    decoder = tokenizer.backend_tokenizer.decoder
    return "" if decoder is None else decoder.__getstate__().decode()


def _text(token: str, byte_level: bool) -> str:
    if byte_level:
        raw = bytes(BYTE_OF[char] for char in token if char in BYTE_OF)
    elif _BYTE_TOKEN.fullmatch(token):
        raw = bytes.fromhex(token[3:5])
    else:
        return token.replace("▁", " ")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return "".join(f"⟨{byte:02X}⟩" for byte in raw)


_BYTE_TOKEN: Final = re.compile("<0x[0-9A-F]{2}>")
"""SentencePiece's way to write a byte for which it has no token."""
