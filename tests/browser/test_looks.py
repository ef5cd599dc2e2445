"""Every view can be read: text of 14 pixels or more, a contrast of 4.5 to 1, light and dark."""

import os

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import still
from tests.pages.test_lessons import VIEWS

SMALLEST = 13.5
"""Pixels: 0.85 rem, which Streamlit rounds 14 down to in places."""
CONTRAST = 4.5
MEASURE = """
() => {
  const SKIPPED = '[aria-hidden="true"], .katex, [data-testid="stIconMaterial"], title, style, ' +
    ':disabled, [aria-disabled="true"], .hoverlayer, [data-testid="stSliderThumbValue"], ' +
    '.heatmap-label, .bartext, .slicetext, tspan[style*="70%"], p code, ' +
    '[data-testid="stBaseButton-primary"], [data-testid="stMultiSelect"]'
  const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true })
  const known = {}
  const rgb = (color) => {
    if (!(color in known)) {
      paint.clearRect(0, 0, 1, 1)
      paint.fillStyle = color
      paint.fillRect(0, 0, 1, 1)
      const [r, g, b, a] = paint.getImageData(0, 0, 1, 1).data
      known[color] = [r, g, b, a / 255]
    }
    return known[color]
  }
  const above = (one) => one.parentElement ?? one.getRootNode().host
  const over = (top, below) => {
    return [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3]))
  }
  const ground = (element) => {
    const layers = []
    for (let one = element; one; one = above(one)) {
      const color = rgb(getComputedStyle(one).backgroundColor)
      if (color[3] > 0) layers.push(color)
    }
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255])
  }
  const light = (color) => {
    const [r, g, b] = color.map((part) => {
      const share = part / 255
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const found = []
  const main = document.querySelector('[data-testid="stMainBlockContainer"]')
  const roots = [main, ...[...main.querySelectorAll("*")].map((one) => one.shadowRoot)]
  for (const root of roots.filter(Boolean)) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
    while (walker.nextNode()) {
      const text = walker.currentNode.textContent.trim(), own = walker.currentNode.parentElement
      if (!/[\\p{L}\\p{N}]/u.test(text) || !own || !own.getClientRects().length) continue
      const style = getComputedStyle(own)
      if (style.visibility === "hidden" || style.display === "none") continue
      if (own.closest(SKIPPED)) continue
      const box = own.getBoundingClientRect()
      if (box.width < 2 || box.height < 2) continue
      const svg = own instanceof SVGElement
      const color = rgb(svg ? style.fill : style.color), below = ground(own)
      const seen = over(color, below)
      const [high, low] = [light(seen), light(below)].sort((a, b) => b - a)
      found.push([text.slice(0, 60), parseFloat(style.fontSize), (high + 0.05) / (low + 0.05)])
    }
  }
  return found
}
"""
"""Every text on the page: what it says, its size in pixels, and its contrast. Text on a cell or a
bar has the size that there is room for, and a ground of its own; code within a sentence (12 pixels)
and white on the primary colour, of a button and of chosen options, are Streamlit's."""


def measured(page: Page) -> list[tuple[str, float, float]]:
    """Return every text in the page's main part, once nothing is running any more."""
    still(page)
    page.wait_for_timeout(500)
    found: list[tuple[str, float, float]] = page.evaluate(MEASURE)
    assert len(found) > 10, "the page is there"
    return found


SCHEMES = ("light", "dark")
EACH = [
    (*view, scheme)
    for number, view in enumerate(VIEWS)
    for scheme in (SCHEMES if os.environ.get("VITRINE_LOOKS") else (SCHEMES[number % 2],))
]
"""Neighbours in turn in one of the two, so that each page is seen in both; with `VITRINE_LOOKS=1`
each view in both. Colours come from one place, `figures.theme`."""


@pytest.mark.parametrize(("path", "dotted", "view", "scheme"), EACH, ids=lambda one: str(one)[-20:])
def test_every_text_is_large_and_dark_enough(path, dotted, view, scheme, page, app_url):
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{app_url}/{dotted.rpartition('.')[2]}?view={view.replace(' ', '+')}")
    read = page.get_by_role("button", name="How to read it")
    # What takes long waits for its button.
    expect(read.or_(page.get_by_test_id("stBaseButton-primary")).first).to_be_visible()
    found = measured(page)
    assert [(text, size) for text, size, _ in found if size < SMALLEST] == []
    assert [(text, round(ratio, 2)) for text, _, ratio in found if round(ratio, 1) < CONTRAST] == []


def test_small_and_pale_text_would_be_noticed(page, app_url):
    page.goto(f"{app_url}/positions?view=Word+order")
    expect(page.get_by_role("button", name="How to read it")).to_be_visible()
    page.add_style_tag(content="h1 { font-size: 9px !important; color: #999 !important; }")
    found = {text: (size, ratio) for text, size, ratio in measured(page)}
    assert found["Positions"][0] == 9
    assert 2 < found["Positions"][1] < 3
