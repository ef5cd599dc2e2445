"""What inspections rest on, measured on the loaded network instead of believed of its name.

Each premise is tried once, by a short probe of a few passes, when an inspection first needs it, and
kept with the model. Where it does not hold, the inspection that rests on it says so with the
number, and shows nothing that would be wrong.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Final, Literal

import torch

from components.inspection.checks import Check
from components.inspection.copies import duplicate
from components.inspection.errors import InspectionError
from components.inspection.model import Model

Name = Literal[
    "output",
    "sublayers",
    "weights",
    "masked",
    "outputs",
    "scores",
    "direction",
    "stream",
    "use",
    "embeddings",
    "positions",
    "rotation",
    "cache",
    "own mask",
]
_HOMES: Final[dict[str, tuple[str, str]]] = {
    "output": ("recorded", "output"),
    "sublayers": ("recorded", "sublayers"),
    "weights": ("recorded", "weights"),
    "masked": ("recorded", "masked"),
    "outputs": ("recorded", "outputs"),
    "scores": ("recorded", "scores"),
    "direction": ("flow", "direction"),
    "stream": ("stream", "stream"),
    "use": ("use", "use"),
    "embeddings": ("inputs", "embeddings"),
    "own mask": ("inputs", "own_mask"),
    "positions": ("inputs", "position_ids"),
    "rotation": ("rotation", "rotation"),
    "cache": ("cache", "cache"),
}
NAMES: Final[tuple[str, ...]] = tuple(_HOMES)
_OF_THE_CODE: Final = {"embeddings", "positions", "own mask", "cache"}
"""What a network's code does, in whatever format its numbers have: measured in float32 where there
is room, as in 16 bits a wrong answer may hide among the roundings."""
MOST_COPIED: Final = 400_000_000
"""Weights of the largest 16-bit network of which a float32 copy is made for that (1.6 GB)."""


@dataclass(frozen=True)
class Premise:
    """One thing that must be so of a network for an inspection to be right."""

    name: str
    check: Check
    otherwise: str
    """What it means for the reader that it is not so, in a sentence; the number is in `check`."""
    claimed: bool = True
    """Vitrine says that it is so: of the recording always, of a network where its row in the
    table does. Where nothing is claimed, a network may well be built another way."""

    @property
    def holds(self) -> bool:
        """It was measured to be so."""
        return self.check.holds


def measured(model: Model, name: Name) -> Premise:
    """Return the premise called `name`, measured now or before.

    Raises:
        InspectionError: it cannot be measured on this network, and so is not known to hold.
    """
    key = f"premise {name}"
    if key not in model.known:
        home, function = _HOMES[name]
        probe: Callable[[Model], Premise] = getattr(import_module(f"{__name__}.{home}"), function)
        model.known[key] = probe(_sharp(model) if name in _OF_THE_CODE else model)
    found: Premise = model.known[key]
    return found


def _sharp(model: Model) -> Model:
    """Return `model` in float32, as a copy if need be, for as long as somebody holds it."""
    if model.facts.dtype == "float32" or model.facts.parameters > MOST_COPIED:
        return model
    network = torch.nn.Module.to(duplicate(model.network), torch.float32)
    # What is found out on the way (how a cache is told where it goes on) is kept with the model.
    return replace(model, network=network)


def require(model: Model, *names: Name) -> None:
    """Go on if all the premises called `names` hold.

    Raises:
        InspectionError: one does not; it says what is not so, with its number, and what to do.
    """
    for name in names:
        premise = measured(model, name)
        if not premise.holds:
            raise InspectionError(
                f"{premise.otherwise} (Measured on '{model.name}', {model.facts.dtype}: "
                f"“{premise.check.says}” is {premise.check.numbers}.)"
            )
