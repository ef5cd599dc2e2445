"""Ids are read as text: each alone, all together, and what is wrong with some is said."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from components.inspection.errors import InspectionError
from components.inspection.tokenizer import decoding
from components.inspection.tokenizer.catalogue import bundled_folder
from components.inspection.tokenizer.cutting import cut, encode
from components.inspection.tokenizer.decoding import MOST, decode_ids, entries, parsed_ids
from components.inspection.tokenizer.opening import ready


def test_ids_of_a_text_spell_it_and_are_its_ids_again():
    ids = [token.id for token in cut("gpt2", " tokenization of naïve 🎵").tokens]
    found = decode_ids("gpt2", ids)
    assert found.text == " tokenization of naïve 🎵"
    assert found.again == tuple(ids)
    assert [each.alone for each in found.ids[:2]] == [" token", "ization"]
    assert found.checks[0].verdict == "holds"


def test_a_character_whose_bytes_are_parted_shows_only_when_all_are_there():
    found = decode_ids("gpt2", [8582, 236, 113])
    assert [each.alone for each in found.ids] == ["\ufffd"] * 3
    assert found.text == "🎵"
    assert [each.raw for each in found.ids] == [b"\xf0\x9f", b"\x8e", b"\xb5"]


def test_one_text_can_be_spelled_by_other_ids_than_its_own():
    by_letters = [ready("gpt2").backend.token_to_id(char) for char in "cat"]
    found = decode_ids("gpt2", by_letters)
    assert found.text == "cat"
    assert found.again != tuple(by_letters)
    assert found.checks[0].verdict == "holds"


def test_the_ids_of_one_tokenizer_read_by_another_are_another_text():
    ids = [token.id for token in cut("wordpiece", "the rabbit", ends=False).tokens]
    assert decode_ids("wordpiece", ids).text == "the rabbit"
    assert decode_ids("gpt2", ids).text != "the rabbit"


@settings(deadline=None, max_examples=60)
@given(ids=st.lists(st.integers(0, 2_559), min_size=1, max_size=20))
@pytest.mark.parametrize("name", ["storyteller", "wordpiece", "unigram"])
def test_transformers_says_the_same(name, ids):
    own = AutoTokenizer.from_pretrained(bundled_folder(name))
    found = decode_ids(name, ids)
    assert found.text == own.decode(ids, clean_up_tokenization_spaces=False)
    assert [each.piece for each in found.ids] == own.convert_ids_to_tokens(ids)
    assert found.checks[0].verdict != "fails"


@pytest.mark.sabotage("the text of these ids, tokenized and decoded again, is the same text")
def test_a_text_that_changes_when_it_is_tokenized_again_turns_the_check_red(monkeypatch):
    kept = decoding.ready

    class Deaf:
        """A backend that drops the last character of what it encodes."""

        def __init__(self, own):
            self.own = own

        def encode(self, text, add_special_tokens):
            return self.own.encode(text[:-1], add_special_tokens=add_special_tokens)

        def __getattr__(self, name):
            return getattr(self.own, name)

    def deaf(holder):
        found = kept(holder)
        changed = type(found)(found.name, Deaf(found.backend))
        object.__setattr__(changed, "lossless", True)
        return changed

    monkeypatch.setattr(decoding, "ready", deaf)
    assert decode_ids("gpt2", [40, 262, 13]).checks[0].verdict == "fails"


def test_what_is_no_id_is_said():
    with pytest.raises(InspectionError, match="no token with id 2560"):
        decode_ids("wordpiece", [5, 2_560])
    with pytest.raises(InspectionError, match="type 1 to"):
        decode_ids("gpt2", [])
    with pytest.raises(InspectionError, match="type 1 to"):
        decode_ids("gpt2", [1] * (MOST + 1))


@pytest.mark.parametrize("typed", ["-1", "1.5", "1e3", "x", "٣", "9" * 12, "40 262 the"])
def test_what_is_no_whole_number_is_refused_kindly(typed):
    with pytest.raises(InspectionError, match="is no id"):
        parsed_ids(typed)


def test_ids_are_parted_by_spaces_commas_and_brackets():
    assert parsed_ids(" [40, 262,13]\n") == (40, 262, 13)
    assert parsed_ids("") == ()


def test_every_id_of_a_text_has_its_entry():
    encoded = encode("unigram", "the rabbit and the cat 🎵")
    named = entries("unigram", encoded)
    assert {named[int(id_)] for id_ in encoded.ids} == set(named.values())
    assert "▁rabbit" in named.values()
    assert "</s>" in named.values()
