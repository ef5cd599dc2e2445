"""How a network marks positions: measured on it, block by block, not looked up by its name."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float32

from components.inspection.anatomy import StackName
from components.inspection.checks import Check
from components.inspection.model import Model
from components.inspection.positions.bias import DistanceBias, distance_bias
from components.inspection.positions.fitting import fitted
from components.inspection.positions.labels import labelled
from components.inspection.positions.repeated import Marks, marks
from components.inspection.positions.rotation import Rope
from components.inspection.positions.twin import Place, RotaryInputs
from components.inspection.positions.unrotated import UnrotatedVectors, unrotated
from components.inspection.premises.recorded import probed
from components.inspection.probe import probe_ids, probe_target
from components.inspection.recording import AttentionRecord

Turning = Literal["turns", "still", "unclear"]


@dataclass(frozen=True, eq=False)
class LayerCode:
    """How one attention layer tells positions."""

    stack: StackName
    layer: int
    """As the network counts its blocks."""
    turning: Turning
    """It turns queries and keys by `rope`; or not at all; or does with the angles that it is handed
    something that cannot be taken apart."""
    rope: Rope | None
    check: Check | None
    """How well the best rotation by the angles that it is handed leads from the vectors before to
    those after: of "turns" within what rounding may do. None where no comparison could be made."""
    uncertain: float
    """By how much a frequency of `rope` may be off, in radians."""
    bias: DistanceBias | None
    """What it adds to scores for the distance, if it adds anything."""
    products: int
    """How many products of vectors make up a score; more than 1 in DeBERTa and XLNet."""
    tells: bool | None
    """One token at all places has scores that differ; None if that cannot be told, since the
    vectors differ already."""
    rotated_keys: bool
    """Its keys then differ, and are all as long, as a rotation leaves them."""
    scaled: bool | None
    """It makes queries longer or shorter by their position; None where that cannot be told."""

    @property
    def explained(self) -> bool:
        """How it tells positions, if it does, is understood."""
        understood = self.turning != "unclear" and self.products == 1
        return understood and bool(self.rope or self.bias or not self.tells)

    @property
    def by_distance_alone(self) -> bool:
        """It tells positions, if at all, by the distance of two tokens only."""
        no_more = self.bias is None or self.bias.kind != "other"
        return self.explained and no_more and self.scaled is not True


@dataclass(frozen=True, eq=False)
class StackCode:
    """How one stack of a network tells positions."""

    name: StackName
    blocks: int
    layers: tuple[LayerCode, ...]
    """Those that attend; in hybrids not all blocks do."""
    added: bool | None
    """The vectors that enter the first block depend on the position; None if they cannot be
    seen."""

    @property
    def by_distance_alone(self) -> bool:
        """Whatever tells positions tells distances: nothing is added to the stream, all blocks are
        seen to attend, and each turns by position, adds a bias for the distance, or does
        nothing."""
        return (
            self.added is False
            and not self.without_attention
            and all(each.by_distance_alone for each in self.layers)
        )

    @property
    def rotating(self) -> tuple[int, ...]:
        """The layers that turn queries and keys in a way that is understood."""
        return tuple(each.layer for each in self.layers if each.turning == "turns")

    @property
    def attending(self) -> tuple[int, ...]:
        """The layers with attention."""
        return tuple(each.layer for each in self.layers)

    @property
    def without_attention(self) -> tuple[int, ...]:
        """The blocks in which no attention is seen."""
        return tuple(sorted(set(range(self.blocks)) - set(self.attending)))

    def at(self, layer: int) -> LayerCode | None:
        """Return what is known of `layer`."""
        return next((each for each in self.layers if each.layer == layer), None)


@dataclass(frozen=True, eq=False)
class PositionCode:
    """How a network marks positions."""

    name: str
    stacks: tuple[StackCode, ...]

    @property
    def first(self) -> StackCode:
        """The stack that these views show: the only one, or the encoder."""
        return self.stacks[0]


def position_code(model: Model) -> PositionCode:
    """Return how `model` marks positions; measured once and kept with it.

    Raises:
        InspectionError: the network cannot be run or its attention not be recorded.
    """
    if "position code" not in model.known:
        model.known["position code"] = _measured(model)
    found: PositionCode = model.known["position code"]
    return found


def _measured(model: Model) -> PositionCode:
    attended: dict[Place, AttentionRecord] = {}
    for one in probed(model).attentions:
        if one.kind == "self":
            attended.setdefault((one.stack, one.layer), one)
    before, handed = unrotated(model, probe_ids(model), probe_target(model))
    repeated = marks(model)
    stacks = []
    for name in model.anatomy.stacks:
        blocks = [place for place in repeated if place[0] == name]
        layers = [
            _layer(model, one, before.get(place), handed.get(place, []), repeated.get(place))
            for place, one in attended.items()
            if place[0] == name
        ]
        first = repeated[blocks[0]].inner if blocks else None
        count = max(len(blocks), 1 + max((each.layer for each in layers), default=-1))
        stacks.append(StackCode(name, count, tuple(layers), first))
    return PositionCode(model.name, tuple(stacks))


def _layer(
    model: Model,
    one: AttentionRecord,
    before: UnrotatedVectors | None,
    handed: list[RotaryInputs],
    seen: Marks | None,
) -> LayerCode:
    turning: Turning = "still"
    fit = None
    if handed and before is not None and one.queries is not None and one.keys is not None:
        pair, after = (before.queries, before.keys), (one.queries, one.keys)
        if not all(np.array_equal(a, b) for a, b in zip(pair, after, strict=True)):
            alike = all(a.shape == b.shape for a, b in zip(pair, after, strict=True))
            fit = fitted(pair, after, handed, one.dtype) if alike else None
            turning = "turns" if fit is not None and fit.check.holds else "unclear"
    elif handed:
        turning = "unclear"
    bias = distance_bias(one)
    if bias is not None and bias.kind == "other" and seen is not None and seen.stream is False:
        # It may be of the tokens alone (Doge): one token at all places tells.
        bias = bias if seen.bias is not None else None
    return LayerCode(
        stack=one.stack,
        layer=one.layer,
        turning=turning,
        rope=labelled(model, one.layer, fit.rope, fit.uncertain)
        if fit is not None and turning == "turns"
        else None,
        check=None if fit is None else fit.check,
        uncertain=0.0 if fit is None else fit.uncertain,
        bias=bias,
        products=one.products,
        tells=None if seen is None else seen.scores,
        rotated_keys=False if seen is None else seen.rotated,
        scaled=None if seen is None else seen.scaled,
    )


def before_rotation(
    model: Model, ids: list[int], layer: int
) -> (
    tuple[Float32[np.ndarray, "head token size"], Float32[np.ndarray, "kv_head token size"]] | None
):
    """Return queries and keys before `layer` turns them.

    Of the encoder, where there are two stacks. None where the layer does not turn, or in a way that
    cannot be taken apart.

    Raises:
        InspectionError: the network cannot be run.
    """
    stack = position_code(model).first
    if layer not in stack.rotating:
        return None
    place: Place = (stack.name, layer)
    found = unrotated(model, ids, [] if len(model.anatomy.stacks) == 2 else None, only=place)[0]
    known = found.get(place)
    return None if known is None else (known.queries, known.keys)
