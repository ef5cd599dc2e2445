"""Clusters on points one can see, and sizes that add up; UMAP is in `test_other_settings`."""

import numpy as np
import pytest
from sklearn.cluster import HDBSCAN
from sklearn.datasets import make_blobs

from components.inspection.embeddings import clusters as module
from components.inspection.embeddings.clusters import (
    AGAIN,
    ALL,
    LARGE,
    NOISE,
    Clusters,
    clustered,
    require_different,
)
from components.inspection.errors import InspectionError

CENTRES = ((0.0, 0.0), (9.0, 0.0), (0.0, 9.0))


def blobs(each: int = 20, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Three heaps far apart, and a point far from all of them; which heap each is of."""
    points, of = make_blobs([each] * 3, 2, centers=np.array(CENTRES), random_state=seed)
    points = np.concatenate([points, [[40.0, 40.0]]])
    return points.astype(np.float32), np.append(of, NOISE)


def verdicts(found: Clusters) -> list[str]:
    return [check.verdict for check in found.checks]


def same_division(first: np.ndarray, second: np.ndarray) -> bool:
    """Say whether two labellings differ in names alone."""
    pairs = set(zip(first.tolist(), second.tolist(), strict=True))
    return len(pairs) == len(set(first.tolist())) == len(set(second.tolist()))


def test_three_heaps_are_three_clusters_and_what_is_far_from_all_is_noise():
    points, of = blobs()
    found = clustered(points, 10)
    inside = found.labels != NOISE
    assert found.count == 3 and sum(found.sizes) == inside.sum()
    assert found.labels[-1] == NOISE and found.membership[-1] == 0
    assert same_division(found.labels[inside], of[inside])
    assert inside[:-1].mean() > 0.9
    assert found.noise == pytest.approx(1 - inside.mean())
    assert verdicts(found) == ["holds"] * 3


@pytest.mark.parametrize("least", [2, 5, 13, 40])
def test_labels_are_those_of_scikit_learn(least):
    points = np.random.default_rng(least).normal(size=(120, 5)).astype(np.float32)
    plain = HDBSCAN(min_cluster_size=least, copy=True).fit(points)
    found = clustered(points, least)
    assert found.labels.tolist() == plain.labels_.tolist()
    assert found.membership == pytest.approx(plain.probabilities_)
    assert all(size >= least for size in found.sizes)
    assert verdicts(found) == ["holds"] * 3


def test_noise_is_no_cluster():
    """A book counts 156 different labels of its clustering; one of them is that of noise."""
    labels = np.repeat(np.arange(-1, 155, dtype=np.int32), 2)
    found = Clusters(labels, np.ones(312, np.float32), 2, ())
    assert len(set(labels.tolist())) == 156
    assert found.count == 155
    assert found.noise == pytest.approx(2 / 312)
    whole = Clusters(np.zeros(4, np.int32), np.ones(4, np.float32), 2, ())
    assert (whole.count, whole.noise, whole.sizes) == (1, 0.0, (4,))


def test_all_may_be_noise():
    found = clustered(np.linspace(0, 1, 24, dtype=np.float32)[:, None] ** 2, 20)
    assert (found.count, found.noise, found.sizes) == (0, 1.0, ())
    assert verdicts(found) == ["holds"] * 3


@pytest.mark.parametrize(
    ("sentences", "vectors", "says"),
    [
        (("one",), np.ones((1, 4)), "at least 12 different sentences, and here is 1. Add more"),
        (("a", "b") * 20, np.eye(40), "and here are 2"),
        (tuple(map(str, range(40))), np.full((40, 3), 0.1), "vectors of all 40 sentences are the"),
        (tuple(map(str, range(40))), np.zeros((40, 3)), "the same, so there is nothing"),
        (tuple(map(str, range(40))), np.full((40, 3), np.nan), "Some numbers here are none"),
    ],
)
def test_what_cannot_be_told_apart_is_said(sentences, vectors, says):
    with pytest.raises(InspectionError, match=says):
        require_different(vectors.astype(np.float32), sentences)


def test_vectors_that_differ_by_more_than_rounding_are_taken():
    vectors = np.full((40, 3), 0.1, np.float32)
    vectors[3, 1] += 1e-4
    require_different(vectors, tuple(map(str, range(40))))


def test_fewer_sentences_than_a_cluster_is_to_have_are_refused():
    with pytest.raises(InspectionError, match="at least 13 sentences, and there are 12 in all"):
        clustered(np.eye(12, dtype=np.float32), 13)


def answering(monkeypatch, change) -> None:
    """Let HDBSCAN's labels be changed before they are looked at."""
    own = module.hdbscan

    def changed(*asked):
        labels, membership = own(*asked)
        return change(labels.copy()), membership

    monkeypatch.setattr(module, "hdbscan", changed)


@pytest.mark.sabotage(LARGE)
def test_a_cluster_too_small_turns_red(monkeypatch):
    def torn(labels):
        labels[np.flatnonzero(labels == 0)[:3]] = 3
        return labels

    assert verdicts(clustered(blobs()[0], 10))[0] == "holds"
    answering(monkeypatch, torn)
    assert verdicts(clustered(blobs()[0], 10)) == ["fails", "holds", "holds"]


@pytest.mark.sabotage(ALL)
def test_a_sentence_that_is_neither_in_a_cluster_nor_noise_turns_red(monkeypatch):
    def lost(labels):
        labels[0] = -2
        return labels

    assert verdicts(clustered(blobs()[0], 10))[1] == "holds"
    answering(monkeypatch, lost)
    assert verdicts(clustered(blobs()[0], 10)) == ["holds", "fails", "holds"]


@pytest.mark.sabotage(AGAIN)
def test_labels_that_change_from_time_to_time_turn_red(monkeypatch):
    times = iter(range(9))

    def drawn(labels):
        return np.roll(labels, 7 * next(times))

    assert verdicts(clustered(blobs()[0], 10))[2] == "holds"
    answering(monkeypatch, drawn)
    assert verdicts(clustered(blobs()[0], 10)) == ["holds", "holds", "fails"]
