"""What the views share: the lengths asked for, files to download, sizes and times for eyes."""

import json
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.widgets import address
from pages.output.kv_cache.lines import Lines

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from components.inspection.kv_cache.machine import Machine
    from components.inspection.kv_cache.shapes import Shape

PROMPTS: Final = (8, 16, 20, 32, 64, 96, 128, 192, 256, 384, 512, 768, 1_024, 2_048, 4_096)
NEW: Final = (8, 16, 32, 48, 64, 100, 128, 192, 256)
CONFIG: Final = {"displaylogo": False, "modeBarButtons": [["toImage", "resetScale2d"]]}
PLAIN: Final = {"displayModeBar": False}


def room(choice: ModelChoice) -> int:
    """Return how many tokens the chosen model reads at most."""
    return int(engine.facts(choice).context)


def fitting(options: Sequence[int], wanted: int, most: int) -> int:
    """Return the largest of the options that is neither over `wanted` nor over `most`.

    >>> fitting((8, 16, 32, 64), 64, 40), fitting((8, 16), 64, 5)
    (32, 8)
    """
    return max((one for one in options if one <= min(wanted, most)), default=min(options))


def asked_prompt(choice: ModelChoice, new: int, default: int = 64) -> int:
    """Ask to how many tokens the prompt is cut or repeated; at first so many as fit."""
    fits = fitting(PROMPTS, default, room(choice) - new)
    says = "Your prompt, cut or repeated to this length."
    return asked_of("Prompt, in tokens", "kv_prompt", PROMPTS, fits, says)


def asked_new(most: int, default: int = 64) -> int:
    """Ask how many tokens are written; at first so many as fit beside what else is read."""
    fits = fitting(NEW, default, most)
    return asked_of("New tokens", "kv_new", NEW, fits, "Greedy: always the likeliest.")


def asked_of(label: str, key: str, options: Sequence[int], default: int, says: str = "") -> int:
    """Ask for one of some numbers, kept in the address; explain one there that is not on offer."""
    offered = [default, *(one for one in options if one != default)]
    address.warn_unless_one_of(key, [str(option) for option in offered])
    return int(
        st.select_slider(
            label,
            options,
            default,
            key=key,
            bind="query-params",
            persist_state="session",
            help=says,
        )
    )


def asked_between(label: str, key: str, low: int, high: int, default: int, says: str = "") -> int:
    """Ask for a number in a range, kept in the address; explain one there that is outside."""
    address.warn_unless_between(key, low, high, default)
    if st.session_state.get(key, low) > high:  # of an earlier text or model, with more room
        st.session_state[key] = high
    return int(
        st.slider(
            label,
            low,
            high,
            default,
            key=key,
            bind="query-params",
            persist_state="session",
            help=says,
        )
    )


def lines_for(choice: ModelChoice, dtype: str) -> Lines:
    """Return how plain code loads and calls the chosen model."""
    from components.inspection.kv_cache.calling import calling

    return Lines(choice, dtype, engine.inspect(calling, choice))


def repeated(shape: "Shape") -> str:
    """Say so where the code keeps more heads than have keys and values of their own."""
    if not shape.usual or shape.own_kv_heads == shape.kv_heads:
        return ""
    return (
        f" The configuration has {shape.own_kv_heads} key-value heads; the code of this family "
        f"repeats them for its {shape.heads} query heads before it keeps them, so that "
        f"{shape.kv_heads} lie in the cache."
    )


def downloads(
    name: str,
    table: pd.DataFrame,
    facts: dict[str, Any],
    figure: "go.Figure | None" = None,
) -> None:
    """Offer `table` as CSV, with `facts` as further columns; both as JSON; the picture as HTML."""
    one, two, three = st.columns(3)
    one.download_button(
        "Table (CSV)",
        lambda: table.assign(**{key: str(value) for key, value in facts.items()}).to_csv(
            index=False
        ),
        f"{name}.csv",
        "text/csv",
        on_click="ignore",
        width="stretch",
        key=f"{name}-csv",
    )
    two.download_button(
        "Everything (JSON)",
        lambda: json.dumps(
            {**facts, "rows": json.loads(table.to_json(orient="records"))}, indent=1
        ),
        f"{name}.json",
        "application/json",
        on_click="ignore",
        width="stretch",
        key=f"{name}-json",
    )
    if figure is not None:
        three.download_button(
            "Picture (HTML)",
            lambda: figure.to_html(include_plotlyjs=True),
            f"{name}.html",
            "text/html",
            on_click="ignore",
            width="stretch",
            key=f"{name}-html",
            help="Stands alone: opens in any browser, with no network. The camera on the picture "
            "saves a PNG.",
        )


def machine_line(machine: "Machine", at: float) -> str:
    """Say in a line when something was measured, and on what."""
    where = machine.device_name
    if machine.device == "cpu":
        where += f", {machine.threads} of {machine.cores} cores"
    return (
        f"Measured at {clock(at)} on {where} · {machine.model}, {machine.parameters / 1e6:,.1f} "
        f"million weights in {machine.dtype} · {machine.attention} attention · "
        f"torch {machine.torch}, transformers {machine.transformers}"
    )


def clock(at: float) -> str:
    """Write a time of day, on the server's clock, for eyes."""
    return time.strftime("%H:%M:%S %Z, %d %b", time.localtime(at))


def size(count: float) -> str:
    """Write bytes for eyes.

    >>> size(393_216), size(1.5 * 2**30), size(12)
    ('384 KiB', '1.5 GiB', '12 B')
    """
    for unit, name in ((2**40, "TiB"), (2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if count >= unit:
            return f"{count / unit:.4g} {name}"
    return f"{count:.0f} B"
