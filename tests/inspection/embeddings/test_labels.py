"""Labels by their own vectors, and a classifier: against scikit-learn, by hand, and broken."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from components.inspection.embeddings import classifier, labels
from components.inspection.embeddings.classifier import APART, LIKELIEST, SOFTMAX, curve, trained
from components.inspection.embeddings.labels import (
    NEAREST,
    WHOLE,
    graded,
    nearest_label,
    read_labels,
)
from components.inspection.errors import InspectionError

NAMES = ("animals", "food", "weather")


@pytest.fixture(scope="module")
def clouds() -> tuple[np.ndarray, tuple[str, ...], np.ndarray]:
    """Vectors around three centres, their kinds, and the centres."""
    random = np.random.default_rng(3)
    centres = random.standard_normal((3, 24))
    numbers = np.repeat([2, 0, 1], [30, 60, 30])
    vectors = 0.6 * centres[numbers] + random.standard_normal((120, 24))
    kinds = tuple(NAMES[each] for each in numbers)
    return (40 * vectors + 7).astype(np.float32), kinds, centres.astype(np.float32)


def test_the_nearest_label_is_scikit_learn_s(clouds):
    vectors, _, centres = clouds
    found = nearest_label(vectors, NAMES, centres)
    expected = cosine_similarity(vectors.astype(np.float64), centres.astype(np.float64))
    np.testing.assert_allclose(found.scores, expected, atol=1e-6)
    np.testing.assert_array_equal(found.chosen, expected.argmax(1))
    ordered = np.sort(expected, axis=1)
    np.testing.assert_allclose(found.margin, ordered[:, -1] - ordered[:, -2], atol=1e-6)
    assert found.checks[0].verdict == "holds"


def test_a_table_of_kinds_and_labels_is_what_one_counts():
    found = graded(["b", "a", "a", "b", "b"], [1, 0, 1, 2, 1], 3)
    assert found.kinds == ("a", "b")
    assert found.counts.tolist() == [[1, 1, 0], [0, 2, 1]]
    assert (found.right, found.of, found.accuracy) == (3, 5, 0.6)
    assert found.low < 0.6 < found.high
    assert found.checks[0].verdict == "holds"


def test_the_interval_is_wilson_s():
    """By its formula, with 1.96: (p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n)."""
    found = graded(["a"] * 50 + ["b"] * 50, [0] * 40 + [1] * 60, 2)
    z, share, n = 1.959964, 0.9, 100
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    off = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    assert (found.low, found.high) == pytest.approx((middle - off, middle + off), abs=1e-6)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is none"),
        ("food\n\n", "is one"),
        ("a\nb\na", "twice"),
        ("\n".join("x" * n for n in range(1, 25)), "at most"),
    ],
)
def test_labels_that_cannot_be_chosen_among_are_told(text, why):
    with pytest.raises(InspectionError, match=why):
        read_labels(text)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("seed", [0, 7])
def test_the_predictions_are_those_of_scikit_learn_s_own_pipeline(share, seed, clouds):
    vectors, kinds, _ = clouds
    found = trained(vectors, kinds, share, seed)
    x, other_x, y, other_y = train_test_split(
        vectors, np.array(kinds), train_size=round(share * 120), random_state=seed, stratify=kinds
    )
    plain = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(x, y)
    by_place = {row.tobytes(): kind for row, kind in zip(vectors, kinds, strict=True)}
    assert {row.tobytes() for row in vectors[found.held]} == {row.tobytes() for row in other_x}
    # As many of each kind, whatever the order.
    assert found.grade.of == len(other_y)
    score = plain.score(other_x, other_y)
    assert found.grade.accuracy == pytest.approx(score, abs=1.01 / len(other_y))
    again = plain.predict(vectors[found.held])
    agree = np.mean(again == np.array(NAMES)[found.predicted])
    assert agree >= 1 - 1.01 / len(other_y)
    truth = [by_place[row.tobytes()] for row in vectors[found.held]]
    np.testing.assert_array_equal(
        found.grade.counts,
        confusion_matrix(truth, np.array(NAMES)[found.predicted], labels=list(NAMES)),
    )
    assert [check.verdict for check in found.checks] == ["holds"] * 4


def test_the_baseline_is_the_most_frequent_kind(clouds):
    vectors, kinds, _ = clouds
    found = trained(vectors, kinds, 0.5, 1)
    assert found.usual == "animals"
    assert found.baseline == 0.5  # half of all, in each part
    assert found.grade.accuracy > found.baseline
    assert len(found.train) == len(found.held) == 60
    np.testing.assert_allclose(found.shares.sum(1), 1, atol=1e-6)


def test_two_kinds_share_one_row_of_weights(clouds):
    vectors, kinds, _ = clouds
    found = trained(vectors, tuple("food" if k == "food" else "else" for k in kinds), 0.5, 1)
    assert found.kinds == ("else", "food")
    assert [check.verdict for check in found.checks] == ["holds"] * 4


def test_the_same_seed_divides_alike(clouds):
    vectors, kinds, _ = clouds
    one, again, other = (trained(vectors, kinds, 0.4, seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(one.shares, again.shares)
    assert one.held.tolist() != other.held.tolist()


def test_vectors_without_meaning_teach_nothing():
    """Kinds drawn by chance: what is held out is guessed, what was learned is known by heart."""
    random = np.random.default_rng(0)
    vectors = random.standard_normal((400, 300)).astype(np.float32)
    kinds = tuple(random.choice(["a", "b"], 400))
    found = trained(vectors, kinds, 0.5, 0)
    assert found.learned == 1
    assert found.grade.low < 0.5 < found.grade.high


def test_twins_of_what_was_learned_are_told(clouds):
    vectors, kinds, _ = clouds
    twice = trained(np.concatenate([vectors] * 2), kinds * 2, 0.5, 1)
    assert "very vector of a sentence learned from" in twice.said
    assert trained(vectors, kinds, 0.5, 1).said == ""


@pytest.mark.parametrize(
    ("kinds", "why"),
    [(("a",) * 120, "all are of one"), (("a",) * 117 + ("b",) * 3, "there are 3 sentences")],
)
def test_kinds_that_cannot_be_learned_are_told(kinds, why, clouds):
    for learn in (lambda: trained(clouds[0], kinds, 0.5, 0), lambda: curve(clouds[0], kinds, 0)):
        with pytest.raises(InspectionError, match=why):
            learn()


def test_the_curve_rises_and_grades_all_sizes_on_the_same(clouds):
    vectors, kinds, _ = clouds
    told = []
    found = curve(vectors, kinds, 0, lambda share, _: told.append(share))
    assert found.held == 24
    assert found.scores.shape == (len(found.sizes), classifier.SPLITS)
    assert (np.diff(found.sizes) > 0).all()
    assert found.scores[-1].mean() > found.scores[0].mean()
    assert told == sorted(told)
    np.testing.assert_array_equal(found.scores * 24, np.round(found.scores * 24))


@pytest.mark.sabotage(NEAREST)
def test_labels_by_the_dot_product_would_be_seen(clouds, monkeypatch):
    vectors, _, centres = clouds
    longer = centres * np.array([[1], [9], [1]], np.float32)
    assert nearest_label(vectors, NAMES, longer).checks[0].verdict == "holds"
    monkeypatch.setattr(labels, "cosines", lambda one, other: one @ other.T)
    assert nearest_label(vectors, NAMES, longer).checks[0].verdict == "fails"


@pytest.mark.sabotage(WHOLE)
def test_a_sentence_that_is_not_counted_would_be_seen(monkeypatch):
    given = ["a", "b", "b"], [0, 1, 0], 2
    assert graded(*given).checks[0].verdict == "holds"
    monkeypatch.setattr(
        labels, "zip", lambda kinds, chosen, strict: zip(kinds[1:], chosen, strict=False), False
    )
    assert graded(*given).checks[0].verdict == "fails"


@pytest.mark.sabotage(LIKELIEST)
def test_predictions_of_another_kind_would_be_seen(clouds, monkeypatch):
    vectors, kinds, _ = clouds
    assert trained(vectors, kinds, 0.5, 1).checks[0].verdict == "holds"
    own = LogisticRegression.predict
    monkeypatch.setattr(LogisticRegression, "predict", lambda self, x: 2 - own(self, x))
    assert trained(vectors, kinds, 0.5, 1).checks[0].verdict == "fails"


@pytest.mark.sabotage(SOFTMAX)
def test_probabilities_of_vectors_that_are_not_standardised_would_be_seen(clouds, monkeypatch):
    vectors, kinds, _ = clouds
    assert trained(vectors, kinds, 0.5, 1).checks[1].verdict == "holds"
    own = LogisticRegression.predict_proba
    monkeypatch.setattr(LogisticRegression, "predict_proba", lambda self, x: own(self, 0.9 * x))
    assert trained(vectors, kinds, 0.5, 1).checks[1].verdict == "fails"


@pytest.mark.sabotage(APART)
def test_what_was_learned_and_is_graded_all_the_same_would_be_seen(clouds, monkeypatch):
    vectors, kinds, _ = clouds
    assert trained(vectors, kinds, 0.5, 1).checks[2].verdict == "holds"
    own = classifier._divided

    def overlapping(numbers, share, seed):
        train, held = own(numbers, share, seed)
        return train, np.sort(np.append(held, train[0]))

    monkeypatch.setattr(classifier, "_divided", overlapping)
    assert trained(vectors, kinds, 0.5, 1).checks[2].verdict == "fails"
