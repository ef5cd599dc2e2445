"""What a reader does with sentences: pastes some, uploads a file, changes the pooling."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE

PASTED = "The dog sleeps.\nA puppy is asleep.\nThe bus to Rome is late."


def opened(page: Page, app_url: str, address: str = "") -> None:
    page.goto(f"{app_url}/embeddings?view=Sentences&{address}")
    expect(page.get_by_role("heading", name="Embeddings")).to_be_visible()


def rows(page: Page):
    """The sentences beside the rows of the map."""
    return page.locator(".js-plotly-plot").first.locator(".ytick text")


def test_sentences_are_pasted_and_pooled_in_another_way(page, app_url):
    opened(page, app_url)
    expect(rows(page)).to_have_count(24, timeout=3 * PATIENCE)  # the first visit to a fresh server
    page.get_by_role("radio", name="your own").click()
    expect(rows(page)).to_have_count(3)
    box = page.get_by_role("textbox", name="Your sentences")
    box.fill(PASTED)
    box.press("Control+Enter")
    expect(rows(page).nth(2)).to_contain_text("3 The bus to Rome is l")
    expect(page).to_have_url(re.compile("embeddings.sentences=The"))
    page.get_by_text("Show it without a guess").click()
    expect(page.get_by_text(re.compile("Nearest are"))).to_be_visible()
    nearest = page.get_by_text(re.compile("Any two of the 3 sentences")).inner_text()
    page.get_by_role("radio", name="last token").click()
    expect(page).to_have_url(re.compile(r"embeddings.pooling=last"))
    expect(page.get_by_text(nearest)).to_have_count(0)


def test_a_file_is_uploaded_and_a_bad_one_refused(page, app_url, tmp_path):
    good, bad = tmp_path / "mine.txt", tmp_path / "one.txt"
    good.write_text("\n".join(["a dog", "a dog", "", "the cat", "it rains"]))
    bad.write_text("only one")
    opened(page, app_url, "embeddings.corpus=a+file")
    expect(page.get_by_text(re.compile("Until then this is the bundled set"))).to_be_visible()
    files = page.get_by_test_id("stFileUploader").locator("input[type=file]")
    files.set_input_files(bad)
    expect(page.get_by_text(re.compile("one.txt has one sentence"))).to_be_visible()
    files.set_input_files(good)
    expect(rows(page)).to_have_count(3)
    expect(page.get_by_text(re.compile("1 line repeats one before"))).to_be_visible()
