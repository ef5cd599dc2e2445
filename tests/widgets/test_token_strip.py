"""The token strip and the piece ladder: what they are given, and their colours."""

import re
from pathlib import Path

import pytest

from components.figures import theme
from components.figures.visible import visible
from components.inspection.tokenizer.algorithm import story
from components.inspection.tokenizer.cutting import cut
from components.widgets import kit
from pages.text.tokenizer.cells import NAMES, as_table, cells_of, rows_of
from pages.text.tokenizer.rungs import matching_rungs, merging_rungs, path_rungs
from tests.inspection.tokenizer.kinds import tokenizer_called


def luminance(colour: str) -> float:
    """Relative luminance by WCAG 2.2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(("tints", "block"), [(theme.TINTS, 0), (theme.TINTS_DARK, 1)])
def test_text_on_every_tint_can_be_read(tints, block):
    css = (Path(kit.__file__).parent / "kit.css").read_text()
    ink = re.findall(r"--ink: (#\w{6})", css)[block]
    assert min(contrast(ink, tint) for tint in tints) >= 4.5


def test_each_token_is_a_cell_and_only_the_first_of_a_group_has_text():
    shown = cut("gpt2", "a 🎵!")
    cells = cells_of(shown)
    assert [cell.text for cell in cells] == ["a", " 🎵", "", "", "!"]
    assert [cell.joined for cell in cells] == [False, False, True, True, False]
    assert [cell.note for cell in cells] == [str(token.id) for token in shown.tokens]
    assert all(len(cell.details) == len(NAMES) for cell in cells)


def test_no_label_has_a_replacement_sign():
    for text in ("🎵", "鸟", "👨‍👩‍👧‍👦"):
        for cell in cells_of(cut("gpt2", text)):
            assert not any("\ufffd" in part for part in (cell.text, *cell.details))


def test_a_token_that_covers_no_text_shows_itself():
    cells = cells_of(cut(tokenizer_called("wordpiece"), "the\n the"))
    assert [cell.text for cell in cells] == ["[CLS]", "the", "the", "[SEP]"]
    assert [cell.look for cell in cells] == ["added", "plain", "plain", "added"]
    assert cells[2].before == "\n "


def test_what_all_agree_on_is_set_back():
    cells = cells_of(cut("gpt2", "one two"), (True, False))
    assert [cell.look for cell in cells] == ["faint", "plain"]


def test_the_table_has_every_token_with_its_exact_bytes():
    shown = cut("gpt2", "é,\n")
    rows = rows_of(shown)
    assert [row["bytes"] for row in rows] == ["c3 a9", "2c", "0a"]
    lines = as_table(shown).to_csv(index=False)
    assert lines.startswith("position,id,vocabulary entry,bytes,start,end,")
    assert as_table(shown)["id"].tolist() == [token.id for token in shown.tokens]
    assert as_table(cut("gpt2", "")).to_csv(index=False) == lines.split("\n")[0] + "\n"


def test_signs_stand_for_what_cannot_be_seen():
    assert visible(" a\tb\r\n") == "·a⇥b␍↵"


@pytest.mark.parametrize("word", [" tokenization", " hiking", "🎵", " un believable"])
@pytest.mark.parametrize("name", ["gpt2", "mistral-v1"])
def test_each_rung_of_a_merge_spans_the_same_places(word, name):
    for told in story(name, word).words:
        rungs, places = merging_rungs(told)
        assert all(sum(piece.width for piece in rung.pieces) == places for rung in rungs)
        assert tuple(piece.text for piece in rungs[-1].pieces) == told.result
        for rung in rungs[:-1]:
            assert [piece.state for piece in rung.pieces].count("next") == 2


def test_rungs_of_wordpiece_end_with_what_was_found():
    for told in story(tokenizer_called("wordpiece"), "unbelievable rabbits").words:
        rungs, places = matching_rungs(told)
        done = [p.text for rung in rungs for p in rung.pieces if p.state == "done"]
        assert tuple(done) == told.result
        assert all(rung.start + sum(p.width for p in rung.pieces) <= places for rung in rungs)


def test_rungs_of_unigram_are_the_best_ways_with_their_sums():
    for told in story(tokenizer_called("unigram"), "unbelievable").words:
        rungs, places = path_rungs(told)
        assert all(sum(piece.width for piece in rung.pieces) == places for rung in rungs)
        assert rungs[0].says == f"sum {told.paths[0].total:.2f}"
