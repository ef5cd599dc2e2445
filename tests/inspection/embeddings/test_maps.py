"""Maps: the same with their seed, stopped at once; the one module that lets UMAP compute."""

import io
import threading
import time

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness
from tqdm.auto import tqdm

from components.inspection.embeddings import faithful, layout, maps, other_maps, token_map
from components.inspection.embeddings.faithful import DEFINED, faithfulness, overlap
from components.inspection.embeddings.frequency import TEXT, frequencies
from components.inspection.embeddings.maps import Settings, reduced
from components.inspection.embeddings.neighbours import directed, nearest
from components.inspection.embeddings.other_maps import STILL, every_method, laid_over, other_seed
from components.inspection.embeddings.token_map import AGAIN, AXES, LARGEST, sampled
from components.inspection.errors import InspectionError
from components.inspection.load import load_model
from tests import tiny


class Stop(Exception):  # noqa: N818
    """The reader went away."""


def blobs(count: int = 90) -> np.ndarray:
    """Three groups far apart, in 12 numbers."""
    draw = np.random.default_rng(3)
    middles = 20 * draw.standard_normal((3, 12))
    kinds = np.arange(count) % 3
    return (middles[kinds] + draw.standard_normal((count, 12))).astype(np.float32)


@pytest.mark.parametrize("method", ["UMAP", "PCA", "t-SNE"])
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_a_map_keeps_groups_together_and_comes_again(method, metric):
    settings = Settings(method, neighbours=8, metric=metric, perplexity=8)
    once = reduced(blobs(), settings)
    assert once.shape == (90, 2) and once.dtype == np.float32 and np.isfinite(once).all()
    np.testing.assert_array_equal(once, reduced(blobs(), settings))
    near, _ = nearest(once, 5, "euclidean")
    assert (near % 3 == np.arange(90)[:, None] % 3).all(), "neighbours are of one group"


def test_a_seed_decides_umap():
    one, other = (reduced(blobs(), Settings("UMAP", seed=seed)) for seed in (1, 2))
    assert np.abs(one - other).max() > 0.5
    assert reduced(blobs(), Settings("UMAP", components=5)).shape == (90, 5)


def test_few_equal_and_zero_vectors_have_a_map():
    for method in ("UMAP", "PCA", "t-SNE"):
        for vectors in (blobs(4), np.ones((30, 3), np.float32), np.zeros((20, 1), np.float32)):
            found = reduced(vectors, Settings(method))
            assert found.shape == (len(vectors), 2)
            assert np.isfinite(found).all(), method
    with pytest.raises(InspectionError, match="3 vectors, and at least 4"):
        reduced(blobs(3), Settings("UMAP"))


def test_limits_are_told(monkeypatch):
    monkeypatch.setitem(maps.MOST_POINTS, "UMAP", 50)
    with pytest.raises(InspectionError, match="up to 50 points, and there are 90"):
        reduced(blobs(), Settings("UMAP"))


@pytest.mark.parametrize(("count", "width"), [(90, 12), (30, 40), (90, 1), (700, 1_100)])
def test_pca_is_that_of_the_singular_values(count, width):
    vectors = np.random.default_rng(0).standard_normal((count, width)).astype(np.float32)
    found = reduced(vectors, Settings("PCA"))
    fine = vectors - vectors.mean(axis=0, dtype=np.float64)
    u, s, _ = np.linalg.svd(fine, full_matrices=False)
    expected = np.zeros((count, 2))
    expected[:, : min(2, width)] = (u * s)[:, :2]
    np.testing.assert_allclose(np.abs(found), np.abs(expected), atol=1e-4)


def test_umap_tells_its_rounds_and_stops_at_once():
    told: list[str] = []

    def until_it_rounds(_share: float, phrase: str) -> None:
        told.append(phrase)
        if phrase.startswith("UMAP: round"):
            raise Stop

    vectors = np.random.default_rng(0).standard_normal((4_000, 20)).astype(np.float32)
    began = time.monotonic()
    with pytest.raises(Stop):
        reduced(vectors, Settings("UMAP", neighbours=60), until_it_rounds)
    stopped = time.monotonic()
    assert told[-1] != f"UMAP: round {maps.ROUNDS} of {maps.ROUNDS}"
    others = threading.Thread(target=lambda: list(tqdm(range(3), file=io.StringIO())), daemon=True)
    others.start()
    others.join(20)
    assert not others.is_alive(), "a bar of another's waits for a lock"
    # The thread is free for the next one long before the stopped one would have ended.
    reduced(blobs(), Settings("UMAP"))
    assert time.monotonic() - stopped < 10 + stopped - began


