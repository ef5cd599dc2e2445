"""Probes are ordinary tokens, the same each time, whatever the vocabulary."""

from dataclasses import replace

import pytest

from components.inspection.probe import (
    LENGTH,
    drawn,
    ordinary_tokens,
    probe_ids,
    probe_target,
    start_of,
)
from tests import tiny


def test_ordinary_tokens_are_all_but_the_special_ones(tiny_causal):
    assert ordinary_tokens(tiny_causal) == list(range(5, 261))


def test_a_tokenizer_that_knows_more_than_the_network_is_cut_to_it(tiny_causal):
    """And the other way round: embeddings are often padded to a multiple of 64."""
    larger = tiny.tokenizer()
    larger.add_tokens([f"new{n}" for n in range(9)])
    assert max(ordinary_tokens(replace(tiny_causal, tokenizer=larger))) == 260


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_a_probe_is_the_same_each_time_and_can_be_read(family):
    model = tiny.model(family)
    assert probe_ids(model) == probe_ids(model) != probe_ids(model, seed=5)
    assert len(set(probe_ids(model))) == len(probe_ids(model)) == LENGTH
    assert model.checked(probe_ids(model)) == probe_ids(model)
    assert not set(probe_ids(model)) & set(model.tokenizer.all_special_ids)
    assert (probe_target(model) is None) == (family not in ("t5", "bart"))


def test_a_short_context_shortens_the_probe(tiny_causal):
    assert len(probe_ids(replace(tiny_causal, context=6))) == 4
    assert len(probe_ids(replace(tiny_causal, context=1))) == 2


def test_more_tokens_than_there_are_come_more_than_once(tiny_causal):
    assert len(drawn(tiny_causal, 1000)) == 1000
    assert set(drawn(tiny_causal, 256)) == set(range(5, 261))


def test_what_stands_before_every_text(tiny_causal):
    assert start_of(tiny_causal) == [1]
    bare = tiny.tokenizer()
    bare.backend_tokenizer.post_processor = None
    assert start_of(replace(tiny_causal, tokenizer=bare)) == []
