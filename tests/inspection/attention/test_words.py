"""Tokens merged into words."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.inspection.attention.words import merge_words, word_spans, word_texts


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        (["When", " Mar", "y", " and", " John", ","], ["When", " Mary", " and", " John", ","]),
        (["[CLS]", "embed", "##ding", "##s", "!", "[SEP]"], ["[CLS]", "embeddings", "!", "[SEP]"]),
        (["<s>", "the", " cat", "s", "</s>"], ["<s>", "the", " cats", "</s>"]),
        ([" hi", "⟨F0⟩⟨9F⟩", "⟨98⟩"], [" hi⟨F0⟩⟨9F⟩⟨98⟩"]),
        (["lama", "'", "s"], ["lama's"]),
        (["a", "\n", "b"], ["a", "\n", "b"]),
        (["x"], ["x"]),
    ],
)
def test_tokens_make_the_words_a_reader_sees(tokens, words):
    assert list(word_texts(tokens, word_spans(tokens))) == words


@settings(deadline=None)
@given(st.lists(st.text(max_size=6), min_size=1, max_size=30))
def test_words_cover_every_token_once(tokens):
    spans = word_spans(tokens)
    assert spans[0][0] == 0 and spans[-1][1] == len(tokens)
    assert all(a[1] == b[0] for a, b in pairwise(spans))
    assert all(first < last for first, last in spans)


def test_attention_to_a_word_is_summed_and_from_it_averaged():
    weights = np.array([[0.2, 0.3, 0.5], [0.4, 0.6, 0.0], [1.0, 0.0, 0.0]], dtype=np.float32)
    spans = ((0, 2), (2, 3))
    np.testing.assert_allclose(
        merge_words(weights, spans, spans), [[0.75, 0.25], [1.0, 0.0]], rtol=1e-6
    )


@settings(deadline=None)
@given(st.lists(st.sampled_from([" a", "b", ",", "##c", "<s>"]), min_size=1, max_size=20))
def test_rows_still_sum_to_one(tokens):
    draw = np.random.default_rng(len(tokens)).random((2, 3, len(tokens), len(tokens)))
    weights = (draw / draw.sum(-1, keepdims=True)).astype(np.float32)
    spans = word_spans(tokens)
    np.testing.assert_allclose(merge_words(weights, spans, spans).sum(-1), 1, rtol=1e-5)
