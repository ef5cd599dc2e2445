"""all-MiniLM-L6-v2: an encoder without a head, with padding stored in its tokenizer."""

import numpy as np
import pytest
import torch
from transformers import AutoModel

from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.prediction import predict
from tests.real.models import MINILM, fetched

TEXT = "The dog chased the squirrel because it was hungry."


def test_what_it_is(minilm):
    facts = minilm.facts
    assert (facts.family, facts.kind, facts.quantized) == ("bert", "headless", "")
    assert (facts.layers, facts.heads, facts.width, facts.context) == (6, 12, 384, 512)
    assert list(minilm.anatomy.stacks) == ["encoder"]


def test_stored_padding_and_truncation_are_not_obeyed(minilm):
    """Of 12 tokens the stored settings make 128, and of 300 words as many."""
    assert len(minilm.encode(TEXT)) == 12
    assert minilm.token_texts(minilm.encode(TEXT))[-2:] == (".", "[SEP]")
    assert len(minilm.encode("word " * 300)) == 302
    with pytest.raises(InspectionError, match="512"):
        minilm.encode("word " * 600)


def test_a_recording_is_a_plain_pass(minilm):
    plain = AutoModel.from_pretrained(fetched(MINILM), attn_implementation="eager").eval()
    ids = torch.tensor([minilm.encode(TEXT)])
    with torch.no_grad():
        output = plain(ids, output_attentions=True, output_hidden_states=True)
    found = record(minilm, TEXT)
    assert found.logits is None
    for ours, theirs in zip(found.attentions, output.attentions, strict=True):
        np.testing.assert_array_equal(ours.weights, theirs[0].numpy())
    np.testing.assert_array_equal(
        found.stack().residual, np.stack([state[0].numpy() for state in output.hidden_states])
    )


def test_its_vectors_know_what_is_meant(minilm):
    """The mean over the tokens, as its makers take it: near sentences are near."""

    def vector(text: str) -> np.ndarray:
        mean = record(minilm, text, keep=["residual"]).stack().residual[-1].mean(0)
        return mean / np.linalg.norm(mean)

    one, near, far = map(
        vector, ("A dog runs after a squirrel.", "The puppy chases a rodent.", "Stocks fell today.")
    )
    assert one @ near > 0.4 > 0.2 > one @ far


def test_it_says_why_it_predicts_nothing(minilm):
    with pytest.raises(InspectionError, match="saved without"):
        predict(minilm, TEXT)
