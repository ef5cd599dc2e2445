"""What a teacher does on the attention page; every foreign host is blocked by `page`."""

import re
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

PROMPT = quote("When Mary and John went to the shop, Mary gave a drink to")


def opened(page: Page, app_url: str, **address: str) -> None:
    values = {"prompt": PROMPT} | {name: quote(value) for name, value in address.items()}
    page.goto(f"{app_url}/attention?" + "&".join(f"{k}={v}" for k, v in values.items()))


def heads(page: Page):
    return page.locator(".head-grid button")


def all_hold(page: Page) -> None:
    """Wait for the checks, and see that each is green, with how far off it is."""
    page.get_by_role("button", name=re.compile(r"✓ \d checks hold")).click()
    line = page.get_by_text(re.compile(r"✓ Every row sums to 1: off by [\de.+-]+, allowed"))
    expect(line).to_be_visible()
    said = line.inner_text().strip().splitlines()
    assert [one for one in said if not re.match(r"✓ .*: off by [\de.+-]+, allowed ", one)] == []
    page.keyboard.press("Escape")


def test_a_head_is_pointed_at_and_opened(page, app_url):
    opened(page, app_url)
    expect(heads(page)).to_have_count(16)
    drawn = (
        heads(page)
        .nth(6)
        .locator("canvas")
        .evaluate(
            "c => new Set(c.getContext('2d').getImageData(0, 0, c.width, c.height).data).size"
        )
    )
    assert drawn > 20  # many colours: not an empty canvas
    heads(page).nth(6).hover()
    expect(page.locator(".pane")).to_contain_text("Layer 1, head 2")
    expect(page.locator(".pane")).to_contain_text("entropy")
    heads(page).nth(6).click()
    expect(page.get_by_text("One head, in numbers")).to_be_visible()
    expect(page).to_have_url(re.compile(r"layer=1.*head=2|head=2.*layer=1"))
    expect(page.locator(".js-plotly-plot .heatmaplayer image").first).to_be_attached()
    expect(page.get_by_text("Layer 1, head 2: the last query token")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Layer 1, head 2: the last query token")).to_be_visible()


def test_a_pair_of_tokens_is_named_in_the_pane_and_all_is_on_the_first_screen(page, app_url):
    page.set_viewport_size({"width": 1440, "height": 900})
    opened(page, app_url, layer="2", head="1")
    expect(heads(page).nth(9)).to_have_attribute("aria-pressed", "true")
    large = page.locator(".pane canvas.large")
    box = large.bounding_box()
    assert box["width"] > 2 * heads(page).first.bounding_box()["width"]
    large.hover(position={"x": box["width"] / 30, "y": box["height"] * 29 / 30})
    expect(page.locator(".pane .pair")).to_have_text(re.compile(r"^ ?to → <\|end\|>: ≈ [\d.]+%$"))
    links = page.get_by_role("button", name="How to read it").bounding_box()
    assert links["y"] + links["height"] < 900


def test_the_arrow_keys_walk_over_the_heads(page, app_url):
    opened(page, app_url)
    heads(page).first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".pane")).to_contain_text("Layer 1, head 1")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("view=One"))


def test_heads_are_sorted_on_random_tokens(page, app_url):
    opened(
        page,
        app_url,
        **{"attention.measured": "random tokens, twice over", "attention.sort": "induction"},
    )
    expect(heads(page)).to_have_count(16)
    notes = [float(text.rstrip("%")) for text in page.locator(".note").all_inner_texts()]
    assert notes == sorted(notes, reverse=True)


def test_the_first_token_is_hidden(page, app_url):
    opened(page, app_url, view="One head")
    all_hold(page)
    page.get_by_role("button", name="Display").click()
    page.get_by_text("Hide the first token").click()
    expect(page.get_by_text("Hidden: the first token")).to_be_visible()
    expect(page).to_have_url(re.compile(r"attention\.hide_first=true"))


