"""How a network's blocks are built, in the words of the field: measured, not read off its name.

Of a published model, of which only the configuration is here, a small network of the same kind is
built and measured: fewer and narrower layers, the same code.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from torch import Tensor, nn

from components.inspection import rounding
from components.inspection.anatomy import StackName
from components.inspection.architecture.small_networks import small_model
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.layers.activations import activations
from components.inspection.layers.activations_checked import WORDS as ACTIVATIONS
from components.inspection.layers.placement import norm_placement
from components.inspection.machine.streams import Placement
from components.inspection.machine.wiring import Wiring, wiring_of
from components.inspection.model import Model
from components.inspection.positions.measured import StackCode, position_code
from components.inspection.premises.recorded import probed
from components.inspection.stacks import blocks_of

TEXT: Final = "The cat sat there."
UNKNOWN: Final = "not known"
NORMS: Final = {"rms": "RMSNorm", "layer": "LayerNorm"}


@dataclass(frozen=True)
class BlockStyle:
    """The first block of the stack that gives the answer, and what stands around all blocks."""

    name: str
    stacks: tuple[StackName, ...]
    placement: Placement
    """Where the norms stand."""
    norm: str
    """RMSNorm, LayerNorm, or that it is not known."""
    positions: str
    """How the order of tokens is told, in a few words."""
    heads: int
    """Query heads; 0 where no attention is seen."""
    kv_heads: int
    activation: str
    """Of the MLP: "ReLU", "SiLU"; of a mixture of experts that it is one."""
    gated: bool
    """Two maps, of which one, activated, multiplies the other."""
    neurons: int
    """Of the MLP; 0 where that is not known."""
    width: int
    biased: bool
    """Some matrix of a block has a bias."""
    tied: bool | None
    """The head is the embedding table; None without a head."""
    layers: int
    parameters: int
    checks: tuple[Check, ...]


def block_style(model: Model) -> BlockStyle:
    """Measure how the blocks of a loaded model are built.

    Raises:
        InspectionError: its blocks cannot be run.
    """
    stack: StackName = list(model.anatomy.stacks)[-1]
    placed, wiring = norm_placement(model, TEXT, stack, 0), wiring_of(model, stack, 0)
    kinds = {NORMS[rule.kind] for rule in wiring.norms.values()}
    activation, gated, neurons, checks = _mlp(model, stack, wiring)
    record = next((one for one in probed(model).of(stack)), None)
    block = blocks_of(model.network, model.anatomy.stacks[stack])[0]
    return BlockStyle(
        name=model.name,
        stacks=tuple(model.anatomy.stacks),
        placement=placed.placement,
        norm=kinds.pop() if len(kinds) == 1 else UNKNOWN,
        positions=_positions(model, stack),
        heads=record.heads if record else 0,
        kv_heads=record.kv_heads if record else 0,
        activation=activation,
        gated=gated,
        neurons=neurons,
        width=model.facts.width,
        biased=any(_adds(one) for one in block.modules()),
        tied=_tied(model),
        layers=model.facts.layers,
        parameters=model.facts.parameters,
        checks=(*placed.checks, *checks),
    )


def published_style(name: str) -> BlockStyle:
    """Measure the blocks of a published model on a small network of its kind, and count the whole.

    Raises:
        InspectionError: transformers cannot build it.
    """
    small, sizes = small_model(name)
    found = block_style(small)
    if not found.heads:
        raise InspectionError(f"No attention is seen in a small network of the kind of {name}.")
    grouped = rounding.compared(
        "the small network shares its keys and values as the published sizes say",
        np.array([found.heads * sizes.kv_heads]),
        np.array([sizes.heads * found.kv_heads]),
        0.0,
        "The small network is of another kind than the published one.",
    )
    return replace(
        found,
        name=name,
        heads=sizes.heads,
        kv_heads=sizes.kv_heads,
        neurons=sizes.neurons if found.neurons else 0,
        width=sizes.width,
        layers=sizes.layers,
        parameters=sizes.parameters,
        checks=(*found.checks, grouped),
    )


def differing(one: BlockStyle, other: BlockStyle) -> tuple[str, ...]:
    """Return in which of these two are built differently: names of fields, in their order."""
    names = ("placement", "norm", "positions", "sharing", "activation", "gated", "biased", "tied")

    def value(style: BlockStyle, name: str) -> object:
        return style.heads == style.kv_heads if name == "sharing" else getattr(style, name)

    return tuple(name for name in names if value(one, name) != value(other, name))


def _mlp(
    model: Model, stack: StackName, wiring: Wiring
) -> tuple[str, bool, int, tuple[Check, ...]]:
    if wiring.router is not None:
        return "mixture of experts", False, 0, ()
    if wiring.mlp is None:
        return UNKNOWN, False, 0, ()
    found = activations(model, TEXT, stack, 0)
    word = ACTIVATIONS.get(found.activation, found.activation)
    return word, found.gated, found.neurons, found.checks


def _positions(model: Model, stack: StackName) -> str:
    try:
        code = next(one for one in position_code(model).stacks if one.name == stack)
    except (InspectionError, StopIteration):
        return UNKNOWN
    said = [words for words, so in _told(code) if so]
    return " and ".join(said) or "none marked" if code.added is not None else UNKNOWN


def _told(code: StackCode) -> tuple[tuple[str, bool], ...]:
    biases = {one.bias.kind for one in code.layers if one.bias is not None}
    return (
        ("a vector added to the embedding", code.added is True),
        ("RoPE: queries and keys turn", bool(code.rotating)),
        ("ALiBi: a slope on scores", "linear" in biases),
        ("a learned bias on scores", "by distance" in biases),
    )


def _adds(module: nn.Module) -> bool:
    """Say whether it is a matrix that adds something to what it multiplies."""
    weight, bias = (getattr(module, name, None) for name in ("weight", "bias"))
    return isinstance(weight, Tensor) and weight.dim() == 2 and isinstance(bias, Tensor)


def _tied(model: Model) -> bool | None:
    head, table = model.network.get_output_embeddings(), model.network.get_input_embeddings()
    if head is None:
        return None
    return head.weight is table.weight
