"""Rungs and cells: what is left out of a drawing is in its table or label."""

import pytest

from components.inspection.tokenizer.algorithm import story
from components.inspection.tokenizer.cutting import cut
from pages.text.tokenizer.cells import MOST_ENTRY, cells_of
from pages.text.tokenizer.rungs import as_table, matching_rungs, rungs_of, text_rung


def test_of_many_tries_the_first_and_the_last_are_drawn_and_all_are_in_the_table():
    (word,) = story("wordpiece", "tokenization").words
    whole, places = matching_rungs(word)
    drawn, same = rungs_of(word)
    assert places == same == len("tokenization")
    for step, piece in zip(word.steps, word.result, strict=True):
        rows = [rung for rung in drawn if rung.start == step.start]
        assert len(rows) == min(len(step.tried), 2) + 1
        assert rows[-1].pieces[0].text == piece
        if len(step.tried) > 2:
            tried = [rung.pieces[0].text for rung in rows[:-1]]
            assert tried == [step.tried[0], step.tried[-1]]
            assert rows[1].says == f"nor the {len(step.tried) - 2} between"
        assert all(rung.pieces[0].width + rung.start <= places for rung in rows)
    table = as_table([word])
    assert len(table) == len(whole) == sum(len(step.tried) + 1 for step in word.steps)
    assert table["pieces"].tolist()[:2] == ["tokenization", "tokenizatio"]


def test_a_word_that_no_piece_fits_says_so():
    (word,) = story("wordpiece", "ab🎵").words
    assert word.result == ("[UNK]",)
    assert "the whole word is unknown" in rungs_of(word)[0][-1].says


@pytest.mark.parametrize(("name", "word"), [("gpt2", " 日本"), ("mistral-v1", "a🎵")])
def test_characters_stand_over_the_bytes_that_they_are(name, word):
    for told in story(name, word).words:
        rungs, places = rungs_of(told)
        assert rungs[0].name == "text"
        assert sum(piece.width for piece in rungs[0].pieces) == places
        shown = "".join(piece.text for piece in rungs[0].pieces)
        assert shown.strip("·▁") == told_word(told)


def told_word(told) -> str:
    return "".join(char for char, _ in told.characters).strip(" ▁")


def test_a_word_of_single_bytes_needs_no_line_of_characters():
    (word,) = story("gpt2", " tokenization").words
    assert text_rung(word) is None
    assert rungs_of(word)[0][0].name == "step 1"


def test_the_scores_of_the_best_path_are_in_the_table():
    (word,) = story("unigram", "theme").words
    table = as_table([word])
    first = [f"{score:.2f}" for score in word.paths[0].scores]
    assert table["log probabilities"].tolist()[0].split() == first
    assert table["why"].tolist()[0] == f"sum {word.paths[0].total:.2f}"


def test_below_a_token_stands_what_the_vocabulary_has_shortened_if_it_is_long():
    cells = cells_of(cut("wordpiece", "theme"), entries=True)
    assert [cell.note for cell in cells] == ["[CLS]", "them", "##e", "[SEP]"]
    assert [cell.note for cell in cells_of(cut("wordpiece", "theme"))] == ["2", "285", "77", "3"]
    (_, long) = cells_of(cut("gpt2", "\n" + " " * 40 + "x"), entries=True)[:2]
    assert len(long.note) <= MOST_ENTRY


def test_what_is_unknown_is_drawn_as_unknown_and_not_as_added():
    looks = [cell.look for cell in cells_of(cut("wordpiece", "the 🎵"))]
    assert looks == ["added", "plain", "unknown", "added"]
