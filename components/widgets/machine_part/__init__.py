"""Carries one part of the drawing to the browser.

A message that is the same as in the run before is not sent again. So each part that changes by
itself has a message of its own: to open another number does not send the overview once more.
"""

from components.widgets.kit import component
from components.widgets.machine.payload import Part

_COMPONENT = component(__file__)


def machine_part(machine: str, name: str, value: Part | None) -> None:
    """Hand the part called `name` to the drawing whose key is `machine`."""
    _COMPONENT(
        data={"machine": machine, "name": name, "value": value},
        key=f"{machine}-{name}",
        height="content",
    )
