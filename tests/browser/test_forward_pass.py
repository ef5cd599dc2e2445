"""The drawing of the forward pass in Chromium: by keyboard alone, by mouse, as a file, at rest."""

import re
import struct
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect

from components.widgets import chapters
from tests.browser.conftest import still

pytestmark = pytest.mark.slow
LONG = " ".join(["Once upon a time there was a little girl who lived near the old mill."] * 6)
"""More tokens than are drawn."""
ROWS = 64
MOST_ELEMENTS = 400


def part(page: Page, name: str) -> Locator:
    """Return a part of the drawing that is on screen."""
    return page.locator(f".live.machine:visible {name}")


def said(page: Page) -> Locator:
    """Return what is said to those who do not see the drawing: where it is."""
    return page.locator(".live.machine > .hidden")


def opened(page: Page, url: str, **address: str) -> None:
    """Open the page, and wait until all of it is drawn."""
    given = "&".join(f"{name}={quote(value)}" for name, value in address.items())
    page.goto(f"{url}/forward_pass?{given}")
    expect(said(page)).to_have_text(re.compile(r"^Token \d+ “.+”; next token .+%"))


def pressed(page: Page, key: str, address: str) -> None:
    """Press a key, and wait until the address says so; what is drawn may still be on its way."""
    page.keyboard.press(key)
    expect(page).to_have_url(re.compile(rf"forward_pass\.{address}(&|$)"))


def where(page: Page, pattern: str) -> tuple[float, float]:
    """Return where on the screen the tip says something, found by going over the drawing."""
    found = part(page, ".picture").evaluate(
        """async (frame, pattern) => {
          const tip = frame.querySelector(".tip");
          const box = frame.querySelector("canvas").getBoundingClientRect();
          const fits = new RegExp(pattern), hits = [];
          for (let y = 3; y < box.height && hits.length < 4; y += 5)
            for (let x = 3; x < box.width; x += 5) {
              const at = { clientX: box.left + x, clientY: box.top + y, bubbles: true };
              frame.dispatchEvent(new PointerEvent("pointermove", at));
              if (tip.hidden || !fits.test(tip.innerText)) continue;
              hits.push([at.clientX, at.clientY]);
              break;
            }
          return hits[Math.min(1, hits.length - 1)] ?? null;
        }""",
        pattern,
    )
    assert found, f"nothing in the drawing says {pattern}"
    return found[0], found[1]


def clicked(page: Page, pattern: str, address: str) -> None:
    """Click on what the tip calls so, and wait until the address says so."""
    page.mouse.click(*where(page, pattern))
    expect(page).to_have_url(re.compile(rf"forward_pass\.{address}(&|$)"))


def test_a_teacher_needs_the_keyboard_alone(page, app_url):
    opened(page, app_url)
    part(page, ".picture").focus()
    pressed(page, "ArrowRight", "open=0")
    expect(said(page)).to_have_text(re.compile("; layer 0, head 0 open$"))
    pressed(page, "ArrowRight", "open=1")
    pressed(page, "]", "head=1")
    expect(said(page)).to_have_text(re.compile("; layer 1, head 1 open$"))
    square = part(page, ".station.square")
    for step, words in [("scores", "query · key"), ("scaled", "scaled"), ("masked", "masked")]:
        pressed(page, " ", f"step={step}")
        expect(square).to_have_text(words)
    page.keyboard.press(" ")
    expect(square).to_have_text("softmax: weights")
    pressed(page, "ArrowUp", "token=13")
    expect(said(page)).to_have_text(re.compile("^Token 13 “·drink”"))
    page.keyboard.press("Enter")
    expect(part(page, ".glass .holds")).to_have_text(
        re.compile(r"✓ recorded (−?[\d.]+), recomputed \1; off by .*, allowed ")
    )
    pressed(page, "p", "push=true")
    told = re.compile(r"All terms: (−?[\d.]+); the logits differ by \1\.$")
    expect(part(page, ".legend")).to_have_text(told)
    page.keyboard.press("Escape")
    expect(part(page, ".glass")).to_be_hidden()
    expect(page).not_to_have_url(re.compile("station="))

    # What is written stands behind the text: from another token, w leads to the last one first.
    page.keyboard.press("w")
    expect(said(page)).to_have_text(re.compile("^Token 14 "))
    expect(page).not_to_have_url(re.compile("token="))
    expect(
        part(
            page,
            "button",
        ).get_by_text("Write on: ·John")
    ).to_be_visible()
    pressed(page, "w", r"written=\d+")
    expect(said(page)).to_have_text(re.compile("^Token 15 “·John”"))
    expect(page.get_by_role("button", name="Take back")).to_be_visible()

    pressed(page, "p", r"written=\d+")
    expect(page).not_to_have_url(re.compile("push="))
    pressed(page, "x", r"off=head\+1\.1")
    expect(part(page, ".legend")).to_have_text(
        re.compile(r"^Off: head 1\.1\. Before, dashed: .+%; now .+%\.$")
    )
    pressed(page, "t", "stop=1")
    expect(part(page, ".tour-title")).to_contain_text("1 of 12")
    expect(page.get_by_label("to do:")).to_be_visible()
    pressed(page, "ArrowUp", "token=14")
    expect(said(page)).to_have_text(re.compile("^Token 14 "))
    expect(page.get_by_label("done:")).to_be_visible()
    page.get_by_role("group", name="How many tokens").get_by_role("button", name="16").focus()
    page.keyboard.press("Enter")
    expect(part(page, ".tour-verdict")).to_have_text(re.compile("^Right. "))

    held, now = page.url, said(page).inner_text()
    page.goto(held)
    expect(said(page)).to_have_text(now)
    expect(part(page, ".tour-title")).to_contain_text("1 of 12")
    expect(part(page, ".legend")).to_have_text(re.compile(r"^Off: head 1\.1\."))
    assert page.url == held


