"""Sizes and styles side by side, read back as data."""

import pytest

from components.figures import theme
from components.figures.architecture.side_by_side import blocks_drawn, style_table, told_of
from components.figures.architecture.sizes import sizes_bars, sizes_table
from components.inspection.architecture.block_style import published_style
from components.inspection.architecture.sizes import KNOWN, weighed

NAMES = ("storyteller", "Mixtral-8x7B")


@pytest.fixture(scope="module")
def counted():
    return [weighed(KNOWN[name], 7) for name in NAMES]


def test_each_bar_is_what_was_counted(counted):
    figure = sizes_bars(NAMES, counted)
    parts = {bar.name: bar for bar in figure.data if bar.showlegend is not False}
    assert {name: tuple(bar.x) for name, bar in parts.items()} == {
        part: tuple(one.parameters.get(part, 0) for one in counted)
        for part in ("embedding", "attention", "MLP", "norm", "head")
    }
    assert all(bar.marker.color == theme.PARTS[name] for name, bar in parts.items())
    cache, work = (bar for bar in figure.data if bar.showlegend is False)
    assert tuple(cache.x) == tuple(one.cache_bytes for one in counted) == (2048, 131_072)
    assert tuple(work.x) == tuple(one.operations for one in counted)


def test_the_table_has_each_size(counted):
    table = sizes_table(NAMES, [KNOWN[name] for name in NAMES], counted).set_index("")
    assert table.loc["head size", "storyteller"] == "64"
    assert table.loc["parameters", "storyteller"] == "3213568"
    assert table.loc["parameters that a token meets", "Mixtral-8x7B"] == "12879925248"


def test_two_blocks_are_drawn_with_what_stands_in_them():
    bert, llama = published_style("BERT-base"), published_style("TinyLlama-1.1B")
    written = [note.text for note in blocks_drawn(bert, llama).layout.annotations]
    assert written.count("Layer<br>Norm") == 2 and written.count("RMS<br>Norm") == 2
    assert {"12<br>heads", "32 on 4<br>heads", "GELU", "Swi<br>GLU"} <= set(written)
    assert "BERT-base: post-norm" in written
    assert not any("TinyLlama" in note.text for note in blocks_drawn(bert).layout.annotations)
    assert told_of(bert, "tied") == "no head" and told_of(llama, "tied") == "no"
    assert told_of(llama, "sharing") == "yes: 32 query heads on 4 key-value heads"
    table = style_table(bert, llama).set_index("aspect")
    assert table.loc["parameters", "TinyLlama-1.1B "] == "1100048384"
