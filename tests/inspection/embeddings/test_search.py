"""Search by meaning and by words, and passes: against brute force, definitions and counting."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics.pairwise import cosine_similarity

from components.inspection.embeddings import passes, search
from components.inspection.embeddings.keywords import K1, B, by_words, marked, words_of
from components.inspection.embeddings.search import EXACT, RANKED, by_meaning, cosines
from components.inspection.errors import InspectionError

THREE = ("The dog barks.", "A cat, a dog and a dog", "It is cold")


def drawn(sentences: int, width: int, seed: int = 0, scale: float = 1.0) -> np.ndarray:
    random = np.random.default_rng(seed)
    return (scale * random.standard_normal((sentences, width))).astype(np.float32)


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_cosines_and_ranking_are_those_of_scikit_learn(scale):
    vectors, query = drawn(300, 64, 1, scale), drawn(1, 64, 2)[0]
    found = by_meaning(vectors, query)
    expected = cosine_similarity((vectors / scale).astype(np.float64), query[None])[:, 0]
    np.testing.assert_allclose(found.scores, expected, atol=1e-6)
    np.testing.assert_array_equal(found.order, np.argsort(-expected, kind="stable"))
    assert [check.verdict for check in found.checks] == ["holds", "holds"]


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 12), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_every_sentence_stands_once_and_none_above_a_nearer_one(sentences, width, seed):
    vectors = drawn(sentences, width, seed)
    found = by_meaning(vectors, vectors[0])
    assert sorted(found.order) == list(range(sentences))
    assert (np.diff(found.scores[found.order]) <= 0).all()
    assert found.scores[found.order[0]] == pytest.approx(1, abs=1e-5)
    assert all(check.holds for check in found.checks)


def test_a_vector_three_four_has_the_cosines_of_school():
    vectors = np.array([[3, 4], [4, 3], [-3, -4], [-4, 3], [0, 0]], np.float32)
    found = by_meaning(vectors, vectors[0])
    np.testing.assert_allclose(found.scores, [1, 0.96, -1, 0, 0], atol=1e-6)
    assert found.order.tolist() == [0, 1, 3, 4, 2]  # equal ones as they stand


def test_nothing_to_search_in_and_what_is_no_number_are_refused():
    with pytest.raises(InspectionError, match="no sentence"):
        by_meaning(np.zeros((0, 3), np.float32), np.ones(3, np.float32))
    with pytest.raises(InspectionError, match="are none"):
        by_meaning(np.full((2, 3), np.nan, np.float32), np.ones(3, np.float32))


def test_bm25_is_what_one_computes_by_hand():
    found = by_words(THREE, "Does the DOG bark? dog")
    assert found.words == ("does", "the", "dog", "bark")
    assert found.known == ("the", "dog")
    # 3, 7 and 3 words: 13 / 3 on average. "the" stands in one sentence of three, "dog" in two.
    the, dog = math.log(1 + 2.5 / 1.5), math.log(1 + 1.5 / 2.5)
    first = (the + dog) / (1 + 1.2 * (0.25 + 0.75 * 3 / (13 / 3)))
    second = dog * 2 / (2 + 1.2 * (0.25 + 0.75 * 7 / (13 / 3)))
    assert (K1, B) == (1.2, 0.75)
    np.testing.assert_allclose(found.scores, [first, second, 0], rtol=1e-6)
    assert found.order.tolist() == [0, 1]
    assert found.checks[0].verdict == "holds"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("ab c.é", max_size=12), min_size=1, max_size=8), st.text("abc .é"))
def test_only_what_shares_a_word_is_found_by_words(sentences, query):
    found = by_words(tuple(sentences), query)
    asked = set(words_of(query))
    shares = [at for at, one in enumerate(sentences) if asked & set(words_of(one))]
    assert sorted(found.order) == shares
    assert found.checks[0].verdict == "holds"


@pytest.mark.parametrize("query", ["", "?!", "zebra"])
def test_without_a_known_word_nothing_is_found(query):
    found = by_words(THREE, query)
    assert found.known == ()
    assert not found.order.size
    assert not found.scores.any()


def test_marked_pieces_are_the_text_and_its_words():
    text = "Dogs, dog; the DOG’s dog_"
    pieces = marked(text, ("dog", "s"))
    assert "".join(piece for piece, _ in pieces) == text
    assert [piece for piece, among in pieces if among] == ["dog", "DOG", "s"]


@pytest.mark.parametrize("sentences", [2, 3, 17, 200])
def test_pairs_are_those_that_are_there(sentences):
    found = passes.passes(sentences)
    assert found.pairs == len(list(itertools.combinations(range(sentences), 2)))
    assert found.checks[0].verdict == "holds"


def test_ten_thousand_sentences_have_the_pairs_of_the_source():
    found = passes.passes(10_000)
    assert found.pairs == 49_995_000
    assert found.crossed[list(found.numbers).index(2)] == 1
    assert (np.diff(found.numbers) > 0).all()


@pytest.mark.parametrize("sentences", [-1, 0, 1, passes.MOST + 1])
def test_no_pairs_are_told_in_a_sentence(sentences):
    with pytest.raises(InspectionError, match="Take from 2"):
        passes.passes(sentences)


@pytest.mark.sabotage(EXACT)
def test_vectors_that_are_not_divided_by_their_length_would_be_seen(monkeypatch):
    vectors = drawn(40, 16)
    assert by_meaning(vectors, vectors[3]).checks[0].verdict == "holds"
    monkeypatch.setattr(search, "cosines", lambda one, other: 0.05 * one @ other.T)
    assert by_meaning(vectors, vectors[3]).checks[0].verdict == "fails"


@pytest.mark.sabotage(RANKED)
def test_a_ranking_by_the_dot_product_would_be_seen(monkeypatch):
    vectors = drawn(40, 16) * np.arange(1, 41, dtype=np.float32)[:, None]
    assert by_meaning(vectors, vectors[3]).checks[1].verdict == "holds"
    monkeypatch.setattr(search, "cosines", lambda one, other: one @ other.T)
    assert by_meaning(vectors, vectors[3]).checks[1].verdict == "fails"


@pytest.mark.sabotage("each score by words is what BM25's formula gives")
@pytest.mark.parametrize("change", [{"K1": 1.5}, {"B": 0.5}])
def test_another_bm25_would_be_seen(change, monkeypatch):
    import bm25s

    assert by_words(THREE, "the dog").checks[0].verdict == "holds"
    made = bm25s.BM25

    def other(**given):
        return made(**given | {name.lower(): value for name, value in change.items()})

    # The library computes with other numbers than are told.
    monkeypatch.setattr(bm25s, "BM25", other)
    assert by_words(THREE, "the dog").checks[0].verdict == "fails"


@pytest.mark.sabotage("the pairs are as many as are counted, sentence by sentence")
def test_counting_each_pair_twice_would_be_seen(monkeypatch):
    assert passes.passes(12).checks[0].verdict == "holds"
    monkeypatch.setattr(passes, "pairs", lambda sentences: sentences * (sentences - 1))
    assert passes.passes(12).checks[0].verdict == "fails"


def test_many_cosines_at_once_are_those_one_by_one():
    vectors, others = drawn(20, 8), drawn(3, 8, 5)
    found = cosines(vectors, others)
    for column, other in enumerate(others):
        np.testing.assert_allclose(found[:, column], by_meaning(vectors, other).scores, atol=1e-6)
