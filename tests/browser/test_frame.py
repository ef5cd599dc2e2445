"""What a teacher does with the frame: choose, type, follow links, come back."""

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect

from tests import tiny
from tests.browser.conftest import insist

TOKENS = {"The capital of France is": 6, "to be or not": 5, "One day": 3, "alpha": 5, "omega": 4}
"""Of the bundled model, with the one before the text."""


def settled(page: Page) -> None:
    """Wait until the home page shows a prediction."""
    expect(page.get_by_text("Entropy ")).to_be_visible()
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)


def drawn(page: Page) -> Locator:
    """Return what is said of the home page's drawing: its model, its size and its answer."""
    return page.locator(".live.machine .picture")


def reads(page: Page, prompt: str) -> None:
    """Wait until the prompt is this, and what is drawn is of its tokens."""
    expect(page.get_by_role("textbox", name="Prompt")).to_have_value(prompt)
    through = re.compile(f": {TOKENS[prompt]} tokens through")
    expect(drawn(page)).to_have_attribute("aria-label", through)


def test_typing_a_prompt_changes_the_prediction_and_the_address_reopens_it(page, app_url):
    page.goto(app_url)
    settled(page)
    assert page.title() == "Home · Vitrine"
    before = drawn(page).get_attribute("aria-label")
    prompt = page.get_by_role("textbox", name="Prompt")
    prompt.fill("The capital of")
    prompt.press("Shift+Enter")
    expect(prompt).to_have_value("The capital of\n")
    prompt.fill("The capital of France is")
    prompt.press("Enter")
    reads(page, "The capital of France is")
    settled(page)
    after = drawn(page).get_attribute("aria-label")
    assert after != before
    expect(page).to_have_url(re.compile(r"prompt=The\+capital\+of\+France\+is"))

    page.goto(page.url)
    settled(page)
    expect(prompt).to_have_value("The capital of France is")
    expect(drawn(page)).to_have_attribute("aria-label", after)


def test_the_sidebar_tells_what_model_this_is(page, app_url):
    page.goto(app_url)
    sidebar = page.get_by_test_id("stSidebar")
    expect(sidebar.get_by_text("million parameters")).to_be_visible()
    expect(sidebar.get_by_text("llama, float32, cpu")).to_be_visible()
    expect(sidebar.get_by_text("context 512 tokens")).to_be_visible()


PHONE = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36"
TELEPHONE = {
    "viewport": {"width": 390, "height": 844},
    "user_agent": PHONE,
    "is_mobile": True,
    "has_touch": True,
}
LAPTOP = {"viewport": {"width": 1280, "height": 800}}


@pytest.mark.parametrize("screen", [TELEPHONE, LAPTOP], ids=["phone", "laptop"])
@pytest.mark.parametrize("path", ["", "attention", "glossary"])
def test_why_a_model_cannot_be_had_is_on_the_first_screen(screen, path, browser, app_url):
    """On a phone the sidebar is closed."""
    context = browser.new_context(**screen)
    page = context.new_page()
    page.goto(f"{app_url}/{path}?model=/nowhere/at/all")
    refusal = page.get_by_text("There is no folder /nowhere/at/all")
    expect(refusal).to_have_count(1)
    expect(refusal).to_be_in_viewport(ratio=1)
    expect(page.get_by_test_id("stAlert")).to_contain_text("Still looking at storyteller")
    expect(page.get_by_role("heading", level=1)).to_be_in_viewport()
    context.close()


def test_prompt_and_model_follow_the_reader_from_page_to_page(page, app_url):
    page.goto(f"{app_url}/?prompt={quote('Once upon a time')}")
    settled(page)
    link = page.get_by_test_id("stSidebarNav").get_by_role("link", name="Tokenizer tour")
    there = re.compile(r"/tokenizer\?")
    insist(link.click, lambda wait: expect(page).to_have_url(there, timeout=wait))
    expect(page.get_by_role("textbox", name="Prompt")).to_have_value("Once upon a time")
    expect(page).to_have_url(re.compile(r"prompt=Once\+upon\+a\+time"))
    expect(page).to_have_title("Tokenizer tour · Vitrine")


def test_a_deep_link_to_a_page_opens_it_inside_the_frame(page, app_url):
    page.goto(f"{app_url}/sampling?prompt={quote('Leo found a key')}")
    expect(page.get_by_test_id("stSidebarNav").get_by_role("link", name="Home")).to_be_visible()
    expect(page.get_by_role("textbox", name="Prompt")).to_have_value("Leo found a key")


def test_a_sample_prompt_is_one_click(page, app_url):
    page.goto(app_url)
    settled(page)
    page.get_by_role("button", name="Sample prompts").click()
    page.get_by_role("button", name="A capital").click()
    expect(page.get_by_role("textbox", name="Prompt")).to_have_value("The capital of France is")


