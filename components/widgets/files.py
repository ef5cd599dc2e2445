"""What a view can be taken away as. Each file is made when its button is pressed, not before."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import streamlit as st

from components.widgets.plot_picture import plot_picture

if TYPE_CHECKING:
    from components.lesson import Shown
    from components.widgets.ask import Ask

FORMATS: Final = {
    "csv": "text/csv",
    "json": "application/json",
    "html": "text/html",
    "ipynb": "application/x-ipynb+json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""What a browser calls each kind of file, by the end of its name."""


def offer(shown: "Shown", ask: "Ask") -> None:
    """Offer the view's data, picture and notebook."""
    name = ask.key
    # Read here: when the button is pressed, there is no run, and the address reads as empty.
    asked = {key: value for key, value in st.query_params.items() if key != "lecture"}
    _button("Data (CSV)", lambda: csv(shown), "csv", name)
    _button("Data and settings (JSON)", lambda: as_json(shown, ask, asked), "json", name)
    if shown.figure is not None:
        _button("Picture, alive (HTML)", lambda: page(shown), "html", name)
        plot_picture(name)
    elif shown.page:
        _button("Picture, alive (HTML)", lambda: _page_of(shown), "html", name)
    if shown.code:
        _button("Notebook (ipynb)", lambda: notebook(shown), "ipynb", name)
    for file in shown.files:
        _button(file.label, file.make, file.ends, name)


def _button(label: str, make: Callable[[], str | bytes], ends: str, name: str) -> None:
    def made() -> bytes:
        content = make()
        return content.encode() if isinstance(content, str) else content

    # Streamlit calls a function when the button is pressed; what it returns must be bytes.
    st.download_button(
        label,
        made,
        f"{name}.{ends}",
        FORMATS[ends],
        on_click="ignore",
        key=f"{ends}-{name}",
        type="tertiary",
    )


def csv(shown: "Shown") -> str:
    """Return the table as CSV."""
    return str(shown.table().to_csv(index=False))


def as_json(shown: "Shown", ask: "Ask", asked: Mapping[str, str]) -> str:
    """Return the table, the checks, and what was `asked` in the address, as JSON."""
    whole = {
        "view": ask.key,
        "model": asdict(ask.choice),
        "prompt": ask.prompt,
        "asked": dict(asked),
        "facts": dict(shown.facts),
        "checks": [asdict(check) | {"verdict": check.verdict} for check in shown.checks],
        "table": json.loads(shown.table().to_json(orient="split", index=False)),
    }
    return json.dumps(whole, indent=1, ensure_ascii=False, default=str)


def _page_of(shown: "Shown") -> str:
    return shown.page if isinstance(shown.page, str) else shown.page()


def page(shown: "Shown") -> str:
    """Return the figure as a page that needs no network.

    Raises:
        ValueError: the view has no figure of its own.
    """
    if shown.figure is None:
        raise ValueError("A live component is no figure that could be saved as a page.")
    return str(shown.figure.to_html(include_plotlyjs=True, full_html=True))


def notebook(shown: "Shown") -> str:
    """Return the view's code as a Jupyter notebook (format 4.5), its words above it."""
    cells = [
        {"id": "words", "cell_type": "markdown", "metadata": {}, "source": shown.read},
        {
            "id": "code",
            "cell_type": "code",
            "metadata": {},
            "source": shown.code,
            "outputs": [],
            "execution_count": None,
        },
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
