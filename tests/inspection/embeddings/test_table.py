"""The table of vectors, of every family; what kind of token each row is of."""

import numpy as np
import pytest
import torch

from components.inspection.embeddings.table import KINDS, kind_of, table_of, tied, token_kinds
from components.inspection.errors import InspectionError
from components.inspection.load import load_model
from tests import tiny


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_a_row_is_what_the_network_looks_up(family):
    model = tiny.model(family)
    table = table_of(model, "input")
    looked_up = model.embeddings()[0](torch.tensor([3, 40]))
    scale = float(looked_up.norm() / table[[3, 40]].norm())  # Gemma's are scaled
    torch.testing.assert_close(table[[3, 40]] * scale, looked_up)
    assert table.data_ptr() == model.embeddings()[0].weight.data_ptr(), "not copied"
    assert not table.requires_grad


@pytest.mark.parametrize("family", ["llama", "gpt2", "t5", "bert"])
def test_tied_is_what_the_numbers_say(family):
    model = tiny.model(family)
    same = torch.equal(table_of(model, "input"), table_of(model, "output"))
    assert tied(model) is same is (family != "llama")


def test_a_model_that_names_no_token_has_one_table():
    model = tiny.model("bert_classifier")
    assert tied(model)
    with pytest.raises(InspectionError, match="no table of unembeddings"):
        table_of(model, "output")


def test_unembeddings_give_the_logits():
    model = tiny.model("llama")
    state = torch.randn(table_of(model, "output").shape[1])
    logits = model.network.get_output_embeddings()(state)
    torch.testing.assert_close(table_of(model, "output") @ state, logits)


def test_kinds_of_the_bundled_vocabulary():
    model = load_model("storyteller")
    kinds = token_kinds(model, 2_560)
    assert kinds.shape == (2_560,)
    special = [at for at in range(2_560) if KINDS[kinds[at]] == "special"]
    assert set(model.tokenizer.all_special_ids) <= set(special)
    (dog,) = model.ids_of(" dog", special=False)
    assert KINDS[kinds[dog]] == "begins a word"
    assert np.bincount(kinds).sum() == 2_560


def test_rows_without_a_token_are_unused():
    model = tiny.model("llama")
    assert KINDS[token_kinds(model, 300)[290]] == "unused"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("'s", "inside a word"),
        (" Ünder", "begins a word"),
        ("3/4", "digits"),
        (" …", "punctuation"),
        ("\n\n", "white space"),
        ("⟨E2⟩⟨80⟩", "bytes"),
    ],
)
def test_kinds_by_text(text, kind):
    assert kind_of(text) == kind
