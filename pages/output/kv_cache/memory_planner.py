"""View: will it fit? Memory of any model against length, batch and number format."""

from typing import TYPE_CHECKING, Final

import pandas as pd
import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.inspection.catalogue import short_name
from components.widgets import address, frame
from components.widgets.checks import show_checks
from components.widgets.markup import literal
from pages.output.kv_cache import code, parts

if TYPE_CHECKING:
    from components.inspection.kv_cache.planner import Fit, Plan
    from components.inspection.kv_cache.shapes import Shape

LOADED: Final = "the model in the sidebar"
LENGTHS: Final = (
    128,
    256,
    512,
    1_024,
    2_048,
    4_096,
    8_192,
    16_384,
    32_768,
    65_536,
    131_072,
    262_144,
    1_048_576,
)
BATCHES: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
GUESSES: Final = ("4 times", "8 times", "32 times")


def planner_view(choice: ModelChoice, text: str) -> None:
    """Ask for a model and a load; show what it takes and where it fits."""
    del text
    from components.figures.kv_cache.planner import memory_areas
    from components.inspection.kv_cache import planner

    shape = _asked_shape(choice)
    left, right = st.columns(2)
    with left:
        length = parts.asked_of(
            "Tokens in each text", "kv_length", LENGTHS, 4_096, "Prompt and answer together."
        )
        batch = parts.asked_of("Texts at once (batch)", "kv_batch", BATCHES, 1)
    with right:
        weights = _format("Weights as", "kv_weights", list(planner.WEIGHT_BITS))
        cache = _format("Cache as", "kv_cache_as", list(planner.CACHE_BYTES))
    eager = st.toggle(
        "Write all attention scores out",
        key="kv_eager",
        bind="query-params",
        help="As eager code does. Flash attention never holds them all.",
    )
    inputs = (shape, length, batch, weights, cache, eager)
    made, found = planner.plan(*inputs), planner.fits(*inputs)
    longest = max(length * 2, min(shape.context, length * 8))
    figure = memory_areas(
        planner.growth(shape, longest, batch, weights, cache, eager), length, planner.usable()
    )
    st.plotly_chart(
        figure,
        config=parts.PLAIN,
        key="kv-memory",
        alt=f"GiB of weights, cache and activations up to {longest:,} tokens.",
    )
    if length > shape.context:
        st.warning(
            f"{_called(shape)} was made for texts of up to {shape.context:,} tokens; here it is "
            f"asked for {length:,}."
        )
    itemsize = planner.CACHE_BYTES[cache]
    _numbers(shape, made, length, batch, itemsize)
    if shape.checks:
        show_checks(shape.checks, choice, "key-value cache, Memory planner")
    table = _table(found, shape)
    st.dataframe(table, hide_index=True, width="stretch")
    rounded = weights in ("8-bit", "4-bit")
    st.caption(
        f"Of the memory that torch reports for a GPU, {planner.SPARE:.0%} are counted as usable "
        "(dashed lines). "
        + (
            "The cache is exact; **weights are an estimate**: the blocks' matrices are counted "
            f"with {planner.WEIGHT_BITS[weights]:g} bits a number, embeddings, head and norms "
            "with 16, and loaders differ; activations are an estimate, "
            if rounded
            else "Weights and cache are exact; activations are an estimate, "
        )
        + "of the widest moment while the prompt is read."
        + (
            " A cache in 8 bit has a few scales more, and keeps states in 16 bit."
            if itemsize == 1
            else ""
        )
    )
    _sharing(shape, itemsize)
    with st.expander("The formula in Python"):
        st.code(code.planner_code(shape, length, batch, itemsize), "python")
    facts = {
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
    }
    parts.downloads("kv-cache-plan", table, facts, figure)


def _called(shape: "Shape") -> str:
    return literal(short_name(shape.name))


