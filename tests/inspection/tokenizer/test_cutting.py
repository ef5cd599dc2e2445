"""A text cut into tokens: golden ids of GPT-2, and what must hold for any text and tokenizer."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from components.inspection.errors import InspectionError
from components.inspection.tokenizer import cutting, pieces
from components.inspection.tokenizer import ready as ready_module
from components.inspection.tokenizer.backend import BYTE_OF
from components.inspection.tokenizer.cutting import WINDOW, cut, encode, encoding_checks, window
from components.inspection.tokenizer.pieces import encode_text
from components.inspection.tokenizer.ready import ReadyTokenizer
from tests.inspection.tokenizer.kinds import MADE, NAMED, sample, tokenizer_called

FAMILY = "👨‍👩‍👧‍👦"
ANY_TEXT = st.lists(
    st.characters(exclude_categories=("Cs",))
    | st.sampled_from([*" \n\t\0aeé鸟🎵ש\u0301\u200d▁Ġ", FAMILY, "the", " of"]),
    max_size=40,
).map("".join)


def ids(text: str, name: str = "gpt2") -> list[int]:
    return [token.id for token in cut(name, text).tokens]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "The quick brown fox jumps over the lazy dog",
            [464, 2068, 7586, 21831, 18045, 625, 262, 16931, 3290],
        ),
        ("🎵", [8582, 236, 113]),
        ("鸟", [165, 116, 253]),
        ("870", [46951]),
        ("871", [23, 4869]),
        ("    ", [220, 220, 220, 220]),
        ("\t", [197]),
        ("cooking", [27916, 278]),
    ],
)
def test_gpt2_gives_the_ids_of_the_source_texts(text, expected):
    assert ids(text) == expected


@pytest.mark.parametrize(
    ("name", "tokens"),
    [
        ("tour.txt", 55),
        ("tour-tabs.txt", 51),
        ("bards.txt", 13),
        ("apology.txt", 18),
        ("code.txt", 37),
        ("revolutionized.txt", 9),
    ],
)
def test_gpt2_makes_as_many_tokens_as_the_source_texts_count(name, tokens):
    assert cut("gpt2", sample(name)).total == tokens


def test_the_tour_text_has_the_length_that_the_book_has():
    text = sample("tour.txt")
    assert (len(text), len(text.encode())) == (122, 127)
    assert len(sample("bards.txt")) == 53


def test_a_leading_space_makes_one_token_of_a_word_that_is_two_without_it():
    assert len(ids("hiking")) == 2
    assert len(ids(" hiking")) == 1


def test_capitals_are_cut_as_the_book_shows():
    assert [token.piece for token in cut("gpt2", " CAPITALIZATION").tokens] == [
        "ĠCAP",
        "ITAL",
        "IZ",
        "ATION",
    ]


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(text=ANY_TEXT, name=st.sampled_from([*NAMED, *MADE]))
def test_nothing_of_the_text_is_lost_or_shown_twice(text, name):
    shown = cut(tokenizer_called(name), text)
    assert "".join(group.before + group.text for group in shown.groups) + shown.after == text


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(text=ANY_TEXT, name=st.sampled_from([*NAMED, *MADE]))
def test_the_ids_are_the_tokenizers_own(text, name):
    tokenizer = tokenizer_called(name)
    shown = cut(tokenizer, text)
    assert [token.id for token in shown.tokens] == tokenizer.backend.encode(text).ids


@settings(deadline=None, max_examples=40)
@given(text=ANY_TEXT, name=st.sampled_from(["gpt2", "mistral-tekken"]))
def test_a_byte_level_tokenizers_bytes_put_together_are_the_texts_bytes(text, name):
    shown = cut(tokenizer_called(name), text)
    assert shown.exact
    assert b"".join(token.raw or b"" for token in shown.tokens) == text.encode()
    byte = 0
    for token in shown.tokens:
        assert token.byte_start == byte
        byte = token.byte_end
        assert text.encode()[token.byte_start : token.byte_end] == token.raw


@settings(deadline=None, max_examples=40)
@given(text=ANY_TEXT)
def test_no_visible_character_is_in_two_groups(text):
    import regex

    shown = cut("gpt2", text)
    starts = {found.start() for found in regex.finditer(r"\X", text)}
    place = 0
    for group in shown.groups:
        assert place in starts
        place += len(group.before + group.text)


def test_one_family_is_one_group_over_all_its_ids():
    shown = cut("gpt2", f"a {FAMILY}!")
    assert [group.text for group in shown.groups] == ["a", f" {FAMILY}", "!"]
    assert shown.groups[1].count == len(shown.tokens) - 2 > 8


def test_bytes_that_are_no_character_alone_are_kept_as_bytes():
    first, second, third = cut("gpt2", "🎵").tokens
    assert (first.raw, second.raw, third.raw) == (b"\xf0\x9f", b"\x8e", b"\xb5")
    assert (first.start, first.end, third.start, third.end) == (0, 1, 0, 1)
    assert "\ufffd" in first.alone


def test_sentencepiece_spells_an_unknown_character_in_bytes_in_one_group():
    shown = cut("mistral-v1", "a鸟")
    assert [token.piece for token in shown.tokens][1:] == ["<0xE9>", "<0xB8>", "<0x9F>"]
    assert [group.count for group in shown.groups] == [1, 3]
    assert shown.exact


def test_what_bert_drops_stands_between_the_groups():
    shown = cut(tokenizer_called("wordpiece"), "the\n\n the ")
    assert [group.before for group in shown.groups] == ["", "", "\n\n ", " "]
    assert [token.added for token in shown.tokens] == [True, False, False, True]


def test_an_unknown_character_is_called_unknown():
    shown = cut(tokenizer_called("wordpiece"), "the 🎵")
    assert [token.unknown for token in shown.tokens] == [False, False, True, False]


@settings(deadline=None, max_examples=30)
@given(first=st.integers(0, 400), count=st.integers(1, 90), name=st.sampled_from([*NAMED, *MADE]))
@example(first=0, count=58, name="unigram")
def test_a_window_shows_what_the_whole_shows_there(first, count, name):
    tokenizer = tokenizer_called(name)
    text = sample("scripts.txt") + sample("alice.txt")[:2_000]
    encoded = encode_text(tokenizer, text, piece=100)
    assert len(encoded.piece_starts) > 3
    whole = cut(tokenizer, text)
    shown = window(tokenizer, text, encoded, first, count)
    # A window is widened so that it divides no character.
    last = shown.first + len(shown.tokens)
    assert shown.first <= first
    assert last >= min(first + count, shown.total)
    expected = whole.tokens[shown.first : last]
    assert [(t.id, t.start, t.end, t.position) for t in shown.tokens] == [
        (t.id, t.start, t.end, t.position) for t in expected
    ]


@pytest.mark.parametrize("name", [*NAMED, *MADE])
@pytest.mark.parametrize("text", ["", "a", "\0", " ", "\n", "שלום عليكم", "ab\0cd"])
def test_small_and_strange_texts_are_shown(name, text):
    shown = cut(tokenizer_called(name), text)
    assert "".join(group.before + group.text for group in shown.groups) + shown.after == text


def test_half_a_surrogate_pair_is_explained():
    with pytest.raises(
        InspectionError, match=r"Character 3 is half of a surrogate pair \(U\+D83D\)"
    ):
        cut("gpt2", "ab\ud83d")


def test_a_window_too_wide_is_explained():
    with pytest.raises(InspectionError, match="up to 2,000 from place 0"):
        window("gpt2", "a", encode("gpt2", "a"), 0, WINDOW + 1)


def test_a_long_text_is_shown_by_windows_only():
    text = sample("alice.txt")[:100_000]
    encoded = encode("gpt2", text)
    shown = window("gpt2", text, encoded, 20_000, 50)
    assert len(shown.tokens) >= 50
    assert text[shown.tokens[0].start : shown.tokens[-1].end] == "".join(
        group.before + group.text for group in shown.groups
    )


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(text=ANY_TEXT, name=st.sampled_from([*NAMED, *MADE]))
def test_what_is_checked_of_a_cut_holds(text, name):
    tokenizer = tokenizer_called(name)
    shown = cut(tokenizer, text)
    encoded = encode(tokenizer, text)
    checks = (*shown.checks, *encoding_checks(tokenizer, text, encoded))
    assert [str(check) for check in checks if not check.holds] == []
    assert len(shown.checks) == (shown.exact or tokenizer.lossless)


@pytest.mark.parametrize("first", [0, 100, 20_000])
def test_it_holds_of_each_window_of_a_long_text(first):
    text = sample("alice.txt")[:100_000] + sample("scripts.txt") * 20
    encoded = encode("gpt2", text)
    for place in (first, len(encoded.ids) - 300):
        (check,) = window("gpt2", text, encoded, place, 200).checks
        assert check.holds


@pytest.mark.sabotage("the tokens' bytes, put together, are the text's bytes")
@pytest.mark.parametrize("name", ["gpt2", "mistral-v1", "mistral-tekken"])
@pytest.mark.parametrize(
    "bug",
    [
        lambda tokens: tokens[:-1],  # one is not drawn
        lambda tokens: [*tokens, tokens[-1]],  # one is drawn twice
        lambda tokens: [
            *tokens[:2],
            replace(
                tokens[2],
                byte_end=tokens[2].byte_end + 1,
                raw=None if tokens[2].raw is None else tokens[2].raw + b"!",
            ),
            *tokens[3:],
        ],
    ],
    ids=["one less", "one twice", "one longer"],
)
def test_tokens_that_are_not_the_texts_turn_the_check_red(name, bug):
    shown = cut(name, "naïve 🎵 text, of several tokens.")
    (check,) = shown.checks
    assert check.holds
    (check,) = replace(shown, tokens=tuple(bug(list(shown.tokens)))).checks
    assert check.verdict == "fails"


@pytest.mark.sabotage("the tokens' bytes, put together, are the text's bytes")
def test_bytes_read_by_another_alphabet_turn_the_check_red(monkeypatch):
    """As if each character of a vocabulary string stood for its own code."""
    wrong = {char: ord(char) % 256 for char in BYTE_OF}
    monkeypatch.setattr(ready_module, "BYTE_OF", wrong)
    fresh = ReadyTokenizer("GPT-2", tokenizer_called("gpt2").backend)
    (check,) = cut(fresh, "a text 🎵").checks
    assert check.verdict == "fails"


@pytest.mark.sabotage("these are the ids that the tokenizer gives to the text as a whole")
@pytest.mark.parametrize("bug", ["cut anywhere", "shortened", "filled up"])
def test_a_text_that_is_not_read_as_it_is_turns_the_check_red(bug, monkeypatch):
    text = sample("bards.txt") * 3

    def spoilt(*given):
        encoded = encode_text(*given)
        ids = encoded.ids[:16] if bug == "shortened" else np.append(encoded.ids, np.uint32(0))
        return replace(encoded, ids=ids)

    if bug == "cut anywhere":
        monkeypatch.setattr(pieces, "safe_cuts", lambda tokenizer, text, piece: [12, 30])
    else:
        monkeypatch.setattr(cutting, "encode_text", spoilt)
    encoded = encode("gpt2", text)
    (check,) = encoding_checks("gpt2", text, encoded)
    assert check.verdict == "fails"
    assert check.error >= 1
