"""What becomes of a row: against each family's own tables, and each check broken."""

import numpy as np
import pytest
import torch
import transformers as hf

from components.inspection.architecture import look_up as module
from components.inspection.architecture.look_up import entering, product_of_one_hot
from components.inspection.errors import InspectionError
from components.inspection.load import load_model
from tests import tiny
from tests.inspection import breaking
from tests.inspection.positions import networks

TEXT = "the keys near"
NORMED = {"bert", "bert_classifier", "roberta", "distilbert", "bart", "bloom"}
ADDED = {"gpt2", "gpt_neo", "opt", *NORMED} - {"bloom"}
LIKE_LLAMA = {"mistral", "qwen2", "qwen3", "phi3", "olmo2", "qwen3_moe", "gpt_neox_serial"}
"""What they do before the first block, Llama does."""


@pytest.mark.parametrize("family", [one for one in tiny.FAMILIES if one not in LIKE_LLAMA])
def test_each_family_s_row_is_taken_apart(family):
    model = tiny.model(family)
    found = entering(model, TEXT)
    assert [check.verdict for check in found.checks] == ["holds"]
    assert found.adds == ("another vector at each place" if family in ADDED else "nothing")
    assert found.normed == (family in NORMED)
    assert found.factor == (pytest.approx(24**0.5) if "gemma" in family else 1.0)
    table = model.embeddings()[0].weight
    np.testing.assert_array_equal(found.rows, table[list(found.ids)].numpy())
    whole = found.factor * found.rows + found.added
    np.testing.assert_allclose(whole, found.entered, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("family", ["gpt2", "bert", "gemma3"])
def test_what_is_added_is_the_family_s_own_table(family, dtype):
    model = tiny.model(family, dtype)
    found = entering(model, TEXT)
    assert [check.verdict for check in found.checks] == ["holds"]
    places = len(found.ids)
    expected = torch.zeros(places, found.rows.shape[1])
    if family == "gpt2":
        expected = model.network.transformer.wpe.weight[:places].float()
    elif family == "bert":
        one = model.network.bert.embeddings
        expected = one.position_embeddings.weight[:places].float()
        expected = expected + one.token_type_embeddings.weight[0].float()
    close = {"float32": 1e-6, "bfloat16": 3e-2, "float16": 3e-3}[dtype]
    np.testing.assert_allclose(found.added, expected.numpy(), atol=close)


def test_one_token_twice_has_one_row_and_what_enters_differs_by_its_place():
    story = entering(load_model("storyteller", "cpu"), "The cat saw the cat")
    assert story.tokens[2] == story.tokens[5] == " cat"
    assert story.again(2) == (5,)
    assert (story.apart(2, 5), story.adds) == (0.0, "nothing")
    gpt2 = entering(tiny.model("gpt2"), "to be to")
    first, second = 1, gpt2.again(1)[0]
    np.testing.assert_array_equal(gpt2.rows[first], gpt2.rows[second])
    assert gpt2.apart(first, second) > 0.1


def test_a_text_of_one_token_again_and_again_is_told_too():
    model = tiny.model("gpt2")
    found = entering(model, "\u0000")
    assert [check.verdict for check in found.checks] == ["holds"]
    only = module._moved(model, [70, 70])
    assert len(only) == 2 and 70 not in only


def test_a_matrix_behind_the_table_is_refused():
    config = hf.AlbertConfig(
        vocab_size=tiny.VOCABULARY,
        embedding_size=8,
        hidden_size=24,
        num_attention_heads=4,
        num_hidden_layers=2,
        intermediate_size=40,
    )
    with pytest.raises(InspectionError, match="a matrix stands between"):
        entering(networks.model(tiny.built(hf.AlbertModel, config)), TEXT)


@pytest.mark.sabotage("what enters is the token's row times one number, plus what its place adds")
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("family", ["gpt2", "bert"])
def test_rows_of_the_tokens_beside(family, dtype, monkeypatch):
    right = module.table_of
    monkeypatch.setattr(module, "table_of", lambda *given: right(*given).roll(1, 0))
    assert entering(tiny.model(family, dtype), TEXT).checks[0].verdict == "fails"


@pytest.mark.sabotage("a matrix of one-hot vectors times the table is the rows, bit for bit")
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_a_table_with_an_infinite_number_in_another_row(dtype):
    model = breaking.fresh(dtype=dtype)
    assert product_of_one_hot(model, TEXT)[0].verdict == "holds"
    model.embeddings()[0].weight[3, 0] = float("inf")
    assert product_of_one_hot(model, TEXT)[0].verdict == "fails"