def test_a_click_follows_opens_and_takes_apart_and_home_is_the_door(page, app_url):
    page.goto(app_url)
    expect(page.get_by_text("Entropy")).to_be_visible()
    expect(said(page)).to_have_text(re.compile("next token"))
    page.mouse.click(*where(page, "^layer 1, head 2"))
    expect(page).to_have_title("Forward pass · Vitrine")
    expect(page).to_have_url(re.compile(r"forward_pass\.open=1(&|$)"))
    expect(page.get_by_role("textbox", name="Prompt")).to_have_value(chapters.OPEN)
    expect(said(page)).to_have_text(re.compile("; layer 1, head 2 open$"))
    part(page, ".station.close").click()
    expect(page).not_to_have_url(re.compile("open="))

    clicked(page, "^“·upon”, token 2", "token=2")
    expect(said(page)).to_have_text(re.compile("^Token 2 “·upon”"))
    clicked(page, "^MLP of layer 3", "open=3")
    expect(said(page)).to_have_text(re.compile("layer 3, head 2 open$"))
    clicked(page, "^layer 3, head 1", "head=1")
    clicked(page, r"^·time → ·upon\s+weight", "station=weight")
    expect(page).to_have_url(re.compile(r"forward_pass\.token=4&|forward_pass\.token=4$"))
    expect(part(page, ".glass .holds")).to_contain_text("✓ recorded")


def test_of_a_long_text_a_window_is_drawn_with_few_elements_and_saved_as_a_picture(page, app_url):
    opened(page, app_url, prompt=LONG, **{"forward_pass.open": "2"})
    expect(said(page)).to_have_text(re.compile("layer 2, head 0 open$"))
    expect(part(page, ".legend")).to_contain_text(re.compile(r"Tokens \d+ to \d+ of \d+\.$"))
    first, last = map(
        int, re.findall(r"Tokens (\d+) to (\d+)", part(page, ".legend").inner_text())[0]
    )
    assert last - first + 1 == ROWS
    count = part(page, "*").count()
    assert 60 < count <= MOST_ELEMENTS

    with page.expect_download() as download:
        page.get_by_role("button", name="SVG").click()
    drawn = download.value.path().read_text(encoding="utf-8")
    assert drawn.startswith("<svg ") and drawn.endswith("</svg>")
    for words in ("·mill", "layer 2", "next token", "tokens"):
        assert words in drawn
    assert drawn.count("<image ") > 12, "strips, squares of heads and the open one's"
    assert "NaN" not in drawn and "undefined" not in drawn
    with page.expect_download() as download:
        page.get_by_role("button", name="PNG").click()
    saved = download.value.path().read_bytes()
    assert saved.startswith(b"\x89PNG")
    wide, high = struct.unpack(">II", saved[16:24])
    size = re.match(r'<svg [^>]*width="([\d.]+)" height="([\d.]+)"', drawn)
    assert (wide, high) == pytest.approx(tuple(2 * float(one) for one in size.groups()), abs=2)
    assert len(saved) > 30_000


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_at_rest_nothing_moves_and_nothing_is_drawn(motion, page, app_url):
    page.emulate_media(reduced_motion=motion)
    page.add_init_script(
        "const clear = CanvasRenderingContext2D.prototype.clearRect; window.cleared = 0;"
        "CanvasRenderingContext2D.prototype.clearRect = function (...box) {"
        " window.cleared += 1; return clear.apply(this, box); }"
    )
    opened(page, app_url, **{"forward_pass.open": "1", "forward_pass.stop": "3"})
    expect(part(page, ".tour-title")).to_contain_text("3 of 12")
    still(page)
    page.wait_for_timeout(800)
    before = page.evaluate("window.cleared")
    page.wait_for_timeout(800)
    assert page.evaluate("window.cleared") == before > 0
    running = part(page, ".picture").evaluate(
        "(frame) => frame.getRootNode().getAnimations().length"
    )
    assert running == 0
