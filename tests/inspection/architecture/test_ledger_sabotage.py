"""Each check of the ledger is seen to turn red: the thing is broken, and it must notice."""

from dataclasses import replace

import numpy as np
import pytest

from components.inspection.architecture import ledger as drawing
from components.inspection.architecture import work
from components.inspection.architecture.ledger import ledger
from components.inspection.architecture.ledger_times import times
from components.inspection.architecture.module_tree import ModuleTree, module_tree, sums
from components.inspection.architecture.work import operations
from components.inspection.checks import Check
from tests import tiny

TEXT = "the cat the cat"


def verdicts(checks: tuple[Check, ...]) -> set[str]:
    return {check.verdict for check in checks}


@pytest.mark.sabotage("the modules' parameters sum to what the network counts")
@pytest.mark.sabotage("the modules' bytes sum to what the weights take")
@pytest.mark.parametrize("how", ["lost", "twice"])
def test_a_row_that_is_lost_or_counted_twice(how):
    model = tiny.model("gpt2")
    tree = module_tree(model)
    assert verdicts(tree.checks) == {"holds"}
    row = tree.rows[1]
    assert row.kind == "GPT2Model"
    norm = next(one for one in tree.rows if one.part == "norm")
    rows = tree.rows if how == "lost" else (*tree.rows, norm)
    rows = tuple(one for one in rows if one is not norm) if how == "lost" else rows
    assert {check.verdict for check in sums(model.network, rows, None)} == {"fails"}


@pytest.mark.sabotage("the modules' parameters sum to what the network counts")
def test_a_tied_head_that_is_counted_again():
    model = tiny.model("gpt2")
    tree = module_tree(model)
    assert verdicts(tree.checks) == {"holds"}
    rows = tuple(
        replace(row, parameters=int(np.prod(row.shapes[0]))) if row.counted_at else row
        for row in tree.rows
    )
    assert sums(model.network, rows, None)[0].verdict == "fails"


@pytest.mark.sabotage(
    "the rectangles in each rectangle, and the innermost of all, sum to the whole"
)
@pytest.mark.parametrize("spoilt", ["a module is lost", "a group forgets one"])
def test_a_picture_that_loses_a_module(monkeypatch, spoilt):
    tree: ModuleTree = module_tree(tiny.model("llama"))
    inside = drawing._Drawing._inside

    def lossy(self, rows):
        found = list(inside(self, rows))
        if spoilt == "a module is lost":
            return iter(found[1:]) if len(found) > 3 else iter(found)
        return iter([(some[1:] if len(some) > 1 else some, name) for some, name in found])

    monkeypatch.setattr(drawing._Drawing, "_inside", lossy)
    (check,) = ledger(tree, tree.parameters).checks
    assert check.verdict == "fails"


@pytest.mark.sabotage("torch counts in each matrix and each attention what the formula says")
@pytest.mark.parametrize("how", ["a matrix costs n m", "values are not multiplied"])
@pytest.mark.parametrize("family", ["llama", "bert", "t5"])
def test_a_formula_that_leaves_something_out(monkeypatch, family, how):
    if how == "a matrix costs n m":
        own = work._of_matrix

        def halved(module, out):
            found = own(module, out)
            return None if found is None else found / 2

        monkeypatch.setattr(work, "_of_matrix", halved)
    else:
        monkeypatch.setattr(
            work, "_products", lambda one: 2.0 * one.weights.size * one.queries.shape[-1]
        )
    (check,) = operations(tiny.model(family), TEXT).checks
    assert check.verdict == "fails"


@pytest.mark.sabotage("torch counts in each matrix and each attention what the formula says")
def test_operations_that_are_booked_on_the_module_beside():
    model = tiny.model("llama")
    found = operations(model, TEXT)
    assert found.checks[0].verdict == "holds"
    beside = np.roll(found.counted, 1)
    assert work.formula_checks(model, beside, found.formula)[0].verdict == "fails"


@pytest.mark.sabotage("the modules' times together are no longer than their pass, in seconds")
def test_a_time_that_is_booked_twice():
    *_, found = times(tiny.model("llama"), TEXT)
    assert found.checks[0].verdict == "holds"
    assert replace(found, runs=2 * found.runs).checks[0].verdict == "fails"
