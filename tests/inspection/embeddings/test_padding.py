"""Padding on either side: which ways keep a sentence's vector, by family; and one's own tokens."""

import numpy as np
import pytest
import torch

from components.inspection.embeddings import padding as inspection
from components.inspection.embeddings import token_vectors as vectors_of
from components.inspection.embeddings.padding import padding_sides
from components.inspection.embeddings.sentences import embed
from components.inspection.embeddings.token_vectors import MOST_TOKENS, token_vectors
from components.inspection.errors import InspectionError
from tests import tiny

SENTENCES = ("a dog", "the cat sat near the old castle", "to be", "it rains, and nobody minds it")
SAME = 1e-9


def ways(family: str, dtype: str = "float32") -> dict[str, float]:
    """How far each way leads, by its name."""
    found = padding_sides(tiny.model(family, dtype), SENTENCES)
    assert [str(check) for check in found.checks if not check.holds] == []
    return {side.name: side.apart for side in found.sides}


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_what_is_done_rightly_changes_nothing(family):
    found = padding_sides(tiny.model(family), SENTENCES)
    assert all(check.holds for check in found.checks)
    assert max(side.apart for side in found.sides if side.sound) < SAME
    assert found.sides[1].apart > SAME, "the last place is a pad's"
    assert sorted(found.tokens) == list(found.tokens)


@pytest.mark.parametrize(
    ("family", "shifts"),
    [("gpt2", True), ("gpt_neo", True), ("bert", True), ("bart", True)]
    + [(family, False) for family in ("llama", "gptj", "mpt", "bloom", "opt", "t5")],
)
def test_left_padding_shifts_who_counts_positions_by_place(family, shifts):
    """Learned tables do (OPT counts by its mask); turning by distances, ALiBi and T5 do not."""
    assert (ways(family)["left, masked; last place"] > SAME) == shifts


@pytest.mark.parametrize(("family", "reads"), [("llama", False), ("gpt2", False), ("bert", True)])
def test_a_decoder_does_not_mind_a_forgotten_mask_on_the_right(family, reads):
    assert (ways(family)["right, no mask; last real token"] > SAME) == reads


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("family", ["gpt2", "llama", "bert"])
def test_sixteen_bits(family, dtype):
    ways(family, dtype)


@pytest.mark.sabotage(
    "padded on the right and masked, the last real token's vector is that read alone"
)
def test_the_last_place_for_the_last_token_is_seen(monkeypatch):
    monkeypatch.setattr(inspection, "pooled", lambda states, _read, _way: states[:, -1])
    found = padding_sides(tiny.model("llama"), SENTENCES)
    assert found.checks[0].verdict == "fails"


@pytest.mark.sabotage(
    "padded on the left, masked and told its positions, it is that read alone too"
)
def test_positions_counted_from_the_padding_are_seen(monkeypatch):
    def from_the_start(model: object, read: torch.Tensor) -> torch.Tensor:
        return torch.arange(read.shape[1])[None].expand(read.shape)

    monkeypatch.setattr(inspection, "_places", from_the_start)
    found = padding_sides(tiny.model("gpt2"), SENTENCES)
    assert found.checks[1].verdict == "fails"


def test_sentences_of_one_length_are_not_padded():
    with pytest.raises(InspectionError, match="nothing is padded"):
        padding_sides(tiny.model("llama"), ("one", "two"))


def test_of_many_sentences_a_few_of_all_lengths():
    found = padding_sides(tiny.model("llama"), tuple("x" * n for n in range(1, 40)))
    assert (found.tokens[0], found.tokens[-1], len(found.tokens)) == (2, 40, 8)


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_a_sentences_tokens_pooled_are_its_vector(family):
    model = tiny.model(family)
    found = token_vectors(model, SENTENCES[1])
    assert found.checks[0].holds
    assert len(found.tokens) == len(model.encode(SENTENCES[1]))
    np.testing.assert_allclose(found.pooled["mean"], found.vectors.mean(0), atol=1e-5)
    np.testing.assert_array_equal(found.pooled["cls"], found.vectors[0])
    np.testing.assert_array_equal(found.pooled["last"], found.vectors[-1])
    np.testing.assert_array_equal(found.pooled["max"], found.vectors.max(0))
    for way in ("mean", "cls", "last"):
        own = embed(model, (SENTENCES[1],), way).vectors[0]
        np.testing.assert_allclose(found.pooled[way], own, atol=1e-5)


@pytest.mark.sabotage("these are the last hidden states that the whole network gives too")
@pytest.mark.parametrize("family", ["gpt2", "bert", "t5"])
def test_states_of_another_layer_are_seen(family, monkeypatch):
    own = vectors_of.hidden_states

    def earlier(model: object, *inputs: object) -> torch.Tensor:
        return 1.01 * own(model, *inputs)

    monkeypatch.setattr(vectors_of, "hidden_states", earlier)
    assert token_vectors(tiny.model(family), "a dog").checks[0].verdict == "fails"


def test_of_a_long_sentence_the_first_tokens():
    found = token_vectors(tiny.model("llama"), "x" * 60)
    assert (len(found.tokens), found.cut) == (MOST_TOKENS, True)
