"""What a visit costs the network of a class: bytes counted between browser and server."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from components.widgets import chapters
from tests.browser.conftest import begun

FIRST = 3_000_000
"""Bytes that a first visit may take, on every page."""
SECOND = 60_000
"""Bytes that the same browser's next visit may take."""


def address(lesson: chapters.Lesson) -> str:
    """Return where a page is found below the server's address."""
    return lesson.path.split("/")[-1].removesuffix(".py")


ABOUT = ["", *map(address, chapters.CHAPTERS["About"])]
"""Pages that have no figure to wait for."""
LESSONS = [
    address(lesson)
    for chapter, lessons in chapters.CHAPTERS.items()
    if chapter != "About"
    for lesson in lessons
]


class Counter:
    """Bytes that went either way."""

    def __init__(self) -> None:
        self.bytes = 0

    def pass_on(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while part := source.recv(65_536):
                self.bytes += len(part)
                target.sendall(part)
        except OSError:
            pass
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def counted(url: str) -> Iterator[tuple[str, Counter]]:
    """Stand between a browser and the server at `url`; give the address, and what is counted."""
    server = urlsplit(url)
    counter, listener = Counter(), socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                browser, _ = listener.accept()
            except OSError:
                return
            try:
                there = socket.create_connection((server.hostname, server.port))
            except OSError:  # the app was ended before its last reader's window
                browser.close()
                continue
            for ends in ((browser, there), (there, browser)):
                threading.Thread(target=counter.pass_on, args=ends, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", counter
    finally:
        listener.close()


FRAMED = "attention?view=BertViz"
"""Where libraries of others come along."""


@pytest.mark.parametrize("path", [*ABOUT, *LESSONS, FRAMED])
def test_a_first_visit_is_small_and_the_next_one_hardly_anything(browser, app_url, path):
    # Its own window: Playwright keeps nothing in a window whose requests it looks at.
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    page = context.new_page()
    with counted(app_url) as (url, counter):
        # Timing is measured when it is asked for, on a busy machine.
        address = f"{url}/{path}?view=Contents" if path == "kv_cache" else f"{url}/{path}"
        for most in (FIRST, SECOND):
            counter.bytes = 0
            page.goto(address)
            expect(page.get_by_test_id("stSidebar").get_by_text("parameters")).to_be_visible()
            if path not in ABOUT:
                begun(page, page.get_by_role("button", name="Full screen").first)
            page.wait_for_load_state("networkidle")
            page.wait_for_timeout(2000)
            assert counter.bytes <= most, f"{counter.bytes:,} bytes"
    context.close()