@pytest.mark.parametrize(("view", "lines"), [("head", 200), ("model", 1600), ("neuron", 100)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_view_of_bertviz_is_drawn_with_no_network(page, app_url, view, lines, scheme):
    page.emulate_media(color_scheme=scheme)
    opened(page, app_url, view="BertViz", **{"attention.bertviz_view": view})
    frame = page.frame_locator(".page-frame iframe")
    expect(frame.locator("#vis svg line").nth(lines)).to_be_attached()
    ground = frame.locator("body").evaluate("b => getComputedStyle(b).backgroundColor")
    assert ground == ("rgb(23, 22, 20)" if scheme == "dark" else "rgb(255, 255, 255)")
    page.get_by_role("button", name="Files").click()
    with page.expect_download() as started:
        page.get_by_role("button", name="Picture, alive (HTML)").click()
    assert started.value.suggested_filename == "attention-bertviz.html"
    page.set_content(Path(started.value.path()).read_text(encoding="utf-8"))
    expect(page.locator("#vis svg line").nth(lines)).to_be_attached()


@pytest.mark.parametrize("view", ["head", "neuron"])
def test_a_frame_draws_another_layer_as_its_file_does_and_gets_no_script_again(page, app_url, view):
    sizes: list[int] = []
    page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda payload: sizes.append(len(payload))),
    )
    kind = {"attention.bertviz_view": view}
    files: list[str] = []
    page.on("requestfinished", lambda request: files.append(request.url))
    opened(page, app_url, view="BertViz", layer="0", **kind)
    frame = page.frame_locator(".page-frame iframe")
    lines = frame.locator("#vis svg line")
    expect(lines.nth(100)).to_be_attached()
    assert sum(file.endswith(".json") for file in files) == 2, "the scripts came"
    before = drawn(lines)
    sizes.clear()
    files.clear()
    box = page.get_by_role("combobox", name=re.compile("Layer")).first
    box.click()
    box.fill("2")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("layer=2"))
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(2000)
    assert 0 < sum(sizes) < 150_000
    assert not any(file.endswith((".json", ".js")) for file in files)
    expect(lines.nth(100)).to_be_attached()
    after = drawn(lines)
    assert after != before
    page.get_by_role("button", name="Files").click()
    with page.expect_download() as started:
        page.get_by_role("button", name="Picture, alive (HTML)").click()
    page.set_content(Path(started.value.path()).read_text(encoding="utf-8"))
    expect(page.locator("#vis svg line").nth(100)).to_be_attached()
    assert drawn(page.locator("#vis svg line")) == after


def drawn(lines) -> list[str]:
    """Return how wide and how dark each line of a picture is."""
    return lines.evaluate_all(
        "all => all.map(one => `${one.style.cssText} ${one.getAttribute('stroke-opacity')}`)"
    )


def test_the_neuron_view_opens_a_token(page, app_url):
    kind = {"attention.bertviz_view": "neuron"}
    opened(page, app_url, view="BertViz", layer="1", head="1", **kind)
    frame = page.frame_locator(".page-frame iframe")
    token = frame.locator("#collapsed #leftText g").nth(5)
    token.hover()
    token.locator(".plus-sign").click(force=True)
    expect(frame.locator("#expanded")).to_have_attribute("visibility", "visible")


def test_the_toy_is_edited_and_explains_what_is_no_number(page, app_url):
    kind = {"attention.numbers": "of a small example"}
    opened(page, app_url, view="Step by step", **kind)
    expect(page.get_by_text("0.67", exact=True).first).to_be_visible()
    keys = page.get_by_label("K: keys")
    keys.fill("1 0\n1 0\n1 0")
    keys.press("Control+Enter")
    expect(page.get_by_text("0.333", exact=True).first).to_be_visible()
    keys.fill("1 zero\n0 1\n1 1")
    keys.press("Control+Enter")
    expect(page.get_by_text("“zero” in K is no number")).to_be_visible()


def test_a_row_is_added_for_each_written_token(page, app_url):
    opened(page, app_url, view="While writing", **{"attention.new": "4"})
    page.get_by_role("button", name="Measure while it writes").click()
    all_hold(page)
    expect(page.locator(".js-plotly-plot .heatmaplayer image").first).to_be_attached()
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
    # The story may end before: each token written has its row.
    written = page.get_by_text(re.compile(r"^… .* → ")).locator("code").count()
    assert 1 <= written <= 4
    expect(page.locator(".js-plotly-plot .ytick text")).to_have_count(written)
