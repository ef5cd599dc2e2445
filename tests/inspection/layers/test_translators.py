"""Fitted lenses: read as they are stored, and refused for all that they were not fitted to."""

import json
import pickle
import shutil
from dataclasses import replace
from math import log

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from scipy.special import rel_entr

from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.layers import translators as module
from components.inspection.layers.translators import (
    ANSWERS,
    FILE,
    FOLDER,
    PROVENANCE,
    Translator,
    fitted_lens,
    pass_check,
    translators_of,
)
from components.inspection.load import load_model
from tests import tiny

STORYTELLER = FOLDER / "storyteller"
KINDS = ("tuned", "jacobian")
TEXTS = (
    "When Mary and John went to the shop, Mary gave a drink to",
    "Once upon a time there was a little girl named Lily. She had a red ball, and she loved it.",
    "The capital of France is Paris. One, two, three, four, five,",
)


def loaded(dtype: str = "float32", source: str = "storyteller"):
    """A storyteller of one's own."""
    return load_model(source, "cpu", dtype)


@pytest.fixture(scope="module")
def model():
    return loaded()


@pytest.fixture(scope="module")
def stored():
    return load_file(STORYTELLER / FILE)


def told() -> dict:
    """What the file says of itself."""
    with safe_open(STORYTELLER / FILE, framework="pt") as opened:
        return json.loads(opened.metadata()[PROVENANCE])


def moved(found: Translator | None, stream: np.ndarray) -> torch.Tensor:
    """The stream as it is read: matrix h + bias, token by token."""
    if found is None:
        return torch.from_numpy(stream)
    return torch.from_numpy(np.stack([found.matrix @ row + found.bias for row in stream]))


def bits(own: torch.Tensor, read: torch.Tensor) -> np.ndarray:
    """The divergence of each token's own answer from what is read, by SciPy's formula."""
    return rel_entr(own.softmax(-1).numpy(), read.softmax(-1).numpy()).sum(-1) / log(2)


@pytest.mark.parametrize("kind", KINDS)
def test_each_boundary_but_the_last_is_translated(model, kind):
    found = fitted_lens(model, kind)
    stream = record(model, TEXTS[0], keep=["residual"]).stack().residual
    assert len(found.translators) == len(stream) == len(found.bits) == 5
    assert found.translators[-1] is None, "the last stream is read as it is: J is the identity"
    width = stream.shape[-1]
    for one in found.translators[:-1]:
        assert one.matrix.shape == (width, width)
        assert one.bias.shape == (width,)
        assert one.matrix.dtype == one.bias.dtype == np.float32
        assert np.isfinite(one.matrix).all()
        assert np.isfinite(one.bias).all()
        assert bool(one.bias.any()) == (kind == "tuned")
    assert found.bits[-1] == pytest.approx(0, abs=1e-6)
    again = pickle.loads(pickle.dumps(found))
    assert np.array_equal(again.translators[0].matrix, found.translators[0].matrix)
    assert translators_of(model, kind) is found.translators


def test_they_are_what_the_file_holds(model, stored):
    tuned, jacobian = (translators_of(model, kind) for kind in KINDS)
    for boundary in range(4):
        matrix = stored[f"tuned.{boundary}.matrix"].float() + torch.eye(256)
        assert torch.equal(torch.from_numpy(tuned[boundary].matrix), matrix)
        bias = stored[f"tuned.{boundary}.bias"].float()
        assert torch.equal(torch.from_numpy(tuned[boundary].bias), bias)
        matrix = stored[f"jacobian.{boundary}.matrix"].float()
        assert torch.equal(torch.from_numpy(jacobian[boundary].matrix), matrix)


