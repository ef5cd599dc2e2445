"""Models of one's own, to be broken, and the premise that must notice."""

from dataclasses import replace

import pytest

from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.premises import Premise, measured, require
from components.inspection.wrapping import wrapped
from tests import tiny


def fresh(family: str = "llama", dtype: str = "float32") -> Model:
    """A model of its own, to be broken."""
    kind = tiny.FAMILIES[family][2]
    return wrapped(
        tiny.network(family, dtype), tiny.tokenizer(), kind, f"tiny-{family}", context=64
    )


def sound(name: str, family: str = "llama", dtype: str = "float32") -> Model:
    """A model of its own of which the premise holds, and is not yet measured."""
    model = fresh(family, dtype)
    assert measured(model, name).holds  # type: ignore[arg-type]
    return replace(model, known={})


def red(model: Model, name: str) -> Premise:
    """Return the premise, which must fail."""
    found = measured(model, name)  # type: ignore[arg-type]
    assert not found.holds, found
    with pytest.raises(InspectionError, match="Measured on"):
        require(model, name)  # type: ignore[arg-type]
    return found
