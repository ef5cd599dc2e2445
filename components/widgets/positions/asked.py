"""What the views of this page ask for: a layer, a head, two tokens, a way to stretch."""

from collections.abc import Callable, Sequence
from typing import Final

import pandas as pd
import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.inspection.positions.ways import HIGH, LOW, NAMES, SAYS, Stretch, Way
from components.widgets import address

MOST_TOKENS_SHOWN: Final = 60
"""A map of attention with more tokens is too fine to be read."""


def layer_and_head(layers: Sequence[int], heads: int) -> tuple[int, int]:
    """Ask for one of `layers`, by their numbers in the network, and for one head."""
    left, right = st.columns(2)
    with left:
        layer = one_of("Layer", "layer", layers)
    with right:
        head = one_of("Head", "head", range(heads))
    return layer, head


def one_of(label: str, key: str, numbers: Sequence[int]) -> int:
    """Ask for one of `numbers`, the first unless the address says another."""
    # Chosen for another model, which has more: the widget could not show it.
    if st.session_state.get(key, numbers[0]) not in numbers:
        del st.session_state[key]
    address.warn_unless_one_of(key, [str(number) for number in numbers])
    return int(st.selectbox(label, numbers, key=key, bind="query-params", persist_state="session"))


def number(label: str, key: str, low: int, high: int, default: int, step: int = 1) -> int:
    """Ask for a whole number, kept in the address."""
    address.warn_unless_between(key, low, high, default)
    return int(
        st.number_input(
            label, low, high, default, step, key=key, bind="query-params", persist_state="session"
        )
    )


def rotating_layers(choice: ModelChoice) -> tuple[int, ...]:
    """Return the layers that turn their queries and keys, by their numbers in the network.

    Raises:
        InspectionError: none does; it says how the model marks positions instead.
    """
    from components.inspection.positions.spectrum import spectrum

    found = engine.inspect(spectrum, choice)
    return tuple(sorted(layer for layers in found.layers for layer in layers))


def one_token(
    label: str, key: str, tokens: Sequence[str], default: int, on_change: Callable[[], None]
) -> int:
    """Ask for one of `tokens`; return its place."""
    labels = [f"{place} · {visible(token)}" for place, token in enumerate(tokens)]
    given = st.query_params.get(key)
    if given is not None and given not in labels:
        st.warning(
            f"The link asks for the {key} of “{given[:60]}”, which this text does not have. Using "
            f"{labels[default]}."
        )
    return int(
        st.selectbox(
            label,
            range(len(tokens)),
            index=default,
            key=key,
            bind="query-params",
            persist_state="session",
            on_change=on_change,
            format_func=labels.__getitem__,
        )
    )


def visible(token: str) -> str:
    """Show spaces and line breaks."""
    return token.replace(" ", "·").replace("\t", "⇥").replace("\n", "↵")


def stretch() -> Stretch:
    """Ask how to stretch the context, and how far."""
    ways = [way for way in NAMES if way != "trained"]
    left, right = st.columns([2, 1])
    with left:
        # An address holds options as they are shown, the default first in the warning.
        address.warn_unless_one_of("way", [NAMES["yarn"], *(NAMES[way] for way in ways)])
        way: Way = st.selectbox(
            "Stretch by",
            ways,
            index=ways.index("yarn"),
            key="way",
            bind="query-params",
            persist_state="session",
            format_func=NAMES.__getitem__,
        )
    with right:
        address.warn_unless_between("factor", LOW, HIGH, 4)
        factor = st.slider(
            "How many times the trained context",
            LOW,
            HIGH,
            4.0,
            0.5,
            key="factor",
            bind="query-params",
            persist_state="session",
        )
    st.caption(SAYS[way])
    return Stretch(way, float(factor))


def guess(question: str, answers: Sequence[str], right: str, key: str, reveal: str) -> bool:
    """Ask for a prediction; only then tell. Return whether there is one."""
    given = st.segmented_control(question, answers, key=key)
    if given is not None:
        st.markdown(f"{'**Right.**' if given == right else '**Not quite.**'} {reveal}")
    return given is not None


def downloads(table: pd.DataFrame, name: str, picture: Callable[[], str] | None = None) -> None:
    """Offer a table as CSV and, if given, a figure as a page that stands alone.

    The picture is made when somebody asks for it: it holds all of plotly.
    """
    left, right = st.columns(2)
    left.download_button(
        "Data (CSV)",
        table.to_csv(index=False),
        f"{name}.csv",
        "text/csv",
        on_click="ignore",
        key=f"csv-{name}",
        width="stretch",
    )
    if picture is not None:
        right.download_button(
            "Picture (HTML)",
            picture,
            f"{name}.html",
            "text/html",
            on_click="ignore",
            key=f"html-{name}",
            width="stretch",
        )


def alone(figure: object) -> Callable[[], str]:
    """Return what makes a plotly figure an HTML page that needs no network."""
    return lambda: str(figure.to_html(include_plotlyjs=True, full_html=True))  # type: ignore[attr-defined]
