"""What a map of the table costs: UMAP beside exact neighbours, and frames while 50,000 points are
moved beside those of a page that does nothing."""

import json
import statistics
import time
from pathlib import Path

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from components.figures.embeddings.inks import of_numbers
from components.inspection.embeddings.maps import Settings, reduced
from components.widgets import point_map
from components.widgets.kit import script
from tests.browser.conftest import FLAGS, chromium

POINTS = 50_000
MOST_TIMES = 8.0
"""Times that scikit-learn's neighbours by the cosine take, for 4,000 vectors of 256 numbers."""
LEAST_FRAMES = 0.5
"""Of those of an idle page: half of them is 30 a second on a usual screen."""
SECONDS = 3

MOVE = """async ([data, seconds, drags]) => {
  document.body.innerHTML = '<div style="width:980px" class="live point-map"></div>';
  const host = document.querySelector(".live"), over = () => host.querySelector(".over");
  figure({ data, parentElement: { querySelector: () => host }, setTriggerValue() {} });
  await new Promise((done) => setTimeout(done, 1500));
  const box = over().getBoundingClientRect();
  const touch = (name, x, y) => over().dispatchEvent(new PointerEvent(name,
    { pointerId: 1, clientX: box.left + x, clientY: box.top + y, bubbles: true }));
  over().setPointerCapture = () => {};
  touch("pointerdown", 300, 200);
  const began = performance.now();
  let frames = 0;
  await new Promise((done) => {
    const next = (now) => {
      frames += 1;
      const [x, y] = [300 + 100 * Math.sin(now / 200), 200 + 50 * Math.cos(now / 300)];
      if (drags) touch("pointermove", x, y);
      if (now - began < 1000 * seconds) requestAnimationFrame(next); else done();
    };
    requestAnimationFrame(next);
  });
  const gl = host.querySelector("canvas").getContext("webgl");
  return [1000 * frames / (performance.now() - began), Boolean(gl)];
}"""


@pytest.mark.slow
def test_a_map_of_4000_takes_a_few_times_what_its_neighbours_take():
    vectors = np.random.default_rng(0).standard_normal((4_000, 256)).astype(np.float32)
    reduced(vectors[:300], Settings("UMAP"))  # compiles
    ratios = []
    for _ in range(3):
        start = time.perf_counter()
        NearestNeighbors(n_neighbors=15, algorithm="brute", metric="cosine").fit(
            vectors
        ).kneighbors(vectors)
        plain = time.perf_counter() - start
        start = time.perf_counter()
        reduced(vectors, Settings("UMAP"))
        took = time.perf_counter() - start
        ratios.append(took / plain)
        print(f"UMAP of 4,000 x 256: {took:.2f} s; scikit-learn's neighbours {plain:.2f} s")
    assert statistics.median(ratios) < MOST_TIMES


@pytest.mark.slow
@pytest.mark.skipif(chromium() is None, reason="no Chromium on this machine")
def test_50000_points_are_moved_at_half_the_frames_of_an_idle_page(monkeypatch):
    playwright = pytest.importorskip("playwright.sync_api")
    sent = {}
    monkeypatch.setattr(point_map, "_COMPONENT", lambda **given: sent.update(given["data"]))
    places = np.random.default_rng(0).standard_normal((POINTS, 2)).astype(np.float32)
    names = [f"token {each}" for each in range(POINTS)]
    near = tuple((each, 0.5) for each in range(1, 11))
    around = point_map.Around(0, near, (), (), ("Nearest:", ""))
    point_map.point_map(places, names, of_numbers(places[:, 0], ("", "")), around, "", "map")
    folder = Path(point_map.__file__).parent
    code = script(folder / "point_map.js").replace("export default", "window.figure =")
    style = (folder / "point_map.css").read_text()
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=chromium(), args=FLAGS)
        page = browser.new_page(viewport={"width": 1000, "height": 800})
        page.set_content(f"<style>{style}</style><script>{code}</script><body></body>")
        idle, _ = page.evaluate(MOVE, [json.loads(json.dumps(sent)), SECONDS, False])
        frames, card = page.evaluate(MOVE, [json.loads(json.dumps(sent)), SECONDS, True])
        browser.close()
    print(f"{frames:.0f} frames a second, WebGL: {card}; an idle page {idle:.0f}")
    assert card
    assert frames > LEAST_FRAMES * idle
