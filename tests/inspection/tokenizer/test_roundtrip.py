"""Decoding gives the text back, or it is said why not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.inspection.tokenizer.pieces import encode_text
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
