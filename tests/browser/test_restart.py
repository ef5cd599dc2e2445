"""The server dies and comes back: what the reader wrote is still there, and still counts."""

import re
import subprocess

import pytest
from playwright.sync_api import Page, expect

from components.widgets import settled
from tests.browser.conftest import PATIENCE, free_port, running_app

LONG = "lamp river cake " * 165 + "moon"
"""Too long for a link, short enough for the bundled model."""
DRAWN = re.compile(r"^The forward pass of storyteller: \d{3} tokens")
"""What is said of the home page's drawing of it."""


def box(page: Page):
    return page.get_by_role("textbox", name="Prompt")


def sidebar_link(page: Page, name: str):
    return page.get_by_test_id("stSidebarNav").get_by_role("link", name=name)


def reconnected(page: Page, sockets: list[str], before: int) -> None:
    """Wait until the page has found a server again."""
    for _ in range(PATIENCE // 100):
        if len(sockets) > before and page.get_by_test_id("stConnectionStatus").count() == 0:
            return
        page.wait_for_timeout(100)
    pytest.fail("the page did not connect again")


@pytest.mark.parametrize("first", ["another page", "a list"])
def test_a_prompt_that_is_in_no_link_outlives_the_server(page, tmp_path, first):
    assert len(LONG) > settled.MOST_IN_LINK
    port, sockets = free_port(), []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    with running_app(tmp_path / "first.log", port=port, end=subprocess.Popen.kill) as url:
        page.goto(url)
        expect(page.get_by_text("Entropy ")).to_be_visible()
        box(page).fill(LONG)
        box(page).press("Enter")
        expect(page.locator(".live.machine .picture")).to_have_attribute("aria-label", DRAWN)
        before = len(sockets)
    with running_app(tmp_path / "second.log", port=port):
        reconnected(page, sockets, before)
        if first == "another page":
            sidebar_link(page, "Glossary").click()
            expect(page.get_by_role("heading", name="Glossary")).to_be_visible()
        else:
            page.get_by_role("button", name="Sample prompts").click()
            expect(page.get_by_text("From well-known books")).to_be_visible()
            page.keyboard.press("Escape")
        expect(box(page)).to_have_value(LONG)
        # What the new server was told, not what the page still shows:
        sidebar_link(page, "Tokenizer tour").click()
        expect(page.get_by_text(re.compile(f"{len(LONG):,} characters"))).not_to_have_count(0)
        expect(box(page)).to_have_value(LONG)
        sidebar_link(page, "Home").click()
        expect(page.locator(".live.machine .picture")).to_have_attribute("aria-label", DRAWN)
        expect(box(page)).to_have_value(LONG)
