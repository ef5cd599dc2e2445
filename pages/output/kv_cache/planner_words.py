"""Sentences of the memory planner: sizes, what one token takes, what is exact."""

from components.inspection.catalogue import short_name
from components.inspection.kv_cache import planner
from components.inspection.kv_cache.planner import Fit, Plan
from components.inspection.kv_cache.shapes import Shape, unusual
from components.widgets.markup import literal
from pages.output.kv_cache import parts


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
    on = [fit.gpu for fit in fits if fit.fits]
    return (
        f"Weights {parts.size(made.weights)}, cache {parts.size(made.cache)}, activations about "
        f"{parts.size(made.activations)}: together **{parts.size(made.total)}**. "
    ) + (
        f"It fits on **all {len(fits)}** GPUs of the table, from {on[0]} to {on[-1]}."
        if len(on) == len(fits)
        else f"It fits on **{', '.join(on) or 'none'}** of the {len(fits)} GPUs of the table."
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
        f"{made.cache / made.weights:.3g} times the weights."
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
    """Say what is exact and what is estimated, and of what GPUs have."""
    bits = planner.WEIGHT_BITS[weights]
    return (
        "Areas stack up to what is taken in all; the upright line is the length asked for. Of the "
        f"memory that torch reports for a GPU, {planner.SPARE:.0%} are counted as usable (dashed "
        "lines). The table says for each GPU whether it fits, how much is left, the longest text "
        "and the largest batch. "
        + (
            "The cache is exact; **weights are an estimate**: the blocks' matrices are counted "
            f"with {bits:g} bits a number, embeddings, head and norms with 16, and loaders differ; "
            "activations are an estimate, "
            if weights in ("8-bit", "4-bit")
            else "Weights and cache are exact; activations are an estimate, "
        )
        + "of the widest moment while the prompt is read."
        + (
            " A cache in 8 bit has a few scales more, and keeps states in 16 bit."
            if itemsize == 1
            else ""
        )
    )
