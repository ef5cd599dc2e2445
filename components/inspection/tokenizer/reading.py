"""An uploaded file read as text: its encoding found and stated, no byte lost, no binary taken."""

import codecs
from dataclasses import dataclass
from typing import Final

from components.inspection.errors import InspectionError

LARGEST: Final = 20 * 2**20
"""Bytes of the largest file that is read."""
_BINARY: Final = (
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive (or an Office document, which is one)"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90\x00", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"SQLite format 3", "a database"),
    (b"ID3", "a piece of music"),
    (b"OggS", "a piece of music"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\x80\x02}", "a Python pickle"),
)
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8", "UTF-8 with a byte order mark"),
    (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32, little-endian"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32, big-endian"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16, little-endian"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16, big-endian"),
)
_PLAIN: Final = frozenset(b"\t\n\r\f\x1b")
_MOST_CONTROLS: Final = 0.02
"""Share of control characters above which a file is not taken for text."""


@dataclass(frozen=True)
class FileText:
    """What a file says, and how it was read."""

    name: str
    text: str
    codec: str
    """Python's name of the encoding; `mark + text.encode(codec)` gives the file's bytes again."""
    mark: bytes
    """The byte order mark that the file began with, or nothing."""
    encoding: str
    """The encoding, for the reader."""
    reason: str
    """How it was found."""
    size: int
    """Bytes of the file."""


def read_text(name: str, raw: bytes) -> FileText:
    """Return the text in a file called `name` with the content `raw`.

    UTF-8 and UTF-16 are recognised by their mark or by being valid; what is valid as neither is
    read as Windows-1252, or as Latin-1 where it has bytes that Windows-1252 lacks.

    Raises:
        InspectionError: it is larger than `LARGEST`, empty, binary, or breaks off inside a
            character of the encoding that it is marked with.
    """
    if len(raw) > LARGEST:
        raise InspectionError(
            f"{name} has {len(raw) / 2**20:.1f} MB; files of at most {LARGEST // 2**20} MB are "
            "read. Cut out a part of it."
        )
    # A mark alone says how nothing is written.
    if raw in (b"", *(mark for mark, _, _ in _MARKS)):
        raise InspectionError(f"{name} is empty. Choose a file with some text in it.")
    for mark, codec, encoding in _MARKS:
        if raw.startswith(mark):
            text = _decoded(name, raw[len(mark) :], codec, encoding)
            return FileText(name, text, codec, mark, encoding, "it says so at its start", len(raw))
    _refuse_known_binary(name, raw)
    if b"\x00" in raw:
        return _unmarked_utf16(name, raw)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return _one_byte_each(name, raw, error)
    _refuse_controls(name, text)
    return FileText(name, text, "utf-8", b"", "UTF-8", "all its bytes are valid UTF-8", len(raw))


def _decoded(name: str, raw: bytes, codec: str, encoding: str) -> str:
    try:
        return raw.decode(codec)
    except UnicodeDecodeError as error:
        raise InspectionError(
            f"{name} says at its start that it is {encoding}, but the bytes at {error.start:,} are "
            "not. It may be cut off or damaged: save it again as UTF-8."
        ) from error


def _refuse_known_binary(name: str, raw: bytes) -> None:
    for magic, kind in _BINARY:
        # Music may be marked with letters that a text could begin with, too.
        if raw.startswith(magic) and (not magic.isalnum() or b"\x00" in raw[:512]):
            raise InspectionError(
                f"{name} is {kind}, not a text. Save what it says as plain text (.txt) first."
            )


def _refuse_controls(name: str, text: str) -> None:
    sample = text[:100_000]
    strange = sum(ord(char) < 32 and ord(char) not in _PLAIN for char in sample)
    if strange > _MOST_CONTROLS * len(sample):
        raise InspectionError(
            f"{name} does not look like text: {strange / len(sample):.0%} of its characters are "
            "control codes. Choose a plain text file."
        )


def _unmarked_utf16(name: str, raw: bytes) -> FileText:
    """Read `raw`, which has zero bytes: UTF-16 writes ASCII with one in each pair."""
    sample = raw[: 4096 - 4096 % 2]
    pairs = list(zip(sample[0::2], sample[1::2], strict=False))
    even, odd = sum(not a for a, _ in pairs), sum(not b for _, b in pairs)
    codec = "utf-16-le" if odd > even else "utf-16-be"
    often = max(even, odd) >= 0.1 * len(pairs) and min(even, odd) <= 0.02 * len(sample)
    # Pairs of two letters are what ASCII with some zeros in it has, and no script in UTF-16.
    full = [pair for pair in pairs if all(pair)]
    ascii_only = sum(all(0x20 <= byte < 0x7F for byte in pair) for pair in full)
    if often and ascii_only <= 0.5 * len(full) and len(raw) % 2 == 0:
        try:
            text = raw.decode(codec)
        except UnicodeDecodeError:
            text = ""
        if text and "\x00" not in text:
            _refuse_controls(name, text)
            ending = "little" if codec.endswith("le") else "big"
            which = "second" if ending == "little" else "first"
            reason = (
                f"it has no mark, but the {which} byte is zero in {max(even, odd):,} of its first "
                f"{len(pairs):,} pairs"
            )
            return FileText(name, text, codec, b"", f"UTF-16, {ending}-endian", reason, len(raw))
    raise InspectionError(
        f"{name} has zero bytes in it, which text files do not have. It seems to be a program, a "
        "picture or data. Choose a plain text file."
    )


def _one_byte_each(name: str, raw: bytes, error: UnicodeDecodeError) -> FileText:
    byte = raw[error.start]
    reason = f"it is not valid UTF-8 (byte {byte:02X} at {error.start:,})"
    try:
        text, codec, encoding = raw.decode("cp1252"), "cp1252", "Windows-1252"
    except UnicodeDecodeError:
        text, codec, encoding = raw.decode("latin-1"), "latin-1", "Latin-1"
    if not any(0x80 <= char < 0xA0 for char in raw):
        # The two encodings agree on this file; the older name is the better known.
        codec, encoding = "latin-1", "Latin-1"
    _refuse_controls(name, text)
    return FileText(name, text, codec, b"", encoding, reason, len(raw))
