"""The steps from a word to its tokens: by hand, and against the tokenizer itself."""

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models

from components.inspection.errors import InspectionError
from components.inspection.tokenizer import algorithm, best_path, merging
from components.inspection.tokenizer.algorithm import story, story_in_sentence
from components.inspection.tokenizer.best_path import BestPath
from components.inspection.tokenizer.matching import Matching
from components.inspection.tokenizer.merging import Merging
from components.inspection.tokenizer.ready import ReadyTokenizer
from tests.inspection.tokenizer.kinds import MADE, NAMED, tokenizer_called

WORDS = st.text(
    st.characters(exclude_categories=("Cs",)) | st.sampled_from("abcdefghiorstéñ鸟🎵 \n'"),
    min_size=1,
    max_size=24,
)


@settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.too_slow])
@given(word=WORDS, name=st.sampled_from([*NAMED, *MADE]))
def test_our_steps_end_in_the_tokenizers_own_ids(word, name):
    assert story(tokenizer_called(name), word).agrees


@pytest.mark.sabotage("these steps end in the ids that the tokenizer itself gives")
@pytest.mark.parametrize(
    ("name", "module", "function", "bug"),
    [
        # Merged from the left, whatever was learned first.
        ("gpt2", merging, "min", lambda pairs, key: pairs[0]),
        # The last learned first.
        ("mistral-tekken", merging, "min", lambda pairs, key: max(pairs, key=key)),
    ],
)
def test_merging_in_another_order_turns_the_check_red(name, module, function, bug, monkeypatch):
    monkeypatch.setattr(module, function, bug, raising=False)
    (check,) = story(tokenizer_called(name), " tokenization of unbelievable words").checks
    assert check.verdict == "fails"
    assert check.error >= 1


@pytest.mark.sabotage("these steps end in the ids that the tokenizer itself gives")
def test_other_steps_than_the_tokenizers_turn_the_check_red(monkeypatch):
    def shortest(tokenizer, word):
        return Matching(
            word, (), tuple(("" if n == 0 else "##") + c for n, c in enumerate(word)), False
        )

    monkeypatch.setattr(algorithm, "match_word", shortest)
    (check,) = story(tokenizer_called("wordpiece"), "the rabbit").checks
    assert check.verdict == "fails"
    # The least probable way of all.
    monkeypatch.setattr(best_path.Path, "total", property(lambda self: -sum(self.scores)))
    (check,) = story(tokenizer_called("unigram"), "the rabbit").checks
    assert check.verdict == "fails"


@pytest.mark.parametrize("name", ["mistral-v1", "mistral-v3", "unigram"])
def test_sentencepiece_puts_the_space_before_a_word_itself(name):
    """In "the tokenization" the word is cut as alone: a second space would be another token."""
    tokenizer = tokenizer_called(name)
    assert tokenizer.adds_space
    told = story_in_sentence(tokenizer, "tokenization")
    assert told.ids == story(tokenizer, "tokenization").ids
    sentence = tokenizer.backend.encode("the tokenization", add_special_tokens=False).ids
    assert tuple(sentence[-len(told.ids) :]) == told.ids


def test_mistral_cuts_tokenization_as_in_a_sentence():
    assert story_in_sentence("mistral-v1", "tokenization").pieces == ("▁token", "ization")


@pytest.mark.parametrize("name", ["gpt2", "mistral-tekken"])
def test_others_are_given_one(name):
    tokenizer = tokenizer_called(name)
    assert not tokenizer.adds_space
    assert story_in_sentence(tokenizer, "hiking").ids == story(tokenizer, " hiking").ids
    assert story_in_sentence(tokenizer, "x" * 60).ids
    with pytest.raises(InspectionError, match="There is no word"):
        story_in_sentence(tokenizer, "")


def byte_pair() -> ReadyTokenizer:
    """Four merges, learned in this order: l+o, lo+w, e+r, low+er."""
    pieces = ["l", "o", "w", "e", "r", "n", "lo", "low", "er", "lower"]
    merges = [("l", "o"), ("lo", "w"), ("e", "r"), ("low", "er")]
    vocabulary = {piece: id_ for id_, piece in enumerate(pieces)}
    return ReadyTokenizer("four merges", Tokenizer(models.BPE(vocabulary, merges)))


def test_merges_are_made_in_the_order_in_which_they_were_learned():
    told = story(byte_pair(), "lower")
    (word,) = told.words
    assert isinstance(word, Merging)
    assert [(step.parts, step.rank) for step in word.steps] == [
        (("l", "o", "w", "e", "r"), 0),
        (("lo", "w", "e", "r"), 1),
        (("low", "e", "r"), 2),
        (("low", "er"), 3),
    ]
    assert word.steps[0].candidates == ((0, 0), (3, 2))
    assert told.pieces == ("lower",)
    assert told.ids == (9,)
    assert told.agrees


def test_merging_stops_where_no_pair_was_learned():
    assert story(byte_pair(), "newer").pieces == ("n", "e", "w", "er")


