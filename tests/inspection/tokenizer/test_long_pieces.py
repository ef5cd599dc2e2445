"""Texts that cannot be cut: a few tokens of millions, found as if all were looked at."""

from functools import partial

import numpy as np
import pytest
import regex
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.inspection.tokenizer import cutting, long_pieces, pieces, placing
from components.inspection.tokenizer.cutting import encode, window
from components.inspection.tokenizer.graphemes import grapheme_starts, starts_surely
from components.inspection.tokenizer.pieces import encode_text
from tests.inspection.tokenizer.kinds import MADE, NAMED, tokenizer_called

UNITS = [
    *(
        "a",
        "bc",
        "the",
        " ",
        "\n",
        "\r\n",
        "\t",
        ",",
        "，",
        "红",
        "狐狸",
        "한",
        "ᄒ",
        "ᅡ",
        "ᆫ",
        "क",
        "्",
    ),
    *(
        "ष",
        "é",
        "e\u0301",
        "\u0301",
        "\u200d",
        "👨‍👩‍👧‍👦",
        "🇩🇪",
        "🇩",
        "👍🏽",
        "🎵",
        "\u0600",
        "<|endoftext|>",
    ),
]
TEXTS = st.lists(
    st.tuples(st.sampled_from(UNITS), st.integers(1, 9)).map(lambda pair: pair[0] * pair[1]),
    max_size=30,
).map("".join)


@pytest.mark.parametrize("name", [*NAMED, *MADE])
@given(text=TEXTS, piece=st.sampled_from([8, 64, 8_192]), place=st.floats(0, 1))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_what_is_placed_of_a_long_piece_is_what_is_placed_of_all_of_it(
    monkeypatch, name, text, piece, place
):
    tokenizer = tokenizer_called(name)
    encoded = encode_text(tokenizer, text, piece=piece)
    first = int(place * max(len(encoded.ids) - 1, 0))
    plain = window(tokenizer, text, encoded, first, 7)
    with monkeypatch.context() as patch:
        patch.setattr(cutting, "place_tokens", partial(placing.place_tokens, long=3))
        near = window(tokenizer, text, encoded, first, 7)
    assert near == plain


@given(text=TEXTS)
def test_graphemes_are_those_of_the_library(text):
    starts = {found.start() for found in regex.finditer(r"\X", text)} | {len(text)}
    assert grapheme_starts(text) == starts
    # Surely means surely: never within a visible character.
    assert {at for at in range(len(text) + 1) if starts_surely(text, at)} <= starts


@pytest.mark.parametrize("flags", [1, 2, 3, 50])
@pytest.mark.parametrize("odd", ["", "🇩"])
def test_a_row_of_flags_is_cut_after_each_second_half(flags, odd):
    text = "🇩🇪" * flags + odd
    assert grapheme_starts(text) == {*range(0, len(text), 2), len(text)}
    assert starts_surely(text, 2 * flags)
    assert not any(starts_surely(text, at) for at in range(1, len(text), 2))


def test_a_character_of_too_many_tokens_is_shown_in_parts_and_that_is_said(monkeypatch):
    monkeypatch.setattr(long_pieces, "MARGIN", 50)
    text = "e" + "\u0301" * 20_000
    encoded = encode("gpt2", text)
    assert len(encoded.ids) > placing.LONG
    cut = window("gpt2", text, encoded, 9_000, 10)
    assert cut.divided
    # Whole characters of the text, of two bytes each, though only a part of what is seen.
    assert 10 <= len(cut.tokens) <= 12
    assert set(cut.text) == {"\u0301"}
    assert not window("gpt2", "a" * 60_000, encode("gpt2", "a" * 60_000), 9_000, 10).divided


@pytest.mark.parametrize("text", ["a", " ", "\n", "红", "🇩🇪"])
def test_of_a_text_without_cuts_only_what_is_shown_is_looked_at(monkeypatch, text):
    """The cost of a window is that of its tokens: counted, not timed."""
    seen = []
    alone = tokenizer_called("gpt2").__class__.alone
    monkeypatch.setattr(
        tokenizer_called("gpt2").__class__,
        "alone",
        lambda self, ids: seen.append(len(ids)) or alone(self, ids),
    )
    long = text * 40_000
    encoded = encode("gpt2", long)
    assert len(encoded.piece_starts) == 1
    assert len(encoded.ids) > placing.LONG
    for first in (0, len(encoded.ids) // 2, len(encoded.ids) - 500):
        cut = window("gpt2", long, encoded, first, 500)
        np.testing.assert_array_equal(
            [token.id for token in cut.tokens],
            encoded.ids[cut.first : cut.first + len(cut.tokens)],
        )
        assert cut.first <= first <= cut.first + 8
        assert all(check.holds for check in cut.checks)
    assert max(seen) < 600


def test_a_book_in_chinese_is_cut_at_its_line_breaks():
    text = "红狐狸去了老磨坊，带着一盏灯。\n" * 4_000
    encoded = encode("gpt2", text)
    assert len(encoded.piece_starts) > 4
    assert encoded.ids.tolist() == tokenizer_called("gpt2").backend.encode(text).ids


def test_cuts_that_will_not_do_are_not_tried_at_every_letter(monkeypatch):
    tried = []
    monkeypatch.setattr(pieces, "_splits_alike", lambda *_: tried.append(1) and False)
    tokenizer = tokenizer_called("gpt2")
    text = "a b " * 100_000
    assert pieces.safe_cuts(tokenizer, text) == []
    assert len(tried) < 300
