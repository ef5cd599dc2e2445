"""Training on a text: what is learned, in which order, and how it then cuts."""

import pytest
from tokenizers import Tokenizer

from components.inspection.errors import InspectionError
from components.inspection.tokenizer.training import (
    METHODS,
    cut_after,
    steps_of,
    train,
)
from tests.inspection.tokenizer.kinds import sample

ALICE = sample("alice.txt")[:40_000]


@pytest.mark.parametrize("method", METHODS)
def test_a_vocabulary_is_as_large_as_asked(method):
    trained = train(ALICE, method, 600)
    assert trained.size == Tokenizer.from_str(trained.content).get_vocab_size()
    assert trained.size == 600
    assert trained.alphabet + len(trained.learned) == trained.size
    assert [item.order for item in trained.learned] == list(range(len(trained.learned)))


def test_bpe_learns_the_most_frequent_pair_first_by_hand():
    trained = train("low low low lower newest newest newest newest", "BPE", 262)
    first = trained.learned[0]
    # "we" stands in newest 4 times and in lower once: 5. "es", "st", "ne", "ew": 4 each.
    assert (first.parts, first.count) == (("w", "e"), 5)


def test_counts_never_rise_and_are_those_of_the_text():
    trained = train(ALICE, "BPE", 700)
    counts = [item.count for item in trained.learned]
    assert counts == sorted(counts, reverse=True)
    first = trained.learned[0]
    assert first.parts is not None
    # No two of the pair's characters are alike, so places cannot overlap.
    assert first.piece == "he" or first.piece == "Ġt"
    assert first.count == ALICE.count(first.piece.replace("Ġ", " "))


def test_the_same_text_teaches_the_same():
    assert train(ALICE, "BPE", 500).content == train(ALICE, "BPE", 500).content


@pytest.mark.parametrize("method", METHODS)
def test_cut_at_the_end_of_learning_the_text_is_cut_by_the_finished_tokenizer(method):
    trained = train(ALICE, method, 600)
    shown = cut_after(trained, len(trained.learned), "The rabbit ran.")
    own = Tokenizer.from_str(trained.content).encode("The rabbit ran.").ids
    assert [token.id for token in shown.tokens] == own


def test_at_the_beginning_every_byte_is_a_token():
    trained = train(ALICE, "BPE", 600)
    shown = cut_after(trained, 0, "The rabbit 🎵")
    assert len(shown.tokens) == len("The rabbit 🎵".encode())


@pytest.mark.parametrize("method", ["BPE", "WordPiece"])
def test_knowing_more_never_makes_more_tokens_of_the_text_it_learned_from(method):
    trained = train(ALICE, method, 500)
    text = ALICE[:600]
    steps = [0, 20, 60, steps_of(trained)]
    totals = [cut_after(trained, taken, text).total for taken in steps]
    assert totals == sorted(totals, reverse=True)
    assert totals[-1] < totals[0]


def test_unigram_has_chances_and_no_steps():
    trained = train(ALICE, "Unigram", 500)
    scores = [item.score for item in trained.learned]
    assert steps_of(trained) == 0
    assert scores == sorted(scores, reverse=True)
    assert all(score is not None and score < 0 for score in scores)


def test_a_short_text_ends_early():
    trained = train("aaaa", "BPE", 1000)
    assert trained.size < 300
    assert Tokenizer.from_str(trained.content).get_vocab_size() == trained.size


@pytest.mark.parametrize(
    ("text", "method", "size", "said"),
    [
        ("", "BPE", 500, "no text"),
        (" \n", "BPE", 500, "no text"),
        ("abc", "BPE", 10, "260 to 8,000"),
        ("abc", "Morfessor", 500, "there is: BPE"),
        ("\ud800", "BPE", 500, "surrogate"),
    ],
)
def test_what_cannot_be_learned_is_explained(text, method, size, said):
    with pytest.raises(InspectionError, match=said):
        train(text, method, size)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("text", ["a", "🎵", "\0", "a b", "aaaa" * 100, "שלום"])
def test_the_smallest_texts_are_learned_from_or_refused_in_words(method, text):
    try:
        trained = train(text, method, 260)
    except InspectionError as error:
        assert "give it more text" in str(error)
    else:
        assert trained.size >= 1
