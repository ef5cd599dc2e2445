"""Will it fit? Printed numbers, and what must hold for any model.

Numbers are stated here and not taken from the planner's constants: a changed constant must show.
"""

import pytest
import torch
import transformers as hf
from hypothesis import given, settings
from hypothesis import strategies as st

from components.inspection.errors import InspectionError
from components.inspection.kv_cache.described import described_shape, loaded_shape
from components.inspection.kv_cache.planner import fits, growth, plan, usable, weight_bytes
from components.inspection.kv_cache.published import PUBLISHED
from tests import tiny
from tests.inspection.kv_cache.test_law import hybrid

HALF = "float16 / bfloat16"
GIB = 2**30
GPUS = {
    "T4": 14.75,
    "L4": 22.03,
    "RTX 4090": 23.65,
    "RTX 5090": 31.37,
    "A100 40 GB": 39.39,
    "L40S": 44.42,
    "A100 80 GB": 79.15,
    "H100": 79.11,
    "H200": 139.80,
}
"""GiB, as torch's own messages have them."""


def test_phi_3_in_16_bit():
    made = plan(PUBLISHED["Phi-3-mini"], 4_096, 1, HALF, HALF)
    assert made.token == 393_216
    assert made.cache == 1.5 * 2**30
    assert made.weights == 2 * 3_821_079_552


def test_activations_by_hand():
    """Two copies of the stream, the MLP's three intermediate products, and logits in float32."""
    made = plan(PUBLISHED["Phi-3-mini"], 4_096, 1, HALF, HALF)
    assert made.activations == 4_096 * (2 * 3_072 + 3 * 8_192) * 2 + 32_064 * 4 == 251_786_496
    # Where queries, keys, values and outputs are wider than the MLP's products, they count.
    wide = PUBLISHED["GPT-2"]
    made = plan(wide, 100, 2, "float32", HALF)
    assert made.activations == 2 * (100 * (2 * 768 + 3 * 3_072) * 4 + 50_257 * 4)


def test_weights_in_8_and_4_bit_keep_embeddings_head_and_norms_in_16():
    shape = PUBLISHED["TinyLlama-1.1B"]
    matrices = 22 * (2 * 2_048 * 64 * 36 + 3 * 2_048 * 5_632)
    rest = 1_100_048_384 - matrices
    assert rest == 2 * 32_000 * 2_048 + (2 * 22 + 1) * 2_048
    assert weight_bytes(shape, "float32") == 4 * 1_100_048_384
    assert weight_bytes(shape, HALF) == 2 * 1_100_048_384
    assert weight_bytes(shape, "8-bit") == matrices + 2 * rest
    assert weight_bytes(shape, "4-bit") == matrices * 4.5 / 8 + 2 * rest
    assert 0.74 < weight_bytes(shape, "4-bit") / GIB < 0.76


def test_of_a_gpu_nine_tenths_of_what_torch_reports_can_be_used_once():
    room = usable()
    assert set(room) == set(GPUS)
    for gpu, reported in GPUS.items():
        assert room[gpu] == pytest.approx(0.9 * reported * GIB)
    (four,) = (
        fit for fit in fits(PUBLISHED["Llama-2-7B"], 4_096, 1, HALF, HALF) if fit.gpu == "RTX 4090"
    )
    wanted = plan(PUBLISHED["Llama-2-7B"], 4_096, 1, HALF, HALF).total
    assert four.memory == 23.65
    assert four.left == pytest.approx(0.9 * 23.65 * GIB - wanted)
    assert four.left / GIB == pytest.approx(6.419, abs=0.001)


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


def test_a_hybrid_keeps_its_states_and_an_encoder_its_text():
    shape = loaded_shape(hybrid())
    one, two = (plan(shape, length, 3, HALF, HALF).cache for length in (10, 20))
    assert two - one == 3 * 10 * 2 * 2 * 6 * 2
    assert one == 3 * (10 * 2 * 2 * 6 * 2 + 2 * (48 * 4 * 2 + 4 * 6 * 6 * 4))
    both = plan(loaded_shape(tiny.model("t5")), 10, 1, HALF, HALF)
    # 2 layers, 4 heads of 6: the decoder's own keys and values, and those of the encoder's text.
    assert both.cache == 2 * (2 * 2 * 4 * 6 * 10 * 2)


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
        room = GPUS[fit.gpu] * GIB * 0.9
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
    assert (described.cache, described.checks) == (loaded.cache, ())
    assert [check.verdict for check in loaded.checks] == ["holds"]
    assert described.token_bytes(2) == loaded.token_bytes(2)


def test_nothing_is_kept_in_memory_for_it(tmp_path):
    config = hf.LlamaConfig(num_hidden_layers=80, hidden_size=8192, intermediate_size=28672)
    config.save_pretrained(tmp_path)
    shape = described_shape(str(tmp_path))
    assert shape.parameters > 60e9
    assert not torch.cuda.is_initialized()


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ('{"model_type": "bert"', "is broken"),
        ("[]", "is broken"),
        ('{"model_type": "nobody-knows-it"}', "transformers cannot read"),
        ('{"model_type": "t5"}', "is not that of a decoder"),
        ('{"model_type": "llama", "hidden_size": -3}', "transformers cannot read"),
    ],
)
def test_a_config_that_builds_nothing_is_explained(tmp_path, config, said):
    (tmp_path / "config.json").write_text(config)
    with pytest.raises(InspectionError, match=said):
        described_shape(str(tmp_path))


@pytest.mark.parametrize("source", ["", "no/such-model-anywhere", "a b c", "~nobody", "x" * 5000])
def test_a_model_that_is_not_there_is_explained(source):
    with pytest.raises(InspectionError):
        described_shape(source)


def test_an_encoder_is_not_planned(tiny_masked):
    with pytest.raises(InspectionError, match="does not write on"):
        loaded_shape(tiny_masked)
