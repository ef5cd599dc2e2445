"""Parts switched off: the same as weights of zero, each check seen red, and what cannot be."""

import numpy as np
import pytest
import torch

from components.inspection.checks import Check
from components.inspection.edits import Edit
from components.inspection.errors import InspectionError
from components.inspection.layers import fact as module
from components.inspection.layers.fact import BELOW, WRITTEN, Ablation, ablated
from components.inspection.layers.fact_answer import PLAIN
from components.inspection.load import load_model
from components.inspection.progress import silent
from tests import tiny
from tests.inspection.breaking import fresh

TEXT = "the keys near"
PARTS = {"t5": ("attention", "cross", "mlp"), "bart": ("attention", "cross", "mlp")}


def check(found: Ablation, says: str) -> Check:
    """The check with these words."""
    return next(one for one in found.checks if one.says == says)


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_each_family_is_read_once_without_each_part(family):
    model = tiny.model(family)
    found = ablated(model, TEXT)
    assert [one.says for one in found.checks] == [PLAIN, WRITTEN, BELOW]
    assert all(one.holds for one in found.checks), found.checks
    assert found.parts == PARTS.get(family, ("attention", "mlp"))
    layers = model.facts.layers - (family in PARTS)  # their decoders have one less
    assert found.off.shape == found.said.shape == (len(found.parts), layers)
    assert np.isfinite(found.off).all()
    assert (found.said >= found.off).all()
    assert found.answer == found.likeliest
    assert np.abs(found.off - found.probability).min() > 1e-6


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("family", ["llama", "bert", "t5"])
@pytest.mark.parametrize("what", ["zero", "mean"])
def test_in_16_bits_too(family, dtype, what):
    model = tiny.model(family, dtype)
    if family == "t5" and what == "mean":
        with pytest.raises(InspectionError, match="single token here, whose mean is itself"):
            ablated(model, TEXT, what=what)
        return
    assert all(one.holds for one in ablated(model, TEXT, what=what).checks)


def probability(network: torch.nn.Module, ids: tuple[int, ...], answer: int) -> float:
    """The probability of a next token, by plain transformers."""
    with torch.no_grad():
        logits = network(torch.tensor([list(ids)])).logits[0, -1]
    return float(logits.double().softmax(-1)[answer])


def test_switched_off_is_what_weights_of_zero_give():
    found = ablated(fresh("llama"), TEXT)
    for row, name in enumerate(("o_proj", "down_proj")):
        for layer in range(3):
            network = tiny.network("llama")
            block = network.model.layers[layer]
            getattr(block.self_attn if row == 0 else block.mlp, name).weight.zero_()
            assert found.off[row, layer] == pytest.approx(
                probability(network, found.ids, found.answer_id), rel=1e-5
            )
    own = probability(tiny.network("llama"), found.ids, found.answer_id)
    assert found.probability == own


def test_the_mean_of_a_parts_rows_is_what_all_tokens_are_given():
    found = ablated(fresh("llama"), TEXT, what="mean")
    network = tiny.network("llama")
    network.model.layers[1].mlp.register_forward_hook(
        lambda module, args, output: output.mean(1, keepdim=True).expand_as(output)
    )
    expected = probability(network, found.ids, found.answer_id)
    assert found.off[1, 1] == pytest.approx(expected, rel=1e-5)
    assert found.off[1, 1] != pytest.approx(ablated(fresh("llama"), TEXT).off[1, 1], rel=1e-3)


def test_a_parts_module_is_named_as_the_network_names_it():
    found = ablated(tiny.model("gpt2"), TEXT)
    network = tiny.model("gpt2").network
    assert network.get_submodule(found.paths[0][2]) is network.transformer.h[2].attn.c_proj
    assert network.get_submodule(found.paths[1][0]) is network.transformer.h[0].mlp.c_proj


