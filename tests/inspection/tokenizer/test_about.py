"""What kind of tokenizer it is."""

import pytest

from components.inspection.tokenizer.about import tokenizer_facts
from tests.inspection.tokenizer.kinds import tokenizer_called


@pytest.mark.parametrize(
    ("name", "method", "marker"),
    [
        ("gpt2", "BPE over bytes", "Ġ is a space"),
        ("mistral-v1", "BPE with byte fallback", "▁ is a space"),
        ("mistral-tekken", "BPE over bytes", "Ġ is a space"),
        ("wordpiece", "WordPiece", "## goes on with a word"),
        ("unigram", "Unigram", "▁ is a space"),
    ],
)
def test_method_and_marker_are_told(name, method, marker):
    facts = tokenizer_facts(tokenizer_called(name))
    assert (facts.method, facts.marker) == (method, marker)


def test_the_context_is_the_models():
    assert tokenizer_facts("gpt2").context == 1024


@pytest.mark.parametrize(
    ("name", "adds"),
    [
        ("gpt2", False),
        ("mistral-v1", True),
        ("mistral-tekken", False),
        ("wordpiece", False),
        ("unigram", True),
    ],
)
def test_it_is_told_whether_a_space_is_put_before_every_text(name, adds):
    assert tokenizer_facts(tokenizer_called(name)).adds_space == adds


@pytest.mark.parametrize(
    ("name", "drops"),
    [
        ("gpt2", False),
        ("mistral-v1", False),
        ("mistral-tekken", False),
        ("wordpiece", True),
        ("unigram", False),
    ],
)
def test_it_is_told_whether_a_space_before_a_word_is_lost(name, drops):
    tokenizer = tokenizer_called(name)
    assert tokenizer_facts(tokenizer).drops_space == drops
    if drops:
        alone = tokenizer.backend.encode("rabbit", add_special_tokens=False).ids
        assert tokenizer.backend.encode(" rabbit", add_special_tokens=False).ids == alone
