"""A token's row: the product, the look-up, and what becomes of it."""

import numpy as np
import pytest
import torch
import transformers as hf

from components.inspection.embeddings import lookup
from components.inspection.embeddings.lookup import TableSize, look_up, token_list
from components.inspection.errors import InspectionError
from components.inspection.load import load_model
from tests import tiny
from tests.inspection import breaking
from tests.inspection.positions import networks

TEXT = "to be, or not to be"
ADDED = {"gpt2", "gpt_neo", "opt", "bert", "bert_classifier", "distilbert", "roberta", "bart"}
"""Families that add a vector for the position before the first block."""
SAME = "one-hot times the table is what the network's embedding gives"


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_both_ways_give_the_row_in_every_family(family):
    model = tiny.model(family)
    found = look_up(model, TEXT, 3)
    weight = model.embeddings()[0].weight
    np.testing.assert_array_equal(found.product, weight[found.id].numpy())
    np.testing.assert_array_equal(found.table[found.around.index(found.id)], found.product)
    assert found.one_hot.sum() == 1
    assert found.one_hot[found.around.index(found.id)] == 1
    assert [check.verdict for check in found.checks] == ["holds", "holds"]
    assert (found.enters == "with its place") == (family in ADDED)
    assert found.size == TableSize(*weight.shape)
    assert found.share == weight.numel() / sum(p.numel() for p in model.network.parameters())


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("family", ["gemma2", "gemma3"])
def test_gemma_s_row_is_told_to_be_multiplied(family, dtype):
    found = look_up(tiny.model(family, dtype), TEXT, 1)
    assert found.enters == "times a number"
    assert found.factor == pytest.approx(24**0.5, rel=5e-3)
    assert lookup.root_of_width(found.factor, 24, dtype)
    assert [check.verdict for check in found.checks] == ["holds", "holds"]


def test_what_is_normed_or_projected_is_told():
    """BLOOM norms its embeddings and adds nothing for positions; ALBERT's are narrower."""
    assert look_up(tiny.model("bloom"), TEXT, 1).enters == "otherwise"
    assert look_up(tiny.model("llama"), TEXT, 1).enters == "as it is"
    config = hf.AlbertConfig(
        vocab_size=tiny.VOCABULARY,
        embedding_size=8,
        hidden_size=24,
        num_attention_heads=4,
        num_hidden_layers=2,
        intermediate_size=40,
    )
    albert = networks.model(tiny.built(hf.AlbertModel, config))
    found = look_up(albert, TEXT, 1)
    assert found.product.shape == (8,)
    assert (found.enters, found.tied) == ("with its place", None)


def test_the_storyteller_s_table_as_the_books_count():
    model = load_model("storyteller", "cpu")
    found = look_up(model, "The dog saw the cat. The cat saw the dog", 3)
    assert (found.size.numbers, round(found.share, 3), found.tied) == (655_360, 0.204, True)
    assert found.tokens[3] == " saw"
    assert found.places == (3, 9)
    assert token_list(model, "The dog") == found.tokens[:3]


def test_at_the_ends_of_the_table_as_many_rows_are_shown():
    model = tiny.model("llama")
    first, last = (look_up(model, text, 1) for text in ("\u0000", "~"))
    assert first.around[0] >= 0
    assert last.around[-1] < tiny.VOCABULARY
    start = look_up(model, "a", 0)  # <s>, id 1
    assert start.around == tuple(range(11))


def test_bad_input_is_a_sentence():
    model = tiny.model("llama")
    with pytest.raises(InspectionError, match="no token 9"):
        look_up(model, "abc", 9)
    with pytest.raises(InspectionError, match="no text"):
        look_up(model, "", 0)
    broken = breaking.fresh()
    broken.network.get_input_embeddings().weight[broken.ids_of("a")[1]] = float("nan")
    with pytest.raises(InspectionError, match="none"):
        look_up(broken, "a", 1)


@pytest.mark.sabotage(SAME)
def test_another_table_would_be_seen(monkeypatch):
    model = tiny.model("llama")
    own = lookup.times_table
    monkeypatch.setattr(lookup, "times_table", lambda table, token: own(table, token + 1))
    assert look_up(model, TEXT, 2).checks[0].verdict == "fails"


@pytest.mark.sabotage(f"{SAME}, times its factor")
def test_one_number_that_is_scaled_otherwise_would_be_seen(monkeypatch):
    model = tiny.model("gemma3")
    own = lookup.times_table

    def off(table, token):
        product = own(table, token).clone()
        product[3] *= 1.001
        return product

    monkeypatch.setattr(lookup, "times_table", off)
    assert look_up(model, TEXT, 2).checks[0].verdict == "fails"


@pytest.mark.sabotage("equal tokens are given equal rows")
def test_an_embedding_that_knows_the_place_would_be_seen(monkeypatch):
    model = breaking.fresh()

    class Placed(torch.nn.Embedding):
        def forward(self, ids):
            return super().forward(ids) + torch.arange(ids.shape[-1])[:, None]

    monkeypatch.setattr(model.network.get_input_embeddings(), "__class__", Placed)
    assert look_up(model, TEXT, 2).checks[1].verdict == "fails"
