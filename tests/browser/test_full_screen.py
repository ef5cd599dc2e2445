"""Any figure fills the screen, with its text, and comes back as it was."""

import pytest
from playwright.sync_api import expect

MEASURE = """stage => {
  const box = stage.firstElementChild.getBoundingClientRect()
  const words = [...stage.querySelectorAll("text, .token")].map(
    each => each.getBoundingClientRect()).filter(each => each.width)
  const plot = stage.querySelector(".js-plotly-plot")?.getBoundingClientRect()
  return {
    left: box.left, top: box.top, right: box.right, bottom: box.bottom,
    word: Math.max(0, ...words.map(each => Math.min(each.height, each.width))),
    cut: words.filter(each => each.left < -1 || each.right > innerWidth + 1
      || each.top < -1 || each.bottom > innerHeight + 1).length,
    plot: plot ? plot.bottom - box.bottom : 0,
  }
}"""


@pytest.mark.parametrize(
    ("address", "chart"),
    [
        ("attention?view=One+head", True),
        ("positions?view=Word+order", True),
        ("attention", False),
        ("tokenizer", False),
    ],
)
def test_a_figure_fills_the_screen_and_comes_back(page, app_url, address, chart):
    page.goto(f"{app_url}/{address}")
    button = page.get_by_role("button", name="Full screen").first
    expect(button).to_be_visible()
    stage = page.locator("[class*=st-key-lit-]").first
    page.wait_for_timeout(1500)
    before = stage.evaluate(MEASURE)
    button.click()
    page.wait_for_function("document.fullscreenElement !== null")
    page.wait_for_timeout(1500)
    filled = stage.evaluate(MEASURE)
    size = page.viewport_size
    # It touches two sides of the screen, or nearly, and nothing is beyond it.
    share = max(
        (filled["right"] - filled["left"]) / size["width"],
        (filled["bottom"] - filled["top"]) / size["height"],
    )
    assert share > 0.9
    assert filled["cut"] == 0
    assert abs(filled["plot"]) < 2
    if chart:
        assert filled["word"] > 1.3 * before["word"]
    page.evaluate("document.exitFullscreen()")
    page.wait_for_function("document.fullscreenElement === null")
    page.wait_for_timeout(1500)
    after = stage.evaluate(MEASURE)
    assert after == pytest.approx(before, abs=2)
