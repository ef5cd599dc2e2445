"""Only distance counts: for one couple, for a whole model, and on average."""

import numpy as np
import pytest

from components.inspection.errors import InspectionError
from components.inspection.positions.moved import moved
from components.inspection.positions.relative import decay, score, shifts
from components.inspection.positions.vectors import rotated_vectors
from tests import tiny

TEXT = "to be, or not to be"


@pytest.fixture(scope="module")
def vectors():
    return rotated_vectors(tiny.model("llama"), TEXT, layer=1)


def test_a_couple_that_moves_together_keeps_the_model_s_own_score(vectors):
    found = shifts(vectors, head=3, reader=9, read=4)
    own = vectors.turned_queries[3, 9] @ vectors.turned_keys[1, 4] * vectors.scale
    np.testing.assert_allclose(found.together, own, atol=1e-4)
    assert found.spread < 1e-4
    assert np.ptp(found.key_only) > 0.05
    assert {n - m for m, n, _ in found.places} == {3}
    scores = [each for *_, each in found.places]
    np.testing.assert_allclose(scores, scores[0], atol=1e-3)


def test_the_key_that_stays_behind_starts_at_the_query_s_side(vectors):
    found = shifts(vectors, head=0, reader=9, read=4)
    query, key = vectors.queries[0, 9], vectors.keys[0, 4]
    for step in (0, 7, 30):
        at = int(found.shifts[step])
        expected = score(query, key, at, 0, vectors.rope, vectors.scale)
        assert found.key_only[step] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("family", ["llama", "phi", "gpt_neox", "gptj"])
def test_the_bands_sum_to_the_mean_and_the_mean_is_of_scores(family):
    vectors = rotated_vectors(tiny.model(family), TEXT, layer=0)
    found = decay(vectors, head=2)
    np.testing.assert_allclose(found.bands.sum(0) + found.rest, found.real[0], atol=1e-5)
    reader, read = np.tril_indices(len(vectors.tokens))
    keys = vectors.keys[vectors.key_head(2)]
    distance = int(found.distances[7])
    scores = [
        score(vectors.queries[2, i], keys[j], distance, 0, vectors.rope, vectors.scale)
        for i, j in zip(reader, read, strict=True)
    ]
    assert found.couples == len(scores)
    assert found.real[0, 7] == pytest.approx(np.mean(scores), abs=1e-4)
    assert found.real[1, 7] == pytest.approx(np.percentile(scores, 10), abs=1e-4)


def test_a_vector_is_most_like_itself_at_its_own_place(vectors):
    found = decay(vectors, head=0)
    assert found.alike[0] == 1
    assert found.alike[1:].max() < 1


@pytest.mark.parametrize("family", ["llama", "falcon", "gpt_neox", "gptj", "gemma2"])
def test_a_model_that_rotates_says_the_same_wherever_its_text_begins(family):
    found = moved(tiny.model(family), "to be", (1, 10, 40))
    assert found.shifts == (1, 10, 40)
    assert found.change.max() < 1e-4 * found.size
    assert all(found.same_answer)


@pytest.mark.parametrize("family", ["gpt2", "opt", "bert", "roberta"])
def test_a_model_with_a_table_does_not(family):
    found = moved(tiny.model(family), "to be", (1, 10, 1000))
    assert found.shifts == (1, 10), "there is no position 1000"
    assert found.change.min() > 1e-3 * found.size * 0.1


@pytest.mark.parametrize("family", ["t5", "bloom", "mpt", "bart"])
def test_a_model_without_positions_to_move_says_so(family):
    with pytest.raises(InspectionError, match="takes no positions"):
        moved(tiny.model(family), "to be", (1,))
