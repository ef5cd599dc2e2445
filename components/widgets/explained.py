"""What went wrong, shown in one way."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components.inspection.errors import InspectionError
from components.widgets.markup import literal


@contextmanager
def explained() -> Iterator[None]:
    """Show an InspectionError of the part of a page inside, and let the page go on."""
    try:
        yield
    except InspectionError as error:
        explain(error, st.empty())


def explain(error: InspectionError, place: DeltaGenerator, more: str = "") -> None:
    """Show an error in `place`, letter by letter, since it may quote what a reader wrote."""
    lines = [literal(line) for line in str(error).splitlines()]
    place.error("  \n".join(lines) + more)
