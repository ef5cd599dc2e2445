"""From the server's start to the first usable page, against a bare Streamlit page, in one run."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.browser.conftest import FLAGS, ROOT, chromium, free_port

ROUNDS = 3
MOST = 1.3
BARE = "import streamlit as st\nst.title('Hello')\nst.text_area('Prompt')\n"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium() is None, reason="no Chromium on this machine"),
]


def seconds_to_prompt(browser, script: Path) -> float:
    """Start `script`, open it in a fresh page, and wait until its prompt box can be typed in."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(script)]
    command += ["--server.headless", "true", "--server.port", str(port)]
    command += ["--browser.gatherUsageStats", "false", "--server.address", "127.0.0.1"]
    context = browser.new_context()
    page = context.new_page()
    start = time.perf_counter()
    server = subprocess.Popen(
        command,
        cwd=script.parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"HF_HUB_OFFLINE": "1"},
    )
    try:
        while True:
            try:
                page.goto(f"http://127.0.0.1:{port}")
                break
            except Exception:
                if time.perf_counter() - start > 60:
                    raise
                time.sleep(0.05)
        page.get_by_role("textbox", name="Prompt").wait_for(timeout=60_000)
        return time.perf_counter() - start
    finally:
        server.kill()
        server.wait()
        context.close()


def test_the_first_usable_page_comes_almost_as_soon_as_a_bare_one(tmp_path, capsys):
    from playwright.sync_api import sync_playwright

    bare = tmp_path / "bare.py"
    bare.write_text(BARE)
    ours, theirs = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        for _ in range(ROUNDS):
            theirs.append(seconds_to_prompt(browser, bare))
            ours.append(seconds_to_prompt(browser, ROOT / "app.py"))
        browser.close()
    ratio = min(ours) / min(theirs)
    with capsys.disabled():
        print(f"\nfirst usable page: {ratio:.2f}x a bare page ({min(ours):.1f} s)")
    assert ratio <= MOST
