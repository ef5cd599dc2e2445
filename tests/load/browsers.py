"""Readers in real Chromiums: the same texts and marks, typed and clicked; what is on the screen."""

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from tests.browser.conftest import FLAGS, PATIENCE, chromium
from tests.load.reader import OPEN, TYPE, VIEW, Reader
from tests.load.session import Run

if TYPE_CHECKING:
    from playwright.async_api import Page

PAGES: Final = ("", "tokenizer", "attention", "attribution", "positions", "sampling", "kv_cache")
_STILL: Final = (
    "() => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"
)
_TOLD: Final = "[data-testid=stException]"


async def watch_pages(url: str, think: float, until: float, readers: Sequence[Reader]) -> None:
    """Give each reader a Chromium of their own, until the loop's clock says `until`."""
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright, asyncio.TaskGroup() as group:
        for reader in readers:
            group.create_task(_read(playwright, url, think, until, reader))


async def _read(playwright: Any, url: str, think: float, until: float, reader: Reader) -> None:
    clock = asyncio.get_running_loop()
    browser = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
    page = await browser.new_page(viewport={"width": 1400, "height": 1000})
    page.set_default_timeout(PATIENCE)
    try:
        await _act(page, OPEN, url, reader)
        while clock.time() < until:
            await asyncio.sleep(min(think * reader.rng.uniform(0.3, 1.7), until - clock.time()))
            (kind,) = reader.rng.choices((OPEN, VIEW, TYPE), (30, 35, 35))
            if clock.time() < until:
                await _act(page, kind, url, reader)
    finally:
        await browser.close()


async def _act(page: "Page", kind: str, url: str, reader: Reader) -> None:
    """Do one thing and wait until the page is still; count it, and what is wrong on the page."""
    from playwright.async_api import Error

    start = time.perf_counter()
    try:
        views = page.locator(".st-key-view button")
        if kind == VIEW and await views.count() > 1:
            await views.nth(reader.rng.randrange(await views.count())).click()
        elif kind == TYPE:
            box = page.get_by_role("textbox", name="Prompt")
            await box.fill(reader.sentence())
            await box.press("Enter")
        else:
            kind, reader.opened = OPEN, reader.rng.choice(PAGES)
            await page.goto(f"{url}/{reader.opened}?prompt={reader.mark}")
        await page.wait_for_timeout(100)  # the click's request is on its way
        await page.wait_for_function(_STILL)
        run = Run(seconds=time.perf_counter() - start - 0.1)
        run.exceptions += await page.locator(_TOLD).all_inner_texts()
        body = page.locator("body")
        reader.look((await body.inner_html() + await body.inner_text()).encode())
        reader.count(f"Chromium: {kind}", run)
    except Error as error:
        reader.tally.errors[f"Chromium, {reader.opened or 'home'}: {error.message}"] += 1
