"""What the views share: the lengths asked for, files to download, what it was measured on."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import streamlit as st

from components.widgets import address

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from components.inspection.kv_cache.machine import Machine

PROMPTS: Final = (8, 16, 20, 32, 64, 96, 128, 192, 256, 384, 512, 768, 1_024, 2_048, 4_096)
NEW: Final = (8, 16, 32, 48, 64, 100, 128, 192, 256)
CONFIG: Final = {"displaylogo": False, "modeBarButtons": [["toImage", "resetScale2d"]]}
PLAIN: Final = {"displayModeBar": False}


def asked_lengths(prompt: int = 64, new: int = 64) -> tuple[int, int]:
    """Ask how long the prompt is and how many tokens are written after it."""
    left, right = st.columns(2)
    with left:
        length = asked_prompt(prompt)
    with right:
        written = asked_new(new)
    return length, written


def asked_prompt(default: int = 64) -> int:
    """Ask to how many tokens the prompt is cut or repeated."""
    says = "Your prompt, cut or repeated to this length."
    return asked_of("Prompt, in tokens", "kv_prompt", PROMPTS, default, says)


def asked_new(default: int = 64) -> int:
    """Ask how many tokens are written."""
    return asked_of("New tokens", "kv_new", NEW, default, "Greedy: always the likeliest.")


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
    return int(
        st.slider(
            label, low, high, default, key=key, bind="query-params", persist_state="session",
            help=says,
        )
    )  # fmt: skip


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


def machine_line(machine: "Machine") -> str:
    """Say in a line what something was measured on."""
    where = machine.device_name
    if machine.device == "cpu":
        where += f", {machine.threads} of {machine.cores} cores"
    return (
        f"Measured on {where} · {machine.model}, {machine.parameters / 1e6:,.1f} million weights "
        f"in {machine.dtype} · {machine.attention} attention · torch {machine.torch}, "
        f"transformers {machine.transformers}"
    )


def size(count: float) -> str:
    """Write bytes for eyes.

    >>> size(393_216), size(1.5 * 2**30), size(12)
    ('384 KiB', '1.5 GiB', '12 B')
    """
    for unit, name in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if count >= unit:
            return f"{count / unit:.4g} {name}"
    return f"{count:.0f} B"
