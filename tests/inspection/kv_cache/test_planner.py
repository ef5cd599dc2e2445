"""Will it fit? Printed numbers, and what must hold for any model."""

import json

import pytest
import torch
import transformers as hf
from hypothesis import given, settings
from hypothesis import strategies as st

from components.inspection.errors import InspectionError
from components.inspection.kv_cache.planner import (
    GPUS,
    SPARE,
    as_json,
    described_shape,
    fits,
    growth,
    loaded_shape,
    plan,
)
from components.inspection.kv_cache.published import PUBLISHED
from tests import tiny

HALF = "float16 / bfloat16"


def test_phi_3_in_16_bit():
    made = plan(PUBLISHED["Phi-3-mini"], 4_096, 1, HALF, HALF)
    assert made.token == 393_216
    assert made.cache == 1.5 * 2**30
    assert made.weights == 2 * 3_821_079_552


def test_llama_3_8b_with_each_way_of_sharing():
    shape = PUBLISHED["Llama-3-8B"]
    per_token = {
        heads: plan(shape.shared_by(heads), 1, 1, HALF, HALF).token for heads in (8, 32, 1)
    }
    assert per_token == {8: 131_072, 32: 524_288, 1: 16_384}


def test_a_sliding_window_stops_the_growth():
    shape = PUBLISHED["Mistral-7B v0.1"]
    inside, outside = (plan(shape, n, 1, HALF, HALF).cache for n in (4_095, 32_000))
    assert inside == outside == 4_095 * 131_072


def test_a_score_matrix_written_out_grows_with_the_square():
    shape = PUBLISHED["GPT-2"].shared_by(12)
    made = [plan(shape, n, 1, HALF, HALF, eager=True) for n in (512, 1_024)]
    assert made[0].scores == 12 * 2**19  # 0.5 MiB for each head
    assert made[1].scores == 4 * made[0].scores
    plain = plan(shape, 512, 1, HALF, HALF)
    assert made[0].activations - plain.activations == made[0].scores


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(list(PUBLISHED)),
    st.integers(1, 200_000),
    st.integers(1, 300),
    st.sampled_from([HALF, "4-bit"]),
    st.booleans(),
)
def test_the_longest_and_the_most_fit_and_one_more_does_not(name, length, batch, weights, eager):
    shape = PUBLISHED[name]
    rest = (weights, HALF, eager)
    for fit in fits(shape, length, batch, *rest):
        room = GPUS[fit.gpu] * 1e9 * SPARE
        assert fit.fits == (plan(shape, length, batch, *rest).total <= room)
        if fit.longest:
            assert plan(shape, fit.longest, batch, *rest).total <= room
        if fit.longest < shape.context:
            assert plan(shape, fit.longest + 1, batch, *rest).total > room
        if fit.batch:
            assert plan(shape, length, fit.batch, *rest).total <= room
        if fit.batch < 4_096:
            assert plan(shape, length, fit.batch + 1, *rest).total > room


def test_growth_is_the_plan_at_each_length():
    shape = PUBLISHED["TinyLlama-1.1B"]
    grown = growth(shape, 2_048, 3, "8-bit", HALF)
    at = plan(shape, int(grown.lengths[9]), 3, "8-bit", HALF)
    assert (grown.weights, grown.cache[9], grown.activations[9]) == (
        at.weights,
        at.cache,
        at.activations,
    )


@pytest.mark.parametrize(
    ("length", "batch", "weights", "said"),
    [(0, 1, HALF, "length is 0"), (1, 10**6, HALF, "batch is"), (1, 1, "2-bit", "no format")],
)
def test_what_cannot_be_planned_is_explained(length, batch, weights, said):
    with pytest.raises(InspectionError, match=said):
        plan(PUBLISHED["GPT-2"], length, batch, weights, HALF)


def test_a_folders_config_alone_gives_the_loaded_models_shape(tmp_path):
    model = tiny.model("mistral")
    model.network.config.save_pretrained(tmp_path)
    described, loaded = described_shape(str(tmp_path)), loaded_shape(model)
    assert described.parameters == loaded.parameters
    assert described.windows == loaded.windows == (5, 5, 5)
    assert described.token_bytes(2) == loaded.token_bytes(2)


def test_nothing_is_kept_in_memory_for_it(tmp_path):
    config = hf.LlamaConfig(num_hidden_layers=80, hidden_size=8192, intermediate_size=28672)
    config.save_pretrained(tmp_path)
    shape = described_shape(str(tmp_path))
    assert shape.parameters > 60e9
    assert not torch.cuda.is_initialized()


@pytest.mark.parametrize(
    "config",
    ['{"model_type": "bert"', '{"model_type": "llama", "num_hidden_layers": 100000}', "[]"],
)
def test_a_config_that_builds_nothing_is_explained(tmp_path, config):
    (tmp_path / "config.json").write_text(config)
    with pytest.raises(InspectionError, match="is not that of a decoder"):
        described_shape(str(tmp_path))


@pytest.mark.parametrize("source", ["", "no/such-model-anywhere", "a b c", "~nobody", "x" * 5000])
def test_a_model_that_is_not_there_is_explained(source):
    with pytest.raises(InspectionError):
        described_shape(source)


def test_an_encoder_is_not_planned(tiny_masked):
    with pytest.raises(InspectionError, match="no key-value cache"):
        loaded_shape(tiny_masked)


def test_a_plan_as_json_can_be_read_back():
    shape = PUBLISHED["GPT-2"]
    made = plan(shape, 1_024, 1, HALF, HALF)
    read = json.loads(as_json(shape, made, fits(shape, 1_024, 1, HALF, HALF)))
    assert read["bytes"]["cache"] == made.cache
    assert [gpu["gpu"] for gpu in read["gpus"]] == list(GPUS)
