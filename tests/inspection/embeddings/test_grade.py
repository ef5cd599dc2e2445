"""The adjusted Rand index by hand and by scikit-learn, and tables that are not of the labels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from sklearn.metrics import adjusted_rand_score

from components.inspection.embeddings import grade as module
from components.inspection.embeddings.clusters import NOISE
from components.inspection.embeddings.grade import COUNTED, OF_TABLE, against_kinds, index_of

KINDS = ("food", "food", "weather", "weather", "food", "weather")
LABELS = np.array([1, 1, 0, 0, NOISE, 1], np.int32)


def verdicts(found) -> list[str]:
    return [check.verdict for check in found.checks]


def test_a_table_of_kinds_and_clusters():
    found = against_kinds(LABELS, KINDS)
    assert found.kinds == ("food", "weather")
    assert found.clusters == (0, 1, NOISE)
    assert found.table.tolist() == [[0, 2, 1], [2, 1, 0]]
    assert found.kept == pytest.approx(5 / 6)
    # With noise: 1 + 1 pairs stay together, of 4 and 6 in 15; (2 - 1.6) / (5 - 1.6).
    assert found.rand == pytest.approx((2 - 24 / 15) / (5 - 24 / 15))
    # Without: of 5 sentences 1 + 1 pairs, of 4 and 4 in 10.
    assert found.rand_without_noise == pytest.approx((2 - 1.6) / (4 - 1.6))
    assert verdicts(found) == ["holds", "holds"]


def test_the_same_division_is_1_and_noise_alone_has_no_grade():
    assert against_kinds(np.array([3, 3, 5, 5], np.int32), ("a", "a", "b", "b")).rand == 1
    nothing = against_kinds(np.full(4, NOISE, np.int32), ("a", "a", "b", "b"))
    assert nothing.rand == 0 and np.isnan(nothing.rand_without_noise) and nothing.kept == 0
    assert verdicts(nothing) == ["holds", "holds"]


@given(some.lists(some.tuples(some.integers(0, 4), some.integers(-1, 4)), min_size=2, max_size=40))
def test_the_index_of_a_table_is_that_of_scikit_learn(pairs):
    kinds, labels = zip(*pairs, strict=True)
    found = against_kinds(np.array(labels, np.int32), tuple(map(str, kinds)))
    assert index_of(found.table) == pytest.approx(adjusted_rand_score(kinds, labels), abs=1e-12)
    assert found.table.sum() == len(pairs)
    assert verdicts(found) == ["holds", "holds"]


@pytest.mark.sabotage(OF_TABLE)
def test_an_index_of_other_labels_turns_red(monkeypatch):
    assert verdicts(against_kinds(LABELS, KINDS)) == ["holds", "holds"]
    own = module.agreement
    monkeypatch.setattr(module, "agreement", lambda one, other: own(one, np.roll(other, 1)))
    assert verdicts(against_kinds(LABELS, KINDS)) == ["fails", "holds"]


@pytest.mark.sabotage(COUNTED)
def test_a_sentence_counted_twice_turns_red(monkeypatch):
    assert verdicts(against_kinds(LABELS, KINDS)) == ["holds", "holds"]
    own = module._table
    monkeypatch.setattr(module, "_table", lambda *asked: own(*asked) + np.eye(2, 3, dtype=np.int32))
    assert verdicts(against_kinds(LABELS, KINDS))[1] == "fails"
