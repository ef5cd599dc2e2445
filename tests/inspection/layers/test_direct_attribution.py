"""Direct logit attribution of a logit by itself, and of a text as the page asks for it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.layers.direct_attribution import (
    DirectAttribution,
    answers_at,
    direct_attribution,
)
from components.inspection.load import load_model
from components.inspection.machine import push as module
from components.inspection.machine.push import ALONE
from components.inspection.model import Model
from tests import tiny

TEXT = "the keys near"
DTYPES = ("float32", "bfloat16", "float16")
FAMILIES = ("gpt2", "llama", "gemma2", "phi", "olmo2", "bloom", "falcon", "mixtral", "t5")


def plain(model: Model, place: int) -> np.ndarray:
    """The logits of a decoder at one token, by the network alone."""
    with torch.no_grad():
        logits = model.network(torch.tensor([model.encode(TEXT)])).logits
    return logits[0, place].float().numpy()


def by_part(found: DirectAttribution) -> dict[str, float]:
    return {part.short: float(term) for part, term in zip(found.parts, found.terms, strict=True)}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", FAMILIES)
def test_terms_sum_to_the_logit_itself(family, dtype):
    model = tiny.model(family, dtype)
    found = direct_attribution(model, TEXT, 4 if family != "t5" else 1, 70, None)
    assert found.checks[0].says == ALONE
    assert all(check.holds for check in found.checks), found.checks
    close = {"float32": 1e-4, "bfloat16": 0.1, "float16": 0.01}[dtype]
    assert found.terms.sum() == pytest.approx(found.total, abs=close)
    assert found.contrast is None and found.ids == (70, None)
    if family not in ("gemma2", "t5"):
        assert found.total == plain(model, 4)[70]


@pytest.mark.parametrize("family", ["gpt2", "llama", "phi", "olmo2"])
def test_one_logit_less_another_is_their_difference_part_by_part(family):
    model = tiny.model(family)
    one, other, both = (
        by_part(direct_attribution(model, TEXT, 4, *pair))
        for pair in ((70, None), (90, None), (70, 90))
    )
    assert set(one) == set(both)
    for name, term in both.items():
        assert one[name] - other[name] == pytest.approx(term, abs=1e-4), name


def test_each_bias_is_a_part():
    found = direct_attribution(tiny.model("gpt2"), TEXT, 4, 70, 90)
    names = [part.short for part in found.parts]
    assert names[0] == "embedding" and names[-1] == "constant"
    assert [name for name in names if "bias" in name] == ["L0 bias", "L1 bias", "L2 bias"]
    assert len(names) == 1 + 3 * (4 + 1 + 1) + 1
    found = direct_attribution(tiny.model("gemma2"), TEXT, 4, 70, 90)
    assert [p.short for p in found.parts[:3]] == ["embedding", "L0 attention", "L0 MLP"]


def test_what_is_asked_by_default_is_the_likeliest_rather_than_the_next():
    model = tiny.model("llama")
    there, last = answers_at(model, TEXT), len(model.encode(TEXT)) - 1
    order = np.argsort(-plain(model, last), kind="stable")
    assert there.place == last
    np.testing.assert_array_equal(there.ids[last], order[:10])
    found = direct_attribution(model, TEXT)
    assert found.ids == (order[0], order[1])
    np.testing.assert_array_equal(found.logits, plain(model, last)[order[:10]])
    # The likeliest is no contrast to itself.
    assert direct_attribution(model, TEXT, None, int(order[1])).ids == (order[1], order[0])


@pytest.mark.parametrize(
    ("family", "says"),
    [("bert", "norms its stream"), ("bert_classifier", "gives no token a logit")],
)
def test_who_has_no_sum_says_so(family, says):
    for ask in (answers_at, direct_attribution):
        with pytest.raises(InspectionError, match=says):
            ask(tiny.model(family), TEXT)


def test_a_model_without_a_head_is_refused():
    model = replace(tiny.model("llama"), kind="headless")
    with pytest.raises(InspectionError, match="gives no token a logit"):
        answers_at(model, TEXT)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ((99,), "There is no token 99: there are 14"),
        ((4, "two words"), "is not one token"),
        ((4, 70, 70), "two different ids"),
        ((4, 999, None), "no answer of number 999"),
    ],
)
def test_what_is_not_there_is_said(asked, says):
    with pytest.raises(InspectionError, match=says):
        direct_attribution(tiny.model("llama"), TEXT, *asked)


@pytest.mark.sabotage(ALONE)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_writes_that_are_lost_turn_red(monkeypatch, family, dtype):
    def lost(*given, **more):
        found = record(*given, **more)
        stack = found.stacks[-1]
        return replace(found, stacks=(replace(stack, mlp_writes=0 * stack.mlp_writes),))

    model = tiny.model(family, dtype)
    assert direct_attribution(model, TEXT, 4, 70, None).checks[0].holds
    monkeypatch.setattr(module, "record", lost)
    assert not direct_attribution(model, TEXT, 4, 70, None).checks[0].holds


def test_storyteller_says_john_rather_than_mary():
    model = load_model("storyteller", dtype="float32")
    text = "When Mary and John went to the shop, Mary gave a drink to"
    found = direct_attribution(model, text, None, "·John", "Mary")
    assert (found.answer, found.contrast) == (" John", " Mary")
    assert found.total == pytest.approx(11.39, abs=0.01)
    terms = by_part(found)
    assert terms["L2 H1"] == pytest.approx(4.35, abs=0.01)
    assert found.by_kind["the MLPs"] == pytest.approx(9.72, abs=0.01)
    assert sum(found.by_kind.values()) == pytest.approx(found.total, abs=1e-3)
