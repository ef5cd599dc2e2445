"""Numbers that a reader types."""

from typing import Final

from components.inspection.errors import InspectionError

LARGEST: Final = 1e6
"""Either sign: what is computed by hand stays readable."""


def typed_number(cell: str, name: str) -> float:
    """Return the number that is written in `cell`, of what is called `name`.

    >>> typed_number("1e2", "the list")
    100.0

    Raises:
        InspectionError: it is none, or too large.
    """
    try:
        number = float(cell)
    except ValueError:
        number = float("nan")
    if not abs(number) <= LARGEST:
        raise InspectionError(
            f"“{cell[:30]}” in {name} is no number from {-LARGEST:,.0f} to {LARGEST:,.0f}. Write "
            "numbers separated by spaces, such as 1 0.5"
        )
    return number
