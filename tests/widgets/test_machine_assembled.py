"""What the drawing is sent of every family: no check fails, and what is not known is said."""

import json
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
import transformers as hf

from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.model import Model
from components.inspection.wrapping import wrapped
from components.widgets.machine.assembled import assembled, first_row
from components.widgets.machine.look import DEFAULT, Look
from tests import tiny

TEXT = "to be, or not"
LOOKS = {
    "closed": DEFAULT,
    "hidden": Look(open=1, head=1, station="hidden", index=2),
    "push": Look(open=1, head=1, push=True, off=("head 1.1",)),
    "off": Look(
        open=0, station="weight", index=0, token=0, off=("mlp 0", "attention 1"), put="mean"
    ),
    "written": Look(written=(9, 10), open=1, step="masked"),
}
_SIZES: dict[str, Any] = {
    "vocab_size": tiny.VOCABULARY,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "hidden_size": 24,
    "intermediate_size": 40,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
}
WITHOUT_A_ROW = {
    "StableLm": "causal",
    "Granite": "causal",
    "Cohere": "causal",
    "DebertaV2": "masked",
    "Mamba": "causal",
}


@cache
def without_a_row(name: str) -> Model:
    config = getattr(hf, f"{name}Config")(
        **_SIZES, relative_attention=True, residual_multiplier=0.5
    )
    config._attn_implementation = "eager"
    kind = WITHOUT_A_ROW[name]
    head = "ForMaskedLM" if kind == "masked" else "ForCausalLM"
    network = getattr(hf, f"{name}{head}")(config)
    return wrapped(network.eval(), tiny.tokenizer(), kind, name)  # type: ignore[arg-type]


def drawn(model: Model, look: Look) -> Any:
    found = assembled(lambda inspection, *inputs: inspection(model, *inputs), TEXT, look)
    json.dumps([found.parts, found.state], allow_nan=False)
    assert [check for check in found.checks if not check.holds] == []
    return found


FEW = ("gpt2", "llama", "bert", "t5", "mixtral", "gemma2")
"""Of these with all looks; of the others with that which asks for most."""


@pytest.mark.parametrize(
    ("family", "name"),
    [(family, name) for family in tiny.FAMILIES for name in (LOOKS if family in FEW else ["push"])],
)
def test_every_family_is_drawn_and_no_check_fails(family, name):
    look = LOOKS[name]
    found = drawn(tiny.model(family), look)
    assert (found.parts["block"] is None) == (look.open is None)
    assert len(found.checks) >= 3
    if look.off:
        assert found.parts["before"] is not None
        assert look.edits


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
@pytest.mark.parametrize("name", WITHOUT_A_ROW)
def test_of_a_family_without_a_row_there_is_what_can_be_known_and_the_rest_is_said(name, look):
    found = drawn(without_a_row(name), look)
    assert found.unknown
    assert found.overview.last.norms is not None
    if look.off:  # it cannot be: the drawing stays, and says so
        assert found.look.off == () and "switched off" in found.unknown[0]


@pytest.mark.parametrize("family", ["llama", "gpt2", "bert", "t5"])
def test_what_is_switched_off_changes_what_comes_behind_it_and_nothing_before(family):
    model = tiny.model(family)
    plain, changed = drawn(model, DEFAULT), drawn(model, Look(off=("mlp 1",)))
    before, after = plain.overview.last.norms, changed.overview.last.norms
    np.testing.assert_array_equal(before[:2], after[:2])
    assert np.abs(before[2] - after[2]).max() > 1e-4
    assert not changed.overview.last.mlp[1].any()


def test_the_numbers_are_those_of_plain_transformers():
    model = tiny.model("llama")
    found = drawn(model, Look(open=1, head=2, token=3))
    ids = model.encode(TEXT)
    with torch.no_grad():
        network = tiny.network("llama")
        own = network(torch.tensor([ids]), output_hidden_states=True, output_attentions=True)
    norms = np.stack([state[0].norm(dim=-1).numpy() for state in own.hidden_states[:-1]])
    np.testing.assert_allclose(found.overview.last.norms[:-1], norms, rtol=1e-6)
    weights = np.stack([one[0].numpy() for one in own.attentions])
    np.testing.assert_allclose(found.overview.last.heads.weights, weights, atol=1e-6)
    np.testing.assert_allclose(
        found.path.answers.shares, own.logits[0, 3].softmax(-1).topk(8).values.numpy(), rtol=1e-5
    )


def test_a_token_that_is_no_more_is_the_last_and_a_pair_is_two():
    model = tiny.model("llama")
    found = drawn(model, Look(token=900, push=True, toward=9, rather=9))
    assert found.place == len(record(model, TEXT).stack().ids) - 1
    assert len(set(found.parts["path"]["pairs"])) == 2


def test_a_long_text_shows_a_window_with_the_token_in_it():
    for tokens in (1, 64, 65, 200, 1000):
        for place in range(0, tokens, 7):
            first = first_row(place, tokens)
            assert 0 <= first <= place < min(first + 64, tokens)


def test_an_error_without_anything_switched_off_is_told():
    model = tiny.model("llama")
    with pytest.raises(InspectionError, match="no text"):
        assembled(lambda f, *inputs: f(model, *inputs), "", replace(DEFAULT))
