"""What a teacher does on the tokenizer tour."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import insist, still

SAMPLES = Path(__file__).parents[2] / "assets" / "samples" / "tokenizer"


def opened(page: Page, app_url: str, address: str = "") -> None:
    page.goto(f"{app_url}/tokenizer?tokenizer.name=gpt2&{address}")
    expect(page.get_by_role("heading", name="Tokenizer tour")).to_be_visible()
    still(page)


def strip(page: Page):
    return page.get_by_role("listbox", name="The text as tokens").first


def test_typing_a_text_shows_its_tokens_and_the_address_reopens_them(page, app_url):
    opened(page, app_url)
    prompt = page.get_by_role("textbox", name="Prompt")
    prompt.fill("Have the bards who preceded me left any theme unsung?")
    prompt.press("Control+Enter")
    expect(page.get_by_text("13 tokens", exact=True)).to_be_visible()
    expect(strip(page).get_by_role("option")).to_have_count(13)
    page.goto(page.url)
    expect(page.get_by_text("13 tokens", exact=True)).to_be_visible()


def test_pointing_at_a_token_shows_its_label_and_a_click_keeps_it(page, app_url):
    opened(page, app_url, "prompt=Hello+world")
    token = strip(page).get_by_role("option").nth(1)
    plate = page.locator("#plate").first
    expect(plate).to_contain_text("Point at a token")
    heading = page.get_by_role("heading", name="Tokenizer tour")

    def point() -> None:
        heading.hover()
        token.hover()

    insist(point, lambda wait: expect(plate).to_contain_text("995", timeout=wait))
    expect(plate).to_contain_text("Ġworld")
    expect(plate).to_contain_text("20 77 6F 72 6C 64")
    token.click()
    expect(token).to_have_attribute("aria-selected", "true")
    heading.hover()
    expect(plate).to_contain_text("Ġworld")


def test_the_keyboard_walks_from_token_to_token(page, app_url):
    opened(page, app_url, "prompt=one+two+three")
    options = strip(page).get_by_role("option")
    options.first.focus()
    page.keyboard.press("ArrowRight")
    expect(options.nth(1)).to_be_focused()
    page.keyboard.press("End")
    expect(options.nth(2)).to_be_focused()
    page.keyboard.press("Enter")
    expect(options.nth(2)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(options.nth(2)).not_to_have_attribute("aria-selected", "true")


def test_one_emoji_is_one_sign_over_three_ids(page, app_url):
    opened(page, app_url, "prompt=%F0%9F%8E%B5")
    group = strip(page).locator(".group")
    expect(group).to_have_count(1)
    expect(group.locator(".glyphs")).to_have_text("🎵")
    expect(group.get_by_role("option")).to_have_text(["8582", "236", "113"])
    assert "\ufffd" not in page.locator("body").inner_text()


def test_a_file_is_uploaded_and_counted(page, app_url, tmp_path):
    file = tmp_path / "kaffee.txt"
    file.write_bytes("Wir trinken Kaffee, naïve café.\n".encode("utf-16"))
    opened(page, app_url, "tokenizer.text=A+file+of+yours&view=Statistics")
    page.get_by_test_id("stFileUploader").locator("input[type=file]").set_input_files(file)
    expect(page.get_by_text("UTF-16, little-endian")).to_be_visible()
    expect(page.get_by_text(re.compile(r"characters per token \(32 characters\)"))).to_be_visible()


def test_a_long_text_is_walked_through_window_by_window(page, app_url):
    opened(page, app_url, "tokenizer.text=Alice+in+Wonderland")
    expect(page.get_by_text(re.compile("positions 0 to 499 of"))).to_be_visible()
    page.get_by_test_id("stNumberInputStepUp").click()
    expect(page.get_by_text(re.compile("positions 500 to 999 of"))).to_be_visible()
    expect(page).to_have_url(re.compile("tokenizer.window=2"))


@pytest.mark.parametrize("width", [1400, 390])
def test_nothing_is_wider_than_the_window(page, app_url, width):
    page.set_viewport_size({"width": width, "height": 900})
    opened(page, app_url, "tokenizer.text=Many+scripts+and+emoji")
    expect(strip(page).get_by_role("option").first).to_be_visible()
    wide = page.evaluate(
        "document.querySelector('[data-testid=stMain]').scrollWidth - "
        "document.querySelector('[data-testid=stMain]').clientWidth"
    )
    assert wide <= 0


def test_dragging_what_was_learned_changes_the_tokens(page, app_url):
    opened(
        page, app_url, "prompt=the+rabbit&view=Train+your+own&tokenizer.text=Alice+in+Wonderland"
    )
    said = page.get_by_text(re.compile(r"^\d+ tokens? after")).first
    expect(said).to_be_visible()
    assert not said.inner_text().startswith("10 tokens")
    slider = page.get_by_role("slider", name=re.compile("Pieces learned"))
    slider.focus()
    slider.press("Home")
    expect(page.get_by_text(re.compile(r"^10 tokens after 0 of"))).to_be_visible()


def test_four_methods_stand_side_by_side_with_what_their_vocabularies_hold(page, app_url):
    page.set_viewport_size({"width": 1440, "height": 900})
    opened(page, app_url, "view=Compare")
    strips = page.get_by_role("listbox", name=re.compile("The text as tokens of"))
    expect(strips).to_have_count(4)
    wordpiece = page.get_by_role("listbox", name="The text as tokens of WordPiece (bundled)")
    expect(wordpiece).to_contain_text("##e")
    expect(wordpiece).to_contain_text("[UNK]")
    expect(page.get_by_role("listbox", name=re.compile("Unigram"))).to_contain_text("▁the")
    last = strips.last.bounding_box()
    assert last["y"] + last["height"] < 900


def test_an_example_shows_the_best_path_with_its_scores(page, app_url):
    opened(page, app_url, "view=Step+by+step")
    page.get_by_role("button", name="Examples").click()
    page.get_by_role("button", name="Best path: theme").click()
    expect(page.get_by_text("Best path.", exact=True)).to_be_visible()
    expect(page.get_by_text(re.compile(r"^sum [-−]1\d\.\d\d$")).first).to_be_visible()


@pytest.mark.parametrize("view", ["Step by step", "Compare", "Train your own", "Special tokens"])
def test_no_view_is_wider_than_a_phone(page, app_url, view):
    page.set_viewport_size({"width": 390, "height": 844})
    opened(page, app_url, f"view={view.replace(' ', '+')}&tokenizer.name=wordpiece")
    expect(page.get_by_role("button", name="How to read it").first).to_be_visible()
    wide = page.evaluate(
        "document.querySelector('[data-testid=stMain]').scrollWidth - "
        "document.querySelector('[data-testid=stMain]').clientWidth"
    )
    assert wide <= 0


def test_a_text_is_tokenized_while_it_is_typed(page, app_url):
    page.goto(f"{app_url}/tokenizer")
    box = page.get_by_role("textbox", name="Type here")
    expect(box).to_have_value(re.compile("^When Mary"))
    box.click()
    box.fill("")
    page.keyboard.type("One ", delay=40)
    expect(page.get_by_role("option")).to_have_count(3)  # <|end|>, One, a space
    page.keyboard.type("two three", delay=40)
    expect(page.get_by_role("option", name=re.compile("three"))).to_be_visible()
    # Nobody pressed Enter, and the box is still where one types.
    expect(box).to_be_focused()
    expect(box).to_have_value("One two three")
    page.keyboard.type(" four", delay=40)
    expect(page.get_by_role("option", name=re.compile("four"))).to_be_visible()
    expect(box).to_have_value("One two three four")
