"""What a teacher does in the sampling playground: drag, release, write, click, come back."""

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

STORY = quote("Once upon a time there was a little fox named Leo.")


def checked(page: Page) -> None:
    """Wait until all checks hold: three of what the browser made, one of the model's logits."""
    expect(page.get_by_role("button", name="✓ 4 checks hold")).to_be_visible()


def checked_for(page: Page, what: str) -> None:
    """Wait until the server has checked what the browser made of these settings: all is green."""
    expect(page.get_by_text(re.compile(f"Checked for: .*{what}"))).to_be_visible()
    checked(page)
    expect(page.get_by_text("✗")).to_have_count(0)


NEW = {"sampling.new": "12"}


def opened(page: Page, app_url: str, **address: str) -> None:
    address = {"prompt": STORY} | {name: quote(value) for name, value in address.items()}
    page.goto(f"{app_url}/sampling?" + "&".join(f"{k}={v}" for k, v in address.items()))


def slider(page: Page, name: str):
    return page.get_by_label(name, exact=True).and_(page.locator("input[type=range]"))


def shares_after(page: Page) -> list[str]:
    return page.locator(".rows tbody td:last-child").all_inner_texts()


def drag(page: Page, name: str, share: float, release: bool = True) -> None:
    """Drag the thumb of slider `name` to `share` of its way, in small steps."""
    control = slider(page, name)
    control.scroll_into_view_if_needed()
    box = control.bounding_box()
    at = float(control.input_value()) / float(control.get_attribute("max"))
    thumb, middle = 16, box["y"] + box["height"] / 2

    def x(part: float) -> float:
        return box["x"] + thumb / 2 + part * (box["width"] - thumb)

    page.mouse.move(x(at), middle)
    page.mouse.down()
    for step in range(1, 11):
        page.mouse.move(x(at + (share - at) * step / 10), middle)
    page.evaluate("() => new Promise((f) => requestAnimationFrame(() => requestAnimationFrame(f)))")
    if release:
        page.mouse.up()


def test_bars_change_while_the_thumb_is_dragged_and_the_server_agrees_on_release(page, app_url):
    opened(page, app_url)
    checked(page)
    before = shares_after(page)
    drag(page, "Temperature", 0.6, release=False)
    dragged = shares_after(page)
    assert dragged != before
    assert "temperature=" not in page.url
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"temperature=1\.(76|8|84)"))
    checked_for(page, r"temperature 1\.(76|8|84)")
    assert shares_after(page) == dragged


def test_top_p_removes_tokens_as_it_is_dragged(page, app_url):
    opened(page, app_url)
    checked(page)
    assert page.locator(".rows .gone").count() == 0
    drag(page, "Top-p", 0.5, release=False)
    assert page.locator(".rows .gone").count() > 5
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"top_p=0\.5"))
    checked_for(page, r"top-p 0\.5")
    page.get_by_role("button", name="✓ 4 checks hold").click()
    said = "Each token left has the probability that transformers gives it"
    expect(page.get_by_text(said)).to_be_visible()


def test_the_address_reopens_exactly_what_was_on_screen(page, app_url):
    opened(page, app_url, temperature="1.3", top_k="12", min_p="0.02", seed="7")
    checked(page)
    shown = page.locator(".rows").inner_text(), page.locator(".said").inner_text()
    expect(page.get_by_label("Temperature, exact")).to_have_value("1.3")
    page.reload()
    checked(page)
    assert (page.locator(".rows").inner_text(), page.locator(".said").inner_text()) == shown
    assert len([row for row in shares_after(page) if row != "removed"]) <= 12
    assert page.locator("[data-step=top_k] .leaves span").first.inner_text() == "12"
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Home").click()
    expect(page.get_by_text("Entropy ")).to_be_visible()
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Sampling playground").click()
    checked(page)
    assert (page.locator(".rows").inner_text(), page.locator(".said").inner_text()) == shown


def test_a_second_drag_is_not_taken_back_by_the_answer_to_the_first(page, app_url):
    opened(page, app_url)
    checked(page)
    drag(page, "Temperature", 0.7)
    drag(page, "Top-p", 0.4)
    drag(page, "Temperature", 0.1)
    expect(page).to_have_url(re.compile(r"temperature=0\.(2|19|21)(&|$)"))
    expect(page).to_have_url(re.compile(r"top_p=0\.4"))
    checked(page)
    expect(slider(page, "Top-p")).to_have_value(re.compile(r"0\.[34]"))


def test_sliders_obey_the_keyboard_and_say_what_they_are_set_to(page, app_url):
    opened(page, app_url)
    checked(page)
    control = slider(page, "Top-k")
    control.focus()
    expect(control).to_have_attribute("aria-valuetext", "all tokens, off")
    control.press("Home")
    expect(control).to_have_attribute("aria-valuetext", "1")
    control.press("ArrowRight")
    expect(page).to_have_url(re.compile(r"top_k=2(&|$)"))
    expect(page.locator("[data-step=top_k] .leaves span").first).to_have_text("2")


