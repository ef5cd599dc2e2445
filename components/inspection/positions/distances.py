"""What a loaded model adds to scores for the distance: ALiBi's slopes, T5's numbers, as
measured."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int64

from components.inspection import rounding
from components.inspection.anatomy import StackName
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.model import Model
from components.inspection.positions.bias import DistanceBias, distance_bias
from components.inspection.positions.encodings import alibi_slopes, t5_buckets
from components.inspection.positions.measured import LayerCode, position_code
from components.inspection.positions.shift_invariance import last_position
from components.inspection.positions.words import named, sentence
from components.inspection.probe import drawn, probe_ids

FAR = 128
BUCKETS = 32
"""T5's own, where a configuration does not say."""


@dataclass(frozen=True, eq=False)
class Slopes:
    """ALiBi as a model has it."""

    slopes: Float32[np.ndarray, " head"]
    """By how much a head's scores fall for each step of distance."""
    factor: float
    """What the formula's slopes are multiplied by, as measured: 1, but in Falcon, which adds them
    before it scales the score, and, as transformers has its eager attention, adds them twice."""
    layers: tuple[int, ...]
    """The layers that add them."""
    checks: tuple[Check, ...]


def slopes(model: Model) -> Slopes:
    """Return the slopes by which `model`'s scores really fall with the distance.

    Raises:
        InspectionError: they do not fall so.
    """
    code = position_code(model)
    found = [
        each for each in code.first.layers if each.bias is not None and each.bias.kind == "linear"
    ]
    if not found:
        raise InspectionError(f"ALiBi cannot be seen here: {sentence(code)} BLOOM and MPT have it.")
    biases = [each.bias for each in found if each.bias is not None]
    own, exact = biases[0].slopes.astype(np.float64), alibi_slopes(len(biases[0].slopes))
    # The steepest slope tells the factor best.
    steepest = int(exact.argmax())
    factor, dtype = 1.0, model.facts.dtype
    if not slopes_check(biases, dtype).holds:
        factor = float(own[steepest] / exact[steepest])
    layers = tuple(each.layer for each in found)
    return Slopes(biases[0].slopes, factor, layers, (slopes_check(biases, dtype, factor),))


def slopes_check(biases: Sequence[DistanceBias], dtype: str, factor: float = 1.0) -> Check:
    """Compare each layer's slopes, head by head, with `factor` times those of the paper's formula.

    A slope is told by what is added for the farthest token, and rounded itself.
    """
    found = np.stack([each.slopes for each in biases])
    exact = alibi_slopes(found.shape[1]) * factor
    far = max(1, int(np.abs(biases[0].distances).max()))
    allowed = 2 * max(each.allowed for each in biases) / far + 2 * rounding.unit(dtype) * exact
    return rounding.compared(
        "each head's scores fall by the formula's slope"
        + ("" if factor == 1 else f", times {factor:.4g}"),
        found,
        np.broadcast_to(exact, found.shape),
        allowed,
        "This network's slopes are not those of the paper; what is drawn is what it adds.",
    )


@dataclass(frozen=True, eq=False)
class Buckets:
    """What one layer adds for each distance, as T5 does."""

    stack: StackName
    layer: int
    same: tuple[int, ...]
    """The layers that add the same (in T5 all, in umT5 each its own)."""
    distances: Int64[np.ndarray, " distance"]
    """Place of the key token minus place of the query token."""
    bias: Float32[np.ndarray, "head distance"]
    """Added to the score before the softmax."""
    checks: tuple[Check, ...]


def biased_layers(model: Model) -> dict[StackName, tuple[int, ...]]:
    """Return for each stack the layers that add a number for each distance."""
    return {
        stack.name: tuple(each.layer for each in _by_distance(stack.layers))
        for stack in position_code(model).stacks
    }


def _by_distance(layers: Sequence[LayerCode]) -> list[LayerCode]:
    return [each for each in layers if each.bias is not None and each.bias.kind == "by distance"]


def buckets(model: Model, stack: StackName, layer: int) -> Buckets:
    """Return what `layer` of `stack` adds for each distance, read off a text long enough for all.

    Raises:
        InspectionError: it adds none.
    """
    there = biased_layers(model)
    if layer not in there.get(stack, ()):
        some = "; ".join(f"its {name}: {named(layers)}" for name, layers in there.items() if layers)
        raise InspectionError(
            f"Layer {layer} adds no number for each distance. {sentence(position_code(model))}"
            + (f" Choose one of {some}." if some else " The T5 family does so.")
        )
    config = model.network.config.get_text_config()
    many = int(getattr(config, "relative_attention_num_buckets", BUCKETS))
    far = int(getattr(config, "relative_attention_max_distance", FAR))
    most = last_position(model, position_code(model)) or model.context
    tokens = max(2, min(model.context, most, far + 17))
    text = drawn(model, tokens)
    in_decoder = len(model.anatomy.stacks) == 2 and stack == "decoder"
    target = text[:-1] if in_decoder else ([] if len(model.anatomy.stacks) == 2 else None)
    recording = record(
        model, probe_ids(model) if in_decoder else text, target, keep=["attention"], bare=True
    )
    own = {one.layer: distance_bias(one) for one in recording.of(stack)}
    found = own[layer]
    if found is None or found.kind == "other":
        raise InspectionError(
            f"Over {tokens} tokens, what layer {layer} adds depends on more than the distance."
        )
    two_sided = bool((found.distances > 0).any())
    return Buckets(
        stack,
        layer,
        tuple(
            number
            for number, each in own.items()
            if each is not None and np.array_equal(each.added, found.added)
        ),
        found.distances,
        found.added,
        (buckets_check(found, t5_buckets(found.distances, two_sided, many, far)),),
    )


def buckets_check(bias: DistanceBias, bucket: Int64[np.ndarray, " distance"]) -> Check:
    """Check that all distances of one bucket are given one number, in each head."""
    spread = max(float(np.ptp(bias.added[:, bucket == one], axis=1).max()) for one in set(bucket))
    return Check(
        "distances of one bucket of the formula add one number",
        spread,
        bias.allowed,
        "This network sorts distances into other buckets than T5's formula.",
    )
