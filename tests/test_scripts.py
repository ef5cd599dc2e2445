"""Scripts of components as files: what is asked for by its name is what was handed over."""

import gzip
import json
import re

import pytest

from components import scripts
from components.compression import CompressedFiles
from components.scripts import OwnScripts, place, sent
from tests.test_compression import Site, asked, in_a_loop

MODULE = "export default () => 'ä';\n" * 100


@pytest.fixture
def layer(monkeypatch):
    """A layer that answers, as if the server had just started."""
    monkeypatch.setattr(scripts, "_files", {})
    monkeypatch.setattr(scripts, "_layers", [])
    return OwnScripts(Site(b"not ours", 404))


def file_in(lines):
    found = re.fullmatch(
        r'const file = new URL\("\.(/static/vitrine/\w+\.js)", document\.baseURI\);\n'
        r"export default \(await import\(file\)\)\.default;",
        lines,
    )
    return found[1]


def test_a_script_is_imported_from_a_file_that_a_browser_keeps(layer):
    status, headers, body = in_a_loop(asked(layer, file_in(sent(MODULE))))
    assert (status, body.decode()) == (200, MODULE)
    assert headers["cache-control"] == "public, immutable, max-age=31536000"
    assert headers["content-type"] == "text/javascript; charset=utf-8"
    assert headers["content-length"] == str(len(MODULE.encode()))


def test_its_name_changes_with_it_and_only_with_it(layer):
    assert sent(MODULE) == sent(MODULE) != sent(MODULE + " ")


def test_below_another_address_it_is_found_too(layer):
    """The server may stand at /somewhere of a larger site."""
    status, _, body = in_a_loop(asked(layer, "/somewhere" + file_in(sent(MODULE))))
    assert (status, body.decode()) == (200, MODULE)


@pytest.mark.parametrize("path", ["/static/vitrine/", "/static/vitrine/a.js", "/static/js/a.js"])
def test_all_else_is_streamlits(layer, path):
    sent(MODULE)
    assert in_a_loop(asked(layer, path))[::2] == (404, b"not ours")
    assert in_a_loop(asked(layer, file_in(sent(MODULE)), "POST"))[0] == 404


def test_a_look_at_its_headers_brings_no_body(layer):
    assert in_a_loop(asked(layer, file_in(sent(MODULE)), "HEAD"))[::2] == (200, b"")


def test_without_our_layer_a_script_goes_along(monkeypatch):
    monkeypatch.setattr(scripts, "_layers", [])
    assert sent(MODULE) == MODULE


def test_the_layer_that_compresses_has_it_within(layer):
    outer = CompressedFiles(Site(b"not ours", 404))
    _, headers, body = in_a_loop(asked(outer, file_in(sent(MODULE))))
    assert headers["content-encoding"] == "gzip"
    assert headers["cache-control"] == "public, immutable, max-age=31536000"
    assert gzip.decompress(body).decode() == MODULE


def test_a_text_lies_in_a_file_as_json(layer):
    text = "<script>'ä'</script>\n" * 100
    assert place(text).startswith("./static/vitrine/")
    status, headers, body = in_a_loop(asked(layer, place(text).removeprefix(".")))
    assert (status, json.loads(body)) == (200, text)
    assert headers["content-type"] == "application/json"


def test_without_our_layer_there_is_no_file(monkeypatch):
    monkeypatch.setattr(scripts, "_layers", [])
    assert place("text") == ""
