"""Several tokenizers on one text."""

from dataclasses import replace

import numpy as np
import pytest

from components.inspection.errors import InspectionError
from components.inspection.tokenizer import compare as compare_module
from components.inspection.tokenizer import pieces
from components.inspection.tokenizer.compare import compare, tokens_per_number
from tests.inspection.tokenizer.kinds import sample, tokenizer_called

THREE = ("gpt2", "mistral-v1", "mistral-tekken")


def test_the_tour_text_by_three_tokenizers():
    found = compare(THREE, sample("tour.txt"))
    assert [reading.tokens for reading in found.readings] == [55, 56, 49]
    assert [reading.vocabulary for reading in found.readings] == [50_257, 32_000, 131_072]
    assert all(reading.same for reading in found.readings)
    assert [reading.unknown for reading in found.readings] == [0, 0, 0]
    assert [reading.marker for reading in found.readings] == [
        "Ġ is a space",
        "▁ is a space",
        "Ġ is a space",
    ]


def test_what_all_agree_on_is_a_token_of_the_same_characters_in_each():
    found = compare(THREE, sample("tour.txt"))
    agreed = [
        [(t.start, t.end) for t, same in zip(r.cut.tokens, r.agreed, strict=True) if same]
        for r in found.readings
    ]
    assert len(agreed[0]) > 10
    assert set(agreed[0]) == set(agreed[1]) == set(agreed[2])
    spans = [{(t.start, t.end) for t in r.cut.tokens} for r in found.readings]
    assert set(agreed[0]) == {span for span in set.intersection(*spans) if span[1] > span[0]}


def test_one_tokenizer_alone_agrees_with_nobody():
    found = compare(("gpt2",), "one two")
    assert found.readings[0].agreed == (False, False)


def test_what_is_not_here_is_listed_and_the_others_are_shown():
    found = compare(("gpt2", "google-bert/bert-base-cased"), "Hello")
    assert [reading.title for reading in found.readings] == ["GPT-2"]
    assert found.missing[0][0] == "BERT cased"
    assert "not on this machine" in found.missing[0][1]


def test_more_than_six_are_refused():
    with pytest.raises(InspectionError, match="up to 6"):
        compare(("gpt2",) * 7, "Hello")


def test_progress_goes_over_all_of_them():
    shares: list[float] = []
    compare(("gpt2", "mistral-v1"), sample("bards.txt"), lambda share, _: shares.append(share))
    assert shares == [0.5, 1.0]


def test_numbers_are_counted_as_each_tokenizer_writes_them():
    gpt2 = tokens_per_number("gpt2")
    assert gpt2.shape == (100, 100)
    assert (gpt2[8, 70], gpt2[8, 71]) == (1, 2)  # 870 is one token, 871 is 8 and 71
    assert (tokens_per_number("gpt2", True)[8, 70:72] == 2).all()
    digits = tokens_per_number("mistral-tekken")
    assert (digits[42, 7], digits[1, 0], digits[0, 5]) == (4, 3, 1)
    assert digits.dtype == np.int8


def test_the_space_before_a_number_is_not_put_twice():
    """SentencePiece puts one itself: 870 is its space and three digits, asked either way."""
    mistral = tokens_per_number("mistral-v1", True)
    assert mistral[8, 70] == len(tokenizer_called("mistral-v1").backend.encode("870").ids) == 4
    assert (mistral == tokens_per_number("mistral-v1", False)).all()


def test_special_tokens_are_counted_apart():
    """The storyteller puts one before every text, which is none of the text's."""
    found = compare(("storyteller", "gpt2"), "When Mary and John went to the shop, she drank")
    story, gpt2 = found.readings
    assert (story.special, gpt2.special) == (1, 0)
    assert len(story.cut.tokens) == story.tokens + 1
    assert story.characters_per_token == found.characters / story.tokens


def test_the_check_of_the_counts_holds():
    (check,) = compare(THREE, sample("tour.txt")).checks
    assert check.holds
    assert compare((), "x").checks == ()


@pytest.mark.sabotage("each count is that of the ids the tokenizer gives to the whole text")
@pytest.mark.parametrize("bug", ["cut anywhere", "padded"])
def test_a_count_of_other_tokens_turns_the_check_red(bug, monkeypatch):
    if bug == "cut anywhere":
        monkeypatch.setattr(pieces, "safe_cuts", lambda tokenizer, text, piece: [11])
    else:
        true = compare_module.encode_text

        def padded(tokenizer, text, progress):
            encoded = true(tokenizer, text, progress)
            more = 1 if tokenizer.name == "GPT-2" else 0
            return replace(encoded, ids=np.append(encoded.ids, np.zeros(more, np.uint32)))

        monkeypatch.setattr(compare_module, "encode_text", padded)
    (check,) = compare(THREE, sample("bards.txt")).checks
    assert check.verdict == "fails"


def test_other_ways_to_cut_a_text_are_counted_beside():
    """The sentence of the source texts: 39 characters, 9 tokens of GPT-2."""
    found = compare(("gpt2",), "The Transformer has revolutionized NLP.")
    assert (found.words, found.characters, found.bytes) == (5, 39, 39)
    assert found.readings[0].tokens == 9
    assert compare(("gpt2",), " naïve  🎵\n").bytes == len(" naïve  🎵\n".encode())
    assert compare(("gpt2",), " naïve  🎵\n").words == 2


def test_the_bundled_four_differ_in_method_and_in_their_cuts():
    found = compare(("storyteller", "gpt2", "wordpiece", "unigram"), sample("methods.txt"))
    methods = {reading.method for reading in found.readings}
    assert methods == {"BPE over bytes", "WordPiece", "Unigram"}
    cuts = [[token.piece for token in reading.cut.tokens] for reading in found.readings]
    for pair in (("Ġthem", "e"), ("them", "##e"), ("▁the", "me")):
        assert any(" ".join(pair) in " ".join(cut) for cut in cuts), pair
    assert "Ġtheme" in cuts[1]
    assert [reading.unknown for reading in found.readings] == [0, 0, 1, 2]
    assert [reading.same for reading in found.readings] == [True, True, False, False]
    assert all(check.verdict == "holds" for check in found.checks)
