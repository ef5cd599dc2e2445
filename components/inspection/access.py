"""What readers may reach and use of this machine: everything alone at a desk, little in a class.

Set once, when the server starts (`components.serving`); asked wherever something is reached.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from components.inspection.errors import InspectionError


@dataclass(frozen=True)
class Access:
    """What a reader may do."""

    folders: Path | None
    """The folder below which models and tokenizers of one's own may lie; None: nowhere."""
    anywhere: bool
    """They may lie anywhere, and `folders` does not count."""
    hub: bool
    """What is not on this machine may be fetched."""
    megabytes: int
    """Of a file that is uploaded."""
    unasked: float
    """Seconds of computing that a page may take when it is opened, if a view says no less."""
    seconds: float
    """Seconds that one computation may be expected to take."""
    readers: int
    """How many may have a page open."""


ALONE: Final = Access(
    None,
    anywhere=True,
    hub=True,
    megabytes=20,
    unasked=math.inf,
    seconds=math.inf,
    readers=500,
)
"""On one's own machine."""
CLASS: Final = Access(
    None, anywhere=False, hub=False, megabytes=2, unasked=1.0, seconds=60.0, readers=80
)
"""Where strangers are served."""
SERVED: Final = (
    "This Vitrine serves others, and opens only what ships with it, was fetched before, or lies "
    "where its owner said. Choose a model of the list, or start Vitrine on your own machine."
)
"""Of any path elsewhere the same is said: not whether there is something."""

_granted: list[Access] = [ALONE]


def access() -> Access:
    """Return what readers may do in this process."""
    return _granted[-1]


def grant(wanted: Access) -> None:
    """Set what readers may do in this process."""
    _granted[:] = [wanted]


def reached(source: str) -> Path:
    """Return the place that a path leads to, where readers may go; its "~" and links followed.

    Raises:
        InspectionError: they may not go there.
        OSError, RuntimeError, ValueError: no path can have this name.
    """
    place, given = Path(source).expanduser(), access()
    if given.anywhere:
        return place
    if given.folders is not None:
        root = given.folders.resolve()
        place = (root / place).resolve()
        if place.is_relative_to(root):
            return place
    raise InspectionError(SERVED)


def fetching_allowed() -> None:
    """Do nothing where readers may fetch from the hub.

    Raises:
        InspectionError: they may not.
    """
    if not access().hub:
        raise InspectionError(SERVED)