def _asked_shape(choice: ModelChoice) -> "Shape":
    from components.inspection.kv_cache import described
    from components.inspection.kv_cache.published import PUBLISHED

    offers = [*PUBLISHED, LOADED]
    name = st.selectbox(
        "Model to plan for",
        offers,
        index=offers.index("Phi-3-mini"),
        key="kv_plan",
        bind="query-params",
        accept_new_options=True,
        help="Or type a hub id or a folder: only its config.json is read.",
    )
    if name == LOADED:
        return engine.inspect(described.loaded_shape, choice)
    if name is None or name in PUBLISHED:
        return PUBLISHED[name or "Phi-3-mini"]
    bar = st.empty()
    shape = engine.compute(described.described_shape, name, progress=frame.telling(bar))
    bar.empty()
    return shape


def _format(label: str, key: str, formats: list[str]) -> str:
    address.warn_unless_one_of(key, formats)
    chosen = st.segmented_control(
        label, formats, default="float16 / bfloat16", required=True, key=key, bind="query-params"
    )
    return chosen or "float16 / bfloat16"


def _numbers(shape: "Shape", made: "Plan", length: int, batch: int, itemsize: int) -> None:
    from components.inspection.kv_cache.shapes import unusual

    columns = st.columns(4)
    columns[0].metric("Weights", parts.size(made.weights), help=f"{shape.parameters:,} weights")
    columns[1].metric("Cache", parts.size(made.cache))
    columns[2].metric("Activations, about", parts.size(made.activations))
    columns[3].metric("Together", parts.size(made.total))
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
    said += _windows(shape) + "."
    states = shape.state_bytes(itemsize)
    if states:
        said += f" To that come **{parts.size(states)}** for each text, however long it is."
    if shape.cross_row:
        said += (
            " An encoder that has read as long a text keeps "
            f"{shape.cross_row * itemsize:,} bytes more for each of its tokens."
        )
    st.markdown(
        f"{said}{parts.repeated(shape)} With {length:,} tokens in each of {batch:,} "
        f"text{'s' if batch > 1 else ''}, **{parts.size(made.cache)}**: "
        f"{made.cache / made.weights:.3g} times the weights."
    )


def _windows(shape: "Shape") -> str:
    """Say how many tokens layers with a sliding window remember."""
    limits = [law.most for law in shape.cache if law.most is not None]
    if not limits:
        return ""
    which = (
        "every layer keeps"
        if len(limits) == len(shape.cache)
        else (f"{len(limits)} of {len(shape.cache)} layers keep")
    )
    most = f"{min(limits):,}" if len(set(limits)) == 1 else f"{min(limits):,} to {max(limits):,}"
    return f", but {which} {most} of them at most (a sliding window)"


def _table(found: tuple["Fit", ...], shape: "Shape") -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "GPU": fit.gpu,
                "memory (GiB)": fit.memory,
                "fits": "yes" if fit.fits else "no",
                "left (GiB)": round(fit.left / 2**30, 1),
                "longest text at this batch": f"{fit.longest:,}"
                + (" (all it reads)" if fit.longest == shape.context else ""),
                "texts at once of this length": f"{fit.batch:,}",
            }
            for fit in found
        ]
    )


def _sharing(shape: "Shape", itemsize: int) -> None:
    from components.figures.kv_cache.contents import sharing_bars
    from components.inspection.kv_cache.shapes import sharing, unusual

    guess = st.segmented_control(
        "Predict: Llama-3-8B has 32 query heads and 8 key-value heads. How much larger would its "
        "cache be with a key-value head for each?",
        GUESSES,
        key="kv-guess-sharing",
    )
    if guess is not None:
        st.markdown(
            f"{'**Right**' if guess == GUESSES[0] else '**Not quite**'}: 32 / 8 = 4 times, 524,288 "
            "bytes for each token in 16 bit where it has 131,072. With one for all it would be "
            "16,384."
        )
    if not shape.usual:
        st.markdown(f"Other sharing cannot be planned for {_called(shape)}: {unusual(shape)}.")
        return
    st.markdown(f"**The same model with other sharing.** {_called(shape)} is {sharing(shape)}.")
    st.plotly_chart(
        sharing_bars(shape, itemsize),
        config=parts.PLAIN,
        key="kv-plan-sharing",
        alt="Bytes of a token in the cache for each possible number of key-value heads.",
    )
