"""All heads of a 12 x 12 model at once: our grid against BertViz's model view, in one run.

Both draw the same weights in the same Chromium, each as the page sends them.
"""

import base64
import json
import statistics
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Error, sync_playwright

from components.figures import theme
from components.inspection.attention import bertviz
from components.inspection.attention.standalone import standalone
from components.widgets import head_grid
from components.widgets.head_grid import thumbnail
from components.widgets.kit import script
from tests.browser.conftest import FLAGS, chromium

LAYERS = HEADS = 12
ROUNDS = 3
PATIENCE = 60_000
"""Milliseconds after which a page counts as not drawn."""
LARGEST = 128
"""With 512 tokens, BertViz's page would hold 38 million numbers: it is not even written."""


def weights_of(tokens: int) -> np.ndarray:
    draw = np.random.default_rng(0).random((LAYERS, HEADS, tokens, tokens)) ** 8
    draw *= np.tri(tokens)
    return (draw / draw.sum(-1, keepdims=True)).astype(np.float32)


def ours(weights: np.ndarray) -> tuple[str, str]:
    """Return the data that the grid is sent, and a page that draws it."""
    seen = np.tri(weights.shape[-1], dtype=bool)
    levels = np.stack([thumbnail(head, seen, False) for layer in weights for head in layer])
    data: dict[str, Any] = {
        "levels": base64.b64encode(levels.tobytes()).decode(),
        "rows": levels.shape[1],
        "columns": levels.shape[2],
        "table": HEADS,
        "scale": theme.ATTENTION,
        "selected": 0,
        "heads": [
            {
                "layer": place // HEADS,
                "head": place % HEADS,
                "kind": "mixed",
                "colour": "#999999",
                "rows": [["entropy", "1.0 bit"]] * 7,
                "note": "",
            }
            for place in range(LAYERS * HEADS)
        ],
    }
    sent = json.dumps(data)
    folder = Path(head_grid.__file__).parent
    draw = script(folder / "head_grid.js").replace("export default", "const show =")
    page = (
        f'<body><div class="live head-grid"></div><script type="module">{draw}\n'
        f"show({{data: {sent}, parentElement: document.body}});</script></body>"
    )
    return sent, page


def theirs(weights: np.ndarray) -> str:
    names = [str(place) for place in range(weights.shape[-1])]
    body = bertviz._package_page("model", weights, names, names, "decoder", 0, False)
    return standalone(body, bertviz.WIDTHS["model"], 500, False)


def milliseconds(browser: Any, html: str, drawn: str) -> float:
    """Return the median time until a page has drawn, from its first byte to two frames on.

    Infinite if it has not within `PATIENCE`.
    """
    times = []
    for _ in range(ROUNDS):
        page = browser.new_page()
        page.set_default_timeout(PATIENCE)
        try:
            page.set_content(html, wait_until="commit")
            page.wait_for_selector(drawn, state="attached")
        except Error:
            page.close()
            return float("inf")
        times.append(
            page.evaluate(
                "() => new Promise(f => requestAnimationFrame(() => requestAnimationFrame("
                "() => f(performance.now()))))"
            )
        )
        page.close()
    return statistics.median(times)


@pytest.mark.slow
@pytest.mark.skipif(chromium() is None, reason="no Chromium on this machine")
@pytest.mark.parametrize("tokens", [32, 128, 512])
def test_the_grid_is_smaller_and_sooner_there_than_bertviz(tokens, capsys):
    torch.set_num_threads(1)
    weights = weights_of(tokens)
    sent, page = ours(weights)
    other = theirs(weights) if tokens <= LARGEST else ""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        our_time = milliseconds(browser, page, "canvas >> nth=144")
        their_time = (
            milliseconds(browser, other, f"#vis line >> nth={144 * tokens**2 - 1}")
            if other
            else float("inf")
        )
        browser.close()
    with capsys.disabled():
        print(f"\n12 x 12 heads, {tokens} tokens: grid {len(sent) / 1e6:.2f} MB, ", end="")
        if other:
            share = our_time / their_time
            drawn = f"drawn in {share:.3f} of its time" if share else "BertViz not within a minute"
            print(f"{len(sent) / len(other):.3f} of BertViz's bytes; {drawn}")
        else:
            print(f"drawn; BertViz's page would hold {weights.size:,} numbers")
    # The picture's size does not grow with the text: that is what keeps the browser quick.
    assert len(sent) < 1_000_000
    assert our_time < PATIENCE
    assert not other or (len(sent) < len(other) and our_time < their_time)
