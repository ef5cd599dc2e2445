"""View: will it fit? Memory of any model against length, batch and dtype, on GPUs and laptops."""

from dataclasses import replace

from components.figures.kv_cache.planner import device_bars, memory_areas
from components.figures.kv_cache.tables import fit_table
from components.inspection.kv_cache import hardware, planner
from components.inspection.kv_cache.shapes import Shape
from components.lesson import Ask, Shown, View
from pages.output.kv_cache import code, parts, planner_words
from pages.output.kv_cache.planner_asked import asked_gpus, asked_load, asked_shape
from pages.output.kv_cache.planner_sharing import OTHER_SHARING
from pages.output.kv_cache.planner_words import Load


def by_length(ask: Ask) -> Shown:
    shape, load, gpus = asked_shape(ask), asked_load(ask), asked_gpus(ask)
    length, batch, weights, cache, eager = load
    longest = max(length * 2, min(shape.context, length * 8))
    grown = planner.growth(shape, longest, batch, weights, cache, eager)
    return replace(
        planned(shape, load, gpus, planner.fits(shape, *load, gpus=gpus)),
        figure=memory_areas(grown, length, hardware.offered(gpus), gpus),
        alt=f"GiB of weights, cache and activations up to {longest:,} tokens; at {length:,} "
        f"together {parts.size(planner.plan(shape, *load).total)}.",
    )


def by_device(ask: Ask) -> Shown:
    shape, load, gpus = asked_shape(ask), asked_load(ask), asked_gpus(ask)
    fits = planner.fits(shape, *load, gpus=gpus)
    fullest = planner.pieces(shape, *load).fullest(gpus)
    return replace(
        planned(shape, load, gpus, fits),
        figure=device_bars(fits, fullest),
        alt=f"{parts.size(fullest)} must lie on one device; which of {len(fits)} kinds have that.",
        read="A bar is what a model can have of a device's memory, the upright line what must lie "
        "on the fullest; where it fits the bar is orange. "
        + planner_words.estimates(load[2], planner.CACHE_BYTES[load[3]]),
        tries="How many GPUs of one kind does Llama-3.1-405B need, and how many in 4 bit?",
    )


def planned(shape: Shape, load: Load, gpus: int, fits: tuple[planner.Fit, ...]) -> Shown:
    """Return all but the figure and what it shows, in a sentence."""
    made = planner.plan(shape, *load)
    length, batch, weights, cache, _ = load
    itemsize = planner.CACHE_BYTES[cache]
    return Shown(
        None,
        alt="",
        told=f"{planner_words.too_long(shape, length)}{planner_words.sizes(made, fits)}  \n"
        + planner_words.token(shape, made, length, batch, itemsize),
        checks=shape.checks,
        unchecked="Published dimensions and arithmetic: there is no cache here to hold them "
        "against. Of *the loaded model* there is.",
        table=lambda: fit_table(fits, shape.context),
        code=code.planner_code(shape, length, batch, itemsize),
        read="Areas stack up to what is taken in all; the upright line is the length asked for. "
        + planner_words.estimates(weights, itemsize),
        formula=r"\text{cache}=2\cdot L\cdot H_{kv}\cdot d\cdot T\cdot B\cdot b"
        if shape.usual and not shape.slides
        else "",
        symbols=f"2: a key and a value; L = {shape.layers} layers; H = {shape.kv_heads} key-value "
        f"heads of d = {shape.head_size} numbers; T = {length:,} tokens; B = {batch:,} texts; b = "
        f"{itemsize} bytes.",
        predict=planner_words.doubled(shape, load, made),
        tries="At which batch size does the cache outgrow the weights? Cache as 8-bit: how much "
        "longer a text fits on the same GPU (see the table)?",
        facts=planner_words.facts(shape, load, gpus, made),
    )


VIEW = View(
    "The cache costs memory, more with every token and every text in a batch. Will a model, its "
    "cache and its working memory fit on a GPU or a laptop?",
    kind="Plot",
    kinds={"By length": View("", by_length), "By device": View("", by_device)},
    further={"MHA, GQA, MQA": OTHER_SHARING},
)
