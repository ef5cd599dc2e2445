"""An engineer doubts the numbers: checks the model, stops half way, reads on, takes the table."""

import csv
import re

from tests.browser.conftest import PATIENCE

VERDICTS = {"✓", "✗", "○", "·", "–"}


def test_a_model_is_checked_whole_and_the_table_is_taken_home(page, app_url, tmp_path):
    page.goto(f"{app_url}/self_check")
    page.get_by_role("heading", name="Self-check", exact=True).wait_for()
    page.get_by_role("button", name="Check this model").click()
    page.get_by_role("button", name="Stop and keep what is measured").wait_for()
    page.get_by_role("button", name="Table (CSV)").wait_for(timeout=4 * PATIENCE)
    page.get_by_role("button", name="Stop and keep what is measured").wait_for(
        state="detached", timeout=4 * PATIENCE
    )
    assert page.get_by_text(re.compile(r"^Stopped after")).count() == 0
    counts = [int(one) for one in page.get_by_test_id("stMetricValue").all_inner_texts()]
    assert counts[0] == 0 and counts[1] > 90
    with page.expect_download(timeout=PATIENCE) as started:
        page.get_by_role("button", name="Table (CSV)").click()
    target = tmp_path / "table.csv"
    started.value.save_as(target)
    rows = list(csv.reader(target.open(encoding="utf-8")))
    assert {row[0] for row in rows[1:]} <= VERDICTS
    assert sum(row[0] == "✓" for row in rows) == counts[1]
    assert len(rows) - 1 == sum(counts)


def test_stopped_half_way_it_keeps_what_was_found(page, app_url):
    page.goto(f"{app_url}/self_check")
    page.get_by_role("button", name="Check this model").click()
    # It names the page that it is at: well begun, and not yet done.
    page.get_by_text(re.compile(r"^(Attention|Attribution): ")).wait_for()
    page.get_by_role("button", name="Stop and keep what is measured").click()
    told = page.get_by_text(re.compile(r"Stopped after \d+ of \d+ questions"))
    told.wait_for(timeout=PATIENCE)
    asked, of = (int(one) for one in re.findall(r"\d+", told.inner_text())[:2])
    assert 0 < asked < of
    # What was measured till then is kept: more than one row for each question on an average.
    assert int(page.get_by_test_id("stMetricValue").nth(1).inner_text()) > asked
