"""Class-based TF-IDF against a computation by hand, and its check against one gone wrong."""

from math import log

import numpy as np
import pytest

from components.inspection.embeddings import characteristic_words as module
from components.inspection.embeddings.characteristic_words import WEIGHED, characteristic_words
from components.inspection.embeddings.clusters import NOISE

SENTENCES = ("The cat, the cat!", "A dog.", "The dog and a fish.", "fish FISH bird")
LABELS = np.array([0, 0, 1, 1], np.int32)


def by_hand(share: float, times: int) -> float:
    """Two classes of 5 and 7 words, of two letters or more: 6 in the mean."""
    return share * log(1 + 6 / times)


def test_weights_are_those_computed_by_hand():
    found = characteristic_words(SENTENCES, LABELS)
    assert found.classes == (0, 1) and found.mean_length == 6
    first = {word.text: (word.weight, word.times, word.of) for word in found.of(0)}
    second = {word.text: (word.weight, word.times, word.of) for word in found.of(1)}
    assert first == {
        "cat": (pytest.approx(by_hand(2 / 5, 2)), 2, 2),
        "the": (pytest.approx(by_hand(2 / 5, 3)), 2, 3),
        "dog": (pytest.approx(by_hand(1 / 5, 2)), 1, 2),
    }
    assert second == {
        "fish": (pytest.approx(by_hand(3 / 7, 3)), 3, 3),
        "bird": (pytest.approx(by_hand(1 / 7, 1)), 1, 1),
        "and": (pytest.approx(by_hand(1 / 7, 1)), 1, 1),
        "dog": (pytest.approx(by_hand(1 / 7, 2)), 1, 2),
        "the": (pytest.approx(by_hand(1 / 7, 3)), 1, 3),
    }
    assert [word.text for word in found.of(0)] == ["cat", "the", "dog"]
    assert [word.text for word in found.of(1)][:3] == ["fish", "and", "bird"]
    assert [check.verdict for check in found.checks] == ["holds"]


def test_only_the_best_are_told_and_noise_is_a_class_of_its_own():
    found = characteristic_words(SENTENCES, np.array([0, 0, NOISE, 1], np.int32), most=2)
    assert found.classes == (NOISE, 0, 1)
    assert [len(words) for words in found.words] == [2, 2, 2]
    assert {word.text for word in found.of(NOISE)} < {"the", "dog", "and", "fish"}
    # A class more: of 5, 4 and 3 words, 4 in the mean.
    assert found.mean_length == 4
    assert found.of(1)[0].weight == pytest.approx(2 / 3 * log(1 + 4 / 3))


def test_a_class_without_words_has_none():
    found = characteristic_words(("!", "a", "two words"), np.array([0, 0, 1], np.int32))
    assert found.words[0] == ()
    assert [word.text for word in found.words[1]] == ["two", "words"]
    assert [check.verdict for check in found.checks] == ["holds"]


def test_without_any_word_there_is_nothing_to_weigh():
    found = characteristic_words(("!", "?"), np.array([0, 1], np.int32))
    assert found.words == ((), ()) and found.checks == ()


def test_letters_of_other_scripts_are_letters():
    found = characteristic_words(("Der Bär ÄRGERT", "кот и Кот"), np.array([0, 1], np.int32))
    assert {word.text for word in found.of(0)} == {"der", "bär", "ärgert"}
    assert [(word.text, word.times) for word in found.of(1)] == [("кот", 2)]


@pytest.mark.sabotage(WEIGHED)
@pytest.mark.parametrize("wrong", ["without the 1", "counts, not shares"])
def test_another_formula_turns_red(wrong, monkeypatch):
    (check,) = characteristic_words(SENTENCES, LABELS).checks
    assert check.verdict == "holds"
    own = module._weights

    def changed(counts):
        weights = own(counts)
        if wrong == "counts, not shares":
            weights.data *= np.repeat(counts.sum(1), np.diff(counts.indptr))
        else:
            weights.data *= 0.9
        return weights

    monkeypatch.setattr(module, "_weights", changed)
    (check,) = characteristic_words(SENTENCES, LABELS).checks
    assert check.verdict == "fails"


@pytest.mark.sabotage(WEIGHED)
def test_a_word_counted_twice_turns_red(monkeypatch):
    (check,) = characteristic_words(SENTENCES, LABELS).checks
    assert check.verdict == "holds"
    own = module.CountVectorizer.fit_transform

    def once_more(self, texts):
        counts = own(self, texts)
        counts.data[0] += 1
        return counts

    monkeypatch.setattr(module.CountVectorizer, "fit_transform", once_more)
    (check,) = characteristic_words(SENTENCES, LABELS).checks
    assert check.verdict == "fails"
