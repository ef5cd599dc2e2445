"""Call a network: the one place where what its own code raises becomes a sentence."""

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from torch import nn

from components.inspection.devices import ran_out
from components.inspection.errors import InspectionError
from components.inspection.model import Model

RAISED: Final = (
    RuntimeError,
    ValueError,
    TypeError,
    NotImplementedError,
    AttributeError,
    IndexError,
    KeyError,
    AssertionError,
    ZeroDivisionError,
)
"""How a family's code fails with an argument, a length or a number format that it does not know."""

log = logging.getLogger(__name__)


class NetworkError(InspectionError):
    """The family's own code, as transformers has it, fails."""


def run(model: Model, **arguments: Any) -> Any:
    """Return `model.network(**arguments)`; gradients are as the caller has set them.

    Raises:
        NetworkError: the family's own code raises; it is logged, its traceback as debugging.
        torch.OutOfMemoryError, RuntimeError: memory ran out, for whoever can make room.
    """
    return run_part(model, model.network, **arguments)


def run_part(model: Model, part: nn.Module, *given: Any, **arguments: Any) -> Any:
    """Do as `run` for a part of the network, such as all of it but its head."""
    try:
        return part(*given, **arguments)
    except RAISED as error:
        if ran_out(error):
            raise
        raise _told(model, error) from error


@contextmanager
def sent_back(model: Model) -> Iterator[None]:
    """Do as `run` does, where gradients are sent back through `model.network`.

    What is raised elsewhere than in the family's own code is a fault of Vitrine's: it stays.

    Raises:
        NetworkError: the family's own code raises (Reformer's sends no gradient back outside of
            training).
    """
    try:
        yield
    except RAISED as error:
        frames = traceback.walk_tb(error.__traceback__)
        homes = [str(frame.f_globals.get("__name__")) for frame, _ in frames]
        if ran_out(error) or not any(home.startswith("transformers.models.") for home in homes):
            raise
        raise _told(model, error) from error


def _told(model: Model, error: Exception) -> NetworkError:
    log.warning("%s fails: %s", type(model.network).__name__, error)
    log.debug("Where it fails", exc_info=error)
    said = str(error).splitlines()[0][:160] if str(error) else "no reason given"
    return NetworkError(
        f"The code of '{model.name}' ({type(model.network).__name__} in transformers) fails "
        f"here, in {model.facts.dtype} on {model.facts.device}: {type(error).__name__}: "
        f"{said}. Try another text or another number format, or choose another model."
    )