def test_a_hub_model_that_is_not_here_is_refused_and_the_last_one_stays(page, app_url):
    page.goto(f"{app_url}/?model=openai-community/gpt2-xl-of-nobody")
    main = page.get_by_test_id("stMain")
    expect(main.get_by_text("is not on this machine, and the model hub")).to_be_visible()
    expect(main.get_by_text("Still looking at storyteller")).to_be_visible()
    settled(page)
    expect(drawn(page)).to_have_attribute("aria-label", re.compile("pass of storyteller: "))


def test_a_folder_with_a_masked_model_fills_the_blank(page, app_url, tmp_path):
    tiny.network("bert").save_pretrained(tmp_path)
    tiny.tokenizer().save_pretrained(tmp_path)
    page.goto(f"{app_url}/?model={quote(str(tmp_path))}&prompt={quote('to <mask> or not')}")
    said = f"What comes next, by {tmp_path.name}? The likeliest masked token is"
    expect(page.get_by_text(said)).to_be_visible()


@pytest.mark.parametrize(
    "name", ["**x** $y$ :red[z] `c` <b>_i_", ":smile: a->b -- www.x.y a@b.c &lt;"]
)
def test_the_name_of_a_model_is_shown_letter_by_letter(page, app_url, tmp_path, name):
    tiny.network("bert").save_pretrained(tmp_path / name)
    tiny.tokenizer().save_pretrained(tmp_path / name)
    page.goto(f"{app_url}/?model={quote(str(tmp_path / name))}&prompt=to+be")
    said = page.get_by_test_id("stCaptionContainer").filter(has_text="The likeliest masked token")
    expect(said).to_be_visible()
    # What keeps signs apart takes no room.
    assert said.inner_text().replace("\u2060", "").startswith(f"What comes next, by {name}? The ")
    assert said.locator("a, strong, em, code, .katex, b").count() == 0


def test_a_link_that_asks_for_nonsense_gets_sentences(page, app_url):
    page.goto(f"{app_url}/?device=toaster&dtype=int3")
    page.get_by_text("Device and precision").click()
    expect(page.get_by_text("The link asks for device “toaster”")).to_be_visible()
    expect(page.get_by_text("The link asks for dtype “int3”")).to_be_visible()
    settled(page)


def test_an_empty_and_an_endless_prompt_get_sentences_and_the_app_goes_on(page, app_url):
    page.goto(app_url)
    settled(page)
    prompt = page.get_by_role("textbox", name="Prompt")
    prompt.fill("")
    prompt.press("Control+Enter")
    expect(page.get_by_text("There is no text to read")).to_be_visible()
    prompt.fill("lamp " * 20_000)
    prompt.press("Control+Enter")
    expect(page.get_by_text("but this model reads at most 512")).to_be_visible()
    expect(page.get_by_text("too long for a link")).to_be_visible()
    expect(page).not_to_have_url(re.compile("prompt=lamp"))
    prompt.fill("One day")
    prompt.press("Control+Enter")
    reads(page, "One day")
    expect(page).to_have_url(re.compile(r"prompt=One\+day"))
    settled(page)


def test_back_and_forward_bring_prompt_page_and_view_back(page, app_url):
    page.goto(f"{app_url}/positions?view=Word+order&prompt=to+be+or+not")
    expect(page.locator(".ytick text").first).to_be_visible()
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Home").click()
    reads(page, "to be or not")
    page.get_by_role("button", name="Sample prompts").click()
    page.get_by_role("button", name="A capital").click()
    reads(page, "The capital of France is")
    settled(page)
    page.go_back()
    reads(page, "to be or not")
    settled(page)
    # Leaving a page that has choices of its own is two entries of the history.
    page.go_back()
    expect(page.get_by_role("heading", name="Positions")).to_be_visible()
    page.go_back()
    expect(page).to_have_url(re.compile(r"view=Word\+order"))
    expect(page.locator(".xtick text")).to_have_count(3)
    expect(page.get_by_role("textbox", name="Prompt")).to_have_value("to be or not")
    page.go_forward()
    expect(page.get_by_role("heading", name="Positions")).to_be_visible()
    expect(page).not_to_have_url(re.compile("view="))
    page.go_forward()
    reads(page, "to be or not")


def test_two_readers_at_once_do_not_see_each_other_s_text(page, app_url, browser):
    other = browser.new_context().new_page()
    page.goto(f"{app_url}/?prompt=alpha")
    other.goto(f"{app_url}/?prompt=omega")
    settled(page)
    reads(other, "omega")
    reads(page, "alpha")
    assert page.get_by_text("omega").count() == 0
    assert other.get_by_text("alpha").count() == 0
    other.context.close()


def test_the_very_first_reader_of_a_server_may_come_by_a_link_to_a_page(fresh_app_url, page):
    page.goto(f"{fresh_app_url}/sampling?prompt=alpha")
    expect(page.get_by_role("heading", name="Sampling", exact=True)).to_be_visible()
    expect(page.get_by_role("textbox", name="Prompt")).to_have_value("alpha")
    assert page.get_by_text("Page not found").count() == 0
