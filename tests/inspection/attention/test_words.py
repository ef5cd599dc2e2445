"""Attention between words: tokens merged."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.inspection.attention.maps import attention_maps
from components.inspection.attention.words import merge_words
from components.inspection.words import word_spans
from tests import tiny


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


@pytest.mark.parametrize("words", [False, True])
def test_maps_know_the_words_of_their_tokens(words):
    maps = attention_maps(tiny.model("llama", words=words), "the well-made keys", None, "decoder")
    texts = ["".join(maps.readers[a:b]) for a, b in maps.reader_words]
    assert texts == ["<s>", "the", " well", "-", "made", " keys"]
