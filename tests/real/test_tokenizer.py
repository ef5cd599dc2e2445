"""Tokenizers as they come: inside a GGUF file, and with padding and truncation stored."""

from transformers import AutoTokenizer

from components.inspection.tokenizer.algorithm import story
from components.inspection.tokenizer.cutting import cut, encode, encoding_checks
from components.inspection.tokenizer.opening import ready
from components.inspection.tokenizer.roundtrip import round_trip
from components.inspection.tokenizer.template import (
    ChatMessage,
    own_template,
    render_chat,
    token_names,
)

TEXT = "The capital of France is naïve 🎵"


def test_a_gguf_file_is_a_tokenizer_like_a_folder(smollm2_file, smollm2_folder):
    one, other = str(smollm2_file), str(smollm2_folder)
    assert cut(one, "The capital of France is").total == 5
    ids = [token.id for token in cut(one, TEXT).tokens]
    assert ids == [token.id for token in cut(other, TEXT).tokens]
    theirs = AutoTokenizer.from_pretrained(smollm2_folder)
    assert ids == theirs(TEXT).input_ids
    # Its vocabulary lacks 21 bytes: a text with one of them does not come back.
    assert not ready(one).lossless
    (lost,) = round_trip(one, "a\x04b").checks
    assert lost.verdict == "reported"
    checks = (
        *cut(one, TEXT).checks,
        *round_trip(one, TEXT).checks,
        *encoding_checks(one, TEXT, encode(one, TEXT)),
        *story(one, " tokenization").checks,
    )
    assert [str(check) for check in checks if not check.holds] == []


def test_its_chat_template_writes_what_transformers_writes(smollm2_file, smollm2_folder):
    source, said = str(smollm2_file), (ChatMessage("user", "What is 1 + 1?"),)
    template = own_template(source)
    assert template is not None
    theirs = AutoTokenizer.from_pretrained(smollm2_folder).apply_chat_template(
        [{"role": "user", "content": "What is 1 + 1?"}], tokenize=False, add_generation_prompt=True
    )
    assert render_chat(template, said, True, token_names(source)) == theirs


def test_minilms_stored_padding_and_truncation_are_not_obeyed(minilm):
    assert cut(minilm, "Fourteen tokens are not 128.").total < 20
    long = "lamp river cake moon " * 100
    assert cut(minilm, long).total == 402
    found = round_trip(minilm, "a lamp")
    assert found.same
    assert [check.verdict for check in encoding_checks(minilm, long, encode(minilm, long))] == [
        "holds"
    ]
