"""Exact neighbours: against scikit-learn, with repeated rows and with rows of zeros."""

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_distances, euclidean_distances

from components.inspection.embeddings import neighbours
from components.inspection.embeddings.neighbours import nearest
from components.inspection.errors import InspectionError


def points(count: int = 90, width: int = 7) -> np.ndarray:
    return np.random.default_rng(5).standard_normal((count, width)).astype(np.float32)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("block", [8, 1024])
def test_they_are_those_of_all_distances(metric, block, monkeypatch):
    monkeypatch.setattr(neighbours, "BLOCK", block)
    vectors = points()
    far = (cosine_distances if metric == "cosine" else euclidean_distances)(vectors.astype(float))
    np.fill_diagonal(far, np.inf)
    near, distances = nearest(vectors, 6, metric)
    np.testing.assert_array_equal(near, far.argsort(axis=1)[:, :6])
    np.testing.assert_allclose(distances, np.sort(far, axis=1)[:, :6], atol=1e-6)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_nobody_is_its_own_neighbour_though_many_are_equal(metric):
    vectors = np.repeat(points(4), 30, axis=0)
    near, distances = nearest(vectors, 8, metric)
    assert (near != np.arange(120)[:, None]).all()
    np.testing.assert_allclose(distances, 0, atol=1e-6)
    assert [len(set(row)) for row in near.tolist()] == [8] * 120


def test_a_row_of_zeros_is_at_a_right_angle_to_all_but_its_like():
    vectors = np.array([[0, 0], [1, 0], [0, 2], [0, 0]], np.float32)
    near, distances = nearest(vectors, 2, "cosine")
    assert near[0][0] == 3 and near[3][0] == 0
    np.testing.assert_allclose(distances[0], [0, 1], atol=1e-7)
    np.testing.assert_allclose(distances[1], [1, 1], atol=1e-7)


def test_progress_is_told_for_each_block(monkeypatch):
    monkeypatch.setattr(neighbours, "BLOCK", 30)
    told = []
    nearest(points(), 2, progress=lambda share, _phrase: told.append(share))
    assert told == pytest.approx([0, 1 / 3, 2 / 3])


def test_too_few_and_broken_vectors_are_refused():
    with pytest.raises(InspectionError, match="3 vectors, and at least 4"):
        nearest(points(3), 3)
    broken = points()
    broken[[4, 9], 1] = np.nan, np.inf
    with pytest.raises(InspectionError, match="2 of 90 vectors"):
        nearest(broken, 3)
