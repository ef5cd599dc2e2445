"""Pieces of a text: every token in one of them, in order."""

import copy
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.inspection.attribution.features import UNITS, features_of
from components.inspection.words import word_spans
from tests import tiny


@settings(max_examples=60, deadline=None)
@given(text=st.text(min_size=1, max_size=12), unit=st.sampled_from(UNITS))
def test_every_token_is_in_one_piece_and_pieces_follow_each_other(text, unit):
    model = tiny.model("llama")
    ids, features = features_of(model, text, unit)
    places = list(features.of_token)
    assert places == sorted(places)
    assert set(places) == set(range(len(features.texts)))
    assert len(features.tokens) == len(ids) == len(places)
    assert features.fixed[0]
    assert sum(features.fixed) == ids.count(1)
    assert all(features.texts)


def test_words_are_those_of_all_pages_without_their_space():
    model = tiny.model("llama")
    ids, features = features_of(model, "it's  well-made, yes", "word")
    assert features.texts == ("<s>", "it's", "well", "-", "made", ",", "yes")
    spans = word_spans(model.token_texts(ids), special=[0])
    assert features.of_token == tuple(n for n, (a, b) in enumerate(spans) for _ in range(a, b))


def test_chinese_words_and_code_are_cut_like_everywhere():
    _, features = features_of(tiny.model("llama"), "今天天气。foo_bar=1", "word")
    assert features.texts[1:] == ("今", "天", "天", "气", "。", "foo_bar", "=", "1")


def test_padding_and_truncation_stored_in_a_tokenizer_are_not_obeyed():
    tokenizer = copy.deepcopy(tiny.tokenizer())
    tokenizer.backend_tokenizer.enable_padding(length=40, pad_id=0, pad_token="<pad>")
    tokenizer.backend_tokenizer.enable_truncation(4)
    model = replace(tiny.model("llama"), tokenizer=tokenizer)
    ids, features = features_of(model, "keys are", "word")
    assert len(ids) == 9
    assert features.texts == ("<s>", "keys", "are")


def test_sentences_end_where_a_reader_would_end_them():
    _, features = features_of(
        tiny.model("llama"), "It rained. “Why?” No 3.5 reply!\nEnd", "sentence"
    )
    assert features.texts == ("<s>", "It rained.", "“Why?”", "No 3.5 reply!", "End")


def test_each_token_may_stand_alone():
    _, features = features_of(tiny.model("llama"), "a a", "token")
    assert features.texts == ("<s>", "a", " ", "a")
    assert features.of_token == (0, 1, 2, 3)


def test_scores_of_tokens_are_summed_over_their_piece():
    _, features = features_of(tiny.model("llama"), "ab c", "word")
    sums = features.summed(np.array([[1, 2, 4, 8, 16]], np.float32))
    np.testing.assert_array_equal(sums, [[1, 6, 24]])


@pytest.mark.parametrize("unit", UNITS)
def test_spaces_alone_are_pieces_too(unit):
    _, features = features_of(tiny.model("llama"), "  ", unit)
    assert len(features.free) >= 1
