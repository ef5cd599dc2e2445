"""The bundled set of sentences: what the generator gives, of known kinds, in known words."""

import re
from collections import Counter

from tokenizers import Tokenizer

from components.inspection.catalogue import BUNDLED_FOLDER
from components.teaching_models.kinds import EACH, FILE, KINDS, sentences, write_sentences


def test_the_file_is_what_the_generator_gives(tmp_path):
    write_sentences(tmp_path / "again.tsv")
    assert (tmp_path / "again.tsv").read_bytes() == FILE.read_bytes()


def test_each_kind_has_as_many_and_no_sentence_stands_twice():
    found = list(sentences())
    assert Counter(kind for kind, _ in found) == dict.fromkeys(KINDS, EACH)
    assert len({sentence for _, sentence in found}) == len(found) == 360


def test_they_are_sentences():
    for _, sentence in sentences():
        assert re.fullmatch(r"[A-Z][^\t\n<>\[\]{}|~]*[.?]", sentence), sentence
        assert "  " not in sentence
        assert not re.search(r"\ban [bcdfgjklmnpqrstvwxyz]", sentence), sentence
        assert not re.search(r"\ba [aeio]", sentence), sentence


def test_the_storyteller_has_nine_of_ten_words_whole():
    known = Tokenizer.from_file(str(BUNDLED_FOLDER / "storyteller" / "tokenizer.json")).get_vocab()
    words = [word for _, sentence in sentences() for word in re.findall("[A-Za-z]+", sentence)]
    assert sum(f"Ġ{word}" in known for word in words) > 0.9 * len(words)
