"""What views share: the text in the colours of its scores, and files to take away."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import streamlit as st

from components.figures import theme
from components.inspection.attribution.digits import with_error, written
from components.widgets.token_strip import TokenCell, token_strip

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from components.inspection.attribution.methods import Attribution

_NEUTRAL = {"light": "#F1EFE9", "dark": "#34322F"}


def coloured_text(found: "Attribution", signed: bool, key: str) -> None:
    """Show the text, each piece on a ground of its score: blue for, vermilion against."""
    most = float(np.nanmax(np.abs(found.scores), initial=0.0)) or 1.0
    cells = []
    units = found.units
    for place, (text, held) in enumerate(zip(units.texts, units.held, strict=True)):
        if held:
            cells.append(TokenCell(text, details=("held fixed, not scored", ""), look="added"))
            continue
        score, error = float(found.scores[place]), found.error_of(place)
        share = score / most
        long = with_error(score, error) if error else f"{score:+.5g}"
        cells.append(
            TokenCell(
                text,
                note=written(score, error, signed),
                details=(f"{long} logits" if signed else f"{score:.5g}", f"{share:+.0%}"),
                ground=ground(share if signed else abs(share), signed),
            )
        )
    token_strip(
        cells,
        key=key,
        names=("score", "of the largest"),
        floating=True,
        show_notes=len(cells) <= 60,
        label="The text, coloured by score",
        hint="Point at a piece to read its score.",
    )


def ground(share: float, signed: bool = True, dark: bool | None = None) -> str:
    """Return the colour of a score that is `share` (-1 to 1) of the largest: zero is neutral.

    >>> ground(0.0, dark=False), ground(1.0, dark=False), ground(-1.0, dark=False)
    ('#F1EFE9', '#0072B2', '#D55E00')
    """
    if dark is None:
        dark = st.context.theme.type == "dark"
    full = (theme.POSITIVE if share > 0 else theme.NEGATIVE) if signed else theme.RESIDUAL
    return _mixed(_NEUTRAL["dark" if dark else "light"], full, min(1.0, abs(share)))


def _mixed(low: str, high: str, share: float) -> str:
    parts = [(int(low[at : at + 2], 16), int(high[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(a + (b - a) * share):02X}" for a, b in parts)


def take_away(name: str, table: pd.DataFrame, picture: "go.Figure", facts: dict[str, Any]) -> None:
    """Show `table` as the figure's alternative, and offer it and the picture as files."""
    with st.expander("As a table, and files to keep"):
        st.dataframe(table, hide_index=True, height=min(38 * len(table) + 40, 400))
        first, second, third = st.columns(3)
        first.download_button(
            "Scores (CSV)",
            table.to_csv(index=False),
            f"{name}.csv",
            "text/csv",
            on_click="ignore",
            width="stretch",
            key=f"csv-{name}",
        )
        second.download_button(
            "Everything (JSON)",
            json.dumps(facts | {"rows": table.to_dict("records")}, ensure_ascii=False, indent=1),
            f"{name}.json",
            "application/json",
            on_click="ignore",
            width="stretch",
            key=f"json-{name}",
        )
        third.download_button(
            "Picture (HTML)",
            # A page of its own, with its script inside; only made when it is asked for.
            lambda: picture.to_html(include_plotlyjs=True, full_html=True),
            f"{name}.html",
            "text/html",
            on_click="ignore",
            width="stretch",
            key=f"html-{name}",
        )
        st.caption("For PNG or SVG, use the camera at the picture's upper right.")


def verdict(right: bool) -> str:
    """Return how a guess is answered, before the reason."""
    return "**Right.**" if right else "**Not quite.**"


def modebar(name: str) -> dict[str, Any]:
    """Return the settings of a figure that offers itself as SVG and nothing else."""
    return {
        "displaylogo": False,
        "toImageButtonOptions": {"format": "svg", "filename": name},
        "modeBarButtons": [["toImage"]],
    }


def pieces(found: "Attribution") -> list[str]:
    """Return the texts of the pieces that are scored."""
    return [found.units.texts[place] for place in found.units.free]


def table_of(titles: Sequence[str], found: Sequence["Attribution"]) -> pd.DataFrame:
    """Return a row for each scored piece; for each method its scores, and their errors if any."""
    columns: dict[str, Any] = {"piece": pieces(found[0])}
    for title, each in zip(titles, found, strict=True):
        columns[title] = each.scores[each.units.free].astype(float)
        if each.errors is not None:
            columns[f"{title}, standard error"] = each.errors[each.units.free].astype(float)
    return pd.DataFrame(columns)
