"""Sentences embedded in batches: as plain transformers does it, padded or alone, in any order."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import normalizers, processors

from components.inspection.embeddings import sentences as inspection
from components.inspection.embeddings.own_encoder import OwnEncoder
from components.inspection.embeddings.plan import plan
from components.inspection.embeddings.sentences import LONGEST, batches, embed, read_ids
from components.inspection.embeddings.states import padded
from components.inspection.errors import InspectionError
from components.inspection.model import Model
from tests import tiny

SENTENCES = ("a dog", "the cat sat near the old castle", "to be", "it rains, and nobody minds it")
TEXTS = st.lists(
    st.text(st.characters(min_codepoint=32, max_codepoint=0x24F), min_size=1, max_size=40),
    min_size=1,
    max_size=5,
)


def plain(model: Model, sentences: tuple[str, ...], way: str) -> np.ndarray:
    """Pool as sentence-transformers defines it, with transformers alone, which pads and masks."""
    given = model.tokenizer(
        list(sentences), padding=True, padding_side="right", return_tensors="pt"
    )
    given.pop("token_type_ids", None)
    network = model.network
    part = network.get_encoder() if network.config.is_encoder_decoder else network.base_model
    with torch.no_grad():
        states = part(**given)[0].float()
    mask = given["attention_mask"]
    if way == "mean":
        weights = mask[..., None].float()
        return ((states * weights).sum(1) / weights.sum(1).clamp(min=1e-9)).numpy()
    place = mask.sum(1) - 1 if way == "last" else torch.zeros(len(mask), dtype=torch.long)
    return states[torch.arange(len(mask)), place].numpy()


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_each_family_embeds_as_plain_transformers_does(family):
    model = tiny.model(family)
    for way in ("mean", "cls", "last"):
        found = embed(model, SENTENCES, way)
        assert found.checks[0].holds
        assert (found.pooling, found.normalised) == (way, False)
        np.testing.assert_allclose(found.vectors, plain(model, SENTENCES, way), rtol=0, atol=2e-4)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["gpt2", "llama", "mpt", "bert", "roberta", "t5"]),
    st.sampled_from(["float32", "bfloat16", "float16"]),
    st.sampled_from(["mean", "cls", "last"]),
    TEXTS,
)
def test_pooling_is_that_of_plain_transformers_with_padding(family, dtype, way, texts):
    model, texts = tiny.model(family, dtype), tuple(texts)
    found = embed(model, texts, way)
    (check,) = found.checks
    assert check.holds
    # Both may be off by what rounding does.
    assert np.abs(found.vectors - plain(model, texts, way)).max() <= 4 * check.bound + 1e-6
    assert found.tokens.tolist() == [len(model.encode(text)) for text in texts]


@pytest.mark.parametrize("family", ["llama", "bert", "t5"])
def test_order_and_company_change_nothing(family, monkeypatch):
    model = tiny.model(family)
    whole = embed(model, SENTENCES, "mean").vectors
    turned = embed(model, SENTENCES[::-1], "mean").vectors[::-1]
    np.testing.assert_allclose(whole, turned, atol=1e-4)
    monkeypatch.setattr(inspection, "tokens_at_once", lambda _model: 1)
    np.testing.assert_allclose(whole, embed(model, SENTENCES, "mean").vectors, atol=1e-4)


@pytest.mark.sabotage("a sentence's vector in a batch is that of the sentence alone")
@pytest.mark.parametrize("family", ["bert", "t5", "gpt2"])
def test_a_mask_left_out_is_seen(family, monkeypatch):
    """An encoder then reads the padding; of a decoder, the mean counts it."""
    own = inspection.padded

    def unmasked(*inputs: object) -> tuple[torch.Tensor, torch.Tensor]:
        filled, read = own(*inputs)
        return filled, torch.ones_like(read)

    monkeypatch.setattr(inspection, "padded", unmasked)
    assert embed(tiny.model(family), SENTENCES, "mean").checks[0].verdict == "fails"


def test_what_is_cut_keeps_its_special_tokens_and_is_told():
    """As the library cuts: its own truncation is the oracle."""
    model = tiny.model("bert")
    long = "to be or not to be, " * 9
    found = embed(model, ("a dog", long), "mean")
    assert found.cut.tolist() == [False, True]
    assert found.tokens.tolist() == [len(model.encode("a dog")), model.context]
    (ids,), _ = read_ids(model, (long,), OwnEncoder())
    cut = model.tokenizer(long, truncation=True, max_length=model.context).input_ids
    assert ids == cut
    (ids,), (cut_too,) = read_ids(model, (long,), OwnEncoder(longest=12))
    assert len(ids) == 12
    assert cut_too


def test_no_sentence_is_read_beyond_the_limit():
    model = replace(tiny.model("mpt"), context=100_000)
    (ids,), (cut,) = read_ids(model, ("x" * 3_000,), OwnEncoder())
    assert (len(ids), cut) == (LONGEST, True)


def test_small_letters_where_the_folder_asks_for_them():
    model = tiny.model("bert")
    assert read_ids(model, ("A Dog",), OwnEncoder(lower=True)) == read_ids(
        model, ("a dog",), OwnEncoder()
    )


def test_a_tokenizers_stored_padding_and_truncation_are_not_obeyed():
    tokenizer = tiny.tokenizer()
    tokenizer.backend_tokenizer.enable_padding(length=48)
    tokenizer.backend_tokenizer.enable_truncation(6)
    model = replace(tiny.model("bert"), tokenizer=tokenizer)
    found = embed(model, SENTENCES, "mean")
    np.testing.assert_allclose(
        found.vectors, embed(tiny.model("bert"), SENTENCES, "mean").vectors, atol=1e-5
    )


def test_a_model_without_a_token_for_padding():
    tokenizer = tiny.tokenizer()
    tokenizer.pad_token = None
    model = replace(tiny.model("llama"), tokenizer=tokenizer)
    filled, read = padded(model, [[5, 6, 7], [8]])
    assert filled.tolist() == [[5, 6, 7], [8, 0, 0]]
    assert read.tolist() == [[True] * 3, [True, False, False]]
    filled, read = padded(model, [[5, 6, 7], [8]], left=True)
    assert read.tolist() == [[True] * 3, [False, False, True]]
    assert embed(model, SENTENCES, "last").checks[0].holds


@given(st.lists(st.integers(1, 40), min_size=1, max_size=60), st.integers(1, 100))
def test_batches_hold_each_sentence_once_within_the_bound(lengths, most):
    found = list(batches(lengths, most))
    assert sorted(place for batch in found for place in batch) == list(range(len(lengths)))
    for batch in found:
        longest = max(lengths[place] for place in batch)
        assert len(batch) == 1 or longest * len(batch) <= most


def test_what_is_ahead_is_what_is_read():
    model = tiny.model("bert")
    found, ahead = embed(model, SENTENCES, "mean"), plan(model, SENTENCES)
    assert (ahead.sentences, ahead.tokens) == (len(SENTENCES), int(found.tokens.sum()))
    assert ahead.longest == found.tokens.max()
    assert ahead.padded >= ahead.tokens


def test_it_tells_how_far_it_is_and_can_be_stopped(monkeypatch):
    monkeypatch.setattr(inspection, "tokens_at_once", lambda _model: 1)
    told: list[float] = []

    def stop(share: float, _phrase: str) -> None:
        told.append(share)
        if len(told) == 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        embed(tiny.model("bert"), SENTENCES, "mean", stop)
    assert told == sorted(told)


@pytest.mark.parametrize(
    ("sentences", "said"),
    [
        ((), "no sentence"),
        (("a",) * 10_001, "10,001 sentences"),
        (("fine", "half \ud800"), "surrogate"),
    ],
)
def test_what_cannot_be_read_is_said(sentences, said):
    with pytest.raises(InspectionError, match=said):
        embed(tiny.model("bert"), sentences)


def test_a_sentence_without_a_token_is_named():
    tokenizer = tiny.tokenizer()
    tokenizer.backend_tokenizer.normalizer = normalizers.Replace("z", "")
    # No special tokens, as GPT-2's.
    tokenizer.backend_tokenizer.post_processor = processors.ByteLevel()
    model = replace(tiny.model("gpt2"), tokenizer=tokenizer)
    with pytest.raises(InspectionError, match="no token of sentence 2"):
        embed(model, ("a", "zz"))


def test_numbers_that_are_none_are_refused(monkeypatch):
    monkeypatch.setattr(
        inspection, "pooled", lambda states, _read, _way: torch.full_like(states[:, 0], torch.nan)
    )
    with pytest.raises(InspectionError, match="none"):
        embed(tiny.model("bert"), SENTENCES, "mean")
