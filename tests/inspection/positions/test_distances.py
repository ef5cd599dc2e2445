"""What is added for the distance: read off the scores, and compared with the formula."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import transformers as hf

from components.inspection.errors import InspectionError
from components.inspection.positions import distances
from components.inspection.positions.bias import distance_bias
from components.inspection.positions.distances import (
    biased_layers,
    buckets,
    buckets_check,
    slopes,
    slopes_check,
)
from components.inspection.positions.encodings import alibi_slopes, t5_buckets
from components.inspection.premises.recorded import probed
from tests import tiny
from tests.inspection.positions import networks

DTYPES = ["float32", "bfloat16", "float16"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", ["bloom", "mpt", "falcon_alibi"])
def test_a_model_s_own_slopes_are_the_formula_s(family, dtype):
    found = slopes(tiny.model(family, dtype))
    # Falcon adds them before it divides by the root of a head's size, 6; and transformers' eager
    # attention has them in the mask as well, so twice (its SDPA once).
    factor = 2 * 6**-0.5 if family == "falcon_alibi" else 1.0
    assert found.factor == pytest.approx(factor, rel=0.02)
    expected = factor * np.array([0.25, 0.0625, 0.015625, 0.00390625])
    np.testing.assert_allclose(found.slopes, expected, rtol=0.03)
    assert found.layers == (0, 1, 2)
    assert [check.verdict for check in found.checks] == ["holds"]


def test_six_heads_have_the_slopes_of_four_and_every_second_of_eight():
    config = hf.BloomConfig(vocab_size=261, hidden_size=24, n_layer=2, n_head=6)
    found = slopes(networks.model(tiny.built(hf.BloomForCausalLM, config)))
    expected = [2**-2, 2**-4, 2**-6, 2**-8, 2**-1, 2**-3]
    np.testing.assert_allclose(found.slopes, expected, rtol=1e-5)
    assert found.checks[0].holds


@pytest.mark.sabotage("each head's scores fall by the formula's slope")
@pytest.mark.parametrize("dtype", DTYPES)
def test_slopes_reversed_would_be_seen(dtype):
    model = tiny.model("bloom", dtype)
    own = distance_bias(probed(model).attentions[0])
    assert slopes_check([own], dtype).verdict == "holds"
    assert slopes_check([replace(own, slopes=own.slopes[::-1])], dtype).verdict == "fails"
    assert slopes_check([replace(own, slopes=own.slopes * 1.1)], dtype).verdict == "fails"


@pytest.mark.sabotage("each head's scores fall by the formula's slope, times *")
@pytest.mark.parametrize("dtype", DTYPES)
def test_slopes_that_a_factor_does_not_explain_would_be_seen(dtype, monkeypatch):
    """Of another power of the head's number, as if the formula's base were another."""
    monkeypatch.setattr(distances, "alibi_slopes", lambda heads: alibi_slopes(heads) ** 0.9)
    found = slopes(tiny.model("falcon_alibi", dtype))
    assert [check.verdict for check in found.checks] == ["fails"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("stack", ["encoder", "decoder"])
def test_a_t5_adds_what_its_table_says(stack, dtype):
    model = tiny.model("t5", dtype)
    found = buckets(model, stack, 0)
    weight = dict(model.network.named_parameters())[
        f"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"
    ]
    own = weight[t5_buckets(found.distances, stack == "encoder")].T.float().numpy()
    np.testing.assert_allclose(found.bias, own, atol={"float32": 1e-6}.get(dtype, 2e-2))
    assert [check.verdict for check in found.checks] == ["holds"]
    assert found.distances.max() == (144 if stack == "encoder" else 0)
    assert found.distances.min() == -144
    assert found.same == ((0, 1, 2) if stack == "encoder" else (0, 1))


def test_in_umt5_each_layer_has_a_table_of_its_own():
    config = hf.UMT5Config(**tiny.FAMILIES["t5"][3])
    model = networks.model(tiny.built(hf.UMT5ForConditionalGeneration, config), "seq2seq")
    assert biased_layers(model) == {"encoder": (0, 1, 2), "decoder": (0, 1)}
    one, other = buckets(model, "encoder", 0), buckets(model, "encoder", 2)
    assert (one.same, other.same) == ((0,), (2,))
    assert np.abs(one.bias - other.bias).max() > 0.1
    weight = model.network.encoder.block[2].layer[0].SelfAttention.relative_attention_bias.weight
    own = weight[t5_buckets(other.distances)].T.numpy()
    np.testing.assert_allclose(other.bias, own, atol=1e-6)


@pytest.mark.sabotage("distances of one bucket of the formula add one number")
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_bucket_s_edge_off_by_one_would_be_seen(dtype, monkeypatch):
    model = tiny.model("t5", dtype)
    kept = {}
    check = distances.buckets_check
    monkeypatch.setattr(
        distances,
        "buckets_check",
        lambda bias, bucket: kept.update(bias=bias) or check(bias, bucket),
    )
    found = buckets(model, "encoder", 1)
    right = t5_buckets(found.distances)
    assert buckets_check(kept["bias"], right).verdict == "holds"
    assert buckets_check(kept["bias"], np.roll(right, 1)).verdict == "fails"
    assert buckets_check(kept["bias"], t5_buckets(found.distances, far=100)).verdict == "fails"


@pytest.mark.parametrize(
    "asked",
    [
        slopes,
        lambda model: buckets(model, "decoder", 0),
        lambda model: buckets(model, "encoder", 0),
    ],
)
def test_what_a_model_lacks_is_said(asked):
    with pytest.raises(InspectionError, match="'tiny-llama' rotates its queries and keys"):
        asked(tiny.model("llama"))


def test_a_bias_of_more_than_the_distance_is_neither_slope_nor_bucket():
    one = probed(tiny.model("bloom")).attentions[0]
    noise = np.random.default_rng(0).normal(size=one.bare.shape).astype(np.float32)
    assert distance_bias(replace(one, bare=one.bare + noise)).kind == "other"
    assert distance_bias(replace(one, bare=np.where(one.visible, 0, one.bare))) is None
    assert distance_bias(replace(one, bare=None)) is None


def test_what_is_added_to_a_whole_row_is_nothing():
    one = probed(tiny.model("llama")).attentions[0]
    rows = torch.arange(one.bare.shape[1]).float().numpy()[:, None]
    assert distance_bias(replace(one, bare=one.bare + rows)) is None
    assert distance_bias(one) is None
