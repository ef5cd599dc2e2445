"""What all code needs of a `tokenizers.Tokenizer`, without torch or transformers."""

from collections.abc import Sequence
from typing import Final

from tokenizers import Encoding, Tokenizer, pre_tokenizers

from components.inspection.errors import InspectionError


def unlimited(content: str) -> Tokenizer:
    """Return the tokenizer that a tokenizer.json with this content holds: one that never truncates
    or pads, whatever its file asks for.

    Sentence encoders store both ("pad to 128"), and training scripts leave them behind: obeyed, a
    text of 14 tokens would be shown as 128.
    """
    tokenizer = Tokenizer.from_str(content)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def checked_text(text: str) -> str:
    """Return `text`, if a file could hold it.

    Raises:
        InspectionError: it holds half a surrogate pair, which UTF-8 cannot write.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InspectionError(
            f"Character {error.start + 1:,} is half of a surrogate pair (U+"
            f"{ord(text[error.start]):04X}), which no text file can hold. Remove it."
        ) from None
    return text


def encoded(backend: Tokenizer, text: str, special: bool) -> Encoding:
    """Return `text` encoded by `backend`, with or without special tokens around it.

    Raises:
        InspectionError: as `checked_text`, or the tokenizer fails: it knows no token for a word,
            and its file names none that stands for what is unknown.
    """
    text = checked_text(text)
    try:
        return backend.encode(text, add_special_tokens=special)
    except Exception as error:  # the library raises nothing narrower
        raise _failed(error) from error


def all_encoded(backend: Tokenizer, texts: Sequence[str], offsets: bool = False) -> list[Encoding]:
    """Return each of `texts` encoded, without special tokens; with `offsets` if they are needed.

    Other threads run meanwhile: a single `encode` of the library's lets none run until it is done.

    Raises:
        InspectionError: the tokenizer fails, as for `encoded`.
    """
    encode = backend.encode_batch if offsets else backend.encode_batch_fast
    try:
        return list(encode(list(texts), add_special_tokens=False))
    except Exception as error:  # the library raises nothing narrower
        raise _failed(error) from error


def _failed(error: Exception) -> InspectionError:
    return InspectionError(
        f"The tokenizer fails at this text: {str(error)[:120].rstrip('.')}. Its file is "
        "damaged, or not meant for this model. Fetch the model again, or take another text."
    )


def _characters() -> dict[int, str]:
    # From the tokenizers library. transformers has the table too (`bytes_to_unicode`, which the
    # tests compare), but two threads must not import it at once, and this one need not wait.
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    printable = {char for char in alphabet if ord(char) < 256}
    others = (char for char in alphabet if char not in printable)
    return {byte: chr(byte) if chr(byte) in printable else next(others) for byte in range(256)}


CHARACTER_OF: Final = _characters()
"""The character with which byte-level vocabularies write each byte: printable bytes as themselves,
the others as those from U+0100 on, in order. Source: Radford et al., "Language Models are
Unsupervised Multitask Learners" (2019), code."""
BYTE_OF: Final = {char: byte for byte, char in CHARACTER_OF.items()}
"""The byte that each of these characters stands for."""
