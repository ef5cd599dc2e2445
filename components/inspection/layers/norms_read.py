"""What the stacks of a model read of a text, and how many blocks each has."""

from collections.abc import Mapping
from dataclasses import dataclass

from components.inspection.anatomy import StackName
from components.inspection.forward_pass import inputs_of
from components.inspection.machine.reading import reading
from components.inspection.model import Model
from components.inspection.stacks import blocks_of


@dataclass(frozen=True)
class ReadBy:
    """What each stack of a model reads of a text, and how many blocks it has."""

    tokens: Mapping[StackName, tuple[str, ...]]
    layers: Mapping[StackName, int]


def read_by(model: Model, text: str) -> ReadBy:
    """Return what each stack reads of `text`, as the drawing of the model reads it.

    Raises:
        InspectionError: it cannot be read.
    """
    read, anatomy = reading(model, text), model.anatomy
    inputs = inputs_of(model, read.ids, read.target)
    layers = {}
    for name, parts in anatomy.stacks.items():
        blocks = len(blocks_of(model.network, parts))
        layers[name] = model.facts.layers if blocks == 1 else blocks
    return ReadBy(
        {name: model.token_texts(ids[0].tolist()) for name, ids in inputs.items()}, layers
    )
