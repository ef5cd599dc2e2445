"""The map of the table in Chromium: stopped, started, moved, clicked, taken away."""

import csv
import re
import time

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.slow


def named(page: Page, method: str) -> None:
    """Wait until the one map on the page is one of `method`."""
    over = page.locator(".point-map .over:visible")
    expect(over).to_have_attribute("aria-label", re.compile(f"^{method} of 2,560 tokens"))


def has(page: Page, method: str) -> None:
    """Wait until the map is one of `method`, and nothing is computed."""
    expect(page.get_by_text("trustworthiness of").first).to_be_visible()
    expect(page.get_by_test_id("stProgress")).to_have_count(0)
    named(page, method)


def test_a_map_is_stopped_started_clicked_and_taken_away(app_url, page):
    # With many neighbours it takes some seconds; and no other run has had this one.
    seed = int(time.time()) % 1000
    asked = f"view=Map&embeddings.map_neighbours=60&embeddings.map_seed={seed}"
    page.goto(f"{app_url}/embeddings?{asked}")
    main = page.get_by_test_id("stMain")
    start, stop = (main.get_by_role("button", name=each, exact=True) for each in ("Start", "Stop"))
    expect(start.or_(stop)).to_be_visible()
    if start.is_visible():  # a slow machine asks first
        start.click()
    expect(stop).to_be_visible()
    named(page, "PCA")
    expect(stop).to_be_visible()  # PCA's is there while UMAP is computed
    pressed = time.monotonic()
    stop.click()
    expect(page.get_by_text("Stopped.")).to_be_visible()
    expect(stop).to_have_count(0)
    stopped = time.monotonic() - pressed
    has(page, "PCA")
    pressed = time.monotonic()
    start.click()
    has(page, "UMAP")
    assert stopped < time.monotonic() - pressed, "it does not wait for the end"

    chosen = page.get_by_label("Token", exact=True)
    chip = page.locator(".point-map:visible .lists button").first
    name = chip.locator("code").inner_text()
    chip.click()
    expect(chosen).to_have_value(re.compile(rf"#\d+ {re.escape(name)}$"))
    over = page.locator(".point-map .over:visible")
    has(page, "UMAP")
    box = over.bounding_box()
    page.mouse.click(box["x"] + 3, box["y"] + 3)  # nothing there, but the map listens to the wheel
    before = chosen.input_value()
    spot = middle_of_a_point(page)
    page.mouse.click(*spot)
    expect(chosen).not_to_have_value(before)
    clicked = chosen.input_value()
    assert re.match(r"#\d+ ", clicked)
    expect(page.get_by_text(f"nearest to {clicked.split(' ', 1)[1]}")).to_be_visible()

    page.get_by_role("button", name="Settings").click()
    neighbours = page.get_by_role("spinbutton", name="Neighbours")
    neighbours.fill("5")
    neighbours.press("Enter")
    expect(page).to_have_url(re.compile("map_neighbours=5(&|$)"))
    page.keyboard.press("Escape")
    has(page, "UMAP")
    page.get_by_role("button", name="Files").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Data (CSV)").click()
    with download.value.path().open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2_560
    assert {"token", "x", "y", "kind", "neighbour 1", "distance 10"} <= set(rows[0])
    number = clicked.split(" ")[0].removeprefix("#")
    (own,) = (row for row in rows if row["id"] == number)
    shown = page.locator(".point-map:visible .lists > div").first.locator("code").all_inner_texts()
    assert shown == [own[f"neighbour {place}"] for place in range(1, 11)]


def middle_of_a_point(page: Page) -> tuple[float, float]:
    """Return where on the screen the tip names a point, found by going over the map."""
    box = page.locator(".point-map .over:visible").bounding_box()
    for step in range(60):
        x, y = box["x"] + box["width"] * (0.3 + 0.005 * step), box["y"] + box["height"] * 0.45
        page.mouse.move(x, y)
        if page.locator(".point-map:visible .tip").is_visible():
            return x, y
    pytest.fail("no point was found")
