"""Encoding in pieces gives exactly the ids of encoding whole."""

from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Regex, Tokenizer, models, pre_tokenizers

from components.inspection.tokenizer.pieces import encode_text, safe_cuts
from components.inspection.tokenizer.ready import ReadyTokenizer
from tests.inspection.tokenizer.kinds import MADE, NAMED, sample, tokenizer_called

WORDS = st.sampled_from(
    [
        *("the", "The", "rabbit", "hole", "I'll", "don't", "1234", "9", "é", "鸟", "🎵", "שלום"),
        *("e\u0301", " ", "  ", "\n", "\n\n", "\r\n", "\t", ".", ",", "!!", "--", "_", "'s"),
        *("<|endoftext|>", "[SEP]", "</s>", "▁", "Ġ", "\u00a0", "\u3000", "ﬁ", "ſ", "ʻ"),
    ]
)
TEXTS = st.lists(WORDS, max_size=80).map("".join) | st.lists(WORDS, max_size=80).map(" ".join)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(text=TEXTS, name=st.sampled_from([*NAMED, *MADE]))
def test_pieces_give_the_ids_of_the_whole(text, name):
    tokenizer = tokenizer_called(name)
    assert encode_text(tokenizer, text, piece=4).ids.tolist() == tokenizer.backend.encode(text).ids


@pytest.mark.parametrize("name", ["scripts.txt", "alice.txt", "code.txt", "numbers.txt"])
def test_real_texts_in_small_pieces_give_the_ids_of_the_whole(tokenizer, name):
    text = sample(name)[:20_000]
    ids = encode_text(tokenizer, text, piece=50).ids.tolist()
    assert ids == tokenizer.backend.encode(text).ids


def test_a_long_english_text_is_really_cut(tokenizer):
    text = sample("alice.txt")
    cuts = safe_cuts(tokenizer, text, 1_000)
    assert len(cuts) > 100
    assert all(later - earlier >= 1_000 for earlier, later in pairwise(cuts))


def test_no_cut_is_made_near_an_added_token(gpt2):
    text = "word " * 100 + "a<|endoftext|>b word" + " word" * 100
    place = text.index("<|endoftext|>")
    cuts = safe_cuts(gpt2, text, 5)
    assert cuts
    assert all(abs(cut - place) > 40 for cut in cuts)
    assert min(abs(cut - place) for cut in cuts) < 100


def test_a_tokenizer_whose_tokens_reach_across_spaces_is_not_cut():
    vocabulary = {char: id_ for id_, char in enumerate("abcd ")} | {"a ": 5, "a b": 6}
    backend = Tokenizer(models.BPE(vocabulary, [("a", " "), ("a ", "b")]))
    reaching = ReadyTokenizer("reaching", backend)
    text = "a b c d " * 100
    assert safe_cuts(reaching, text, 10) == []
    assert encode_text(reaching, text, piece=10).ids.tolist() == backend.encode(text).ids


def test_a_pre_tokenizer_that_keeps_two_words_together_is_not_cut_between_them():
    vocabulary = {char: id_ for id_, char in enumerate("abcd ")} | {"a ": 5, "a b": 6}
    backend = Tokenizer(models.BPE(vocabulary, [("a", " "), ("a ", "b")]))
    backend.pre_tokenizer = pre_tokenizers.Split(Regex("[a-z] [a-z]"), "isolated")
    pairs = ReadyTokenizer("pairs", backend)
    text = "a b c d " * 100
    assert encode_text(pairs, text, piece=10).ids.tolist() == backend.encode(text).ids


def test_the_pieces_are_where_they_are_said_to_be(tokenizer):
    text = sample("alice.txt")[:5_000]
    encoded = encode_text(tokenizer, text, piece=500)
    assert encoded.piece_starts[0] == 0
    assert encoded.piece_tokens[0] == encoded.before
    ends = [*encoded.piece_starts[1:], len(text)]
    for start, end, at in zip(encoded.piece_starts, ends, encoded.piece_tokens, strict=True):
        backend = tokenizer.backend if start == 0 else tokenizer.continuing
        own = backend.encode(text[start:end], add_special_tokens=False).ids
        assert encoded.ids[at : at + len(own)].tolist() == own


def test_progress_rises_to_one(gpt2):
    shares: list[float] = []
    encode_text(gpt2, sample("alice.txt") * 10, lambda share, _: shares.append(share))
    assert shares == sorted(shares)
    assert len(shares) > 1
    assert shares[-1] == 1.0


def test_work_that_is_called_off_stops(gpt2):
    class CalledOffError(Exception):
        pass

    def call_off(_share: float, _phrase: str) -> None:
        raise CalledOffError

    with pytest.raises(CalledOffError):
        encode_text(gpt2, sample("alice.txt") * 10, call_off)


@pytest.mark.parametrize("text", ["", "a", "\0" * 30, "x" * 20_000, " " * 20_000, "鸟" * 20_000])
def test_texts_without_a_place_to_cut_are_encoded_whole(gpt2, text):
    assert encode_text(gpt2, text, piece=8).ids.tolist() == gpt2.backend.encode(text).ids
