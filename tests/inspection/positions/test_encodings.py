"""The other ways: printed digits, transformers' own code, and what models have."""

import numpy as np
import pytest
import torch
import transformers as hf
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers.models.bloom.modeling_bloom import build_alibi_tensor
from transformers.models.t5.modeling_t5 import T5Attention

from components.inspection.anatomy import anatomy_of
from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.positions.encodings import (
    alibi_slopes,
    buckets,
    compared,
    sinusoids,
    slopes,
    t5_buckets,
    table,
)
from tests import tiny


def test_the_sinusoids_of_six_numbers_are_those_printed():
    assert sinusoids(3, 6).round(4).tolist() == [
        [0.0, 1.0, 0.0, 1.0, 0.0, 1.0],
        [0.8415, 0.5403, 0.0464, 0.9989, 0.0022, 1.0],
        [0.9093, -0.4161, 0.0927, 0.9957, 0.0043, 1.0],
    ]


def test_the_product_of_two_sinusoids_depends_on_their_distance_alone():
    products = sinusoids(60, 32) @ sinusoids(60, 32).T
    for distance in (0, 1, 20):
        assert np.ptp(np.diagonal(products, distance)) < 1e-12
    assert products[0, 0] > products[0, 1] > products[0, 2]


@pytest.mark.parametrize("heads", range(1, 41))
def test_our_alibi_slopes_are_transformers(heads):
    bias = build_alibi_tensor(torch.ones(1, 2, dtype=torch.long), heads, torch.float32)
    np.testing.assert_allclose(alibi_slopes(heads), bias[:, 0, 1].numpy(), rtol=1e-6)


@given(
    st.lists(st.integers(-3000, 3000), min_size=1),
    st.booleans(),
    st.sampled_from([(32, 128), (8, 20), (64, 1000)]),
)
@settings(deadline=None)
def test_our_buckets_are_t5_s(distances, two_sided, measures):
    theirs = T5Attention._relative_position_bucket(
        torch.tensor(distances), two_sided, num_buckets=measures[0], max_distance=measures[1]
    )
    np.testing.assert_array_equal(t5_buckets(np.array(distances), two_sided, *measures), theirs)


@pytest.mark.parametrize(
    ("family", "rows", "context"),
    [("gpt2", 64, 64), ("opt", 66, 64), ("bert", 66, 66), ("roberta", 66, 64), ("bart", 66, 64)],
)
def test_a_table_s_first_vector_is_that_of_the_first_token(family, rows, context):
    model = tiny.model(family)
    found = table(model)
    assert (found.rows, found.context, found.learned) == (rows, context, True)
    weight = dict(model.network.base_model.named_parameters())[f"{found.path}.weight"]
    np.testing.assert_array_equal(found.vectors[0], weight[rows - context].numpy())
    np.testing.assert_allclose(np.diagonal(found.likeness), 1, rtol=1e-5)
    np.testing.assert_allclose(found.norms, np.linalg.norm(found.vectors, axis=1), rtol=1e-5)


def test_a_fixed_table_is_recognised_as_the_formula():
    config = hf.MarianConfig(
        vocab_size=tiny.VOCABULARY, d_model=16, encoder_layers=1, decoder_layers=1,
        encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=8, decoder_ffn_dim=8,
        max_position_embeddings=40, pad_token_id=0, decoder_start_token_id=0, eos_token_id=2,
    )  # fmt: skip
    network = hf.MarianMTModel(config).eval()
    tokenizer = tiny.tokenizer()
    model = Model(
        "m", "main", "seq2seq", network, tokenizer, anatomy_of(network), 40, watched=True
    )  # fmt: skip
    found = table(model)
    assert not found.learned
    assert found.formula_error < 1e-6


@pytest.mark.parametrize("family", ["bloom", "mpt", "falcon_alibi"])
def test_a_model_s_own_slopes_are_the_formula_s(family):
    found = slopes(tiny.model(family))
    assert found.slopes.tolist() == [0.25, 0.0625, 0.015625, 0.00390625]
    assert found.formula_error == 0


@pytest.mark.parametrize("stack", ["encoder", "decoder"])
def test_a_t5_adds_what_its_code_adds(stack):
    found = buckets(tiny.model("t5"), stack)
    assert found.error == 0
    assert len(np.unique(found.bias[0])) <= 32


@pytest.mark.parametrize("asked", [table, slopes, lambda model: buckets(model, "encoder")])
def test_what_a_model_lacks_is_said(asked):
    with pytest.raises(InspectionError, match="tiny-llama"):
        asked(tiny.model("llama"))


def test_only_added_positions_depend_on_where_one_stands():
    found = compared(40, 16, 10_000.0)
    added, bias, rope = found.unevenness
    assert added > 1
    assert bias == 0
    assert rope < 1e-5
    # Equal numbers: the mean cosine of the angles between.
    expected = np.cos(7 * 10_000.0 ** (-np.arange(0, 16, 2) / 16)).mean()
    assert found.rope[30, 23] == pytest.approx(expected, abs=1e-5)