def test_a_number_typed_beside_a_slider_is_kept_within_its_range(page, app_url):
    opened(page, app_url)
    checked(page)
    number = page.get_by_label("Temperature, exact")
    number.fill("99")
    number.press("Enter")
    expect(number).to_have_value("5")
    expect(page).to_have_url(re.compile(r"temperature=5(\.0)?(&|$)"))


def test_presets_and_greedy_say_what_they_do(page, app_url):
    opened(page, app_url)
    page.get_by_role("button", name="Greedy", exact=True).click()
    expect(page.get_by_text("No random number is used")).to_be_visible()
    checked_for(page, "Greedy")
    page.get_by_role("button", name="All off").click()
    expect(page).not_to_have_url(re.compile("temperature"))


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_in_16_bits_with_their_many_equal_logits_browser_and_server_agree(page, app_url, dtype):
    opened(page, app_url, dtype=dtype, top_p="0.9", temperature="1.5", repetition_penalty="0.5")
    checked_for(page, r"top-p 0\.9")


def test_hot_as_it_may_be_the_token_drawn_has_its_name(page, app_url):
    opened(page, app_url, temperature="5", seed="2")
    checked_for(page, "temperature 5")
    expect(page.locator(".said")).to_contain_text("is drawn")
    expect(page.locator(".said")).not_to_contain_text("“#")


def test_the_toy_logits_can_be_followed_by_hand(page, app_url):
    opened(page, app_url, **{"sampling.logits": "4, 3, 2, 1, 0"}, top_p="0.8", temperature="2")
    expect(page.locator(".rows tbody tr:visible")).to_have_count(5)
    expect(page.locator("[data-step=top_p] .leaves span").first).to_have_text("3")
    assert page.locator(".rows tbody td.was").all_inner_texts()[:3] == ["63.6%", "23.4%", "8.61%"]
    assert page.locator(".rows tfoot td.number").all_inner_texts() == ["", ""]
    expect(page.get_by_role("button", name="✓ 3 checks hold")).to_be_visible()


def test_nonsense_in_the_address_gets_a_sentence_and_the_page_goes_on(page, app_url):
    opened(page, app_url, temperature="77", top_p="warm")
    expect(
        page.get_by_text("Temperature is '77', but must be a number from 0 to 5")
    ).to_be_visible()
    expect(page.get_by_text("Top-p is 'warm'")).to_be_visible()
    checked(page)


def test_a_generated_token_is_clicked_explained_and_replaced(page, app_url):
    opened(page, app_url, view="Generate", seed="3", **{"sampling.new": "8"})
    page.get_by_role("button", name="Write 8").click()
    tokens = page.locator(".ribbon button")
    expect(tokens).to_have_count(8)
    tokens.nth(2).click()
    expect(page.get_by_text("Token 3 is")).to_be_visible()
    expect(page.get_by_text("the random number")).to_be_visible()
    expect(page.get_by_test_id("stPlotlyChart")).to_have_count(1)
    expect(page.locator(".xtitle, .x2title")).to_have_count(2)
    page.get_by_role("button", name="Take another token").click()
    page.get_by_role("button", name="Take it, and go on").click()
    expect(page.locator(".ribbon .row")).to_have_count(2)
    expect(page.get_by_text("↳ after token 2")).to_be_visible()
    expect(page.locator(".ribbon button.hand")).to_have_count(1)
    tokens.nth(1).click()
    expect(page.get_by_text("Token 2 is")).to_be_visible()
    page.get_by_role("button", name="Rewind to here").click()
    expect(tokens).to_have_count(2)


