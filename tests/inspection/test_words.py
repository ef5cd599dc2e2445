"""One notion of a word, in any script and in code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.inspection.words import sentence_spans, span_texts, word_spans


@pytest.mark.parametrize(
    ("tokens", "special", "words"),
    [
        (["When", " Mar", "y", ","], (), ["When", " Mary", ","]),
        (["well", "-", "made"], (), ["well", "-", "made"]),
        ([" lama", "'s", " wool"], (), [" lama's", " wool"]),
        (["今天", "天气", "很", "好", "。"], (), ["今天", "天气", "很", "好", "。"]),
        (["def", " foo", "_", "bar", "(x", ")", ":"], (), ["def", " foo_bar", "(x", ")", ":"]),
        (["3", ".", "14", " is"], (), ["3.14", " is"]),
        (["⟨F0⟩", "⟨9F⟩⟨A6⟩", "⟨99⟩", " ll", "ama"], (), ["🦙", " llama"]),
        (["⟨E4⟩⟨BB⟩", "⟨8A⟩", "⟨E5⟩", "⟨A4⟩⟨A9⟩"], (), ["今", "天"]),
        (["a", " ", " ", "b"], (), ["a", "  b"]),
        (["a", " ", " "], (), ["a  "]),
        (["<s>", " ", "a"], (0,), ["<s>", " a"]),
        (["\n", "\n", "x"], (), ["\n\nx"]),
    ],
)
def test_words_by_hand(tokens, special, words):
    assert list(span_texts(tokens, word_spans(tokens, special))) == words


def test_wordpiece_marks_what_goes_on():
    tokens = ["[CLS]", "em", "##bed", "##ding", "!", "don", "'", "t", "[SEP]"]
    assert word_spans(tokens, (0, 8)) == ((0, 1), (1, 4), (4, 5), (5, 6), (6, 7), (7, 8), (8, 9))


@given(
    st.lists(
        st.one_of(
            st.text(min_size=1, max_size=4), st.sampled_from(["##", "##s", "⟨F0⟩", " ", "今"])
        ),
        min_size=1,
        max_size=12,
    ),
    st.sets(st.integers(0, 11)),
)
def test_every_token_is_in_one_word_and_special_ones_alone(tokens, special):
    special = {place for place in special if place < len(tokens)}
    for spans in (word_spans(tokens, special), sentence_spans(tokens, special)):
        assert [place for a, b in spans for place in range(a, b)] == list(range(len(tokens)))
        assert all((place, place + 1) in spans for place in special)


def test_sentences_end_where_a_stop_is_followed_by_space_or_is_a_full_width_one():
    tokens = ["Hi", ".", " It", " is", " 3", ".", "14", "!", " Yes", "?", "好", "。", "好"]
    texts = ["".join(tokens[a:b]) for a, b in sentence_spans(tokens)]
    assert texts == ["Hi.", " It is 3.14!", " Yes?好。", "好"]
