"""Other seeds, sizes and ways: the one module of these tests that lets UMAP compute."""

import numpy as np
import pytest
from sklearn.cluster import HDBSCAN
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import normalize

from components.inspection.embeddings import other_settings as module
from components.inspection.embeddings.clusters import clustered, flattened
from components.inspection.embeddings.maps import Settings
from components.inspection.embeddings.other_settings import (
    ITSELF,
    LARGE_EACH,
    REPEATED,
    by_seed,
    by_size,
    distances_of,
)
from components.inspection.errors import InspectionError

KINDS = tuple(kind for kind in "abc" for _ in range(20))
SENTENCES = tuple(f"{kind} {number}" for number, kind in enumerate(KINDS))
SETTINGS = Settings(components=3, min_dist=0.0, neighbours=8)


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    """Three groups in 24 dimensions, one for each kind, all well apart."""
    draws = np.random.default_rng(0)
    centres = {kind: draws.normal(size=24) for kind in "abc"}
    return np.array([centres[kind] + 0.1 * draws.normal(size=24) for kind in KINDS], np.float32)


@pytest.fixture(scope="module")
def places(vectors) -> np.ndarray:
    return flattened(vectors, SENTENCES, SETTINGS)


def verdicts(found) -> list[str]:
    return [check.verdict for check in found.checks]


def test_clear_groups_are_found_after_umap_whatever_the_seed(vectors, places):
    assert places.shape == (60, 3)
    found = clustered(places, 10)
    assert found.count == 3 and found.noise == 0
    assert adjusted_rand_score(KINDS, found.labels) == 1
    seeds = by_seed(places, vectors, SENTENCES, SETTINGS, 10, 2)
    assert seeds.seeds == (42, 43) and seeds.count.tolist() == [3, 3]
    assert seeds.agreement.tolist() == [[1, 1], [1, 1]]
    assert seeds.rounded == seeds.reversed == 1 and not seeds.noise.any()
    assert verdicts(seeds) == ["holds", "holds"]


def test_sizes_are_tried_both_ways(vectors, places):
    found = by_size(places, vectors, 10, KINDS)
    assert found.sizes == (2, 3, 4, 5, 7, 10, 14, 20)
    for way, given in enumerate((places, normalize(vectors.astype(np.float64)))):
        plain = HDBSCAN(min_cluster_size=10, copy=True).fit_predict(given)
        column = found.sizes.index(10)
        assert found.count[way, column] == len(set(plain.tolist()) - {-1}) == 3
        assert found.noise[way, column] == pytest.approx((plain == -1).mean())
        assert found.rand[way, column] == pytest.approx(adjusted_rand_score(KINDS, plain))
    assert verdicts(found) == ["holds"]
    assert np.isnan(by_size(places, vectors, 10).rand).all()


def test_distances_are_those_of_directions():
    """Of vectors along the same line none, of a right angle the square root of 2."""
    found = distances_of(np.array([[2, 0], [9, 0], [0, 1], [-1, 0]], np.float32))
    assert found[0] == pytest.approx([0, 0, 2**0.5, 2], abs=1e-7)


def test_more_sentences_than_all_distances_fit_are_refused():
    many = np.zeros((3_001, 1), np.float32)
    with pytest.raises(InspectionError, match="at most 3,000 sentences, and these are 3,001"):
        by_size(many, many, 10)


def flat_at_once(monkeypatch, places, moved=0.0) -> None:
    """Let UMAP be the places that are known, each time `moved` farther."""
    times = iter(range(9))

    def flat(*_asked):
        return places + np.float32(moved * next(times))

    monkeypatch.setattr(module, "flattened", flat)


@pytest.mark.sabotage(REPEATED)
def test_another_map_with_the_same_seed_turns_red(vectors, places, monkeypatch):
    flat_at_once(monkeypatch, places)
    assert verdicts(by_seed(places, vectors, SENTENCES, SETTINGS, 10, 2)) == ["holds", "holds"]
    monkeypatch.undo()
    flat_at_once(monkeypatch, places + 1, moved=1.0)
    assert verdicts(by_seed(places, vectors, SENTENCES, SETTINGS, 10, 2)) == ["fails", "holds"]


@pytest.mark.sabotage(ITSELF)
def test_an_agreement_of_other_clusterings_turns_red(vectors, places, monkeypatch):
    flat_at_once(monkeypatch, places)
    assert verdicts(by_seed(places, vectors, SENTENCES, SETTINGS, 10, 2)) == ["holds", "holds"]
    times = iter(range(99))
    monkeypatch.setattr(module, "agreement", lambda *_two: 1 - 0.01 * next(times))
    flat_at_once(monkeypatch, places)
    assert verdicts(by_seed(places, vectors, SENTENCES, SETTINGS, 10, 2)) == ["holds", "fails"]


@pytest.mark.sabotage(LARGE_EACH)
def test_a_cluster_too_small_at_one_size_turns_red(vectors, places, monkeypatch):
    assert verdicts(by_size(places, vectors, 10)) == ["holds"]
    own = module.hdbscan

    def torn(given, least, distances=False):
        labels, membership = own(given, least, distances)
        return np.where(np.arange(len(labels)) == 5, 9, labels).astype(np.int32), membership

    monkeypatch.setattr(module, "hdbscan", torn)
    assert verdicts(by_size(places, vectors, 10)) == ["fails"]
