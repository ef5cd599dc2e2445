"""Will it fit? Printed numbers, and what must hold for any model.

Numbers are stated here and not taken from the planner's constants: a changed constant must show.
"""

import itertools

import pytest
import torch
import transformers as hf
from hypothesis import given, settings
from hypothesis import strategies as st

from components.inspection.errors import InspectionError
from components.inspection.kv_cache.described import described_shape, loaded_shape
from components.inspection.kv_cache.hardware import HARDWARE, offered
from components.inspection.kv_cache.planner import fits, growth, pieces, plan, weight_bytes
from components.inspection.kv_cache.published import PUBLISHED
from components.inspection.kv_cache.spread import Pieces
from tests import tiny
from tests.inspection.kv_cache.test_law import hybrid

HALF = "float16 / bfloat16"
GIB = 2**30
MEMORY = {
    "Mac, 8 GB": 5.33,
    "RTX 3060 laptop": 5.80,
    "RTX 4060 laptop": 7.75,
    "Mac, 16 GB": 10.67,
    "RTX 3060": 11.75,
    "T4": 14.75,
    "Mac, 32 GB": 21.33,
    "L4": 22.03,
    "RTX 4090": 23.65,
    "RTX 5090": 31.37,
    "A100 40 GB": 39.39,
    "L40S": 44.42,
    "Mac, 64 GB": 48.0,
    "Mac, 96 GB": 72.0,
    "H100": 79.11,
    "A100 80 GB": 79.15,
    "H200": 139.80,
}
"""GiB, as torch's own messages have them, and as macOS recommends at most for a Mac's GPU."""
LAPTOPS = {name for name in MEMORY if "Mac" in name or "laptop" in name}


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


def test_of_a_device_nine_tenths_of_what_torch_reports_can_be_used_once():
    assert {each.name: each.memory for each in HARDWARE} == MEMORY
    assert list(MEMORY.values()) == sorted(MEMORY.values())
    for each in HARDWARE:
        assert each.usable == pytest.approx(0.9 * each.memory * GIB)
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
        room = MEMORY[fit.gpu] * GIB * 0.9
        assert fit.fits == (plan(shape, length, batch, *rest).total <= room)
        if fit.longest:
            assert plan(shape, fit.longest, batch, *rest).total <= room
        if fit.longest < shape.context:
            assert plan(shape, fit.longest + 1, batch, *rest).total > room
        if fit.batch:
            assert plan(shape, length, fit.batch, *rest).total <= room
        if fit.batch < 4_096:
            assert plan(shape, length, fit.batch + 1, *rest).total > room


def test_laptops_work_alone():
    assert {each.name for each in offered(2)} == set(MEMORY) - LAPTOPS
    assert len(offered(1)) == len(MEMORY)
    alone = fits(PUBLISHED["Llama-3-70B"], 4_096, 1, HALF, HALF)
    assert {fit.gpu for fit in alone if fit.needed > 1} == set(MEMORY) - LAPTOPS
    assert {fit.gpu for fit in alone if fit.needed == 0} == LAPTOPS


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(list(PUBLISHED)),
    st.integers(1, 100_000),
    st.integers(1, 64),
    st.sampled_from([HALF, "8-bit", "4-bit", "float32"]),
    st.sampled_from([HALF, "8-bit"]),
    st.booleans(),
)
def test_the_pieces_are_the_plan(name, length, batch, weights, cache, eager):
    shape, rest = PUBLISHED[name], (weights, cache, eager)
    cut, whole = pieces(shape, length, batch, *rest), plan(shape, length, batch, *rest)
    assert cut.fullest(1) == pytest.approx(whole.total)
    assert len(cut.sizes) == shape.layers + 2
    assert min(cut.sizes) >= 0
    assert cut.beside == whole.activations


def test_llama_3_70b_by_hand_on_two_80_gb_gpus():
    """80 blocks of 855,654,400 numbers and two tables of 128,256 x 8,192, in 16 bit."""
    shape = PUBLISHED["Llama-3-70B"]
    block = 2 * 8_192 * 128 * (64 + 8) + 3 * 8_192 * 28_672
    table = 128_256 * 8_192
    cut = pieces(shape, 4_096, 1, HALF, HALF)
    cache = 2 * 8 * 128 * 4_096 * 2
    assert cut.sizes[:2] == (2 * table, 2 * block + cache)
    # The head, and the norms that no format rounds: two in each block, and the last.
    assert cut.sizes[-1] == 2 * (table + (2 * 80 + 1) * 8_192)
    # Two halves: 40 blocks and a table each.
    half = 40 * cut.sizes[1] + cut.sizes[-1] + cut.beside
    assert cut.fullest(2) == pytest.approx(half)
    two = {fit.gpu: fit for fit in fits(shape, 4_096, 1, HALF, HALF, gpus=2)}
    assert two["H100"].needed == 2 and two["H100"].fits
    assert two["H100"].left == pytest.approx(0.9 * 79.11 * GIB - half)
    assert two["T4"].needed > 8 and not two["T4"].fits and two["T4"].left < 0


@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=7),
    st.integers(0, 3),
    st.integers(1, 4),
    st.integers(1, 40),
)
def test_pieces_lie_as_the_best_of_all_ways_to_lay_them(sizes, beside, gpus, room):
    """Against every way to cut the row of pieces into so many parts."""
    cut = Pieces(tuple(map(float, sizes)), float(beside))

    def fullest(parts: int) -> float:
        ways = itertools.combinations(range(1, len(sizes)), min(parts, len(sizes)) - 1)
        return min(
            max(sum(sizes[a:b]) for a, b in itertools.pairwise((0, *way, len(sizes))))
            for way in ways
        )

    assert cut.fullest(gpus) == pytest.approx(fullest(gpus) + beside, abs=1e-6)
    few = next((n for n in range(1, len(sizes) + 1) if fullest(n) + beside <= room), 0)
    assert cut.needed(room) == few


@pytest.mark.parametrize("gpus", [2, 4])
def test_on_several_gpus_the_longest_and_the_most_fit_and_one_more_does_not(gpus):
    shape, rest = PUBLISHED["Llama-3-70B"], (HALF, HALF)
    for fit in fits(shape, 4_096, 1, *rest, gpus=gpus):
        room = 0.9 * MEMORY[fit.gpu] * GIB

        def enough(length, batch, room=room):
            return 0 < pieces(shape, length, batch, *rest).needed(room) <= gpus

        assert fit.fits == enough(4_096, 1) == (fit.left >= -1)
        assert not fit.longest or enough(fit.longest, 1)
        assert fit.longest == shape.context or not enough(fit.longest + 1, 1)
        assert not fit.batch or enough(4_096, fit.batch)
        assert fit.batch == 4_096 or not enough(4_096, fit.batch + 1)


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
        (
            '{"model_type": "llama", "hidden_size": -3}',
            "hidden_size = -3, but every network has at least one",
        ),
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
