"""Shuffling: without positions and without a mask a model sees a bag of words."""

import numpy as np
import pytest

from components.inspection.errors import InspectionError
from components.inspection.positions.order import Condition, shuffled
from tests import tiny
from tests.inspection.positions.tools import state_of

TEXT = "to be or not"


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_order_is_told_by_positions_and_by_the_mask_and_by_nothing_else(family):
    model = tiny.model(family)
    before = state_of(model)
    found = shuffled(model, TEXT, 3)
    by = dict(zip(found.conditions, found.change.max(1), strict=True))
    blind = Condition(positions=False, mask=False if model.kind == "causal" else None)
    for condition, change in by.items():
        if condition == blind:
            assert change < 1e-5
        else:
            assert change > 1e-3, condition
    assert (blind in by) == (model.kind != "causal" or model.watched)
    assert state_of(model) == before


def test_only_words_are_shuffled():
    found = shuffled(tiny.model("llama"), TEXT, 0)
    assert found.tokens[0] == "<s>"
    assert found.order == (0, *range(len(TEXT), 0, -1))
    with pytest.raises(InspectionError, match="two different words"):
        shuffled(tiny.model("llama"), "aaaa", 1)
    with pytest.raises(InspectionError, match="no text"):
        shuffled(tiny.model("llama"), "", 1)


def test_another_number_shuffles_otherwise_and_the_same_alike():
    model = tiny.model("bert")
    assert shuffled(model, TEXT, 1).order != shuffled(model, TEXT, 2).order
    one, again = shuffled(model, TEXT, 1), shuffled(model, TEXT, 1)
    assert one.order == again.order
    np.testing.assert_array_equal(one.change, again.change)
