"""What the views share: the lengths asked for, measuring on demand, files to download."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

import pandas as pd
import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.inspection.errors import InspectionError
from components.widgets import address
from components.widgets.kv_cache.lines import Lines

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from components.inspection.kv_cache.machine import Machine
    from components.inspection.kv_cache.shapes import Shape

Found = TypeVar("Found")

PROMPTS: Final = (8, 16, 20, 32, 64, 96, 128, 192, 256, 384, 512, 768, 1_024, 2_048, 4_096)
NEW: Final = (8, 16, 32, 48, 64, 100, 128, 192, 256)
CONFIG: Final = {"displaylogo": False, "modeBarButtons": [["toImage", "resetScale2d"]]}
PLAIN: Final = {"displayModeBar": False}
UNASKED: Final = 3.0
"""Seconds that a view may compute when it is opened; what takes longer waits for a button."""
_STOPPED: Final = "kv-stopped"


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
            label, options, default, key=key, bind="query-params", persist_state="session",
            help=says,
        )
    )  # fmt: skip


def asked_between(label: str, key: str, low: int, high: int, default: int, says: str = "") -> int:
    """Ask for a number in a range, kept in the address; explain one there that is outside."""
    address.warn_unless_between(key, low, high, default)
    if st.session_state.get(key, low) > high:  # of an earlier text or model, with more room
        st.session_state[key] = high
    return int(
        st.slider(
            label, low, high, default, key=key, bind="query-params", persist_state="session",
            help=says,
        )
    )  # fmt: skip


def measure(
    key: str,
    steps: Callable[..., Iterator[Found]],
    asked: tuple[Any, ...],
    told: Callable[[Found], tuple[float, str, bool]],
) -> None:
    """Run `steps(model, *inputs)` for `asked`, (choice, *inputs), and keep what comes under `key`.

    `told` says of each step how much is done, in words too, and whether it is worth keeping. Each
    step is kept at once, so stopping loses nothing; until there is one, what was kept before stays.
    """
    choice, *inputs = asked
    place = st.empty()
    with place.container():
        bar = st.progress(0.0, "Starting")
        # Pressing it starts a new run of the page, which ends this one at its next word.
        st.button("Stop and keep what is measured", key=f"{key}-stop")
    # A measurement is no widget's value, and takes too long to be made anew at each rerun.
    st.session_state[_STOPPED] = key
    try:
        for found in engine.stream(steps, choice, *inputs):
            share, says, worth = told(found)
            if worth:
                st.session_state[key] = (asked, found)
                st.session_state.pop(_STOPPED, None)
            bar.progress(min(share, 1.0), says)
    except InspectionError:
        st.session_state.pop(_STOPPED, None)
        place.empty()
        raise
    place.empty()


def kept(key: str, asked: tuple[Any, ...]) -> tuple[tuple[Any, ...], Any] | None:
    """Return what was measured last, and for what; say so if it was for other settings."""
    _say_if_stopped(key)
    found: tuple[tuple[Any, ...], Any] | None = st.session_state.get(key)
    if found is not None and found[0] != asked:
        st.caption(":orange[Below is the last measurement, with other settings than those above.]")
    return found


def kept_for(key: str, asked: tuple[Any, ...]) -> Any:
    """Return what was measured last, if it was with these settings; else None."""
    _say_if_stopped(key)
    found: tuple[tuple[Any, ...], Any] | None = st.session_state.get(key)
    return None if found is None or found[0] != asked else found[1]


def _say_if_stopped(key: str) -> None:
    """Say that the last try was stopped before there was anything to keep, if so."""
    if st.session_state.get(_STOPPED) == key:
        del st.session_state[_STOPPED]
        st.warning(
            "Stopped while warming up, before the first step was measured: there is nothing new to "
            "keep. Fewer tokens warm up faster."
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
        f"{name}.csv", "text/csv", on_click="ignore", width="stretch", key=f"{name}-csv",
    )  # fmt: skip
    two.download_button(
        "Everything (JSON)",
        lambda: json.dumps(
            {**facts, "rows": json.loads(table.to_json(orient="records"))}, indent=1
        ),
        f"{name}.json", "application/json", on_click="ignore", width="stretch",
        key=f"{name}-json",
    )  # fmt: skip
    if figure is not None:
        three.download_button(
            "Picture (HTML)",
            lambda: figure.to_html(include_plotlyjs=True),
            f"{name}.html", "text/html", on_click="ignore", width="stretch", key=f"{name}-html",
            help="Stands alone: opens in any browser, with no network. The camera on the picture "
            "saves a PNG.",
        )  # fmt: skip


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


def duration(seconds: float) -> str:
    """Write seconds for eyes.

    >>> duration(3.84), duration(42.3), duration(1_304)
    ('3.8 s', '42 s', '22 minutes')
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} minutes"


def size(count: float) -> str:
    """Write bytes for eyes.

    >>> size(393_216), size(1.5 * 2**30), size(12)
    ('384 KiB', '1.5 GiB', '12 B')
    """
    for unit, name in ((2**40, "TiB"), (2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if count >= unit:
            return f"{count / unit:.4g} {name}"
    return f"{count:.0f} B"