def test_the_tuned_lens_is_nearer_to_the_answer_than_the_logit_lens(model):
    network = model.network
    lens = translators_of(model, "tuned")
    plain, tuned = [], []
    for text in TEXTS:
        found = record(model, text, keep=["residual", "logits"])
        own, streams = torch.from_numpy(found.logits), found.stack().residual
        with torch.no_grad():
            reads = [
                [network.lm_head(network.model.norm(moved(one, stream))) for one in (None, each)]
                for each, stream in zip(lens, streams, strict=True)
            ]
        plain.append(np.stack([bits(own, each) for each, _ in reads]))
        tuned.append(np.stack([bits(own, each) for _, each in reads]))
    before, after = (np.concatenate(each, axis=1).mean(1) for each in (plain, tuned))
    assert (after[:-1] < before[:-1]).all(), (before, after)
    assert before[-1] == after[-1] == pytest.approx(0, abs=1e-6)


def test_both_together_are_small():
    assert sum(path.stat().st_size for path in STORYTELLER.iterdir()) < 2_000_000


def test_a_copy_under_another_name_is_the_same_model(tmp_path):
    shutil.copytree(FOLDER.parent / "models" / "storyteller", tmp_path / "mine")
    assert fitted_lens(loaded(source=str(tmp_path / "mine")), "jacobian").model == "storyteller"


@pytest.mark.parametrize("family", ["llama", "gpt2", "bert", "t5", "bert_classifier"])
def test_another_model_is_refused_with_what_to_do(family):
    with pytest.raises(InspectionError) as told:
        translators_of(tiny.model(family), "jacobian")
    assert f"No Jacobian lens was fitted to 'tiny-{family}'" in str(told.value)
    assert "for storyteller only. Use the logit lens" in str(told.value)


def anew(model):
    """The model, of which nothing is known yet."""
    return replace(model, known={})


def test_other_numbers_in_the_same_network_are_refused(model):
    weight = model.network.model.layers[3].mlp.down_proj.weight.data
    own = float(weight[0, 0])
    weight[0, 0] = torch.nextafter(weight[0, 0], torch.tensor(9.0))
    try:
        with pytest.raises(InspectionError, match="as many weights as storyteller, but not the"):
            translators_of(anew(model), "tuned")
    finally:
        weight[0, 0] = own
    assert translators_of(anew(model), "tuned")


def test_weights_under_exchanged_names_are_refused(model):
    first, second = (model.network.model.layers[layer].mlp for layer in (0, 1))

    def exchange() -> None:
        first.gate_proj, second.gate_proj = second.gate_proj, first.gate_proj

    exchange()
    try:
        with pytest.raises(InspectionError, match="not the same numbers"):
            translators_of(anew(model), "tuned")
    finally:
        exchange()


def turned(network, factor: float) -> None:
    """Turn queries and keys at another speed, as another `rope_theta` in a config.json would."""
    network.model.rotary_emb.inv_freq *= factor


def scaled(network, factor: float) -> None:
    """Multiply scores with another number, as another version of a library once might."""
    for layer in network.model.layers:
        layer.self_attn.scaling *= factor


@pytest.mark.sabotage(ANSWERS)
@pytest.mark.parametrize(
    ("dtype", "factor"), [("float32", 1.01), ("bfloat16", 2.0), ("float16", 1.2)]
)
def test_it_is_known_in_each_format_and_refused_in_another_pass(dtype, factor):
    """A lens that was fitted under one forward pass is wrong under another. In 16 bits a small
    difference hides among the roundings."""
    own = loaded(dtype)
    assert fitted_lens(own, "tuned").model == "storyteller"
    ids = told()["probe"]
    assert pass_check(own, STORYTELLER, ids).holds
    for spoil in (turned, scaled):
        spoil(own.network, factor)
        assert not pass_check(own, STORYTELLER, ids).holds
        with pytest.raises(InspectionError, match="computes otherwise with them"):
            translators_of(anew(own), "tuned")
        spoil(own.network, 1 / factor)
    assert pass_check(own, STORYTELLER, ids).holds


def test_without_any_lenses_the_logit_lens_is_left(model, monkeypatch, tmp_path):
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    with pytest.raises(InspectionError, match="Use the logit lens, which needs no fitting"):
        translators_of(anew(model), "tuned")
