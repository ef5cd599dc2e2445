"""Sentences and questions of the memory planner: sizes, what one token takes, what is exact."""

from components.inspection.catalogue import short_name
from components.inspection.kv_cache import planner
from components.inspection.kv_cache.hardware import SPARE
from components.inspection.kv_cache.planner import Fit, Plan
from components.inspection.kv_cache.shapes import Shape, unusual
from components.lesson import Predict
from components.widgets.markup import literal
from pages.output.kv_cache import parts

Load = tuple[int, int, str, str, bool]
"""Tokens, texts, dtype of weights and cache, whether all attention scores are written out."""
TWICE = ("less than twice", "twice", "more than twice")


def called(shape: Shape) -> str:
    return literal(short_name(shape.name))


def too_long(shape: Shape, length: int) -> str:
    if length <= shape.context:
        return ""
    return (
        f":orange[{called(shape)} was made for texts of up to {shape.context:,} tokens; here it is "
        f"asked for {length:,}.]  \n"
    )


def sizes(made: Plan, fits: tuple[Fit, ...]) -> str:
    return (
        f"Weights {parts.size(made.weights)}, cache {parts.size(made.cache)}, activations about "
        f"{parts.size(made.activations)}: together **{parts.size(made.total)}**. {where(fits)}"
    )


def where(fits: tuple[Fit, ...]) -> str:
    """Say on how many kinds of device it fits, and how many of one kind it needs if on none."""
    good, gpus = [fit for fit in fits if fit.fits], fits[0].gpus
    on = f"{gpus} GPUs of one kind" if gpus > 1 else "one device"
    if good:
        least = min(good, key=lambda fit: fit.memory)
        some = f"all {len(fits)}" if len(good) == len(fits) else f"{len(good)} of the {len(fits)}"
        return (
            f"On {on} it fits for {some} kinds in the table; the smallest is "
            f"**{least.gpu}** ({least.memory:g} GiB, {least.left / 2**30:.1f} GiB left"
            f"{' on the fullest' if gpus > 1 else ''})."
        )
    most = max((fit for fit in fits if fit.needed), key=lambda fit: fit.memory, default=None)
    if most is None:
        return f"On {on} of the table it does not fit: not even a single layer does."
    return (
        f"On {on} of the table it does **not** fit; of **{most.gpu}** ({most.memory:g} GiB) it "
        f"takes **{most.needed}**."
    )


def token(shape: Shape, made: Plan, length: int, batch: int, itemsize: int) -> str:
    """Say what one token takes, and what all do."""
    full = int(made.token)
    if shape.usual:
        said = (
            f"One token takes 2 × {shape.layers} layers × {shape.kv_heads} heads × "
            f"{shape.head_size} numbers × {itemsize} bytes = **{full:,} bytes** "
            f"({parts.size(full)})"
        )
    else:
        said = (
            f"The usual formula does not hold for this model: {unusual(shape)}. Counted on its own "
            f"code, run on shapes without numbers: one token takes **{full:,} bytes** "
            f"({parts.size(full)})"
        )
    said += f"{windows(shape)}."
    if states := shape.state_bytes(itemsize):
        said += f" To that come **{parts.size(states)}** for each text, however long it is."
    if shape.cross_row:
        said += (
            " An encoder that has read as long a text keeps "
            f"{shape.cross_row * itemsize:,} bytes more for each of its tokens."
        )
    return (
        f"{said}{parts.repeated(shape)} With {length:,} tokens in each of {batch:,} "
        f"text{'s' if batch > 1 else ''}, **{parts.size(made.cache)}**: "
        f"{parts.ratio(made.cache / made.weights)} times the weights."
    )


def windows(shape: Shape) -> str:
    """Say how many tokens layers with a sliding window remember."""
    limits = [law.most for law in shape.cache if law.most is not None]
    if not limits:
        return ""
    which = (
        "every layer keeps"
        if len(limits) == len(shape.cache)
        else f"{len(limits)} of {len(shape.cache)} layers keep"
    )
    most = f"{min(limits):,}" if len(set(limits)) == 1 else f"{min(limits):,} to {max(limits):,}"
    return f", but {which} {most} of them at most (a sliding window)"


def estimates(weights: str, itemsize: int) -> str:
    """Say what is exact and what is estimated, and of what devices have."""
    bits = planner.WEIGHT_BITS[weights]
    return (
        f"Of the memory that torch reports for a GPU, {SPARE:.0%} are counted as usable (dashed "
        "lines); of a Mac, of what macOS recommends at most for its GPU, about two thirds to three "
        "quarters of the whole. On several GPUs lie whole layers, one after the other (as "
        '`device_map="auto"` lays them); the fullest decides. The table says for each whether it '
        "fits, how many it takes, how much is left, the longest text and the largest batch. "
        + (
            "The cache is exact; **weights are an estimate**: the blocks' matrices are counted "
            f"with {bits:g} bits a number, embeddings, head and norms with 16, and loaders differ; "
            "activations are an estimate, "
            if weights in ("8-bit", "4-bit")
            else "Weights and cache are exact; activations are an estimate, "
        )
        + "of the widest moment while the prompt is read. Of a model of experts all weights must "
        "be there, though a token meets few."
        + (
            " A cache in 8 bit has a few scales more, and keeps states in 16 bit."
            if itemsize == 1
            else ""
        )
    )


def doubled(shape: Shape, load: Load, made: Plan) -> Predict:
    """Ask what a batch twice as large takes."""
    length, batch, weights, cache, eager = load
    twice = planner.plan(shape, length, 2 * batch, weights, cache, eager)
    more = twice.total / made.total
    return Predict(
        "The batch is made twice as large. How much memory is needed in all?",
        TWICE,
        TWICE[1 if abs(more - 2) < 0.005 else 0 if more < 2 else 2],
        f"{parts.ratio(more)} times: every text has a cache of its own, but all share the weights, "
        f"{parts.size(made.weights)} here.",
    )


def facts(shape: Shape, load: Load, gpus: int, made: Plan) -> dict[str, object]:
    """Return what the file of the figure says beside the table."""
    length, batch, weights, cache, _ = load
    return {
        "model": shape.name,
        "parameters": shape.parameters,
        "layers": shape.layers,
        "context": shape.context,
        "length": length,
        "batch": batch,
        "weights_as": weights,
        "cache_as": cache,
        "gpus": gpus,
        "weights_bytes": made.weights,
        "cache_bytes": made.cache,
        "activation_bytes": made.activations,
    }
