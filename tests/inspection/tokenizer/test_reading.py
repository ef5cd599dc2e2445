"""Files are read as what they are, and no byte is lost on the way."""

import codecs
import zipfile
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.inspection.errors import InspectionError
from components.inspection.tokenizer.reading import LARGEST, read_text

TEXT = "Wir trinken Kaffee, é à ñ.\r\nTwo lines — and “quotes”.\n"
PLAIN = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1)


@pytest.mark.parametrize(
    ("codec", "mark", "encoding"),
    [
        ("utf-8", b"", "UTF-8"),
        ("utf-8", codecs.BOM_UTF8, "UTF-8 with a byte order mark"),
        ("utf-16-le", codecs.BOM_UTF16_LE, "UTF-16, little-endian"),
        ("utf-16-be", codecs.BOM_UTF16_BE, "UTF-16, big-endian"),
        ("utf-16-le", b"", "UTF-16, little-endian"),
        ("utf-16-be", b"", "UTF-16, big-endian"),
        ("utf-32-le", codecs.BOM_UTF32_LE, "UTF-32, little-endian"),
        ("cp1252", b"", "Windows-1252"),
    ],
)
def test_each_encoding_is_found_and_named(codec, mark, encoding):
    raw = mark + TEXT.encode(codec)
    read = read_text("a.txt", raw)
    assert read.text == TEXT
    assert read.encoding == encoding
    assert read.mark + read.text.encode(read.codec) == raw
    assert read.size == len(raw)


@pytest.mark.parametrize(
    "text",
    [
        "Only letters",
        "Привет, мир! Как дела?",
        "שלום עולם, מה שלומך?",
        "日本語 の 文章 です。 ある。\n",
    ],
)
@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_of_utf_16_without_a_mark_it_is_told_how_many_zeros_said_so(text, codec):
    read = read_text("a.txt", text.encode(codec))
    assert read.text == text
    which = "second" if codec == "utf-16-le" else "first"
    ascii_ones = sum(ord(char) < 128 for char in text)
    assert read.reason == (
        f"it has no mark, but the {which} byte is zero in {ascii_ones} of its first "
        f"{len(text)} pairs"
    )


def test_latin_1_is_called_so_where_windows_1252_says_the_same():
    read = read_text("a.txt", "déjà vu".encode("latin-1"))
    assert (read.text, read.encoding) == ("déjà vu", "Latin-1")
    assert read.reason == "it is not valid UTF-8 (byte E9 at 1)"


@given(text=PLAIN)
def test_what_was_written_as_utf8_is_read_back(text):
    if not text.startswith("\ufeff"):
        try:
            assert read_text("a.txt", text.encode()).text == text
        except InspectionError as error:
            assert "is " in str(error)


@given(text=PLAIN, codec=st.sampled_from(["utf-16-le", "utf-16-be", "utf-8"]))
def test_a_mark_decides(text, codec):
    mark = {"utf-8": codecs.BOM_UTF8, "utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}[codec]
    raw = mark + text.encode(codec)
    if codec != "utf-16-le" or not text.startswith("\0"):
        read = read_text("a.txt", raw)
        assert read.text == text
        assert read.mark + read.text.encode(read.codec) == raw


STARTS = st.sampled_from(
    [
        *(b"", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE),
        *(codecs.BOM_UTF32_BE, b"%PDF", b"PK\x03\x04", b"\x1f\x8b", b"ID3", b"GIF8", b"\x80\x02}"),
    ]
)
PIECES = st.lists(
    st.one_of(
        st.binary(max_size=8),
        st.integers(0, 255).map(lambda byte: bytes([byte, 0]) * 30),
        st.integers(0, 255).map(lambda byte: bytes([0, byte]) * 30),
        st.integers(0, 0xFFFF).map(lambda unit: unit.to_bytes(2, "little")),  # half surrogates too
        st.text(max_size=20).map(str.encode),
        st.just(b"plain words " * 20),
    ),
    max_size=12,
).map(b"".join)
"""What almost is a text: runs of zeros in between, half of a pair, cut off characters."""


@settings(max_examples=500)
@given(start=STARTS, rest=PIECES)
def test_what_almost_is_a_text_is_kept_whole_or_refused_in_words(start, rest):
    raw = start + rest
    try:
        read = read_text("a.txt", raw)
    except InspectionError as error:
        assert str(error).startswith("a.txt ")
        assert str(error).endswith(".")
    else:
        assert read.text
        assert read.mark + read.text.encode(read.codec) == raw


@given(raw=st.binary(min_size=1, max_size=200))
def test_any_bytes_are_either_kept_whole_or_refused_in_words(raw):
    try:
        read = read_text("a.txt", raw)
    except InspectionError as error:
        assert str(error).startswith("a.txt ")
    else:
        assert read.mark + read.text.encode(read.codec) == raw


def _zip() -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.txt", "text")
    return packed.getvalue()


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"%PDF-1.7\n...", "a PDF document"),
        (_zip(), "a ZIP archive"),
        (b"\x89PNG\r\n\x1a\n\0\0", "a PNG picture"),
        (b"\0\1\2\3" * 50, "control codes"),
        (b"\0\0\0ELF\x02" * 50, "zero bytes"),
        (b"hello\0world\0 ok", "zero bytes"),
        (b"name\0value\0another name\0value\0" * 9, "zero bytes"),
        (bytes(range(1, 9)) * 50, "control codes"),
        (b"", "is empty"),
        (codecs.BOM_UTF8, "is empty"),
        (codecs.BOM_UTF16_LE, "is empty"),
        (b"\xff\xfeA", "bytes at 0 are not"),
        (b"a" * (LARGEST + 1), "at most 20 MB"),
    ],
)
def test_what_is_no_text_is_refused_with_the_reason(raw, said):
    with pytest.raises(InspectionError, match=said):
        read_text("a.bin", raw)


def test_a_file_of_exactly_the_limit_is_read():
    assert len(read_text("a.txt", b"a" * LARGEST).text) == LARGEST
