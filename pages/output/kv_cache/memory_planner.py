"""View: will it fit? Memory of any model against length, batch and dtype."""

import pandas as pd

from components.figures.kv_cache.planner import memory_areas
from components.inspection.catalogue import short_name
from components.inspection.errors import InspectionError
from components.inspection.kv_cache import described, planner
from components.inspection.kv_cache.planner import Fit, Plan
from components.inspection.kv_cache.published import PUBLISHED
from components.inspection.kv_cache.shapes import Shape, sharing, unusual
from components.lesson import Ask, Predict, Shown, View
from pages.output.kv_cache import code, parts, planner_words
from pages.output.kv_cache.sharing import by_sharing

LOADED, OTHER = "the loaded model", "another model"
LENGTHS = (*(2**power for power in range(7, 19)), 2**20)
BATCHES = tuple(2**power for power in range(10))
HALF = "float16 / bfloat16"
SAYS = {each: each for each in planner.WEIGHT_BITS} | {HALF: "16-bit"}
ANSWERS = ("less than twice", "twice", "more than twice")
GROUPED = "Llama-3-8B"


def asked_shape(ask: Ask) -> Shape:
    name = ask.choice_of("Model to plan for", "plan", [*PUBLISHED, LOADED, OTHER], "Phi-3-mini")
    if name == LOADED:
        return ask.inspect(described.loaded_shape)
    if name in PUBLISHED:
        return PUBLISHED[name]
    source = ask.text(
        "Hub id or folder", "config", "", most=500, hint="Only its config.json is read."
    ).strip()
    if not source:
        raise InspectionError("Type a hub id (owner/name) or the path of a folder.")
    return ask.compute(described.described_shape, source)


def asked_load(ask: Ask) -> tuple[int, int, str, str, bool]:
    """Ask for length, batch, the dtypes of weights and cache, and whether scores are kept."""
    hint = "Prompt and answer together."
    return (
        ask.choice_of("Tokens in each text", "length", LENGTHS, 4_096, hint=hint),
        ask.choice_of("Batch size", "batch", BATCHES, hint="Texts at once."),
        ask.choice_of("Weights as", "weights_as", list(planner.WEIGHT_BITS), HALF, says=SAYS),
        ask.choice_of("Cache as", "cache_as", list(planner.CACHE_BYTES), HALF, says=SAYS),
        ask.toggle(
            "Materialize attention scores",
            "eager",
            hint="As eager code does. Flash attention never holds them all.",
        ),
    )


def show(ask: Ask) -> Shown:
    shape = asked_shape(ask)
    inputs = length, batch, weights, cache, eager = asked_load(ask)
    made, fits = planner.plan(shape, *inputs), planner.fits(shape, *inputs)
    longest = max(length * 2, min(shape.context, length * 8))
    grown = planner.growth(shape, longest, batch, weights, cache, eager)
    itemsize = planner.CACHE_BYTES[cache]
    return Shown(
        memory_areas(grown, length, planner.usable()),
        alt=f"GiB of weights, cache and activations up to {longest:,} tokens; at {length:,} "
        f"together {parts.size(made.total)}.",
        told=f"{planner_words.too_long(shape, length)}{planner_words.sizes(made, fits)}  \n"
        + planner_words.token(shape, made, length, batch, itemsize),
        checks=shape.checks,
        unchecked="Published dimensions and arithmetic: there is no cache here to hold them "
        "against. Of *the loaded model* there is.",
        table=lambda: fit_table(fits, shape),
        code=code.planner_code(shape, length, batch, itemsize),
        read=planner_words.estimates(weights, itemsize),
        formula=r"\text{cache}=2\cdot L\cdot H_{kv}\cdot d\cdot T\cdot B\cdot b"
        if shape.usual and not shape.slides
        else "",
        symbols=f"2: a key and a value; L = {shape.layers} layers; H = {shape.kv_heads} key-value "
        f"heads of d = {shape.head_size} numbers; T = {length:,} tokens; B = {batch:,} texts; b = "
        f"{itemsize} bytes.",
        predict=doubled(shape, inputs, made),
        tries="At which batch size does the cache outgrow the weights? Cache as 8-bit: how much "
        "longer a text fits on the same GPU (see the table)?",
        facts={
            "model": shape.name,
            "parameters": shape.parameters,
            "layers": shape.layers,
            "context": shape.context,
            "length": length,
            "batch": batch,
            "weights_as": weights,
            "cache_as": cache,
            "weights_bytes": made.weights,
            "cache_bytes": made.cache,
            "activation_bytes": made.activations,
        },
    )


def doubled(shape: Shape, inputs: tuple[int, int, str, str, bool], made: Plan) -> Predict:
    """Ask what a batch twice as large takes."""
    length, batch, weights, cache, eager = inputs
    twice = planner.plan(shape, length, 2 * batch, weights, cache, eager)
    more = twice.total / made.total
    right = ANSWERS[1 if abs(more - 2) < 0.005 else 0 if more < 2 else 2]
    return Predict(
        "The batch is made twice as large. How much memory is needed in all?",
        ANSWERS,
        right,
        f"{more:.3g} times: every text has a cache of its own, but all share the weights, "
        f"{parts.size(made.weights)} here.",
    )


def fit_table(fits: tuple[Fit, ...], shape: Shape) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "GPU": fit.gpu,
                "memory (GiB)": fit.memory,
                "fits": "yes" if fit.fits else "no",
                "left (GiB)": round(fit.left / 2**30, 1),
                "longest text at this batch": f"{fit.longest:,}"
                + (" (all it reads)" if fit.longest == shape.context else ""),
                "largest batch of this length": f"{fit.batch:,}",
            }
            for fit in fits
        ]
    )


def other_sharing(ask: Ask) -> Shown:
    shape = asked_shape(ask)
    itemsize = planner.CACHE_BYTES[asked_load(ask)[3]]
    if not shape.usual:
        raise InspectionError(
            f"Other sharing cannot be planned for {short_name(shape.name)}: {unusual(shape)}."
        )
    told = (
        f"**The same model with other sharing.** {planner_words.called(shape)} is {sharing(shape)}."
    )
    return by_sharing(shape, itemsize, told, question())


def question() -> Predict:
    shape = PUBLISHED[GROUPED]
    full, one = shape.shared_by(shape.heads), shape.shared_by(1)
    now, then = shape.token_bytes(2), full.token_bytes(2)
    return Predict(
        f"{GROUPED} has {shape.heads} query heads and {shape.kv_heads} key-value heads. How much "
        "larger would its cache be with a key-value head for each?",
        ("4 times", "8 times", "32 times"),
        f"{then / now:g} times",
        f"{shape.heads} / {shape.kv_heads} = {then / now:g} times, {then:,.0f} bytes for each "
        f"token in 16 bit where it has {now:,.0f}. With one for all it would be "
        f"{one.token_bytes(2):,.0f}.",
    )


VIEW = View(
    "The cache costs memory, more with every token and every text in a batch. Will a model, its "
    "cache and its working memory fit on a GPU?",
    show,
    further={
        "MHA, GQA, MQA": View(
            "What a token would take with more or fewer key-value heads.", other_sharing
        )
    },
)
