"""A block opened in a pass that is changed: what the network went on with, and what that leaves."""

import numpy as np
import pytest

from components.inspection.edits import Edit
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.machine import cell
from components.inspection.machine.cell import STATIONS, open_number
from components.inspection.machine.opened import opened_block
from tests import tiny
from tests.inspection.machine.read import TEXT, kept, target_of

FAMILIES = ("gpt2", "llama", "gemma2", "gptj", "falcon", "mixtral", "bert", "bart", "t5")
EDITS: dict[str, tuple[Edit, set[str]]] = {
    "attention": (Edit("attention", 1, "zero"), {"attention write"}),
    "mlp": (Edit("mlp", 1, "zero"), {"MLP write"}),
    "head": (Edit("head", 1, "mean", head=1), {"output"}),
    "stream": (Edit("stream", 2, "zero", tokens=(3,)), {"left"}),
    "below": (Edit("attention", 0, "zero"), set()),
    "entered": (Edit("stream", 1, "zero", tokens=(2,)), {"entered"}),
}


@pytest.mark.parametrize("name", EDITS)
@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_shown_is_what_the_network_went_on_with(monkeypatch, family, name):
    monkeypatch.setattr(cell, "opening", kept(cell.opening))
    model, (edit, refused) = tiny.model(family), EDITS[name]
    stack = list(model.anatomy.stacks)[-1]
    asked = (model, TEXT, target_of(model), stack)
    own, block = opened_block(*asked, 1, 1, 3), opened_block(*asked, 1, 1, 3, edits=(edit,))
    assert [str(check) for check in block.checks if not check.holds] == []
    there = record(*asked[:3], keep=["residual"], edits=(edit,)).stack(stack)
    assert np.array_equal(block.entered, there.residual[1])
    assert np.array_equal(block.left, there.residual[2])
    assert np.array_equal(block.attention_write, there.attention_writes[1])
    assert not np.array_equal(block.left, own.left)
    assert (len(block.unknown) > len(own.unknown)) == (name != "below")
    if name == "attention":
        assert not block.attention_write.any() and own.attention_write.any()
    said = set()
    for station in STATIONS:
        try:
            number = open_number(*asked, 1, 1, 3, station, 1, edits=(edit,))
        except InspectionError as error:
            said |= {station} if "changed in this pass" in str(error) else set()
            continue
        assert number.check.holds, (station, number)
    # The numbers of a mixture of experts cannot be opened anyway.
    assert said == refused - ({"MLP write"} if family == "mixtral" else set())


def test_the_pass_of_another_is_not_changed():
    model = tiny.model("llama")
    before = opened_block(model, TEXT, None, "decoder", 1, 1, 3)
    opened_block(model, TEXT, None, "decoder", 1, 1, 3, edits=(Edit("mlp", 0, "zero"),))
    again = opened_block(model, TEXT, None, "decoder", 1, 1, 3)
    assert np.array_equal(before.left, again.left)


def test_a_logit_of_a_changed_pass_is_that_pass_s():
    model, edit = tiny.model("llama"), Edit("mlp", 0, "zero")
    logits = record(model, TEXT, keep=["logits"], edits=(edit,)).logits
    found = open_number(model, TEXT, None, "decoder", 0, 0, 3, "logit", 9, edits=(edit,))
    assert found.recorded == float(logits[3, 9]) and found.check.holds
