"""Neurons' terms sum to their MLP's, and their tokens are those that plain torch gives."""

import numpy as np
import pytest
import torch

from components.inspection.embeddings.table import table_of
from components.inspection.errors import InspectionError
from components.inspection.layers import neurons as module
from components.inspection.layers.direct_attribution import direct_attribution
from components.inspection.layers.neurons import SUM, TOKENS, carriers, neurons
from components.inspection.load import load_model
from components.inspection.machine.matching import weights_of
from tests import tiny

TEXT, PLACE = "the keys near", 4
TOWARD, RATHER = 70, 90
DTYPES = ("float32", "bfloat16", "float16")
REFUSED = {
    "mixtral": "mixture of experts",
    "qwen3_moe": "mixture of experts",
    "gemma2": "norm stands between the neurons",
    "gemma3": "norm stands between the neurons",
    "olmo2": "norm stands between the neurons",
    "bert": "norms its stream",
    "distilbert": "norms its stream",
    "roberta": "norms its stream",
    "bart": "norms its stream",
    "bert_classifier": "gives no token a logit",
}


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_neurons_sum_to_their_mlp_or_the_model_says_why_not(family):
    model, place = tiny.model(family), 1 if family == "t5" else PLACE
    if family in REFUSED:
        with pytest.raises(InspectionError, match=REFUSED[family]):
            neurons(model, TEXT, place, TOWARD, RATHER, 0)
        return
    whole = direct_attribution(model, TEXT, place, TOWARD, RATHER).push.mlp
    layer = len(whole) - 1
    found = neurons(model, TEXT, place, TOWARD, RATHER, layer)
    assert [check.says for check in found.checks] == [SUM, TOKENS]
    assert all(check.holds for check in found.checks), found.checks
    assert found.terms.sum() + found.bias == pytest.approx(whole[layer], abs=1e-5)
    assert found.total == pytest.approx(whole[layer], abs=1e-6)


@pytest.mark.parametrize("dtype", DTYPES[1:])
@pytest.mark.parametrize("family", ["gpt2", "llama", "t5", "phi", "bloom"])
def test_in_sixteen_bits_too(family, dtype):
    place = 1 if family == "t5" else PLACE
    for contrast in (RATHER, None):
        found = neurons(tiny.model(family, dtype), TEXT, place, TOWARD, contrast, 1)
        assert all(check.holds for check in found.checks), found.checks


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_terms_and_tokens_are_those_of_plain_torch(family):
    model = tiny.model(family)
    network, kept = model.network, {}
    last = network.model.layers[2] if family == "llama" else network.transformer.h[2]
    down = last.mlp.down_proj if family == "llama" else last.mlp.c_proj
    norm = network.model.norm if family == "llama" else network.transformer.ln_f
    hooks = [
        one.register_forward_pre_hook(lambda m, given, name=name: kept.update({name: given[0]}))
        for name, one in (("hidden", down), ("stream", norm))
    ]
    with torch.no_grad():
        network(torch.tensor([model.encode(TEXT)]))
    for hook in hooks:
        hook.remove()
    hidden, x = kept["hidden"][0, PLACE], kept["stream"][0, PLACE]
    if family == "llama":
        vectors = down.weight.T * hidden[:, None]
        vectors = vectors * norm.weight / (x.square().mean() + norm.variance_epsilon).sqrt()
    else:
        vectors = down.weight * hidden[:, None]
        vectors = vectors - vectors.mean(1, keepdim=True)
        vectors = vectors * norm.weight / (x.var(correction=0) + norm.eps).sqrt()
    effects = vectors @ network.lm_head.weight.T
    terms = (effects[:, TOWARD] - effects[:, RATHER]).numpy()
    found = neurons(model, TEXT, PLACE, TOWARD, RATHER, 2)
    np.testing.assert_allclose(found.terms, terms, atol=1e-5)
    np.testing.assert_array_equal(found.activations, hidden.numpy())
    order = np.argsort(-np.abs(terms))[:12]
    assert [one.number for one in found.most] == order.tolist()
    centred = (effects - effects.mean(1, keepdim=True)).numpy()
    for one in found.most[:3]:
        row = centred[one.number]
        names = model.token_texts([int(row.argmax()), int(row.argmin())])
        assert (one.promoted[0][0], one.suppressed[0][0]) == names
        assert one.promoted[0][1] == pytest.approx(row.max(), abs=1e-5)
        assert one.suppressed[0][1] == pytest.approx(row.min(), abs=1e-5)


def test_carriers_by_hand():
    assert carriers(np.array([1, -8, 0.5, 0.5], np.float32)) == 2
    assert carriers(np.ones(10, np.float32)) == 9
    assert carriers(np.zeros(3, np.float32)) == 0


def test_there_is_no_such_layer():
    with pytest.raises(InspectionError, match="no layer 3: there are layers 0 to 2"):
        neurons(tiny.model("llama"), TEXT, PLACE, TOWARD, RATHER, 3)


@pytest.mark.sabotage(SUM)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_columns_of_other_neurons_turn_red(monkeypatch, family, dtype):
    def rolled(*given):
        weight, bias = weights_of(*given)
        return np.roll(weight, 1, axis=1), bias

    model = tiny.model(family, dtype)
    assert neurons(model, TEXT, PLACE, TOWARD, RATHER, 2).checks[0].holds
    monkeypatch.setattr(module, "weights_of", rolled)
    assert not neurons(model, TEXT, PLACE, TOWARD, RATHER, 2).checks[0].holds


@pytest.mark.sabotage(TOKENS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_rows_of_other_tokens_turn_red(monkeypatch, dtype):
    model = tiny.model("llama", dtype)
    assert neurons(model, TEXT, PLACE, TOWARD, RATHER, 2).checks[1].holds
    monkeypatch.setattr(module, "table_of", lambda *given: table_of(*given).roll(1, 0))
    assert not neurons(model, TEXT, PLACE, TOWARD, RATHER, 2).checks[1].holds


def test_storyteller_neurons_of_the_last_layer():
    model = load_model("storyteller", dtype="float32")
    text = "When Mary and John went to the shop, Mary gave a drink to"
    found = neurons(model, text, None, " John", " Mary", 3)
    assert found.total == pytest.approx(6.45, abs=0.01)
    assert found.terms.shape == (576,) and found.bias == 0
    assert found.carriers == 128
    assert [one.number for one in found.most[:3]] == [341, 241, 391]
