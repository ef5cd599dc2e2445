"""A teacher measures the cache: starts, sees it go on, stops half way, keeps and downloads."""

import csv
import json
import re
from pathlib import Path

from tests.browser.conftest import PATIENCE


def open_view(page, app_url: str, view: str, **address: object) -> None:
    query = "&".join(f"{name}={value}" for name, value in address.items())
    page.goto(f"{app_url}/kv_cache?kv_view={view}&{query}")
    page.get_by_role("heading", name="Key-value cache").wait_for()


def test_a_timing_is_run_stopped_half_way_kept_and_downloaded(page, app_url, tmp_path):
    open_view(page, app_url, "Measured", kv_prompt=256, kv_new=192, kv_repeats=20)
    page.get_by_text("You can stop at any time").wait_for()
    page.get_by_role("button", name="Measure", exact=True).click()
    progress = page.get_by_text(re.compile(r"^\d+% · about"))
    progress.wait_for()
    seen = {progress.inner_text()}
    page.wait_for_function(
        "before => { const p = [...document.querySelectorAll('[data-testid=stProgress]')];"
        " return p.length && !p[0].innerText.includes(before) && !/ 0%|^0%/.test(p[0].innerText) }",
        arg=seen.pop(),
    )
    page.get_by_role("button", name="Stop and keep what is measured").click()
    page.get_by_text(re.compile(r"Stopped after \d+%")).wait_for()
    page.get_by_role("button", name="Stop and keep what is measured").wait_for(state="detached")
    page.get_by_text("same tokens").wait_for()
    page.locator(".js-plotly-plot").first.wait_for()
    with page.expect_download(timeout=PATIENCE) as started:
        page.get_by_role("button", name="Table (CSV)").click()
    target = tmp_path / "table.csv"
    started.value.save_as(target)
    rows = list(csv.DictReader(target.open(encoding="utf-8")))
    assert 0 < len(rows) < 2 * 20 * 192
    assert {row["way"] for row in rows} <= {"with", "without"}
    assert all(float(row["seconds"]) > 0 for row in rows)
    first = rows[0]
    assert (first["prompt_tokens"], first["new_tokens"], first["repeats"]) == ("256", "192", "20")
    assert first["model"] == "storyteller" and first["torch"] and first["processor"]
    with page.expect_download(timeout=PATIENCE) as started:
        page.get_by_role("button", name="Everything (JSON)").click()
    read = json.loads(Path(started.value.path()).read_text(encoding="utf-8"))
    assert len(read["rows"]) == len(rows) and read["dtype"] == "float32"


def test_sliding_on_lets_one_row_come_in(page, app_url):
    open_view(page, app_url, "What is in it", kv_step=3)
    framed = "document.querySelector('.js-plotly-plot')?.layout?.shapes?.[0]?.y0"
    before = page.wait_for_function(f"() => {framed}").json_value()
    slider = page.locator("[data-testid=stSlider] input[type=range]").first
    slider.focus()
    slider.press("ArrowRight")
    page.wait_for_function(f"before => {framed} === before + 1", arg=before)
    assert "kv_step=4" in page.url


def test_the_planner_follows_the_chosen_model(page, app_url):
    open_view(page, app_url, "Memory planner", kv_plan="Llama-3-8B")
    page.get_by_text("131,072 bytes").first.wait_for()
    page.get_by_role("radio", name="8-bit").last.click()
    page.get_by_text("65,536 bytes").first.wait_for()
    assert "kv_cache_as=8-bit" in page.url