def test_one_map_waits_for_another_and_tells_so():
    free, begun, told = threading.Event(), threading.Event(), []

    def first(_told):
        begun.set()
        free.wait(20)

    def tell(_share: float, phrase: str) -> None:
        told.append(phrase)
        free.set()

    other = threading.Thread(target=lambda: layout.run("UMAP", first, progress=lambda *_: None))
    other.start()
    begun.wait(20)
    assert layout.run("UMAP", lambda _told: 5, progress=tell) == 5
    other.join()
    assert told[0] == "Waiting for another map"


def test_the_pace_is_that_of_the_last_map(monkeypatch):
    monkeypatch.setitem(maps._PACE, "UMAP", 1e-6)
    assert maps.seconds(1_000, Settings("UMAP", neighbours=10)) == pytest.approx(2.0)
    maps._timed(Settings("UMAP", neighbours=10), 1_000, layout.now() - 4)
    assert maps.seconds(1_000, Settings("UMAP", neighbours=10)) == pytest.approx(4.0, rel=0.1)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_trustworthiness_and_continuity_are_those_of_scikit_learn(metric):
    vectors = np.random.default_rng(1).standard_normal((150, 9)).astype(np.float32)
    picture = np.ascontiguousarray(PCA(2).fit_transform(vectors), np.float32)
    scores = faithfulness(vectors, picture, metric).scores
    seen = directed(vectors) if metric == "cosine" else vectors
    assert scores.trustworthiness == pytest.approx(
        trustworthiness(vectors, picture, n_neighbors=10, metric=metric), abs=1e-5
    )
    assert scores.continuity == pytest.approx(
        trustworthiness(picture, seen, n_neighbors=10), abs=1e-5
    )


def test_a_picture_that_is_the_space_keeps_everything():
    vectors = blobs()[:, :2].copy()
    found = faithfulness(vectors, vectors, "euclidean")
    assert (found.scores.trustworthiness, found.scores.continuity) == (1.0, 1.0)
    assert found.scores.kept == 1.0 and found.correlation == pytest.approx(1.0)
    assert found.kept(7) == 10
    np.testing.assert_allclose(found.seen_far, found.far, rtol=1e-4)


def test_a_picture_by_chance_keeps_what_chance_keeps():
    draw = np.random.default_rng(2)
    vectors, picture = (draw.standard_normal((600, n)).astype(np.float32) for n in (8, 2))
    found = faithfulness(vectors, picture)
    for scores in (found.scores, found.chance):
        assert scores.trustworthiness == pytest.approx(0.5, abs=0.03)
        assert scores.kept == pytest.approx(10 / 599, abs=0.01)
    assert abs(found.correlation) < 0.05


def test_a_sample_of_the_points_is_as_good(monkeypatch):
    vectors = blobs(600)
    picture = reduced(vectors, Settings("PCA"))
    whole = faithfulness(vectors, picture).scores
    monkeypatch.setattr(faithful, "MOST_ASKED", 300)
    some = faithfulness(vectors, picture)
    assert some.asked == 300
    assert some.scores.trustworthiness == pytest.approx(whole.trustworthiness, abs=0.02)


def test_equal_points_have_no_order_of_distances():
    found = faithfulness(np.ones((20, 3), np.float32), np.ones((20, 2), np.float32))
    assert found.correlation == 0.0
    assert all(check.verdict == "holds" for check in found.checks)


def test_overlap_by_hand():
    one, other = (np.array(each, np.int32) for each in ([[1, 2], [5, 6]], [[2, 1], [6, 7]]))
    np.testing.assert_array_equal(overlap(one, other), [1.0, 0.5])


@pytest.mark.parametrize("family", ["llama", "bert", "t5", "bert_classifier"])
def test_every_kind_of_model_has_a_map(family):
    found = token_map.token_map(tiny.model(family), "input", 4_000, Settings("UMAP"))
    assert len(found.ids) == found.rows == 261
    assert [check.verdict for check in found.checks] == ["holds", "holds"]


def test_a_sample_is_always_the_same_and_of_the_table():
    model = load_model("storyteller")
    ids, vectors, rows = sampled(model, "input", 100)
    assert rows == 2_560 and len(ids) == len(set(ids)) == 100
    np.testing.assert_array_equal(ids, sampled(model, "input", 100)[0])
    table = model.network.get_input_embeddings().weight.detach().numpy()
    np.testing.assert_array_equal(vectors, table[ids])
    assert len(sampled(model, "input", 9_999)[0]) == 2_560


