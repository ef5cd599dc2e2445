"""Whether what a model's files hold is what its configuration describes: all of it, and no more."""

import copy
import logging
from collections.abc import Iterable, Iterator
from typing import Any, Final

import torch
from torch import nn
from transformers import PretrainedConfig, PreTrainedModel

from components.inspection.building import building
from components.inspection.devices import ran_out
from components.inspection.errors import InspectionError
from components.inspection.safetensors_header import Shapes

MODULES_PER_TENSOR: Final = 20
"""More than any family has: an activation, a dropout and a norm are modules too."""
FURTHER_MODULES: Final = 2_000
MOST_TABLE_BYTES: Final = 2**30
"""Of what a network computes for itself before it runs: masks, sines and cosines."""

log = logging.getLogger(__name__)


def most_modules(shapes: Shapes) -> int:
    """Return of how many modules a network with these weights may be made."""
    return MODULES_PER_TENSOR * len(shapes) + FURTHER_MODULES


def described(auto: Any, config: PretrainedConfig, shapes: Shapes) -> PreTrainedModel | None:
    """Return the network that `config` describes, without numbers; None if that cannot be had.

    Raises:
        InspectionError: it would have many times as many modules as its weights have tensors.
    """
    try:
        with building(most_modules(shapes)), torch.device("meta"):
            network: PreTrainedModel = auto.from_config(
                copy.deepcopy(config), attn_implementation="eager", trust_remote_code=False
            )
    except InspectionError:
        raise
    except Exception as error:  # what cannot be built is told of where it is loaded
        if ran_out(error):
            raise
        log.info("A network cannot be described", exc_info=True)
        return None
    return network


def check_shapes(network: PreTrainedModel, shapes: Shapes, source: str) -> None:
    """See that each stored tensor has the size of the part that bears its name.

    Raises:
        InspectionError: one has another.
    """
    prefix = f"{network.base_model_prefix}."
    parts = {name: tuple(part.shape) for name, part in network.named_parameters()}
    wrong = [
        (name, parts[own], shape)
        for name, shape in shapes.items()
        for own in (name, prefix + name, name.removeprefix(prefix))
        if own in parts and parts[own] != shape
    ]
    if wrong:
        name, wanted, got = wrong[0]
        others = f" ({len(wrong) - 1} more do not fit either)" if wrong[1:] else ""
        raise InspectionError(
            f"The files of '{source}' contradict each other: by its config.json {name} has "
            f"{_size(wanted)} numbers, and its weights hold {_size(got)}{others}. Fetch the model "
            "again, or correct the file."
        )


def check_tables(network: PreTrainedModel, source: str) -> None:
    """See that what the network computes for itself, and no file holds, is of a size that can be.

    Raises:
        InspectionError: it is larger.
    """
    sizes = {name: table.numel() * table.element_size() for name, table in network.named_buffers()}
    if sum(sizes.values()) > MOST_TABLE_BYTES:
        largest = max(sizes, key=lambda name: sizes[name])
        raise InspectionError(
            f"By its config.json '{source}' would compute tables of "
            f"{sum(sizes.values()) / 2**30:,.0f} GiB for itself, {largest} the largest; "
            f"{MOST_TABLE_BYTES / 2**30:.0f} GiB is what any network needs. Fetch the model "
            "again, or correct the file."
        )


def left_out(network: PreTrainedModel, unexpected: Iterable[str]) -> list[str]:
    """Return which stored tensors of a block `network` does not use, though they are part of it.

    Whole heads that this kind of network lacks are no part of a block, and buffers of older
    versions of a family (masks) are no weights.
    """
    return sorted(name for name in unexpected if _left_out(network, name))


def _left_out(network: PreTrainedModel, name: str) -> bool:
    for path in _paths(network, name):
        parts = path.split(".")
        for place, part in enumerate(parts):
            blocks = _found(network, parts[:place])
            if part.isdecimal() and isinstance(blocks, nn.ModuleList):
                return int(part) >= len(blocks) or _of_block(network, parts)
    return False


def _of_block(network: PreTrainedModel, parts: list[str]) -> bool:
    """Say whether a weight within a block that is there has a module to belong to, or had one."""
    *home, last = parts
    holder = _found(network, home)
    if last not in ("weight", "bias"):
        return False
    return holder is None or holder._parameters.get(last, holder) is None


def _paths(network: PreTrainedModel, name: str) -> Iterator[str]:
    """Yield the names under which a stored tensor may be meant: with and without the prefix."""
    prefix = f"{network.base_model_prefix}."
    yield name
    yield name.removeprefix(prefix) if name.startswith(prefix) else prefix + name


def _found(network: nn.Module, parts: list[str]) -> nn.Module | None:
    try:
        return network.get_submodule(".".join(parts))
    except AttributeError:
        return None


def _size(shape: tuple[int, ...]) -> str:
    return " x ".join(f"{side:,}" for side in shape) or "1"
