"""What a teacher does with the clocks: drag, play, move both, follow a link, measure."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PATIENCE

MODEL_CHECKED = re.compile(r"Turned by these angles, queries and keys become those the network")
BROWSER_CHECKED = re.compile(r"the browser has turned the two vectors as the server does")


WATCH = """
(hand) => new Promise((done) => {
  const seen = new Set(), start = performance.now();
  const look = (now) => {
    seen.add(hand.getAttribute("x2"));
    if (now - start < 1600) requestAnimationFrame(look);
    else done([seen.size, (now - start) / 1000]);
  };
  requestAnimationFrame(look);
})
"""
"""How many angles a hand had in the browser's own time, and how long that was."""


@pytest.fixture(scope="module", autouse=True)
def warm(browser, app_url) -> None:
    """A fresh server imports its libraries and loads the model at its first visit."""
    first = browser.new_page()
    first.goto(app_url)
    expect(first.get_by_text("Entropy ")).to_be_visible(timeout=3 * PATIENCE)
    first.close()


def opened(page: Page, app_url: str, address: str = "") -> None:
    page.goto(f"{app_url}/positions?positions.vectors=of%20the%20model&{address}")
    checked(page)


def checked(page: Page) -> None:
    """Wait until all checks hold, the browser's own among them."""
    expect(page.get_by_role("button", name="✓ 4 checks hold")).to_be_visible()


def slider(page: Page, name: str) -> Locator:
    return page.get_by_label(f"Position of the {name}")


def position(page: Page, name: str) -> int:
    return int(page.locator(f".position.{name} output").inner_text())


def score(page: Page) -> str:
    return page.locator(".numbers dd").last.inner_text()


def hand(page: Page, name: str, pair: int = 0) -> tuple[str | None, str | None]:
    line = page.locator(f".clock:nth-child({pair + 1}) .hand.{name}:not(.before)")
    return line.get_attribute("x2"), line.get_attribute("y2")


def press_at(page: Page, control: Locator, share: float) -> tuple[float, float]:
    control.scroll_into_view_if_needed()
    box = control.bounding_box()
    return box["x"] + 8 + share * (box["width"] - 16), box["y"] + box["height"] / 2


def test_hands_turn_while_the_position_is_dragged_and_the_server_agrees_on_release(page, app_url):
    opened(page, app_url)
    before, key = hand(page, "query"), hand(page, "key")
    own = position(page, "query")
    page.mouse.move(*press_at(page, slider(page, "query"), own / 511))
    page.mouse.down()
    for step in range(1, 8):
        page.mouse.move(*press_at(page, slider(page, "query"), (own / 511) + step / 20))
    expect(page.locator(".position.query output")).not_to_have_text(str(own))
    dragged = hand(page, "query")
    assert dragged != before
    assert hand(page, "key") == key
    assert "positions.m=" not in page.url
    page.mouse.up()
    at = position(page, "query")
    expect(page).to_have_url(re.compile(rf"[?&]positions\.m={at}\b"))
    checked(page)
    assert hand(page, "query") == dragged
    page.get_by_role("button", name="✓ 4 checks hold").click()
    expect(page.get_by_text(MODEL_CHECKED)).to_be_visible()
    expect(page.get_by_text(BROWSER_CHECKED)).to_be_visible()
    expect(page.get_by_text(f"at positions {at} and ")).to_be_visible()


def test_play_turns_both_and_the_score_stays(page, app_url):
    opened(page, app_url)
    at, own = (position(page, "query"), position(page, "key")), score(page)
    page.get_by_role("button", name="Play").click()
    seen = set()
    for _ in range(15):
        page.wait_for_timeout(100)
        seen.add((hand(page, "query"), score(page)))
    page.get_by_role("button", name="Pause").click()
    assert {shown for _, shown in seen} == {own}
    assert len(seen) > 4, "the hands moved in between"
    moved = position(page, "query") - at[0]
    assert moved > 0
    assert position(page, "key") - at[1] == moved
    expect(page).to_have_url(
        re.compile(rf"positions\.m={at[0] + moved}&positions\.n={at[1] + moved}")
    )


def test_the_key_alone_changes_the_score_and_there_is_a_way_home(page, app_url):
    opened(page, app_url)
    own = score(page)
    slider(page, "key").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(page.locator(".numbers dd").last).not_to_have_text(own)
    page.get_by_role("button", name="Reset positions").click()
    expect(page.locator(".numbers dd").last).to_have_text(own)


def test_a_link_far_out_shows_the_same_score(page, app_url):
    opened(page, app_url)
    own, apart = score(page), position(page, "query") - position(page, "key")
    opened(page, app_url, f"positions.m={400 + apart}&positions.n=400")
    assert (position(page, "query"), position(page, "key")) == (400 + apart, 400)
    assert score(page) == own


def test_another_token_brings_its_own_position(page, app_url):
    opened(page, app_url, "positions.m=300&positions.n=200")
    assert position(page, "query") == 300
    page.get_by_label("Query token").click()
    page.get_by_role("option", name=re.compile("^5 ")).click()
    expect(page.locator(".position.query output")).to_have_text("5")
    assert "positions.m=300" not in page.url


