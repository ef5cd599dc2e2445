"""a - b + c: the ranking by hand, what works with the bundled model, and what does not."""

import numpy as np
import pytest

from components.inspection.embeddings.arithmetic import arithmetic
from components.inspection.errors import InspectionError
from components.inspection.load import load_model
from tests import tiny
from tests.inspection import breaking


@pytest.fixture(scope="module")
def storyteller():
    return load_model("storyteller", "cpu")


def test_the_ranking_is_that_of_numpy(storyteller):
    found = arithmetic(storyteller, "Paris", "France", "Germany")
    table = storyteller.network.get_input_embeddings().weight.numpy().astype(np.float64)
    one, other, third = (table[each.ids[0]] for each in found.words)
    total = one - other + third
    cosines = table @ total / np.linalg.norm(table, axis=1) / np.linalg.norm(total)
    best = np.argsort(-cosines)[: len(found.ids)]
    np.testing.assert_array_equal(found.ids, best)
    np.testing.assert_allclose(found.cosines, cosines[best], atol=1e-6)
    np.testing.assert_allclose(found.to_words[0], cosines[found.words[0].ids[0]], atol=1e-6)
    assert [check.verdict for check in found.checks] == ["holds"]


@pytest.mark.parametrize(
    ("words", "nearest", "answer"),
    [
        (("Paris", "France", "Germany"), " Germany", " Berlin"),
        (("Rome", "Italy", "France"), " Rome", " Paris"),
        (("London", "England", "Japan"), " Japan", " Tokyo"),
        (("were", "was", "is"), " were", " are"),
        (("two", "one", "three"), " two", " four"),
        # Here the expected word wins against the words themselves.
        (("him", "he", "she"), " her", " her"),
    ],
)
def test_what_the_storyteller_knows_is_second_to_the_words_themselves(
    storyteller, words, nearest, answer
):
    found = arithmetic(storyteller, *words)
    assert found.tokens[0] == nearest
    assert found.tokens[found.answer] == answer
    assert found.own[0] == (nearest != answer)


def test_plurals_it_does_not_know(storyteller):
    found = arithmetic(storyteller, "cats", "cat", "dog")
    assert " dogs" not in found.tokens


def test_a_word_in_pieces_is_their_mean_and_its_pieces_are_its_own(storyteller):
    found = arithmetic(storyteller, "king", "man", "woman")
    assert found.words[2].pieces == (" w", "oman")
    assert set(found.words[2].ids) <= {
        int(token) for token, own in zip(found.ids, found.own, strict=True) if own
    } | set(found.words[2].ids)
    assert not found.own[found.answer]


def test_of_one_word_thrice_the_word_is_left(storyteller):
    found = arithmetic(storyteller, "Paris", "Rome", "Rome")
    assert found.tokens[0] == " Paris"
    assert found.cosines[0] == pytest.approx(1)


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_every_family_ranks(family):
    found = arithmetic(tiny.model(family), "a", "b", "c")
    assert [check.verdict for check in found.checks] == ["holds"]
    assert (np.diff(found.cosines) <= 0).all()


def test_what_cannot_be_ranked_is_a_sentence(storyteller):
    with pytest.raises(InspectionError, match="missing"):
        arithmetic(storyteller, "Paris", "", "Germany")
    zeros = breaking.fresh()
    zeros.network.get_input_embeddings().weight[:] = 0
    with pytest.raises(InspectionError, match="no direction"):
        arithmetic(zeros, "a", "b", "c")
