"""How fast the live playground answers while a slider is dragged, for 150,000 tokens."""

import os
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

import pytest

from tests.browser.conftest import FLAGS, ROOT, chromium, free_port

VOCABULARY = 150_000
LEAST_RATE = 30
"""Frames a second."""
SCRIPT = f"""
import numpy as np
import streamlit as st
from components.inspection.sampling.settings import Settings
from components.widgets.sampling_playground import sampling_playground

st.set_page_config(layout="wide")
rng = np.random.default_rng(0)
logits = (3 * rng.standard_normal({VOCABULARY})).astype(np.float32)
history = tuple(int(i) for i in rng.integers(0, {VOCABULARY}, 400))
texts = {{int(i): f" t{{i}}" for i in np.argsort(-logits)[:2048]}}
released = sampling_playground(logits, history, texts, Settings(), 0.5, "p", lambda _: None)
st.markdown("released" if released else "waiting")
"""
DRAG = """
(name) => new Promise((done) => {
  const hosts = [...document.querySelectorAll("*")].filter((e) => e.shadowRoot);
  const root = hosts.map((e) => e.shadowRoot).find((r) => r.querySelector(".sampling-playground"));
  const slider = root.getElementById(`set-${name}`);
  const [low, high] = [Number(slider.min), Number(slider.max)];
  let redrawn = 0;
  // All changes of one redraw reach an observer together.
  const observer = new MutationObserver(() => { redrawn += 1; });
  observer.observe(root.querySelector(".panel"), { subtree: true, attributes: true });
  const times = [];
  let last = 0;
  const tick = (now) => {
    if (last) times.push(now - last);
    last = now;
    if (times.length >= 120) {
      observer.disconnect();
      slider.dispatchEvent(new Event("change"));
      done({ times, redrawn });
      return;
    }
    slider.value = low + (high - low) * (0.5 + 0.45 * Math.sin(times.length / 9));
    slider.dispatchEvent(new Event("input"));
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
})
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium() is None, reason="no Chromium on this machine"),
]


@pytest.fixture(scope="module")
def dragged(tmp_path_factory) -> Iterator[object]:
    """A page with the playground for 150,000 tokens."""
    from playwright.sync_api import sync_playwright

    script = tmp_path_factory.mktemp("bench") / "bench.py"
    script.write_text(SCRIPT, encoding="utf-8")
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.headless", "true"]
    command += ["--server.port", str(port), "--server.address", "127.0.0.1"]
    command += ["--browser.gatherUsageStats", "false", "--server.fileWatcherType", "none"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    server = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
    )
    try:
        wait_for(port)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
            page = browser.new_page(viewport={"width": 1400, "height": 1000})
            page.goto(f"http://127.0.0.1:{port}")
            page.get_by_text("released", exact=True).wait_for(timeout=60_000)
            page.locator("summary").first.click()  # the penalties
            yield page
            browser.close()
    finally:
        server.terminate()
        server.wait(timeout=20)


def wait_for(port: int) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("the benchmark's server did not start")


@pytest.mark.parametrize(
    "name", ["temperature", "top_p", "repetition_penalty", "frequency_penalty", "typical_p"]
)
def test_thirty_frames_a_second_with_a_new_value_in_each(dragged, name, capsys):
    found = dragged.evaluate(DRAG, name)
    times, redrawn = found["times"], found["redrawn"]
    rate = redrawn / sum(times) * 1000
    slow = sorted(times)[int(0.95 * len(times))]
    with capsys.disabled():
        print(
            f"\n{name}: {rate:.0f} pictures a second, a frame every "
            f"{statistics.median(times):.1f} ms (median), 19 of 20 within {slow:.1f} ms"
        )
    assert rate >= LEAST_RATE


def test_the_picture_follows_a_mouse_that_drags_the_thumb(dragged, capsys):
    slider = dragged.get_by_label("Temperature", exact=True)
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    middle = box["y"] + box["height"] / 2
    said = dragged.locator(".said")
    dragged.mouse.move(box["x"] + box["width"] / 2, middle)
    dragged.mouse.down()
    seen = []
    for step in range(12):
        dragged.mouse.move(box["x"] + box["width"] * step / 12, middle)
        dragged.evaluate(
            "() => new Promise((f) => requestAnimationFrame(requestAnimationFrame.bind(null, f)))"
        )
        seen.append((slider.input_value(), said.inner_text()))
    dragged.mouse.up()
    assert len({value for value, _ in seen}) >= 10
    assert len({text for _, text in seen}) >= 10
