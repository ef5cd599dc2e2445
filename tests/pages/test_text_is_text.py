"""What a reader, a vocabulary or a model's name says is shown letter by letter, on every view."""

import json
import re
from collections.abc import Iterator, Sequence

import pytest
from streamlit.testing.v1 import AppTest

from components.widgets.markup import coded, literal
from tests import tiny
from tests.pages.test_lessons import LATER, PARTS, opened

HOSTILE = (
    "<b>bold</b>",
    '<a href="http://evil.example">l</a>',
    "![i](http://evil.example/i.png)",
    "[l](http://evil.example)",
    "$x^2$",
    "**strong**",
    ":red[z]",
    ":smile:",
    "`c`",
    "</script>",
    "&lt;",
)
"""Each would be read as markup by Markdown, by Streamlit, by a browser or by Plotly."""
PROMPT = "to be " + " or ".join(HOSTILE)
NAME = "**n** $y$ <i>m</i>"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder of a tiny Llama whose vocabulary has such strings as tokens of their own."""
    folder = tmp_path_factory.mktemp("hostile") / NAME.replace("/", "-")
    tokenizer, network = tiny.tokenizer(), tiny.network("llama")
    tokenizer.add_tokens(list(HOSTILE))
    network.resize_token_embeddings(len(tokenizer))
    network.config.max_position_embeddings = 512
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


SIGNS = (*HOSTILE, NAME.replace("/", "-"))
BODIES = ("Markdown", "Caption", "Error", "Warning", "Info", "Success")
HEADINGS = ("Title", "Subheader", "Header", "Metric")


def handed_as_markdown(app: AppTest) -> Iterator[str]:
    """Yield what Streamlit was handed to be read as Markdown: sentences, labels, hints, options."""
    for node in (*app.main, *app.sidebar):
        name, proto = type(node).__name__, node.proto
        hints = [getattr(proto, each, "") for each in ("label", "help", "tooltip")]
        options = [each.content for each in proto.options] if name == "ButtonGroup" else []
        body = [str(node.value)] if name in BODIES + HEADINGS else []
        yield from filter(None, (*body, *hints, *options))


def read_as_markup(app: AppTest, signs: Sequence[str] = SIGNS) -> list[str]:
    """Return what Streamlit was handed as Markdown and holds one of these strings as it is."""
    found = []
    for whole in handed_as_markdown(app):
        # A sign behind a backslash is shown as it is, and so is code.
        said = re.sub(r"\\.", "", whole)
        said = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", said, flags=re.DOTALL)
        found += [said for text in signs if text in said]
    return found


def texts(value: object) -> list[str]:
    """Return every string in a figure's data."""
    if isinstance(value, dict):
        return [text for each in value.values() for text in texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in texts(each)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize(
    ("path", "address", "key"), PARTS, ids=[" ".join(part[1].values()) for part in PARTS]
)
def test_no_view_reads_markup_in_what_others_wrote(path, address, key, model, drawn, monkeypatch):
    app = opened(path, address | {"model": model, "prompt": PROMPT})
    assert not app.exception
    assert read_as_markup(app) == []
    if key in LATER or key not in drawn:
        return
    shown = drawn[key]
    figures = [shown.figure, shown.predict.before if shown.predict else None]
    for figure in figures:
        if figure is not None:
            tags = re.compile(r"<(?!extra>|/extra>|br>| )")
            assert [text for text in texts(json.loads(figure.to_json())) if tags.search(text)] == []


def said_as_markdown(said: str) -> None:
    import streamlit as st

    st.markdown(said)


@pytest.mark.parametrize("text", [text for text in HOSTILE if text != "`c`"])
def test_what_is_read_as_markup_would_be_noticed(text):
    def shown(said: str) -> AppTest:
        return AppTest.from_function(said_as_markdown, args=(said,)).run()

    assert read_as_markup(shown(text))
    assert read_as_markup(shown(literal(text))) == []
    assert read_as_markup(shown(coded(text))) == []
