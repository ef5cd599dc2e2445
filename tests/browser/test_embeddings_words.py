"""A reader writes sentences of their own, moves the layer, and sees the table change."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE


@pytest.fixture(scope="module", autouse=True)
def warm(browser, app_url) -> None:
    """A fresh server imports its libraries and loads the model at its first visit."""
    first = browser.new_page()
    first.goto(app_url)
    expect(first.get_by_text("Entropy ")).to_be_visible(timeout=3 * PATIENCE)
    first.close()


def test_own_sentences_and_another_layer(page: Page, app_url):
    page.goto(f"{app_url}/embeddings?view=In%20context")
    figure = page.locator(".js-plotly-plot")
    expect(figure.get_by_text("2 The [play]")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("button", name="✓ 3 checks hold")).to_be_visible()
    page.get_by_role("button", name="Your sentences").click()
    box = page.get_by_label("Sentences", exact=True)
    box.fill("The king was sad.\nThey saw the king.\nA queen met a king.")
    box.press("Control+Enter")
    page.keyboard.press("Escape")
    word = page.get_by_label("Word", exact=True)
    word.fill("king")
    word.press("Enter")
    expect(figure.get_by_text("3 A queen")).to_be_visible()
    expect(page.get_by_text("Shown is after layer 1")).to_be_visible()
    slider = page.get_by_role("slider", name="Stage")
    cells = figure.locator(".heatmap-label")
    before = cells.all_text_contents()
    slider.press("ArrowRight")
    expect(page.get_by_text("Shown is after layer 2")).to_be_visible()
    assert cells.all_text_contents() != before
    slider.press("Home")
    expect(page.get_by_text("Shown is the table")).to_be_visible()
    expect(cells.filter(has_text="1.00")).to_have_count(9)
    expect(page).to_have_url(re.compile("embeddings.stage=0"))


def test_arithmetic_says_who_is_nearest(page: Page, app_url):
    page.goto(f"{app_url}/embeddings?view=Look-up&embeddings.look_at=Arithmetic")
    figure = page.locator(".js-plotly-plot")
    expect(figure.get_by_text("·Berlin")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("radio", name="Germany", exact=True).click()
    expect(page.get_by_text("Nearest of all:")).to_be_visible()
    expect(figure.get_by_text("·Germany")).to_be_visible()
    page.get_by_role("switch", name="Leave the words out").set_checked(True, force=True)
    expect(figure.get_by_text("·Germany")).to_be_hidden()
