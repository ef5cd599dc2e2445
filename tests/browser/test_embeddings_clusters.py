"""A reader looks for clusters: guesses, slides, opens one, and takes the table away."""

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE


@pytest.fixture(scope="module", autouse=True)
def warm(browser, app_url) -> None:
    """A fresh server imports its libraries and loads the model at its first visit, and compiles
    UMAP at the first map."""
    first = browser.new_page()
    first.goto(f"{app_url}/embeddings?view=Clusters")
    expect(first.get_by_role("button", name="✓ 5 checks hold")).to_be_visible(timeout=4 * PATIENCE)
    first.close()


def clusters(page: Page) -> int:
    return int(re.search(r"(\d+) clusters\. There are", page.inner_text("main, .stMain")).group(1))


def test_clusters_are_found_moved_opened_and_taken_away(page: Page, app_url):
    page.goto(f"{app_url}/embeddings?view=Clusters")
    figure = page.locator(".js-plotly-plot").first
    expect(page.get_by_role("button", name="✓ 5 checks hold")).to_be_visible()
    expect(page.get_by_text("There are", exact=False)).to_have_count(0)
    expect(figure.get_by_text("0: ")).to_have_count(0)
    page.get_by_role("radio", name="more than 8").click()
    expect(page.get_by_text("different labels, but -1 is that of noise")).to_be_visible()
    expect(figure.get_by_text("0: ")).to_be_visible()
    before = clusters(page)
    slider = page.get_by_role("slider", name="Least sentences of a cluster")
    for _ in range(10):
        slider.press("ArrowLeft")
    expect(page).to_have_url(re.compile("embeddings.least=5"))
    expect(page.get_by_text(f"{before} clusters. There are")).to_have_count(0)
    page.get_by_text("One cluster", exact=True).click()
    expect(page.get_by_text(re.compile("sentences of this cluster:"))).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_have_count(2)
    first = page.locator("[data-testid=stExpanderDetails] li").first.inner_text()
    box = page.get_by_role("combobox", name=re.compile("Cluster")).last
    box.click()
    box.fill("1: ")
    page.keyboard.press("Enter")
    expect(page.locator("[data-testid=stExpanderDetails] li").filter(has_text=first)).to_have_count(
        0
    )
    chosen = page.locator("[data-testid=stExpanderDetails] li").first.inner_text()
    page.get_by_role("button", name="Files").first.click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Data (CSV)").click()
    with Path(saved.value.path()).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    after = clusters(page)
    assert after > before
    assert list(rows[0]) == ["sentence", "kind", "cluster", "membership", "x", "y"]
    assert len(rows) == 360 and len({row["cluster"] for row in rows} - {"-1"}) == after
    assert {row["cluster"] for row in rows if row["sentence"] == chosen} == {"1"}