def test_another_answer_may_be_asked_for_and_a_masked_one_stands_where_the_mask_is():
    model = tiny.model("llama")
    own = ablated(model, TEXT)
    other = ablated(model, TEXT, "z")
    assert model.token_texts([other.answer_id])[0] == other.answer == "z"
    assert other.likeliest == own.likeliest != other.answer
    assert other.probability < own.probability
    assert other.says == own.says
    masked = ablated(tiny.model("bert"), "a<mask>c")
    assert masked.tokens[masked.place] == "<mask>"
    assert ablated(tiny.model("bert_classifier"), TEXT).answer.startswith("LABEL_")


@pytest.mark.parametrize(
    ("family", "text", "answer", "says"),
    [
        ("llama", "", "", "no text to read"),
        ("llama", "a" * 20, "zzz", "not one token"),
        ("mpt", "a" * 300, "", "300|301"),
    ],
)
def test_what_cannot_be_asked_is_said(family, text, answer, says):
    with pytest.raises(InspectionError, match=says):
        ablated(tiny.model(family), text, answer)


def test_too_many_parts_and_unknown_writes_are_refused(monkeypatch):
    monkeypatch.setattr(module, "MOST_PASSES", 5)
    with pytest.raises(InspectionError, match="has 6 parts"):
        ablated(tiny.model("llama"), TEXT)


def test_progress_tells_of_each_part():
    told = []
    ablated(tiny.model("llama"), TEXT, progress=lambda share, phrase: told.append((share, phrase)))
    assert [phrase.rpartition("the ")[2] for _, phrase in told][:2] == [
        "attention of layer 0",
        "attention of layer 1",
    ]
    assert [share for share, _ in told] == pytest.approx([n / 6 for n in range(6)])
    silent(0.0, "")


@pytest.mark.sabotage(WRITTEN)
@pytest.mark.parametrize("what", ["zero", "mean"])
def test_the_part_of_another_layer_turns_red(monkeypatch, what):
    def later(part, layer, what):
        return Edit(part, max(1, layer), what)

    monkeypatch.setattr(module, "Edit", later)
    found = ablated(tiny.model("llama"), TEXT, what=what)
    assert not check(found, WRITTEN).holds


@pytest.mark.sabotage(WRITTEN)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_a_part_that_is_left_on_turns_red(monkeypatch, dtype):
    own = module.record

    def never(*given, **named):
        return own(*given, **{name: one for name, one in named.items() if name != "edits"})

    monkeypatch.setattr(module, "record", never)
    assert not check(ablated(tiny.model("llama", dtype), TEXT), WRITTEN).holds


@pytest.mark.sabotage(BELOW)
@pytest.mark.parametrize("family", ["llama", "bert"])
def test_more_switched_off_below_turns_red(monkeypatch, family):
    own = module.record

    def also(*given, edits=(), **named):
        return own(*given, edits=(*edits, *(Edit("mlp", 0, "zero") for _ in edits)), **named)

    monkeypatch.setattr(module, "record", also)
    assert not check(ablated(tiny.model(family), TEXT), BELOW).holds


@pytest.mark.sabotage(PLAIN)
@pytest.mark.parametrize("family", ["llama", "bert", "t5", "bert_classifier"])
def test_a_part_that_stays_switched_off_turns_red(monkeypatch, family):
    own = module.record
    calls = []

    def stays(*given, edits=(), **named):
        calls.extend(edits)
        return own(*given, edits=edits or calls[-1:], **named)

    monkeypatch.setattr(module, "record", stays)
    assert not check(ablated(tiny.model(family), TEXT), PLAIN).holds


def test_storyteller_needs_its_first_mlp_and_an_attention_for_paris():
    found = ablated(
        load_model("storyteller", dtype="float32"), "The capital of France is", " Paris"
    )
    assert found.probability == pytest.approx(0.9993, abs=1e-4)
    np.testing.assert_allclose(
        found.off, [[0.0816, 0.9986, 0.0243, 0.9982], [0.0001, 0.9911, 0.9949, 0.9507]], atol=1e-4
    )
    assert found.says[0][2] == " Rome" and found.says[1][1] == " Paris"
    assert found.costliest == (1, 0)
