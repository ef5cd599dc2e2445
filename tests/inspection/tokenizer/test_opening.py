"""Tokenizers are found where they are, and their absence is explained."""

import json
from dataclasses import replace

import pytest
from tokenizers import Tokenizer
from transformers.convert_slow_tokenizer import bytes_to_unicode

from components.inspection.errors import InspectionError
from components.inspection.tokenizer.backend import BYTE_OF, CHARACTER_OF, unlimited
from components.inspection.tokenizer.catalogue import (
    KNOWN,
    is_path,
    on_this_machine,
    title,
    tokenizers,
)
from components.inspection.tokenizer.cutting import cut
from components.inspection.tokenizer.opening import fetch_tokenizer, ready


def test_the_books_eight_are_on_the_list():
    titles = {entry.title for entry in KNOWN}
    books = {"BERT uncased", "BERT cased", "GPT-2", "Flan-T5", "GPT-4", "StarCoder2", "Galactica"}
    assert books | {"Phi-3"} <= titles


def test_the_bundled_and_mistrals_need_no_network():
    here = [entry.source for entry in tokenizers() if entry.origin != "hub"]
    assert {"gpt2", "mistral-v1", "mistral-tekken"} <= set(here)
    assert all(on_this_machine(source) for source in here)


@pytest.mark.parametrize("entry", [e for e in tokenizers() if e.origin == "bundled"], ids=str)
def test_a_bundled_one_opens_under_its_title(entry):
    assert ready(entry.source).name == entry.title == title(entry.source)


def test_a_models_own_tokenizer_gives_the_ids_that_the_model_reads(tiny_causal, tiny_masked):
    for model in (tiny_causal, tiny_masked):
        text = "The rabbit 🎵 ran."
        assert [token.id for token in cut(model, text).tokens] == model.encode(text)
        assert ready(model).context == model.context
        assert ready(model) is ready(model)


def test_a_models_truncation_does_not_reach_the_copy(tiny_causal):
    tiny_causal.tokenizer.backend_tokenizer.enable_truncation(3)
    try:
        assert cut(tiny_causal, "one two three four five").total > 3
    finally:
        tiny_causal.tokenizer.backend_tokenizer.no_truncation()


def test_a_folder_and_a_file_open_alike(tmp_path):
    content = ready("gpt2").backend.to_str()
    (tmp_path / "tokenizer.json").write_text(content, encoding="utf-8")
    (tmp_path / "tokenizer_config.json").write_text(
        json.dumps({"model_max_length": 77, "chat_template": "{{ 1 }}", "eos_token": "x"})
    )
    for source in (str(tmp_path), str(tmp_path / "tokenizer.json")):
        opened = ready(source)
        assert (opened.context, opened.template, opened.roles) == (77, "{{ 1 }}", {"eos": "x"})
        assert [token.id for token in cut(source, " hiking").tokens] == [24522]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("", "No tokenizer was named"),
        ("google-bert/bert-base-uncased", "not on this machine"),
        ("/no/such/place", "There is no folder /no/such/place"),
        ("not a name!", "neither a bundled model"),
    ],
)
def test_what_cannot_be_had_is_explained(source, said):
    with pytest.raises(InspectionError, match=said):
        ready(source)


def test_a_broken_file_is_explained(tmp_path):
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(InspectionError, match="holds no tokenizer"):
        ready(str(tmp_path))


def test_an_empty_folder_is_explained(tmp_path):
    with pytest.raises(InspectionError, match=r"holds no tokenizer\.json"):
        ready(str(tmp_path))


def test_offline_nothing_is_fetched_and_it_is_said_at_once():
    with pytest.raises(InspectionError, match="cannot be reached"):
        fetch_tokenizer("google-bert/bert-base-uncased")


def test_a_path_is_told_from_a_hub_id():
    assert is_path("/tmp/x")
    assert is_path("./x")
    assert not is_path("google-bert/bert-base-uncased")


def test_the_alphabet_of_bytes_is_gpt2s_own():
    assert bytes_to_unicode() == CHARACTER_OF
    assert sorted(BYTE_OF.values()) == list(range(256))


def test_stored_padding_and_truncation_are_not_obeyed(tmp_path):
    """As sentence encoders and training scripts leave them in tokenizer.json."""
    whole = ready("gpt2").backend
    stored = Tokenizer.from_str(whole.to_str())
    stored.enable_truncation(16)
    stored.enable_padding(length=16)
    stored.save(str(tmp_path / "tokenizer.json"))
    for text in ("Hello", "one two three four five " * 20):
        assert [t.id for t in cut(str(tmp_path), text).tokens] == whole.encode(text).ids
    content = (tmp_path / "tokenizer.json").read_text(encoding="utf-8")
    assert (unlimited(content).padding, unlimited(content).truncation) == (None, None)


def test_two_models_with_one_tokenizer_keep_their_own_contexts(tiny_causal):
    other = replace(tiny_causal, context=17, known={})
    assert (ready(tiny_causal).context, ready(other).context) == (tiny_causal.context, 17)


def test_what_is_no_gguf_file_is_explained(tmp_path):
    (tmp_path / "broken.gguf").write_bytes(b"GGUF but no more")
    with pytest.raises(InspectionError, match="no GGUF file that can be read"):
        ready(str(tmp_path / "broken.gguf"))


@pytest.mark.parametrize("source", ["x" * 2_000, "a\0b", "~nobody-of-this-name/x", "\ud800"])
def test_a_name_that_nothing_can_have_is_explained(source):
    with pytest.raises(InspectionError):
        ready(source)
    assert not on_this_machine(source)
