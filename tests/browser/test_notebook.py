"""The drawing in a real JupyterLab: it draws, has its own keys, follows the theme."""

import importlib.util
import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import ROOT, free_port

pytestmark = pytest.mark.skipif(
    not all(map(importlib.util.find_spec, ("jupyterlab", "ipykernel", "anywidget"))),
    reason="no JupyterLab on this machine",
)
TEXT = "When Mary and John went to the shop, Mary gave a drink to"
CELL = f"""
from components.inspection.load import load_model
from components.notebook import show
show(load_model("storyteller"), {TEXT!r})
"""
MORE = """
drawing = _
drawing._asked({"number": 1000, "look": {"written": [9999999]}})
display(drawing)
show("storyteller", "Once upon a")
"""
QUIET = {"fetchNews": "false", "checkForUpdates": False}
"""JupyterLab's own requests to other hosts."""
COLOURS = """(canvas) => {
    if (!canvas.width) return 0;
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size;
}"""


RULES = """(name) => [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules])
    .filter((rule) => !name || rule.selectorText === name).length"""


def notebook(*cells: str) -> str:
    """Return a notebook of code cells, as a file's text."""
    written = [
        {
            "cell_type": "code",
            "id": f"cell-{number}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": cell.strip(),
        }
        for number, cell in enumerate(cells)
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return json.dumps({"cells": written, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[str]:
    """The address of a JupyterLab with one notebook, whose settings are all in this folder."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "drawing.ipynb").write_text(notebook(CELL, MORE), encoding="utf-8")
    settings = tmp_path / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(QUIET))
    port = free_port()
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.root_dir": tmp_path / "work",
        "IdentityProvider.token": "",
        "LabApp.user_settings_dir": tmp_path / "settings",
        "LabApp.workspaces_dir": tmp_path / "workspaces",
        "LabApp.expose_app_in_browser": True,
        "LabApp.news_url": None,
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += [f"--{name}={value}" for name, value in options.items()]
    own = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    environment = {
        **os.environ,
        **{name: str(tmp_path / name.lower()) for name in own},
        "PYTHONPATH": str(ROOT),
        "HF_HUB_OFFLINE": "1",
    }
    log = tmp_path / "lab.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            command, cwd=tmp_path, stdout=output, stderr=subprocess.STDOUT, env=environment
        )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(f"{url}/api/status", server, log)
        yield f"{url}/lab/tree/drawing.ipynb"
    finally:
        server.terminate()
        server.wait(timeout=20)


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Return once a server answers at `url`."""
    end = time.monotonic() + 60
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()[-3000:]}")


def picture(page, name: str) -> None:
    """Keep a picture of the page where one is asked for (VITRINE_PICTURES, a folder)."""
    if folder := os.environ.get("VITRINE_PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png")


def test_the_drawing_lives_in_a_notebook(lab, page):
    """`page` fails on any request that leaves this machine, and on any error of a script."""
    from playwright.sync_api import expect

    page.goto(lab)
    # A cell that is run before its kernel is there is not run.
    expect(page.get_by_text("| Idle")).to_be_visible()
    page.locator(".jp-Notebook .cm-content").first.click()
    page.keyboard.press("Shift+Enter")
    canvas = page.locator(".live.machine canvas.drawing")
    expect(canvas).to_be_visible()
    expect(page.locator(".notes")).to_contain_text("checks hold")
    page.wait_for_function(f"(canvas) => ({COLOURS})(canvas) > 100", arg=canvas.element_handle())
    picture(page, "notebook")

    # The keys are the drawing's: "x" would cut the cell, an arrow leave it, Escape end editing.
    frame = page.locator(".live.machine .picture")
    spoken = page.locator(".live.machine > .hidden[aria-live]")
    cells = page.locator(".jp-Notebook .jp-CodeCell").count()
    frame.focus()
    frame.press("ArrowRight")
    stations = page.get_by_role("group", name="Stations of the open block")
    expect(stations.get_by_role("button", name="close ×")).to_be_visible()
    frame.press("ArrowUp")
    expect(spoken).to_contain_text("layer 0, head 0 open")
    frame.press("x")
    expect(page.locator(".live.machine .legend")).to_contain_text("Off: head 0.0.")
    frame.press("x")
    expect(page.locator(".live.machine .legend")).not_to_contain_text("Off:")
    expect(stations.get_by_role("button", name="close ×")).to_be_visible()
    assert page.locator(".jp-Notebook .jp-CodeCell").count() == cells
    assert frame.evaluate("(node) => node === node.getRootNode().activeElement")
    picture(page, "notebook_open")

    light = canvas.evaluate(COLOURS), page.locator(".live.machine.dark").count()
    page.evaluate(
        "() => jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark' })"
    )
    expect(page.locator(".live.machine.dark")).to_be_visible()
    assert light[1] == 0
    page.wait_for_function(f"(canvas) => ({COLOURS})(canvas) > 100", arg=canvas.element_handle())
    picture(page, "notebook_dark")

    # Nothing of the drawing's style sheet reaches the notebook.
    assert page.evaluate(RULES, None) > 100
    assert page.evaluate(RULES, ".push") == 0

    # Keys that go with Ctrl are still the notebook's.
    expect(page.locator(".lm-TabBar-tab.jp-mod-dirty")).to_have_count(1)
    frame.press("Control+s")
    expect(page.locator(".lm-TabBar-tab.jp-mod-dirty")).to_have_count(0)

    # Shown once more, and asked for what cannot be: both views say so, and still draw. A drawing
    # of another text beside them has its own.
    page.locator(".jp-Notebook .cm-content").last.click()
    page.keyboard.press("Shift+Enter")
    pictures = page.locator(".live.machine .picture")
    expect(pictures).to_have_count(3)
    drink, to, a = (re.compile(f"“·{word}”") for word in ("drink", "to", "a"))
    expect(spoken).to_have_text([drink, drink, a])
    expect(page.locator(".problem:visible")).to_have_count(2)
    expect(page.locator(".problem").nth(1)).to_contain_text("Token id 9999999 does not exist")
    second = page.locator(".live.machine canvas.drawing").nth(1).element_handle()
    page.wait_for_function(f"(canvas) => ({COLOURS})(canvas) > 100", arg=second)
    pictures.nth(1).press("Escape")
    expect(page.locator(".problem:visible")).to_have_count(0)
    expect(stations.get_by_role("button", name="close ×")).to_have_count(0)
    pictures.nth(1).press("ArrowDown")
    expect(spoken).to_have_text([to, to, a])
    picture(page, "notebook_twice")
