"""Which tests run beside which, when several processes share them (`.ci/run`)."""

from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

BROWSER = "tests/browser"
LONGEST = (BROWSER, "tests/real", "tests/gpu")
"""What takes minutes begins first: begun last, it would run alone while the others idle."""


class OneBrowser(LoadFileScheduling):
    """Files go to processes as wholes; those with a browser go to one, which has one app to look
    at, so that no two browsers and apps stand in each other's way."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return BROWSER if file.startswith(BROWSER) else file


def longest_first(items: list[pytest.Item]) -> None:
    """Sort in place: `LONGEST`, then the others as they were."""

    def rank(item: pytest.Item) -> int:
        begins = (item.nodeid.startswith(folder) for folder in LONGEST)
        return next((place for place, found in enumerate(begins) if found), len(LONGEST))

    items.sort(key=rank)


def scheduler(config: pytest.Config, log: Any) -> OneBrowser | None:
    """Return `OneBrowser` where files are shared out, and let pytest-xdist choose elsewhere."""
    return OneBrowser(config, log) if config.getoption("dist") == "loadfile" else None