def test_motion_that_is_not_wanted_goes_by_whole_positions(page, app_url):
    page.emulate_media(reduced_motion="reduce")
    opened(page, app_url)
    page.get_by_role("button", name="Play").click()
    angles, seconds = page.locator(".clock:first-child .hand.query:not(.before)").evaluate(WATCH)
    page.get_by_role("button", name="Pause").click()
    assert 1 < angles <= 2 + seconds / 0.5, "two steps a second at most"


def test_a_pair_can_be_picked_with_the_keyboard(page, app_url):
    opened(page, app_url)
    page.locator(".clock").nth(3).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Pair 3: numbers 3 and 35.")).to_be_visible()
    assert page.locator(".clock[aria-pressed=true]").count() == 1


def test_six_numbers_by_hand_turn_with_their_matrix(page, app_url):
    page.goto(f"{app_url}/positions?positions.vectors=six+numbers+by+hand")
    expect(page.get_by_role("button", name="✓ checked")).to_be_visible()
    expect(page.locator(".clock")).to_have_count(3)
    expect(page.get_by_text("0 · 6.28")).to_be_visible()
    slider(page, "query").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("rotates the query to position 2")).to_be_visible()
    page.get_by_role("button", name="Formula").click()
    expect(page.get_by_text("to position 2.").last).to_be_visible()


def test_a_measurement_can_be_stopped_and_keeps_what_it_has(page, app_url):
    fold = "positions-extension-past_the_trained_length"
    page.goto(f"{app_url}/positions?view=Extension&{fold}=true")
    page.get_by_role("button", name="Measure perplexity").click()
    stop = page.get_by_role("button", name="Stop and keep")
    expect(page.get_by_text(re.compile(r"[1-9]\d?% of the passes"))).to_be_visible()
    stop.click()
    expect(stop).to_have_count(0)
    drawn = re.compile("Perplexity of the same last tokens")
    expect(page.get_by_role("figure", name=drawn)).to_be_visible()
    expect(page.get_by_role("button", name="Measure to the end")).to_be_visible()


def test_a_fold_is_closed_until_it_is_asked_for_and_a_link_opens_it(page, app_url):
    page.goto(f"{app_url}/positions?view=Relative")
    figures = page.get_by_role("figure")
    expect(figures).to_have_count(1)
    page.get_by_text("The score at every distance").click()
    expect(figures).to_have_count(2)
    expect(page).to_have_url(re.compile("positions-relative-the_score_at_every_distance=true"))
    page.reload()
    expect(figures).to_have_count(2)


def test_a_question_hides_its_answer_until_it_is_guessed(page, app_url):
    page.goto(f"{app_url}/positions?view=Word+order")
    conditions = page.locator(".xtick text")
    expect(conditions).to_have_count(3)
    expect(page.get_by_text("Shuffled:")).to_have_count(0)
    page.get_by_role("radio", name="all", exact=True).click()
    expect(page.get_by_text("Not quite: none.")).to_be_visible()
    expect(conditions).to_have_count(4)
    expect(page.get_by_text("Shuffled:")).to_be_visible()


def test_who_does_not_want_to_guess_is_shown_the_answer(page, app_url):
    page.goto(f"{app_url}/positions?view=Word+order")
    conditions = page.locator(".xtick text")
    expect(conditions).to_have_count(3)
    page.get_by_role("button", name="Show it without a guess").click()
    expect(conditions).to_have_count(4)
    expect(page.get_by_text("Attention alone sees a set")).to_be_visible()
    expect(page.get_by_text("Not quite")).to_have_count(0)


def test_a_lecture_is_larger_and_has_no_sidebar(page, app_url):
    page.goto(f"{app_url}/positions?view=Word+order&lecture=true")
    tick = page.locator(".ytick text").first
    expect(tick).to_be_visible()
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    assert tick.evaluate("one => parseFloat(getComputedStyle(one).fontSize)") >= 19
    size = "one => parseFloat(getComputedStyle(one).fontSize)"
    assert page.locator("h1").evaluate(size) >= 1.3 * 28
    expect(page.get_by_role("button", name="checked")).to_have_count(0)


def test_files_are_made_when_they_are_asked_for(page, app_url):
    page.goto(f"{app_url}/positions?view=Word+order")
    expect(page.locator(".xtick text")).to_have_count(3)
    page.get_by_role("button", name="Files").click()
    for button, name in (
        ("Data (CSV)", "positions-word_order.csv"),
        ("Data and settings (JSON)", "positions-word_order.json"),
        ("Picture, alive (HTML)", "positions-word_order.html"),
        ("Picture (SVG)", "positions-word_order.svg"),
        ("Picture (PNG)", "positions-word_order.png"),
        ("Notebook (ipynb)", "positions-word_order.ipynb"),
    ):
        with page.expect_download() as started:
            page.get_by_role("button", name=button).click()
        assert started.value.suggested_filename == name
        assert Path(started.value.path()).stat().st_size > 200


def test_the_picture_stands_alone(page, app_url):
    opened(page, app_url)
    with page.expect_download() as started:
        page.get_by_role("button", name="Picture (SVG)").click()
    picture = ET.parse(started.value.path()).getroot()
    assert started.value.suggested_filename == "rotation.svg"
    assert len(picture.findall("{*}g")) == 32
    words = picture.find("{*}text").text
    assert words.endswith(score(page).replace("−", "-").removeprefix("+"))