def test_every_step_takes_the_lowest_rank_that_there_is():
    (word,) = story("gpt2", " tokenization").words
    assert isinstance(word, Merging)
    for step, after in zip(word.steps, [*word.steps[1:], None], strict=True):
        assert step.rank == min(rank for _, rank in step.candidates)
        parts = list(step.parts)
        parts[step.place : step.place + 2] = ["".join(parts[step.place : step.place + 2])]
        assert tuple(parts) == (word.result if after is None else after.parts)


def test_tekken_takes_a_known_word_whole():
    (word,) = story("mistral-tekken", " tokens").words
    assert isinstance(word, Merging)
    assert word.whole
    assert word.result == ("Ġtokens",)


BERT_IDS = {
    "the": 1996,
    "transform": 10938,
    "##er": 2121,
    "has": 2038,
    "revolution": 4329,
    "##ized": 3550,
    "nl": 17953,
    "##p": 2361,
    ".": 1012,
    "[UNK]": 100,
    "[CLS]": 101,
    "[SEP]": 102,
}


def bert() -> ReadyTokenizer:
    """The twelve pieces of BERT's vocabulary that the source text's sentence needs."""
    from tokenizers import normalizers, pre_tokenizers

    backend = Tokenizer(models.WordPiece(BERT_IDS, unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer()
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return ReadyTokenizer("twelve of BERT", backend)


def test_wordpiece_finds_the_ids_that_the_source_text_prints_for_bert():
    told = story(bert(), "The Transformer has revolutionized NLP.")
    assert told.ids == (1996, 10938, 2121, 2038, 4329, 3550, 17953, 2361, 1012)
    assert told.normalized == "the transformer has revolutionized nlp."


def test_wordpiece_tries_the_longest_piece_first():
    (word,) = story(bert(), "transformer").words
    assert isinstance(word, Matching)
    first, second = word.steps
    assert first.tried == ("transformer", "transforme")
    assert (first.found, second.found, second.tried) == ("transform", "##er", ())


def test_a_word_with_one_piece_missing_is_unknown_as_a_whole():
    told = story(bert(), "transformerx")
    assert told.pieces == ("[UNK]",)
    assert told.agrees


def chances() -> ReadyTokenizer:
    """Pieces of which "ab" + "c" is likelier than "a" + "bc", and both than a + b + c."""
    pieces = [("<unk>", 0.0), ("a", 0.2), ("b", 0.1), ("c", 0.2), ("ab", 0.3), ("bc", 0.2)]
    scored = [(piece, math.log(p) if p else 0.0) for piece, p in pieces]
    return ReadyTokenizer("chances", Tokenizer(models.Unigram(scored, unk_id=0)))


def test_unigram_takes_the_most_probable_of_all_ways():
    (word,) = story(chances(), "abc").words
    assert isinstance(word, BestPath)
    assert [path.pieces for path in word.paths] == [("ab", "c"), ("a", "bc"), ("a", "b", "c")]
    products = [math.exp(path.total) for path in word.paths]
    assert products == pytest.approx([0.06, 0.04, 0.004])


@settings(deadline=None, max_examples=40)
@given(word=st.text("abc", min_size=1, max_size=7))
def test_unigrams_best_path_is_the_best_of_all_there_are(word):
    scores = chances().piece_scores

    def ways(rest: str) -> list[float]:
        if not rest:
            return [0.0]
        return [
            scores[rest[:end]] + total
            for end in range(1, len(rest) + 1)
            if rest[:end] in scores
            for total in ways(rest[end:])
        ]

    (told,) = story(chances(), word).words
    assert isinstance(told, BestPath)
    expected = sorted(ways(word), reverse=True)[:5]
    assert [path.total for path in told.paths] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "There is no word"),
        ("x" * 61, "61 characters"),
        ("a<|endoftext|>", "added token"),
        ("\ud800", "surrogate"),
    ],
)
def test_what_has_no_story_is_explained(text, said):
    with pytest.raises(InspectionError, match=said):
        story("gpt2", text)


def test_a_list_of_whole_words_has_no_steps():
    words = ReadyTokenizer("words", Tokenizer(models.WordLevel({"a": 0, "?": 1}, unk_token="?")))
    with pytest.raises(InspectionError, match="no steps"):
        story(words, "a")


@pytest.mark.parametrize(
    ("name", "word", "characters"),
    [
        ("gpt2", " 日a", ((" ", 1), ("日", 3), ("a", 1))),
        ("gpt2", "🎵", (("🎵", 4),)),
        ("mistral-v1", "日🎵", (("▁", 1), ("日", 1), ("🎵", 4))),
    ],
)
def test_it_is_told_of_how_many_bytes_a_character_is_put_together(name, word, characters):
    (told,) = story(name, word).words
    assert told.characters == characters


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(word=WORDS, name=st.sampled_from(["gpt2", "mistral-v1", "mistral-tekken", "storyteller"]))
def test_the_characters_have_as_many_parts_as_merging_begins_with(word, name):
    for told in story(tokenizer_called(name), word).words:
        if not told.whole:
            begun = told.steps[0].parts if told.steps else told.result
            assert sum(parts for _, parts in told.characters) == len(begun)
