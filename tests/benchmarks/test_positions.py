"""What a changed rotation costs beside a plain pass, and how fast the clocks turn."""

import json
import shutil
import statistics
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from components.inspection.load import load_model
from components.inspection.positions.context_extension import extended
from components.inspection.positions.extension_methods import ContextExtension
from components.inspection.positions.rotation import Rope, frequencies, places
from components.widgets import rotation
from components.widgets.kit import script

MOST_SLOWER = 3.0
FRAME = 1 / 30
TURN = """
const data = JSON.parse(process.argv[2]);
for (let i = 0; i < 200; i++) placed(data, i, 3);
const times = [];
for (let i = 0; i < 400; i++) {
  const start = performance.now();
  placed(data, 5 + i / 7, i / 9);
  times.push(performance.now() - start);
}
console.log(times.sort((a, b) => a - b)[200]);
"""


@pytest.mark.slow
def test_a_twin_costs_little_beside_a_pass():
    """Making a twin and reading with it, against the model's own pass: 256 tokens."""
    model = load_model("storyteller")
    ids = torch.arange(5, 261)[None]
    ratios = []
    with torch.no_grad():
        model.network(ids)
        for _ in range(9):
            start = time.perf_counter()
            model.network(ids)
            plain = time.perf_counter() - start
            start = time.perf_counter()
            extended(model, ContextExtension("yarn", 4.0), 256).network(ids)
            ratios.append((time.perf_counter() - start) / plain)
    ratio = statistics.median(ratios)
    print(f"twin made and read / plain pass: {ratio:.2f}")
    assert ratio < MOST_SLOWER


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("node"), reason="no Node on this machine")
def test_a_frame_s_arithmetic_takes_a_hundredth_of_a_frame(tmp_path):
    """A head of 128 numbers, 64 pairs, as in Llama."""
    rope = Rope(frequencies(128).astype(np.float32), 1.0, 128, "split-half", "default", 1e4, 4096)
    query, key = np.random.default_rng(0).standard_normal((2, 128))
    data = {
        "query": query.tolist(),
        "key": key.tolist(),
        "scale": 0.1,
        "rope": {
            "frequencies": rope.frequencies.astype(float).tolist(),
            "scaling": 1.0,
            "places": places(rope).tolist(),
        },
    }
    program = tmp_path / "turn.mjs"
    program.write_text(
        script(Path(rotation.__file__).parent / "turning.js") + TURN, encoding="utf-8"
    )
    out = subprocess.run(
        ["node", program, json.dumps(data)], capture_output=True, text=True, check=True
    ).stdout
    share = float(out) / 1000 / FRAME
    print(f"arithmetic of one frame / frame at 30 a second: {share:.4f}")
    assert share < 0.01
