"""A running app and a Chromium to look at it. Any request to another host fails the test."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[2]
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HERE = {"127.0.0.1", "localhost", ""}
PATIENCE = 60_000
"""Milliseconds for anything on a page to appear: CI has two busy cores."""

AGAIN = 6_000
"""Milliseconds after which a reader would point or click once more."""


def chromium() -> str | None:
    """Return the path of Chromium on this machine, if there is one."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test below this folder; skip them where no Chromium is, but not in CI."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            # A busy machine may swallow a mouse event: what fails three times is broken.
            item.add_marker(pytest.mark.flaky(reruns=2))
            if chromium() is None and not os.environ.get("CI"):
                item.add_marker(pytest.mark.skip(reason="no Chromium on this machine"))


def still(page) -> None:
    """Wait until no run of the page's script is under way: one would draw the page once more."""
    from playwright.sync_api import expect

    expect(page.locator('[data-test-script-state="running"]')).to_have_count(0)


def insist(act: Callable[[], object], seen: Callable[[float], object]) -> None:
    """Do what a reader would do again when nothing happens, until it is seen (given patience, ms).

    A busy machine may swallow a mouse event, and a page that is drawn once more forgets it.
    """
    for _ in range(PATIENCE // AGAIN - 1):
        act()
        try:
            seen(AGAIN)
        except AssertionError:
            continue
        return
    act()
    seen(AGAIN)


def begun(page, shown) -> None:
    """Wait for `shown`, and start it where a busy machine takes so long that it has to be asked."""
    from playwright.sync_api import expect

    start = page.get_by_role("button", name="Start", exact=True).first
    expect(shown.or_(start).first).to_be_visible()
    if start.is_visible():
        start.click()
    expect(shown).to_be_visible()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


LAUNCH = (sys.executable, "-m", "components.launch")


@contextmanager
def running_app(
    log: Path,
    launch: Sequence[str] = LAUNCH,
    folder: Path = ROOT,
    environment: Mapping[str, str] = os.environ,
    port: int = 0,
    end: Callable[[subprocess.Popen[bytes]], None] = subprocess.Popen.terminate,
) -> Iterator[str]:
    """Start Vitrine by a command in a folder, on a port (0: a free one); give its address."""
    port = port or free_port()
    command = [*launch, "--server.headless", "true", "--server.port", str(port)]
    variables = {**environment, "HF_HUB_OFFLINE": "1"}
    with log.open("w") as output:
        server = subprocess.Popen(
            command, cwd=folder, stdout=output, stderr=subprocess.STDOUT, env=variables
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(url, server, log)
        yield url
    finally:
        end(server)
        server.wait(timeout=20)


@pytest.fixture(scope="session")
def app_url(tmp_path_factory: pytest.TempPathFactory, browser) -> Iterator[str]:
    """The address of an app that all browser tests share, and that has answered once: until then
    it imports its libraries, for a minute where two cores are busy."""
    with running_app(tmp_path_factory.mktemp("app") / "server.log") as url:
        first = browser.new_page()
        first.goto(url)
        first.get_by_text("Entropy ").wait_for(timeout=3 * PATIENCE)
        first.close()
        yield url


@pytest.fixture
def fresh_app_url(tmp_path: Path) -> Iterator[str]:
    """The address of an app that nobody has opened yet."""
    with running_app(tmp_path / "server.log") as url:
        yield url


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            if server.poll() is not None:
                break
            time.sleep(0.2)
    pytest.fail(f"the app did not start:\n{log.read_text()[-3000:]}")


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """One Chromium for all tests."""
    playwright_api = pytest.importorskip("playwright.sync_api")
    playwright_api.expect.set_options(timeout=PATIENCE)
    with playwright_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def page(browser) -> Iterator[object]:
    """A fresh page, 1400 x 1000. Fails on requests to other hosts and on script errors."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    foreign: list[str] = []
    broken: list[str] = []

    def guard(route) -> None:
        if urlsplit(route.request.url).hostname in HERE:
            route.continue_()
        else:
            foreign.append(route.request.url)
            route.abort()

    context.route(re.compile(r"^https?://"), guard)
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE)
    opened.on("pageerror", lambda error: broken.append(str(error)))
    yield opened
    context.close()
    assert not foreign, f"requests to other hosts: {foreign}"
    assert not broken, f"errors in the page's scripts: {broken}"
