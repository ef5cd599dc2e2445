"""The tokenizer figures, read back as data."""

import numpy as np
import pytest

from components.figures.tokenizer import (
    NUMBER_TINTS,
    counted_tokens,
    length_histogram,
    number_grid,
    token_counts,
    window_fit,
)
from components.inspection.tokenizer.compare import compare, tokens_per_number
from components.inspection.tokenizer.statistics import text_statistics

TEXT = "The rabbit-hole went straight on like a tunnel 🎵."


def test_a_bar_for_each_tokenizer_the_fewest_tokens_on_top():
    comparison = compare(("gpt2", "mistral-v1", "mistral-tekken"), TEXT)
    figure = token_counts(comparison)
    bars, plain = figure.data
    assert list(bars.x) == sorted(reading.tokens for reading in comparison.readings)
    names = figure.layout.yaxis.ticktext
    named = {names[place]: count for place, count in zip(bars.y, bars.x, strict=True)}
    assert named == {reading.title: reading.tokens for reading in comparison.readings}
    assert figure.layout.yaxis.autorange == "reversed"
    # In grey among them, in order: words, characters, bytes.
    grey = {names[place]: count for place, count in zip(plain.y, plain.x, strict=True)}
    assert grey == {"words": 9, "characters": len(TEXT), "bytes": len(TEXT.encode())}
    assert plain.marker.color != bars.marker.color
    at = dict(zip((*bars.y, *plain.y), (*bars.x, *plain.x), strict=True))
    assert [at[place] for place in sorted(at)] == sorted(at.values())


def test_two_tokenizers_of_equal_counts_have_a_bar_each():
    comparison = compare(("gpt2", "mistral-tekken"), "one two")
    bars, plain = token_counts(comparison).data
    assert len(bars.x) == 2
    assert len({*bars.y, *plain.y}) == 5


def test_the_histogram_holds_every_token_once():
    found = text_statistics("gpt2", TEXT)
    (bars,) = length_histogram(found).data
    assert sum(bars.y) == found.tokens
    assert sum(x * y for x, y in zip(bars.x, bars.y, strict=True)) == found.bytes


def test_an_empty_text_has_an_empty_histogram():
    (bars,) = length_histogram(text_statistics("gpt2", "")).data
    assert sum(bars.y) == 0


def test_a_window_that_is_full_and_one_that_is_too_small_are_told_apart():
    figure = window_fit(1_000, [("exact", 1_000), ("small", 512), ("large", 4_000)])
    (bars,) = figure.data
    assert list(bars.text) == ["fits, 100% full", "2.0 × the context window", "fits, 25.0% full"]
    assert list(bars.x) == [1.0, 1.0, 0.25]
    exact, small, large = bars.marker.color
    assert exact == large != small


def test_a_nearly_empty_window_is_not_called_empty():
    (bars,) = window_fit(1, [("large", 131_072)]).data
    assert bars.text == ("fits, &lt; 0.1% full",)


@pytest.mark.parametrize("leading_space", [False, True])
def test_the_grid_shows_each_number_at_its_place(leading_space):
    counts = tokens_per_number("gpt2", leading_space)
    (grid,) = number_grid(counts).data
    np.testing.assert_array_equal(grid.z, counts)
    assert grid.customdata[42, 7].tolist() == [4207, counts[42, 7]]
    assert grid.z.dtype == np.float32


def test_more_tokens_than_there_are_tints_share_the_last():
    counts = np.full((100, 100), 9, dtype=np.int8)
    (grid,) = number_grid(counts).data
    assert grid.z.max() == len(NUMBER_TINTS) < grid.zmax


@pytest.mark.parametrize("by", ["count", "length"])
def test_a_bar_for_each_listed_token_and_nothing_in_it_read_as_markup(by):
    found = text_statistics("gpt2", "<b> <b> <b> longer")
    tokens = found.frequent if by == "count" else found.longest
    figure = counted_tokens(tokens, by)
    (bars,) = figure.data
    assert list(bars.x) == [getattr(token, by) for token in tokens] == sorted(bars.x, reverse=True)
    assert len(figure.layout.yaxis.ticktext) == len(tokens)
    assert not any("<" in name for name in figure.layout.yaxis.ticktext)