def test_writing_again_gives_the_same_text_and_another_seed_another(page, app_url):
    """The experiment that the page asks for can be done as it says."""
    opened(page, app_url, view="Generate", seed="11", temperature="1.2", **NEW)
    expect(page.get_by_text("Press Write 12, then Write again")).to_be_visible()
    page.get_by_role("button", name="Write 12").click()
    expect(page.get_by_text("Stopped: 12 tokens were asked for.")).to_be_visible()
    page.get_by_role("button", name="Write again").click()
    expect(page.get_by_text("same text: all 12 tokens as before")).to_be_visible()
    page.mouse.move(700, 900)  # the button's own help lies over the row
    page.get_by_role("button", name="Sampling: temperature 1.2 · seed 11").click()
    page.get_by_label("Seed", exact=True).fill("12")
    page.get_by_label("Seed", exact=True).press("Enter")
    expect(page).to_have_url(re.compile(r"[?&]seed=12(&|$)"))
    expect(page.get_by_role("button", name="Sampling: temperature 1.2 · seed 12")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Write again").click()
    expect(page.locator(".ribbon .row")).to_have_count(2)


def test_on_a_phone_the_bars_stay_in_sight_of_the_slider(browser, app_url):
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    opened(page, app_url)
    checked(page)
    page.mouse.move(200, 600)
    slider(page, "Top-p").scroll_into_view_if_needed()
    slider(page, "Temperature").scroll_into_view_if_needed()
    for there in (page.locator(".rows tbody tr").first, slider(page, "Temperature")):
        expect(there).to_be_in_viewport()
    context.close()


def test_the_same_seed_writes_the_same_text_after_a_reload(page, app_url):
    texts = []
    for _ in range(2):
        opened(page, app_url, view="Generate", seed="11", temperature="1.2", **NEW)
        page.get_by_role("button", name="Write 12").click()
        expect(page.get_by_text("Stopped:")).to_be_visible()
        expect(page.locator(".ribbon button")).not_to_have_count(0)
        texts.append(page.locator(".ribbon").inner_text())
    assert texts[0] == texts[1]


def test_writing_is_stopped_by_a_button_and_what_was_written_stays(page, app_url):
    opened(page, app_url, view="Generate", temperature="5", **{"sampling.new": "200"})
    page.get_by_role("button", name="Write 200").click()
    page.get_by_role("button", name="Stop writing").click()
    tokens = page.locator(".ribbon button")
    expect(tokens.first).to_be_visible()
    expect(page.get_by_role("button", name="Stop writing")).to_have_count(0)
    assert 0 < tokens.count() < 200
    expect(page.get_by_role("button", name="Write 200")).to_be_enabled()


def test_beams_are_drawn_and_equal_transformers(page, app_url):
    opened(page, app_url, view="Compare", **{"sampling.beams": "3", "sampling.each": "6"})
    guess = page.get_by_test_id("stButtonGroup").get_by_text("beam search", exact=True)
    guess.click()
    expect(page.get_by_text("ln p = ").first).to_be_visible()
    expect(page.get_by_test_id("stPlotlyChart")).to_be_visible()
    page.get_by_text("transformers' own beam search too").click()
    expect(page.get_by_text("returns the same")).to_be_visible()


def test_draws_come_with_their_chi_square(page, app_url):
    opened(page, app_url, view="Draws", **{"sampling.draws": "2000"})
    expect(
        page.get_by_text(re.compile("of 100 samples of 2,000 draws|fewer than one sample"))
    ).to_be_visible()
    expect(page.get_by_test_id("stPlotlyChart")).to_be_visible()


def test_a_scored_token_is_clicked_and_explained(page, app_url):
    opened(page, app_url, view="Perplexity")
    tokens = page.locator(".ribbon button")
    expect(tokens.first).to_be_visible()
    tokens.nth(3).click()
    expect(page.get_by_text("the model gave it")).to_be_visible()
    expect(tokens.nth(3)).to_have_attribute("aria-pressed", "true")
    page.get_by_label("Text to score").fill("A llama is a generative transformer model.")
    page.get_by_label("Text to score").press("Control+Enter")
    expect(page.get_by_text("the model gave it")).to_have_count(0)
    expect(page).to_have_url(re.compile(r"sampling\.text=A\+llama"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1400])
def test_the_playground_fits_and_can_be_read(browser, app_url, scheme, width):
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    opened(page, app_url, top_p="0.8")
    checked(page)
    spilled = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert spilled <= 0
    inside = page.locator(".sampling-playground").evaluate("(e) => e.scrollWidth - e.clientWidth")
    assert inside <= 1
    assert page.evaluate(CONTRAST) == []
    context.close()


CONTRAST = """
() => {
  const hosts = [...document.querySelectorAll("*")].filter((e) => e.shadowRoot);
  const root = hosts.map((e) => e.shadowRoot).find((r) => r.querySelector(".sampling-playground"));
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (color, under) => {
    canvas.fillStyle = under; canvas.fillRect(0, 0, 1, 1);
    canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (channels) => channels
    .map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const page = getComputedStyle(document.querySelector("[data-testid=stApp]")).backgroundColor;
  const ground = (e) => {
    const layers = [];
    for (let at = e; at && at !== root; at = at.parentElement)
      layers.unshift(getComputedStyle(at).backgroundColor);
    return layers.reduce((under, layer) => `rgb(${rgb(layer, under).join()})`, page);
  };
  const faint = [];
  for (const e of root.querySelectorAll("td, th, p, span, label, button, summary, strong, text")) {
    if (!e.textContent.trim() || e.children.length || !e.getClientRects().length) continue;
    if (e.closest(".hidden")) continue;
    const under = ground(e), style = getComputedStyle(e);
    const color = rgb(e instanceof SVGElement ? style.fill : style.color, under);
    const [a, b] = [light(color), light(rgb(under, page))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) faint.push(`${e.textContent}: ${ratio.toFixed(2)}`);
  }
  return faint;
}
"""
