"""A teacher measures the cache: starts, sees it go on, stops half way, keeps and downloads."""

import csv
import json
import re
from pathlib import Path

from tests.browser.conftest import PATIENCE


def open_view(page, app_url: str, view: str, **address: object) -> None:
    query = "&".join(f"kv_cache.{name}={value}" for name, value in address.items())
    page.goto(f"{app_url}/kv_cache?view={view}&{query}")
    page.get_by_role("heading", name="Key-value cache").wait_for()


def test_a_timing_is_run_stopped_half_way_kept_and_downloaded(page, app_url, tmp_path):
    open_view(page, app_url, "Timing", prompt=256, new=192, repeats=20)
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
    page.get_by_role("button", name="Measure to the end").wait_for()
    page.get_by_text("same tokens").wait_for()
    page.locator(".js-plotly-plot").first.wait_for()
    page.get_by_role("button", name="Files").click()
    with page.expect_download(timeout=PATIENCE) as started:
        page.get_by_role("button", name="Data (CSV)").click()
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
        page.get_by_role("button", name="Data and settings (JSON)").click()
    read = json.loads(Path(started.value.path()).read_text(encoding="utf-8"))
    assert len(read["table"]["data"]) == len(rows) and read["facts"]["dtype"] == "float32"
    assert read["asked"]["kv_cache.repeats"] == "20"


def test_the_page_opens_on_a_question_and_an_answer_lights_the_measurement(page, app_url):
    open_view(page, app_url, "Timing", prompt=16, new=8, repeats=1)
    page.get_by_text("How much longer does it take?").wait_for()
    axis = "() => document.querySelector('.js-plotly-plot')?.layout?.yaxis?.title?.text"
    page.wait_for_function(f"() => ({axis})() === 'step'")
    page.get_by_text("less than 2 times", exact=True).click()
    page.wait_for_function(f"() => ({axis})() === 'milliseconds per step'")
    page.get_by_text("by the first who opened this").wait_for()


def test_sliding_on_lets_one_row_come_in(page, app_url):
    open_view(page, app_url, "Contents", step=3)
    framed = "document.querySelector('.js-plotly-plot')?.layout?.shapes?.[0]?.y0"
    before = page.wait_for_function(f"() => {framed}").json_value()
    slider = page.locator("[data-testid=stSlider] input[type=range]").first
    slider.focus()
    slider.press("ArrowRight")
    page.wait_for_function(f"before => {framed} === before + 1", arg=before)
    assert "kv_cache.step=4" in page.url


def test_the_planner_follows_the_chosen_model(page, app_url):
    open_view(page, app_url, "Memory planner", plan="Llama-3-8B")
    page.get_by_text("131,072 bytes").first.wait_for()
    page.get_by_role("radio", name="8-bit").last.click()
    page.get_by_text("65,536 bytes").first.wait_for()
    assert "kv_cache.cache_as=8-bit" in page.url
