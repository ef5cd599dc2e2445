"""What Vitrine borrows: names of libraries that these have not promised to keep.

One function for each, in one module for each library: its docstring says why we lean on it, its
body that it is still there and still does what we need. `tests/test_borrowed.py` runs them all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

Check = Callable[[], None]


@dataclass(frozen=True)
class Borrowed:
    """One interface that may change without notice."""

    library: str
    names: tuple[str, ...]
    """As they stand in our files."""
    files: tuple[str, ...]
    """Those of ours that lean on it, below the repository's root."""
    why: str
    check: Check


LIST: Final[list[Borrowed]] = []


def borrowed(library: str, *names: str, by: tuple[str, ...]) -> Callable[[Check], Check]:
    """Enter a check into the list: of what, under which names, and in which files of ours, below
    `components/` unless they are a page's."""

    def enter(check: Check) -> Check:
        files = tuple(file if file.startswith("pages/") else f"components/{file}" for file in by)
        LIST.append(Borrowed(library, names, files, check.__doc__ or "", check))
        return check

    return enter
