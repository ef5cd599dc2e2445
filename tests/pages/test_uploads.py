"""Files of every kind, good and bad, on every view that takes one: read, or refused in words."""

import codecs
import zipfile
from io import BytesIO

import pytest
from streamlit.testing.v1 import AppTest

from components.inspection.tokenizer.reading import LARGEST
from tests.pages.test_lessons import ROOT
from tests.pages.test_lessons import opened as opened_at
from tests.pages.test_text_is_text import HOSTILE, read_as_markup

PAGE = ROOT / "pages" / "text" / "tokenizer" / "tokenizer.py"
PROMPT = "to be or not"
VIEWS = ("Tokens", "Compare", "Statistics", "Train your own")
TEXT = "Wir trinken Kaffee, é à ñ.\r\nTwo lines — and “quotes”.\n"


def packed() -> bytes:
    """A ZIP archive."""
    body = BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("a.txt", "text")
    return body.getvalue()


READ = {
    "utf-8": TEXT.encode(),
    "utf-8 with a mark": codecs.BOM_UTF8 + TEXT.encode(),
    "utf-16": TEXT.encode("utf-16"),
    "utf-16 without a mark": TEXT.encode("utf-16-be"),
    "utf-32": TEXT.encode("utf-32"),
    "windows-1252": TEXT.encode("cp1252"),
    "one letter": b"a",
    "blanks": b" \n\t\r\n ",
    "markup": " or ".join(HOSTILE).encode(),
}
REFUSED = {
    "empty": (b"", "is empty"),
    "a mark and nothing": (codecs.BOM_UTF8, "is empty"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "a PDF document"),
    "zip": (packed(), "a ZIP archive"),
    "png": (b"\x89PNG\r\n\x1a\n\0\0", "a PNG picture"),
    "binary": (bytes(range(256)) * 9, "zero bytes"),
    "controls": (bytes(range(1, 9)) * 50, "control codes"),
    "half a character": (codecs.BOM_UTF16_LE + b"a\0b", "save it again as UTF-8"),
    "half a pair": (codecs.BOM_UTF16_LE + b"\x00\xd8a\0", "save it again as UTF-8"),
    "over the limit": (b"a" * (LARGEST + 1), f"at most {LARGEST // 2**20} MB"),
}


def uploaded(view: str, name: str, raw: bytes) -> AppTest:
    """Open a view, and give it a file."""
    address = {"view": view, "tokenizer.text": "A file of yours", "prompt": PROMPT}
    app = opened_at(PAGE, address)
    app.file_uploader[0].upload(name, raw, "text/plain")
    app.run()
    assert [error.message for error in app.exception] == []
    assert app.text_area(key="prompt").value == PROMPT
    return app


@pytest.mark.parametrize("kind", READ)
@pytest.mark.parametrize("view", VIEWS)
def test_a_text_is_read(view, kind):
    app = uploaded(view, "a.txt", READ[kind])
    notes = [each.value for each in app.caption if "Read as" in each.value]
    assert len(notes) == 1
    assert f"{len(READ[kind]):,} bytes" in notes[0]
    assert read_as_markup(app) == []
    assert not app.error or view == "Train your own"


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("view", VIEWS)
def test_what_is_no_text_is_refused_in_words_and_another_file_is_taken(view, kind):
    raw, said = REFUSED[kind]
    app = uploaded(view, "a.txt", raw)
    (error,) = app.error
    assert error.value.startswith("a.txt ")
    assert said in error.value
    app.file_uploader[0].upload("b.txt", TEXT.encode(), "text/plain")
    app.run()
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize("name", [f"{text.replace('/', '-')}.txt" for text in HOSTILE])
@pytest.mark.parametrize("raw", [TEXT.encode(), b""], ids=["read", "refused"])
def test_the_name_of_a_file_is_no_markup(name, raw):
    signs = [name.removesuffix(".txt")]
    for view in ("Statistics", "Compare"):
        assert read_as_markup(uploaded(view, name, raw), signs) == []
