"""A reader searches, sees two rankings, and labels sentences with words of their own."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE


@pytest.fixture(scope="module", autouse=True)
def warm(browser, app_url) -> None:
    """A fresh server imports its libraries and loads the model at its first visit."""
    first = browser.new_page()
    first.goto(f"{app_url}/embeddings?view=Search")
    expect(first.get_by_role("button", name="✓ 4 checks hold")).to_be_visible(timeout=3 * PATIENCE)
    first.close()


def test_two_rankings_of_what_is_asked(page: Page, app_url):
    page.goto(f"{app_url}/embeddings?view=Search")
    expect(page.get_by_role("button", name="✓ 4 checks hold")).to_be_visible()
    figure = page.locator(".js-plotly-plot").first
    expect(figure.get_by_text("BM25: words shared")).to_have_count(0)
    page.get_by_label("Query").fill("When does the boat to Poland leave?")
    page.get_by_label("Query").press("Enter")
    expect(page).to_have_url(re.compile("embeddings.search=When"))
    page.get_by_role("radio", name="another one").click()
    expect(page.get_by_text("First by words: The boat to Poland leaves")).to_be_visible()
    expect(figure.get_by_text("‹The› ‹boat› ‹to› ‹Poland› leaves on Wednesday.")).to_be_visible()
    expect(figure.get_by_text(re.compile(r"^1st · \d"))).to_have_count(2)
    page.get_by_text("Two sentences in one pass", exact=True).click()
    expect(page.get_by_text("49,995,000", exact=True).first).to_be_visible()


def test_a_label_is_changed(page: Page, app_url):
    page.goto(f"{app_url}/embeddings?view=Labels")
    page.get_by_text("Show it without a guess").click()
    expect(
        page.get_by_text(re.compile(r"of 360 sentences took their kind's label"))
    ).to_be_visible()
    figure = page.locator(".js-plotly-plot").first
    expect(figure.get_by_text("illness")).to_have_count(2)
    box = page.get_by_label("Labels", exact=True)
    box.fill(box.input_value().replace("illness", "hospital"))
    box.press("Control+Enter")
    expect(figure.get_by_text("hospital")).to_have_count(1)
    expect(figure.get_by_text("illness")).to_have_count(1)
    page.get_by_role("radio", name="a trained classifier").click()
    expect(page.get_by_text(re.compile(r"of 180 sentences held out are right"))).to_have_count(0)
    page.get_by_role("radio", name="yes", exact=True).click()
    expect(page.get_by_text(re.compile(r"of 180 sentences held out are right"))).to_be_visible()
