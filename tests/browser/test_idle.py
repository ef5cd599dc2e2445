"""A server that nobody touches leaves the machine alone."""

import time
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import ROOT, running_app
from tests.load.server import serving

SECONDS = 8.0
MOST_CORES = 0.1
"""Of one core. With Streamlit's file watcher on and `.venv` in the folder it was 0.97."""


def cores_busy(server: psutil.Process) -> float:
    """How many cores the server and its children use, over a few seconds."""
    family = [server, *server.children(recursive=True)]
    before = sum(sum(one.cpu_times()[:2]) for one in family)
    began = time.monotonic()
    time.sleep(SECONDS)
    after = sum(sum(one.cpu_times()[:2]) for one in family)
    return (after - before) / (time.monotonic() - began)


def test_an_open_page_that_nobody_touches_costs_nothing(page, tmp_path: Path):
    if not (ROOT / ".venv").exists():
        pytest.skip("the environment lies elsewhere, so there is nothing that could be watched")
    with running_app(tmp_path / "server.log") as url:
        page.goto(url)
        expect(page.get_by_text("Entropy")).to_be_visible()
        time.sleep(5)  # what was imported in the background is there by now
        busy = cores_busy(serving(url))
    assert busy < MOST_CORES
