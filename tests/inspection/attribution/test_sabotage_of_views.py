"""Curves, rows of attention and phrases: each check of them is seen to turn red."""

from dataclasses import replace

import numpy as np
import pytest
from captum.attr import IntegratedGradients

from components.inspection.attribution import attention_rows as rows_module
from components.inspection.attribution import faithfulness, phrase_ways
from components.inspection.attribution.attention_rows import attention_rows
from components.inspection.attribution.faithfulness import curves
from components.inspection.attribution.features import Features
from components.inspection.attribution.phrase import attribute_phrase
from components.inspection.attribution.problem import AttributionProblem
from components.inspection.attribution.shapley import shapley
from tests import tiny
from tests.inspection.attribution.asked import (
    DTYPES,
    MANY,
    QUESTION,
    TEXT,
    fails,
    only_fails,
    verdicts,
)


@pytest.mark.sabotage(
    "all curves begin (taking away) or end (putting back) at the target of the text"
)
@pytest.mark.sabotage("and end or begin at the target of the baseline")
def test_taking_away_and_putting_back_confused(monkeypatch):
    model = tiny.model("llama", words=True)
    right = AttributionProblem.with_switches
    monkeypatch.setattr(
        AttributionProblem, "with_switches", lambda self, switches: right(self, 1 - switches)
    )
    pieces = len(AttributionProblem(model, QUESTION).features.free)
    found = verdicts(curves(model, QUESTION, ["one"], [range(pieces)]).checks)
    assert [v for says, v in found.items() if says.startswith(("all curves", "and end"))] == [
        "fails",
        "fails",
    ]


@pytest.mark.sabotage("and end or begin at the target of the baseline")
def test_a_curve_that_stops_one_piece_short(monkeypatch):
    model = tiny.model("llama", words=True)
    right = faithfulness._away
    monkeypatch.setattr(
        faithfulness,
        "_away",
        lambda order, removed: right(order, np.minimum(removed, len(order) - 1)),
    )
    pieces = len(AttributionProblem(model, QUESTION).features.free)
    checks = curves(model, QUESTION, ["one"], [range(pieces)]).checks
    # Taken away but for one, put back but for one: both ends are missed.
    assert fails(checks, "and end or begin at the target of the baseline")
    assert fails(checks, "all curves begin (taking away) or end (putting back)")


@pytest.mark.sabotage("with the special tokens, every row of every layer and the rollout sum to 1")
def test_a_token_that_belongs_to_no_piece(monkeypatch):
    model = tiny.model("llama", words=True)
    right = Features.summed
    monkeypatch.setattr(
        Features, "summed", lambda self, rows: right(self, rows) * (np.arange(len(self.texts)) != 1)
    )
    assert only_fails(attention_rows(model, TEXT).checks, "with the special tokens, every row")


@pytest.mark.sabotage(
    "each row is where attention leads from its token, layer by layer, down to the input"
)
def test_layers_multiplied_the_other_way_round(monkeypatch):
    model = tiny.model("llama", words=True)

    def reversed_rollout(maps, layer):
        return rows_module_rollout(replace(maps, weights=maps.weights[::-1]), layer)

    rows_module_rollout = rows_module.rollout
    monkeypatch.setattr(rows_module, "rollout", reversed_rollout)
    assert only_fails(attention_rows(model, TEXT).checks, "each row is where attention leads")


@pytest.mark.sabotage(
    "each token of the phrase has the log-probability of a plain pass over text and phrase"
)
@pytest.mark.parametrize(
    ("family", "dtype"), [("t5", "float32"), *[("llama", dtype) for dtype in DTYPES]]
)
@pytest.mark.parametrize("method", ["ablation", "integrated_gradients"])
def test_the_phrase_read_one_place_off(family, dtype, method, monkeypatch):
    model = tiny.model(family, dtype, words=True)
    right = phrase_ways.PhraseScore.__call__

    def off(self, given):
        self.said = self.said[::-1]
        found = right(self, given)
        self.said = self.said[::-1]
        return found

    monkeypatch.setattr(phrase_ways.PhraseScore, "__call__", off)
    found = attribute_phrase(model, TEXT, "and the dog", 2, method, "<mask>")
    assert fails(found.checks, "each token of the phrase has the log-probability")


@pytest.mark.sabotage(
    "in the baseline each token is the replacement token; special ones and the phrase stay"
)
@pytest.mark.parametrize("family", ["llama", "t5"])
@pytest.mark.parametrize("method", ["ablation", "integrated_gradients"])
def test_another_stand_in_than_the_one_that_is_named(family, method, monkeypatch):
    model = tiny.model(family, words=True)
    right = phrase_ways.PhraseScore.__init__

    def careless(self, model, ids, said, free, absent, gradients):
        right(self, model, ids, said, free, absent + 1, gradients)
        self.absent = absent

    monkeypatch.setattr(phrase_ways.PhraseScore, "__init__", careless)
    found = attribute_phrase(model, TEXT, "and", 2, method, "<unk>")
    assert "fails" in [
        v for says, v in verdicts(found.checks).items() if "is the replacement token" in says
    ]


@pytest.mark.sabotage("each row sums to its change from baseline to text")
@pytest.mark.parametrize("text", [TEXT, MANY.text], ids=["exact", "drawn"])
def test_a_token_of_the_text_that_is_left_out(text, monkeypatch):
    model = tiny.model("llama", words=True)

    def without_one(*given, **how):
        found = shapley(*given, **how)
        values = found.values.copy()
        values[1] = 0
        return replace(found, values=values)

    monkeypatch.setattr(phrase_ways, "shapley", without_one)
    found = attribute_phrase(model, text, "and", 2, "shapley", "<mask>", 6)
    assert only_fails(found.checks, "each row sums to its change")


@pytest.mark.sabotage(
    "in each row, the scores sum to the change from baseline to text, to within * of it"
)
def test_the_gradient_of_another_token_of_the_phrase(monkeypatch):
    model = tiny.model("llama", words=True)
    right = IntegratedGradients.attribute

    def of_the_first(self, *given, **how):
        return right(self, *given, **how) * 0.8

    monkeypatch.setattr(IntegratedGradients, "attribute", of_the_first)
    found = attribute_phrase(model, TEXT, "and the", 2, "integrated_gradients", "<mask>")
    assert only_fails(found.checks, "in each row, the scores sum to the change")
