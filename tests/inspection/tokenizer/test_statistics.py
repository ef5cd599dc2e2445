"""Counts over a text, checked against counting by hand and against the ids."""

import numpy as np
import pytest

from components.inspection.tokenizer.cutting import cut
from components.inspection.tokenizer.pieces import encode_text
from components.inspection.tokenizer.statistics import chunks, text_statistics
from tests.inspection.tokenizer.kinds import sample, tokenizer_called


def test_the_poets_question_is_counted_as_the_book_does():
    found = text_statistics("gpt2", sample("bards.txt"))
    assert (found.tokens, found.characters, found.bytes) == (13, 53, 53)
    assert found.characters_per_token == pytest.approx(53 / 13)
    assert found.words == 10
    assert found.lines == 1
    assert found.tokens_per_word == pytest.approx(1.3)
    assert found.unknown == 0
    assert found.context == 1024


def test_bytes_are_more_than_characters_where_they_are():
    found = text_statistics("gpt2", "é🎵")
    assert (found.characters, found.bytes, found.tokens) == (2, 6, 4)
    assert found.bytes_per_token == pytest.approx(1.5)


def test_the_tokens_bytes_add_up_to_the_texts():
    found = text_statistics("gpt2", sample("alice.txt"))
    lengths = np.arange(len(found.lengths))
    assert found.lengths.sum() == found.tokens
    assert (found.lengths * lengths).sum() == found.bytes  # no token is in the last, open bin
    assert found.lengths[-1] == 0


def test_the_lists_are_ordered_and_counted(tokenizer):
    text = sample("alice.txt")[:30_000]
    found = text_statistics(tokenizer, text)
    ids = encode_text(tokenizer, text).ids.tolist()
    assert [item.count for item in found.frequent] == sorted(
        (item.count for item in found.frequent), reverse=True
    )
    assert all(item.count == ids.count(item.id) for item in found.frequent + found.longest)
    lengths = [item.length for item in found.longest]
    assert lengths == sorted(lengths, reverse=True)
    assert found.distinct == len(set(ids))
    assert found.distinct <= found.vocabulary == tokenizer.size


def test_unknown_and_added_tokens_are_counted():
    found = text_statistics(tokenizer_called("wordpiece"), "the 🎵 the 鸟")
    assert (found.unknown, found.added) == (2, 2)
    assert (found.of_text, found.tokens) == (4, 6)


def test_all_means_are_over_the_texts_own_tokens():
    """[CLS] and [SEP] stand around every text and are none of it."""
    found = text_statistics(tokenizer_called("wordpiece"), "the\nthe the")
    assert (found.of_text, found.words, found.lines, found.characters) == (3, 3, 2, 11)
    assert found.characters_per_token == found.bytes_per_token == pytest.approx(11 / 3)
    assert (found.tokens_per_word, found.tokens_per_line) == (1.0, 1.5)


def test_bytes_that_are_no_character_are_written_as_bytes():
    found = text_statistics("gpt2", "鸟")
    assert {item.text for item in found.frequent} == {"⟨E9⟩", "⟨B8⟩", "⟨9F⟩"}


def test_a_text_without_tokens_divides_by_nothing():
    found = text_statistics("gpt2", "")
    assert found.tokens == 0
    assert found.characters_per_token == found.tokens_per_word == found.tokens_per_line == 0


@pytest.mark.parametrize(
    ("tokens", "size", "overlap", "made"),
    [(0, 512, 64, 1), (512, 512, 64, 1), (513, 512, 64, 2), (960, 512, 64, 2), (961, 512, 64, 3)],
)
def test_chunks_cover_the_text_and_no_more(tokens, size, overlap, made):
    assert chunks(tokens, size, overlap) == made
    # Counted otherwise: put chunks one after another until the text is covered.
    start, count = 0, 1
    while start + size < tokens:
        start += size - overlap
        count += 1
    assert count == made


def test_tokens_that_write_only_white_space_are_counted():
    found = text_statistics("gpt2", "if x:\n    return 1\n\n\n\treturn 2")
    pieces = [token.alone for token in cut("gpt2", "if x:\n    return 1\n\n\n\treturn 2").tokens]
    assert found.blank == sum(piece.isspace() for piece in pieces) > 3
    assert text_statistics(tokenizer_called("wordpiece"), "a  b\n c").blank == 0
    # Half a character is no white space.
    assert text_statistics("gpt2", "鸟").blank == 0
