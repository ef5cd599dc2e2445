"""Training on what takes long: it ends, it can be stopped, and the counts are those of a replay."""

import random
from itertools import pairwise

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import pre_tokenizers

from components.inspection.apart import TookTooLongError, run_apart
from components.inspection.errors import InspectionError
from components.inspection.tokenizer import counting, training
from components.inspection.tokenizer.counting import pair_counts
from components.inspection.tokenizer.training import METHODS, train
from tests.inspection.tokenizer.kinds import sample

WORDS = st.lists(st.text("abc", min_size=1, max_size=12), min_size=1, max_size=12).map(" ".join)
PRANK = "".join(random.Random(0).choices("abcdefgh", k=300_000))
"""One word of 300,000 letters, over which the library's trainers take minutes."""


def replayed(pre_tokenizer, text: str, merges: list[tuple[str, str]]) -> list[int]:
    """Count as training does, plainly: all words are gone through at each merge."""
    words = [list(word) for word, _ in pre_tokenizer.pre_tokenize_str(text)]
    counts = []
    for left, right in merges:
        counts.append(sum(pair == (left, right) for word in words for pair in pairwise(word)))
        for word in words:
            place = 0
            while place < len(word) - 1:
                if (word[place], word[place + 1]) == (left, right):
                    word[place : place + 2] = [left + right]
                place += 1
    return counts


@given(text=WORDS, runs=st.text("ab", max_size=30))
@settings(max_examples=300, deadline=None)
def test_pairs_are_counted_as_when_all_words_are_gone_through(text, runs):
    text = f"{text} {runs}"
    if not text.strip():
        return
    merges = [item.parts for item in train(text, "BPE", 300).learned]
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False)
    assert pair_counts(byte_level, text, merges) == replayed(byte_level, text, merges)


def test_in_a_run_each_place_counts():
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False)
    assert pair_counts(byte_level, "aaa", [("a", "a"), ("aa", "a")]) == [2, 1]
    assert pair_counts(byte_level, "aaaaa", [("a", "a"), ("aa", "aa"), ("aaaa", "a")]) == [4, 1, 1]


def test_a_merge_costs_what_there_is_to_merge(monkeypatch):
    """Counted, not timed: in one word of letters, all merges together look at each place a few
    times, and not at the whole word each time."""
    looked: list[int] = []
    merge = counting._Row.merge

    def counted(self, pair):
        total, places = merge(self, pair)
        looked.append(places)
        return total, places

    monkeypatch.setattr(counting._Row, "merge", counted)
    letters = PRANK[:5_000]
    train(letters, "BPE", 2_000)
    assert len(looked) > 200
    assert sum(looked) < 4 * len(letters)


@pytest.mark.parametrize("method", METHODS)
def test_a_long_text_teaches_the_same_in_a_process_of_its_own(method, monkeypatch):
    text = sample("alice.txt")[:30_000]
    apart = train(text, method, 500)
    monkeypatch.setattr(training, "SHORT", 10**9)
    here = train(text, method, 500)
    assert (here.size, here.alphabet) == (apart.size, apart.alphabet)
    if method == "BPE":
        assert here.content == apart.content
        return
    # The library's other trainers take what is equally good in an order of chance.
    pieces = [{item.piece for item in each.learned} for each in (here, apart)]
    assert len(pieces[0] & pieces[1]) > 0.9 * len(pieces[0])


def children() -> set[int]:
    """The processes that this one has started."""
    return {each.pid for each in psutil.Process().children(recursive=True)}


class StoppedError(BaseException):
    """What ends a reader's run."""


def test_who_stops_training_ends_it():
    before, told = children(), []

    def stop(share: float, _phrase: str) -> None:
        told.append(share)
        if len(told) > 3:
            assert len(children() - before) == 1
            raise StoppedError

    with pytest.raises(StoppedError):
        train(PRANK, "Unigram", 1_000, stop)
    assert children() == before


def test_what_does_not_end_is_ended_and_said(monkeypatch):
    monkeypatch.setattr(training, "PATIENCE", 0.5)
    before = children()
    with pytest.raises(InspectionError, match=r"learned for 0 seconds and was not done.*spaces"):
        train(PRANK, "BPE", 1_000)
    assert children() == before


def test_a_program_that_writes_no_answer_took_too_long(tmp_path):
    program = tmp_path / "program.py"
    program.write_text("import json, sys\njson.dump(json.load(sys.stdin)['n'] * 2, sys.stdout)\n")
    assert run_apart(program, {"n": 21}, 30) == 42
    program.write_text("import os\nos.abort()\n")
    with pytest.raises(TookTooLongError):
        run_apart(program, {}, 30)
