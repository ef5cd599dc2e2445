"""A class is served: what its owner allows is printed, and a reader who asks for more is told."""

import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests import tiny
from tests.browser.conftest import running_app


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A server started for a class, with a folder of models; its address and its log."""
    place = tmp_path_factory.mktemp("class")
    tiny.model("llama").network.save_pretrained(place / "models" / "ours")
    tiny.tokenizer().save_pretrained(place / "models" / "ours")
    (place / "closed").mkdir()
    log = place / "server.log"
    command = (sys.executable, "-m", "components.launch", "--classroom")
    with running_app(log, (*command, "--models", str(place / "models"))) as url:
        yield url, log


def test_what_was_set_is_printed(page, served):
    url, log = served
    page.goto(url)
    expect(page.get_by_text("Entropy")).to_be_visible()
    said = log.read_text()
    for words in ("Vitrine serves a class", "nothing is fetched", "2 MB a file", "models"):
        assert words in said
    assert "External" not in said


@pytest.mark.parametrize("model", ["/etc", "{}/closed", "{}/nowhere", "owner/name"])
def test_a_model_elsewhere_is_refused_in_the_same_words(page, served, model):
    url, log = served
    source = model.format(log.parent)
    page.goto(f"{url}/?model={quote(source)}&prompt={quote('Keep these words')}")
    expect(page.get_by_text("This Vitrine serves others").first).to_be_visible()
    expect(page.get_by_text("Still looking at").first).to_be_visible()
    expect(page.get_by_role("textbox", name="Prompt")).to_have_value("Keep these words")


def test_a_model_of_the_class_opens_by_its_name(page, served):
    url, _ = served
    page.goto(f"{url}/?model=ours")
    expect(page.get_by_test_id("stSidebar").get_by_text("3 layers")).to_be_visible()


def test_a_file_over_the_limit_of_the_class_is_refused(page, served, tmp_path):
    url, _ = served
    page.goto(f"{url}/tokenizer?tokenizer.text={quote('A file of yours')}")
    large = tmp_path / "large.txt"
    large.write_text("word " * 600_000)
    expect(page.get_by_text("up to 2 MB")).to_be_visible()
    page.locator("input[type=file]").set_input_files(large)
    expect(page.get_by_text("must be 2.0MB or smaller")).to_be_visible()