def test_another_seed_moves_points_and_keeps_some_neighbours():
    model, settings = load_model("storyteller"), Settings("UMAP", seed=1)
    one = token_map.token_map(model, "input", 300, settings)
    same = other_seed(model, "input", 300, settings, one.places, 1)
    assert same.stays.min() == 1 and same.moved.max() < 1e-4
    found = other_seed(model, "input", 300, settings, one.places, 2)
    assert 0 < found.stays.mean() < 1 and found.moved.mean() > 0.02


def test_pictures_are_laid_over_one_another_whatever_they_were_turned_by():
    places = np.random.default_rng(4).standard_normal((40, 2)).astype(np.float32)
    turn = np.array([[0, -3], [-3, 0]], np.float32)
    first, second = laid_over(places, places @ turn + np.float32(7))
    np.testing.assert_allclose(first, second, atol=1e-5)
    assert np.linalg.norm(first, axis=1).mean() == pytest.approx(1, abs=1e-5)


def test_every_method_is_held_against_the_same_vectors():
    found = every_method(load_model("storyteller"), "input", 150, Settings())
    assert list(found.found) == ["UMAP", "PCA", "t-SNE"] and found.points == 150
    true = [each.true for each in found.found.values()]
    assert (true[0] == true[1]).all() and (true[0] == true[2]).all()


def test_frequencies_are_those_of_the_text():
    model = load_model("storyteller")
    counts = frequencies(model)
    ids = model.ids_of(TEXT.read_text(encoding="utf-8"), special=False)
    assert counts.sum() == len(ids) and counts[ids[7]] == ids.count(ids[7])


def mapped(method: str = "PCA") -> token_map.TokenMap:
    return token_map.token_map(load_model("storyteller"), "input", 200, Settings(method))


def check_of(found, says: str):
    return next(check for check in found.checks if check.says == says)


def turned(monkeypatch, change) -> None:
    own = maps._METHODS["PCA"]
    monkeypatch.setitem(maps._METHODS, "PCA", lambda *given: change(own(*given)))


@pytest.mark.sabotage(DEFINED)
def test_the_nearest_is_forgotten(monkeypatch):
    assert check_of(mapped(), DEFINED).verdict == "holds"

    def farther(vectors, k, *rest):
        near, far = nearest(vectors, k + 1, *rest)
        return near[:, 1:], far[:, 1:]

    monkeypatch.setattr(faithful, "nearest", farther)
    assert check_of(mapped(), DEFINED).verdict == "fails"


@pytest.mark.sabotage(AGAIN)
def test_chance_without_a_seed(monkeypatch):
    assert check_of(mapped(), AGAIN).verdict == "holds"
    draw = np.random.default_rng(0)
    turned(monkeypatch, lambda places: places + 1e-3 * draw.standard_normal(places.shape))
    assert check_of(mapped(), AGAIN).verdict == "fails"


@pytest.mark.sabotage(AXES)
def test_axes_that_are_turned(monkeypatch):
    assert check_of(mapped(), AXES).verdict == "holds"
    turned(monkeypatch, lambda places: places @ np.array([[0.8, -0.6], [0.6, 0.8]]))
    assert check_of(mapped(), AXES).verdict == "fails"


@pytest.mark.sabotage(LARGEST)
def test_axes_that_are_not_the_first(monkeypatch):
    assert check_of(mapped(), LARGEST).verdict == "holds"
    own = maps._pca
    further = Settings("PCA", components=3)
    monkeypatch.setitem(
        maps._METHODS, "PCA", lambda vectors, *_: own(vectors, further, lambda *_: None)[:, 1:]
    )
    found = mapped()
    assert check_of(found, AXES).verdict == "holds", "they are principal ones"
    assert check_of(found, LARGEST).verdict == "fails"


@pytest.mark.sabotage(STILL)
def test_pictures_that_are_not_turned(monkeypatch):
    model, settings = load_model("storyteller"), Settings("UMAP")
    places = token_map.token_map(model, "input", 60, settings).places

    def made():
        return check_of(other_seed(model, "input", 60, settings, places, 7), STILL).verdict

    assert made() == "holds"
    monkeypatch.setattr(other_maps, "orthogonal_procrustes", lambda *_: (np.eye(2), 1.0))
    assert made() == "fails"
