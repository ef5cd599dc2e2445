"""Call a network: the one place where what its own code raises becomes a sentence."""

import logging
from typing import Any, Final

from components.inspection.devices import ran_out
from components.inspection.errors import InspectionError
from components.inspection.model import Model

RAISED: Final = (
    RuntimeError, ValueError, TypeError, NotImplementedError, AttributeError, IndexError, KeyError,
    AssertionError, ZeroDivisionError,
)  # fmt: skip
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
    try:
        return model.network(**arguments)
    except RAISED as error:
        if ran_out(error):
            raise
        log.warning("%s fails: %s", type(model.network).__name__, error)
        log.debug("Where it fails", exc_info=True)
        said = str(error).splitlines()[0][:160] if str(error) else "no reason given"
        raise NetworkError(
            f"The code of '{model.name}' ({type(model.network).__name__} in transformers) fails "
            f"here, in {model.facts.dtype} on {model.facts.device}: {type(error).__name__}: "
            f"{said}. Try another text or another number format, or choose another model."
        ) from error
