"""The logit lens as a reader uses it: guess, choose a cell, read what it says."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE


def test_a_reader_guesses_chooses_a_cell_and_reads_it(page: Page, app_url: str) -> None:
    page.goto(f"{app_url}/layers?view=Logit%20lens")
    expect(page.locator(".js-plotly-plot .heatmap-label").first).to_be_visible(timeout=3 * PATIENCE)
    grid = page.locator(".js-plotly-plot .heatmap-label")
    # Before the guess: the first row and the last, of six tokens each.
    expect(grid.filter(has_text=re.compile("."))).to_have_count(12)
    page.get_by_role("radio", name="block 2", exact=True).click()
    expect(page.get_by_text("✓ Right: block 2.")).to_be_visible()
    expect(grid.filter(has_text=re.compile("."))).to_have_count(30)
    expect(page.get_by_text("has rank 1. It is the likeliest first after block 2")).to_be_visible()
    page.get_by_role("radio", name="1", exact=True).click()
    expect(page.get_by_text("After block 1, at")).to_be_visible()
    expect(page.get_by_text("has rank 51.")).to_be_visible()
    expect(page).to_have_url(re.compile(r"layers\.after=1\b"))

    # The same with a click: the embedding's row is the lowest of five, the token the second of six.
    box = page.locator(".js-plotly-plot .nsewdrag").first.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 1.5 / 6, box["y"] + box["height"] * 4.5 / 5)
    expect(page.get_by_text("After the embedding, at")).to_be_visible()
    expect(page).to_have_url(re.compile(r"layers\.token=1\+The"))
    expect(page).to_have_url(re.compile(r"layers\.after=embedding"))
