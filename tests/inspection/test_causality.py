"""Which way information flows: against masks of transformers, in every number format."""

import numpy as np
import pytest
import torch
import transformers as hf

from components.inspection.causality import last_token_changed
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.wrapping import wrapped
from tests import tiny

DTYPES = ["float32", "bfloat16", "float16"]
DECODERS = [name for name, row in tiny.FAMILIES.items() if row[2] == "causal"]
ENCODERS = ["bert", "distilbert", "roberta", "bert_classifier"]
TEXT = "to be, or not"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", DECODERS)
def test_in_a_decoder_nothing_moves_before_the_changed_token(family, dtype):
    found = last_token_changed(tiny.model(family, dtype), TEXT)
    assert not found.looks_ahead
    assert found.check.holds
    assert found.stack == "decoder"
    assert (found.before, found.after) == ("t", "t") or found.before != found.after
    # The last token's own row moves, or the test would see nothing anywhere.
    assert found.stream[-1] > 0.01
    assert found.earlier <= found.rounding
    assert found.tokens == tuple(tiny.model(family).token_texts(tiny.model(family).encode(TEXT)))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", ENCODERS)
def test_in_an_encoder_all_earlier_tokens_move(family, dtype):
    found = last_token_changed(tiny.model(family, dtype), TEXT)
    assert found.looks_ahead
    assert not found.check.holds
    assert found.stack == "encoder"
    assert (found.stream > 0).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", ["t5", "bart"])
def test_of_two_stacks_each_is_told_by_itself(family, dtype):
    model = tiny.model(family, dtype)
    assert last_token_changed(model, TEXT, "abcd", "encoder").looks_ahead
    decoder = last_token_changed(model, TEXT, "abcd", "decoder")
    assert not decoder.looks_ahead
    assert decoder.check.holds
    assert len(decoder.tokens) == 5


def test_the_changes_told_are_those_of_two_plain_passes(tiny_causal):
    """Oracle: transformers' hidden states before the final norm."""
    found = last_token_changed(tiny_causal, "abc")
    ids = tiny_causal.encode("abc")
    other = [*ids[:-1], ids[1]]
    streams = [
        record(tiny_causal, each, keep=["residual"]).stack().residual[-1] for each in (ids, other)
    ]
    moved = np.linalg.norm(streams[0] - streams[1], axis=1) / np.linalg.norm(streams[0], axis=1)
    np.testing.assert_allclose(found.stream, moved, rtol=1e-5)
    assert (found.before, found.after) == ("c", "a")


def test_the_vectors_told_are_the_keys_and_values(tiny_causal):
    found = last_token_changed(tiny_causal, "abc")
    assert found.layers == (0, 1, 2)
    assert found.vectors.shape == (3, 4)
    assert found.vectors[:, -1].min() > 0.01
    assert not found.vectors[:, :-1].any()


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_llama_that_attends_both_ways_is_called_an_encoder(dtype):
    """EuroBERT and other text embedders are decoders' code with another mask."""
    config = hf.BertConfig(**tiny.FAMILIES["bert"][3])
    config.is_decoder = True
    causal = tiny.built(hf.BertLMHeadModel, config, dtype)
    assert list(wrapped(causal, tiny.tokenizer(), "causal", "x").anatomy.stacks) == ["decoder"]
    config = hf.Gemma3TextConfig(**tiny.FAMILIES["gemma3"][3], use_bidirectional_attention=True)
    both = tiny.built(hf.Gemma3ForCausalLM, config, dtype)
    assert list(wrapped(both, tiny.tokenizer(), "causal", "x").anatomy.stacks) == ["encoder"]


def test_a_far_token_that_hardly_counts_is_not_taken_for_rounding():
    """In 16 bits what a distant token does may be smaller than a rounding: the gradient tells."""
    network = tiny.network("bert", "bfloat16")
    for layer in network.bert.encoder.layer:
        # Nearly all attention goes to the token itself; the others get thousandths.
        layer.attention.self.value.weight.data *= 1e-3
    model = wrapped(network, tiny.tokenizer(), "masked", "x")
    found = last_token_changed(model, TEXT)
    assert found.looks_ahead
    assert not found.check.holds


@pytest.mark.parametrize("text", ["a", ""])
def test_a_text_without_a_last_token_to_change_is_refused(text, tiny_causal):
    model = tiny_causal
    if text:
        ids = model.encode(text)[1:]
        with pytest.raises(InspectionError, match="at least two words"):
            last_token_changed(model, [model.tokenizer.pad_token_id, model.tokenizer.eos_token_id])
        assert last_token_changed(model, [*model.encode(text)]).tokens[-1] == "a"
        assert len(ids) == 1
    else:
        with pytest.raises(InspectionError, match="no text to read"):
            last_token_changed(model, text)


def test_special_tokens_at_the_end_stay_where_they_are():
    """An encoder's [SEP] closes the text: the token before it is changed."""
    backend = tiny.tokenizer()
    from tokenizers import processors

    backend.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)]
    )
    model = wrapped(tiny.network("bert"), backend, "masked", "x")
    found = last_token_changed(model, "abc")
    assert (found.before, found.after) == ("c", "a")
    assert torch.tensor(found.stream[-1]) > 0
