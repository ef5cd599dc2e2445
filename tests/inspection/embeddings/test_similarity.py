"""Cosines of sentences: by scikit-learn's definition, by hand, and once broken."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics.pairwise import cosine_similarity

from components.inspection.embeddings import similarity as inspection
from components.inspection.embeddings.sentences import embed
from components.inspection.embeddings.similarity import (
    chosen,
    mean_cosine,
    means,
    numbers_of,
    similarity,
    under_each_pooling,
)
from components.inspection.errors import InspectionError
from tests import tiny

VECTORS = arrays(
    np.float32,
    st.tuples(st.integers(2, 9), st.integers(1, 7)),
    elements=st.floats(0.5, 9, width=32) | st.floats(-9, -0.5, width=32),
)


@given(VECTORS)
def test_cosines_are_scikit_learns(vectors):
    names = tuple(map(str, range(len(vectors))))
    found = similarity(vectors, names, None)
    np.testing.assert_allclose(found.cosines, cosine_similarity(vectors), atol=1e-5)
    assert found.checks[0].holds
    others = found.cosines[~np.eye(len(vectors), dtype=bool)]
    assert found.means.every == pytest.approx(others.mean(), abs=1e-5)
    assert mean_cosine(vectors) == pytest.approx(others.mean(), abs=1e-5)
    one, other = found.extreme(True)
    assert found.cosines[one, other] == pytest.approx(others.max())


def test_means_by_hand():
    """Two of kind a at right angles to one of kind b, and to each other at 60 degrees."""
    vectors = np.array([[1, 0, 0], [0.5, 0.75**0.5, 0], [0, 0, 2]], np.float32)
    found = similarity(vectors, ("x", "y", "z"), ("a", "a", "b"))
    assert (found.means.within, found.means.between) == (pytest.approx(0.5), pytest.approx(0.0))
    assert found.means.every == pytest.approx(0.5 / 3)
    assert found.means.nearest == pytest.approx(2 / 3)
    assert found.extreme(True) == (0, 1)
    np.testing.assert_allclose(numbers_of(found.cosines), [0.5, 0, 0], atol=1e-6)


def test_kinds_that_say_nothing_give_no_means():
    cosines = np.eye(3, dtype=np.float32)
    for kinds in (None, ("a", "a", "a"), ("a", "b", "c")):
        assert means(cosines, kinds).within is None


@pytest.mark.sabotage("a cosine is 1 less half the squared distance of both vectors at length 1")
def test_a_product_of_vectors_of_any_length_is_seen(monkeypatch):
    vectors = np.array([[3, 4], [1, 0]], np.float32)
    monkeypatch.setattr(inspection, "cosines_of", lambda vectors: vectors @ vectors.T)
    assert similarity(vectors, ("a", "b"), None).checks[0].verdict == "fails"


def test_a_vector_that_points_nowhere_is_refused():
    with pytest.raises(InspectionError, match="points nowhere"):
        similarity(np.zeros((2, 3), np.float32), ("a", "b"), None)


@pytest.mark.parametrize("family", ["llama", "bert", "t5"])
def test_all_poolings_at_once_are_each_by_itself(family):
    model, sentences = tiny.model(family), ("a dog", "the cat sat near the castle", "to be", "or")
    found = under_each_pooling(model, sentences, ("a", "a", "b", "b"))
    assert [one.way for one in found] == ["mean", "cls", "last"]
    for one in found:
        own = similarity(embed(model, sentences, one.way).vectors, sentences, None)
        np.testing.assert_allclose(one.cosines, own.cosines, atol=1e-5)


def test_the_first_token_of_a_decoder_knows_nothing_of_the_sentence():
    cls = under_each_pooling(tiny.model("llama"), ("a dog", "no cat"), None)[1]
    assert cls.means.every == pytest.approx(1.0, abs=1e-5)


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=90), st.integers(1, 30))
def test_shown_are_so_many_of_each_kind_kind_by_kind(kinds, each):
    places = chosen(kinds, len(kinds), each)
    assert len(places) == len(set(places)) <= inspection.MOST_SHOWN
    shown = [kinds[place] for place in places]
    assert [kind for at, kind in enumerate(shown) if kind not in shown[:at]] == list(
        dict.fromkeys(shown)
    )
    assert all(shown.count(kind) <= each for kind in shown)
    assert chosen(None, len(kinds), each) == list(range(min(len(kinds), 40)))
