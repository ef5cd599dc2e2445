"""After one more token, earlier rows are what they were; the comparison would see if not."""

import numpy as np
import pytest

from components.inspection.errors import InspectionError
from components.inspection.machine import kept as module
from components.inspection.machine.kept import kept
from components.inspection.machine.overview import recorded
from tests import tiny

WRITE = [name for name, row in tiny.FAMILIES.items() if row[2] in ("causal", "seq2seq")]
TEXT = "to be, or not"


def given(family, dtype="float32"):
    model = tiny.model(family, dtype)
    target = [9, 10, 11, 12] if model.kind == "seq2seq" else None
    return model, model.encode(TEXT), target


@pytest.mark.parametrize("family", WRITE)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_all_rows_but_the_new_one_are_kept(family, dtype):
    model, ids, target = given(family, dtype)
    found = kept(model, ids, target)
    count = len(ids) if target is None else len(target) + 1
    assert found.rows.tolist() == [True] * (count - 1) + [False]
    assert found.largest < 1e-4


@pytest.mark.parametrize("family", ["gpt2", "llama", "t5"])
def test_a_row_that_changes_is_not_kept(monkeypatch, family):
    model, ids, target = given(family)

    def otherwise(*given):
        found = recorded(*given)
        found.stack().residual[-1, 1, 0] += 1e-3
        return found

    monkeypatch.setattr(module, "recorded", otherwise)
    assert kept(model, ids, target).rows[:3].tolist() == [True, False, True]


def test_a_long_text_keeps_the_rows_that_are_drawn():
    model = tiny.model("bloom")
    ids = [int(one) for one in np.arange(90) % 200 + 6][: model.context]
    found = kept(model, ids, None, first=len(ids))
    assert len(found.rows) == min(64, len(ids)) and not found.rows[-1] and found.rows[:-1].all()


def test_nothing_stands_before_a_first_token():
    assert kept(tiny.model("llama"), [9], None) is None


def test_what_does_not_write_is_refused():
    with pytest.raises(InspectionError, match="does not write on"):
        kept(tiny.model("bert"), [9, 10], None)
