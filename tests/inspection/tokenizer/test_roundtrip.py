"""Decoding gives the text back, or it is said why not."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, normalizers, pre_tokenizers

from components.inspection.tokenizer.backend import unlimited
from components.inspection.tokenizer.pieces import encode_text
from components.inspection.tokenizer.ready import ReadyTokenizer
from components.inspection.tokenizer.roundtrip import round_trip, round_trip_of
from tests.inspection.tokenizer.kinds import sample, tokenizer_called

ANY = st.text(st.characters(exclude_categories=("Cs",)), max_size=80)


@settings(deadline=None, max_examples=60)
@given(text=ANY, name=st.sampled_from(["gpt2", "mistral-tekken"]))
def test_a_byte_level_tokenizer_gives_every_text_back(text, name):
    assert round_trip(tokenizer_called(name), text).same


@pytest.mark.parametrize("name", ["tour.txt", "scripts.txt", "code.txt"])
def test_mistrals_sentencepiece_gives_real_texts_back(name):
    assert round_trip("mistral-v1", sample(name)).same


@settings(deadline=None, max_examples=60)
@given(text=ANY)
def test_what_is_said_to_differ_differs(text):
    result = round_trip(tokenizer_called("wordpiece"), text)
    assert result.same == (not result.differences)
    for item in result.differences:
        assert item.was != item.became
        assert text[item.at : item.at + len(item.was)] == item.was
    assert bool(result.reasons) != result.same


def test_of_a_very_long_text_the_beginning_is_checked():
    gpt2, text = tokenizer_called("gpt2"), sample("alice.txt")
    result = round_trip_of(gpt2, text, encode_text(gpt2, text, piece=1_000), longest=20_000)
    assert result.same
    assert 20_000 < result.checked < 23_000


def test_berts_losses_are_named():
    result = round_trip(tokenizer_called("wordpiece"), "The Café\n\n🎵 said")
    said = " ".join(result.reasons)
    assert "One token is [UNK]" in said
    assert "Capital letters" in said
    assert "Accents" in said
    assert "White space" in said


def test_the_first_difference_is_where_the_texts_part():
    result = round_trip(tokenizer_called("wordpiece"), "the Alice")
    assert (result.differences[0].at, result.differences[0].was) == (4, "A")
    assert result.differences[0].became == "a"


def test_a_long_text_lists_some_differences_and_says_that_there_are_more():
    result = round_trip(tokenizer_called("wordpiece"), sample("alice.txt")[:20_000])
    assert 0 < len(result.differences) <= 12
    assert result.more


LOSSES = {
    "shortened": lambda ids: ids[:-1],
    "filled up": lambda ids: np.append(ids, np.uint32(50256)),
    "another": lambda ids: np.append(ids[:-1], ids[-1] + np.uint32(1)),
    "turned around": lambda ids: ids[::-1],
}


@pytest.mark.sabotage("decode(encode(text)) gives the text back, character for character")
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("text", ["naïve 🎵 text, with tokens.", "word " * 50])
def test_ids_that_are_not_the_texts_turn_the_check_red(loss, text):
    gpt2 = tokenizer_called("gpt2")
    encoded = encode_text(gpt2, text)
    (check,) = round_trip_of(gpt2, text, encoded).checks
    assert check.verdict == "holds"
    wrong = replace(encoded, ids=LOSSES[loss](encoded.ids))
    (check,) = round_trip_of(gpt2, text, wrong).checks
    assert check.verdict == "fails"
    assert check.error >= 1


@pytest.mark.parametrize("name", ["gpt2", "mistral-tekken", "storyteller"])
def test_a_tokenizer_over_bytes_must_give_every_text_back(name):
    assert tokenizer_called(name).lossless


@pytest.mark.parametrize("name", ["mistral-v1", "wordpiece", "unigram"])
def test_what_a_tokenizer_changes_is_reported_not_held_against_it(name):
    tokenizer = tokenizer_called(name)
    assert not tokenizer.lossless
    (check,) = round_trip(tokenizer, "Ａ  ▁ text\n\nhere").checks
    assert check.verdict == "reported"
    (check,) = round_trip(tokenizer, "the rabbit").checks
    assert check.verdict == "holds"


@pytest.mark.parametrize(
    "change",
    [
        lambda b: setattr(b, "normalizer", normalizers.NFC()),
        lambda b: setattr(b, "pre_tokenizer", pre_tokenizers.ByteLevel(add_prefix_space=True)),
        lambda b: setattr(
            b,
            "pre_tokenizer",
            pre_tokenizers.Sequence(
                [pre_tokenizers.Whitespace(), pre_tokenizers.ByteLevel(add_prefix_space=False)]
            ),
        ),
        lambda b: b.add_special_tokens([AddedToken("<mask>", lstrip=True)]),
    ],
)
def test_one_that_changes_texts_is_not_taken_to_lose_nothing(change):
    backend = unlimited(tokenizer_called("gpt2").backend.to_str())
    assert ReadyTokenizer("as it was", backend).lossless
    change(backend)
    assert not ReadyTokenizer("changed", backend).lossless
