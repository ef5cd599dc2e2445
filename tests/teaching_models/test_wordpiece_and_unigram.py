"""The bundled WordPiece and Unigram tokenizers: the files are what training gives, and what each
method says of a word holds by hand, by brute force, and in transformers."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from components.inspection.tokenizer.algorithm import story
from components.inspection.tokenizer.cutting import cut
from components.inspection.tokenizer.opening import ready
from components.inspection.tokenizer.roundtrip import round_trip
from components.inspection.tokenizer.statistics import text_statistics
from components.inspection.tokenizer.template import special_tokens
from components.teaching_models.corpus import documents
from components.teaching_models.tokenizer_card import held_out_texts, write_cards
from components.teaching_models.wordpiece_and_unigram import (
    FOLDER,
    METHODS,
    SIZE,
    book,
    grammar,
    train_tokenizers,
    training_lines,
)

ROOT = Path(__file__).parents[2]
FILES = ("tokenizer.json", "tokenizer_config.json", "README.md")
THEME = "Have the bards who preceded me left any theme unsung?"
CHARACTERS = st.characters(exclude_categories=("Cs",)) | st.sampled_from(
    "abcdefghiorstéñ鸟🎵 \t\n'.[]<>#▁"
)
TEXTS = st.text(CHARACTERS, max_size=60)


@pytest.fixture(scope="module")
def by_transformers():
    """Each tokenizer as transformers opens it."""
    return {name: AutoTokenizer.from_pretrained(FOLDER / name) for name in METHODS}


def pieces(name: str, text: str) -> list[str]:
    return [token.piece for token in cut(name, text).tokens]


def test_training_again_gives_the_same_files_and_cards_in_this_process_and_in_another(tmp_path):
    train_tokenizers(tmp_path / "here")
    write_cards(tmp_path / "here")
    command = [sys.executable, "-m", "components.teaching_models", "tokenizers", "--folder"]
    subprocess.run([*command, str(tmp_path / "there")], cwd=ROOT, check=True)
    for name in METHODS:
        for file in FILES:
            bundled = (FOLDER / name / file).read_bytes()
            assert (tmp_path / "here" / name / file).read_bytes() == bundled, file
            assert (tmp_path / "there" / name / file).read_bytes() == bundled, file


@pytest.mark.parametrize("name", METHODS)
def test_a_folder_is_small(name):
    assert sum(path.stat().st_size for path in (FOLDER / name).iterdir()) < 300 * 1024
    assert {path.name for path in (FOLDER / name).iterdir()} == set(FILES)


def test_nothing_held_out_is_learned_from():
    lines = training_lines()
    known = set(lines)
    assert not known & {line for line in book()[1].splitlines() if len(line) > 40}
    assert not known & set(grammar(2_000, held_out=True))
    assert grammar(2_000)[0] == next(documents(seed=0)).text
    # One half each.
    of_the_book = sum(map(len, book()[0].splitlines()))
    assert sum(map(len, lines)) / of_the_book == pytest.approx(2, abs=0.15)


@pytest.mark.parametrize("name", METHODS)
def test_the_vocabulary_is_as_large_as_the_storytellers_and_has_every_printable_character(name):
    tokenizer = ready(name)
    assert tokenizer.size == SIZE == ready("storyteller").size
    written = "".join(chr(code) for code in range(33, 127))
    assert text_statistics(name, " ".join(written)).unknown == 0


@pytest.mark.parametrize("name", METHODS)
@settings(deadline=None, max_examples=300)
@given(text=TEXTS)
@example(text=THEME)
@example(text="[CLS] and [MASK] typed, </s> <unk> too")
@example(text="  two  spaces\nand a naïve Ⅻ ﬁ")
def test_transformers_gives_the_same_ids(by_transformers, name, text):
    ours = [token.id for token in cut(name, text, 0, 1_000).tokens]
    assert ours == by_transformers[name](text).input_ids


@pytest.mark.parametrize("name", METHODS)
@settings(deadline=None, max_examples=100)
@given(text=st.text(CHARACTERS, max_size=30))
def test_decoding_says_what_transformers_says(by_transformers, name, text):
    own = by_transformers[name]
    ids = own(text, add_special_tokens=False).input_ids
    assert round_trip(name, text).same == (own.decode(ids) == text)


def greedy(word: str, vocabulary: set[str]) -> list[str]:
    """The longest match, told once more: pieces from the left, `##` within the word."""
    found: list[str] = []
    rest, mark = word, ""
    while rest:
        fits = [rest[:end] for end in range(1, len(rest) + 1) if mark + rest[:end] in vocabulary]
        if not fits:
            return ["[UNK]"]
        found.append(mark + fits[-1])
        rest, mark = rest[len(fits[-1]) :], "##"
    return found


LETTERS = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyz"), min_size=1, max_size=14)


@settings(deadline=None, max_examples=200)
@given(word=LETTERS)
@example(word="theme")
@example(word="tokenization")
def test_wordpiece_takes_the_longest_piece_from_the_left(word):
    vocabulary = set(ready("wordpiece").backend.get_vocab())
    found = pieces("wordpiece", word)
    assert found == ["[CLS]", *greedy(word, vocabulary), "[SEP]"]


def segmentations(word: str, scores: dict[str, float]):
    """Every way to cut `word` into pieces of the vocabulary."""
    if not word:
        yield ()
    for end in range(1, len(word) + 1):
        if word[:end] in scores:
            for rest in segmentations(word[end:], scores):
                yield (word[:end], *rest)


@settings(deadline=None, max_examples=150)
@given(word=LETTERS.map(lambda word: word[:10]))
@example(word="theme")
def test_unigrams_best_path_has_the_largest_sum_of_all_segmentations(word):
    scores = ready("unigram").piece_scores
    found = [piece for piece in pieces("unigram", word) if piece != "</s>"]
    ways = list(segmentations(f"▁{word}", scores))
    best = max(sum(map(scores.__getitem__, way)) for way in ways)
    assert sum(map(scores.__getitem__, found)) == pytest.approx(best, abs=1e-9)
    (path,) = story("unigram", word).words
    assert path.paths[0].total == pytest.approx(best, abs=1e-9)


def test_the_pieces_probabilities_sum_to_about_one():
    scores = ready("unigram").piece_scores
    special = {"<pad>", "</s>", "<unk>"}
    assert {scores[name] for name in special} == {0.0}
    total = sum(math.exp(score) for piece, score in scores.items() if piece not in special)
    assert total == pytest.approx(1, abs=0.05)


def test_the_two_differ_where_the_longest_piece_is_not_on_the_best_path():
    assert pieces("wordpiece", "theme") == ["[CLS]", "them", "##e", "[SEP]"]
    assert pieces("unigram", "theme") == ["▁the", "me", "</s>"]
    scores = ready("unigram").piece_scores
    assert scores["▁the"] + scores["me"] > scores["▁them"] + scores["e"]


def test_a_word_with_one_unknown_character_is_lost_whole_by_wordpiece_and_not_by_unigram():
    assert pieces("wordpiece", "rabbit🎵 ran") == ["[CLS]", "[UNK]", "ran", "[SEP]"]
    assert pieces("unigram", "rabbit🎵 ran") == ["▁rabbit", "<unk>", "▁ran", "</s>"]
    found = cut("wordpiece", "rabbit🎵 ran").tokens
    assert [token.unknown for token in found] == [False, True, False, False]


def test_capitals_and_accents_are_lost_by_wordpiece_and_that_is_said():
    back = round_trip("wordpiece", "Alice met a naïve cat")
    assert not back.same
    assert any("Capital" in reason for reason in back.reasons)
    assert any("Accents" in reason for reason in back.reasons)
    assert round_trip("wordpiece", "alice met a cat").same
    assert round_trip("unigram", "Alice met a cat").same


def test_the_special_tokens_surround_the_text_and_have_their_roles():
    wordpiece = {token.piece: token for token in special_tokens("wordpiece")}
    assert list(wordpiece) == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    put = {piece: token.put for piece, token in wordpiece.items() if token.put}
    assert put == {"[CLS]": "before", "[SEP]": "after"}
    assert wordpiece["[MASK]"].roles == ("hides a word, to be guessed",)
    unigram = {token.piece: token for token in special_tokens("unigram")}
    assert list(unigram) == ["<pad>", "</s>", "<unk>"]
    assert {piece: token.put for piece, token in unigram.items() if token.put} == {"</s>": "after"}


def test_two_texts_are_parted(by_transformers):
    pair = by_transformers["wordpiece"]("the cat", "the dog")
    assert pair.tokens() == ["[CLS]", "the", "cat", "[SEP]", "the", "dog", "[SEP]"]
    assert pair.token_type_ids == [0, 0, 0, 0, 1, 1, 1]
    assert by_transformers["unigram"]("the cat", "the dog").tokens().count("</s>") == 2


@pytest.mark.parametrize("name", METHODS)
def test_the_card_tells_source_licence_command_and_what_was_measured(name):
    card = (FOLDER / name / "README.md").read_text(encoding="utf-8")
    for said in ("public domain", "MIT", "python -m components.teaching_models tokenizers"):
        assert said in card
    text = held_out_texts()["the book's last chapter"]
    found = text_statistics(name, text)
    lines = [line for line in text.splitlines() if line.strip()]
    same = sum(round_trip(name, line).same for line in lines) / len(lines)
    row = next(line for line in card.splitlines() if "last chapter |" in line)
    assert f"| {found.tokens_per_word:.2f} |" in row
    assert f"| {same:.0%} |" in row
    assert f"{SIZE:,} tokens" in card


def test_the_scores_are_in_the_file_and_the_letters_are_ordinary_pieces():
    unigram = json.loads((FOLDER / "unigram" / "tokenizer.json").read_text(encoding="utf-8"))
    assert all(-20 < score <= 0 for _, score in unigram["model"]["vocab"])
    wordpiece = json.loads((FOLDER / "wordpiece" / "tokenizer.json").read_text(encoding="utf-8"))
    assert len(wordpiece["added_tokens"]) == 5
