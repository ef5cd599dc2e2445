"""Measuring: what is run, what is kept, what comes of it. No test asks how long anything takes."""

import gc
import pickle

import numpy as np
import pytest

from components.inspection.errors import InspectionError
from components.inspection.kv_cache import timing
from components.inspection.kv_cache.arithmetic import positions
from components.inspection.kv_cache.decoding import Decoding, filled
from components.inspection.kv_cache.summary import summarize
from components.inspection.kv_cache.timing import Timing, checked, measure
from tests import tiny

TEXT = "hello there"


@pytest.fixture(scope="module")
def whole(request) -> Timing:
    *_, found = measure(tiny.model("llama"), TEXT, 9, 6, 3)
    return found


def made(seconds: np.ndarray, start: int = 10) -> Timing:
    """Return a measurement with the given seconds [way, repeat, step]."""
    *_, real = measure(tiny.model("llama"), TEXT, 4, 2, 1)
    _, repeats, new = seconds.shape
    return Timing(start, new, repeats, start, seconds, (0,) * new, True, 1.0, real.machine)


def test_everything_that_was_asked_for_is_measured(whole):
    assert whole.seconds.shape == (2, 3, 6)
    assert whole.whole and whole.share == 1
    assert (whole.seconds > 0).all()
    assert whole.same


def test_the_tokens_are_those_that_generate_writes(whole, tiny_causal):
    ids = Decoding(tiny_causal, filled(tiny_causal, TEXT, 9)).read
    written = tiny_causal.network.generate(
        ids, attention_mask=ids**0, max_new_tokens=6, min_new_tokens=6, do_sample=False
    )
    assert tuple(written[0, 9:].tolist()) == whole.tokens


def test_stopping_half_way_keeps_what_was_measured(monkeypatch):
    monkeypatch.setattr(timing, "BREATH", 0.0)  # a yield after each step
    steps = measure(tiny.model("llama"), TEXT, 9, 6, 2)
    seen = [next(steps) for _ in range(10)]
    steps.close()
    shares = [found.share for found in seen]
    assert shares == sorted(shares) and shares[0] == 0 and 0 < shares[-1] < 1
    half = seen[-1]
    assert not half.whole
    summary = summarize(half)
    assert [way.way for way in summary.ways] == ["with", "without"]
    assert summary.ways[0].steps == 6
    assert summary.ways[1].steps == 3
    assert np.isfinite(summary.time_ratio)
    again = pickle.loads(pickle.dumps(half))
    np.testing.assert_array_equal(again.seconds, half.seconds)


def test_an_earlier_result_does_not_change_while_measuring_goes_on():
    steps = measure(tiny.model("llama"), TEXT, 9, 4, 1)
    first = next(steps)
    for _ in steps:
        pass
    assert np.isnan(first.seconds).all()


def test_garbage_waits_for_the_end_of_a_step_and_no_longer(monkeypatch, tiny_causal):
    monkeypatch.setattr(timing, "BREATH", 0.0)
    seen = []
    step = Decoding.step
    monkeypatch.setattr(
        Decoding, "step", lambda *args: (seen.append(gc.isenabled()), step(*args))[1]
    )
    steps = measure(tiny_causal, TEXT, 9, 4, 1)
    next(steps)
    seen.clear()
    for _ in steps:
        assert gc.isenabled()
    assert seen == [False] * 3


def test_the_ways_take_turns_in_coming_first(monkeypatch, tiny_causal):
    order = []
    run = timing._run

    def noted(decoding, fed, way, *rest):
        order.append(way)
        return run(decoding, fed, way, *rest)

    monkeypatch.setattr(timing, "_run", noted)
    for _ in measure(tiny_causal, TEXT, 9, 3, 3):
        pass
    assert order == ["with", "without", "without", "with", "with", "without"]


def test_the_way_without_a_cache_builds_none(tiny_causal, monkeypatch):
    kept = []
    forward = tiny_causal.network.forward

    def noted(**arguments):
        output = forward(**arguments)
        kept.append((arguments["use_cache"], output.past_key_values is not None))
        return output

    decoding = Decoding(tiny_causal, [5, 6, 7])
    cache = decoding.new_cache()
    monkeypatch.setattr(decoding, "network", noted)
    decoding.without(decoding.read)
    decoding.prefill(cache)
    assert kept == [(False, False), (True, True)]


def test_only_the_last_positions_logits_are_computed(tiny_causal, monkeypatch):
    shapes = []
    forward = tiny_causal.network.forward

    def noted(**arguments):
        output = forward(**arguments)
        shapes.append(output.logits.shape[1])
        return output

    decoding = Decoding(tiny_causal, [5, 6, 7])
    cache = decoding.new_cache()
    monkeypatch.setattr(decoding, "network", noted)
    decoding.without(decoding.read)
    decoding.prefill(cache)
    assert shapes == [1, 1]


def test_a_line_is_found_again_and_one_late_step_does_not_move_it():
    step = np.arange(40)
    cached, bare = np.full(40, 0.002), 0.001 + 0.00005 * (10 + step)
    seconds = np.stack([np.stack([cached] * 3), np.stack([bare] * 3)])
    seconds[1, :, 20] = 5.0  # in all repeats: no median can hide it
    summary = summarize(made(seconds))
    with_, without = summary.ways
    assert with_.slope == pytest.approx(0, abs=1e-12)
    assert without.slope == pytest.approx(0.00005)
    assert without.base == pytest.approx(0.001, rel=0.01)
    assert without.slope_low <= without.slope <= without.slope_high


def test_medians_totals_and_rates_of_a_measurement_done_by_hand():
    seconds = np.array(
        [
            [[4.0, 1.0, 1.0], [6.0, 1.0, 3.0], [5.0, 1.0, 2.0]],
            [[5.0, 5.0, 5.0], [5.0, 6.0, 7.0], [5.0, 7.0, 9.0]],
        ]
    )
    summary = summarize(made(seconds))
    with_, without = summary.ways
    np.testing.assert_array_equal(with_.median, [5, 1, 2])
    assert (with_.first, with_.per_token, with_.total) == (5, 1.5, 8)
    assert with_.rate == 3 / 8
    assert without.total == 5 + 6 + 7
    assert summary.time_ratio == 18 / 8
    assert (with_.positions, without.positions) == (12, 33)
    assert summary.position_ratio == 33 / 12


def test_of_half_a_measurement_both_ways_are_compared_over_the_same_steps():
    seconds = np.full((2, 2, 4), np.nan)
    seconds[0, 0] = [4, 1, 1, 1]
    seconds[1, 0, :2] = [4, 8]
    summary = summarize(made(seconds))
    assert summary.steps == 2
    assert summary.time_ratio == 12 / 5
    assert summary.position_ratio == positions(10, 2, "without") / positions(10, 2, "with")


def test_nothing_measured_is_no_way():
    assert summarize(made(np.full((2, 1, 3), np.nan))).ways == ()


def test_a_text_is_repeated_to_the_length(tiny_causal):
    ids = tiny_causal.encode("ab")
    assert filled(tiny_causal, "ab", 7) == (ids * 3)[:7]


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ((0, 4, 1), "prompt's length is 0"),
        ((9, 1, 1), "new tokens is 1; it goes from 2"),
        ((9, 4, 99), "repeats is 99"),
        ((61, 4, 1), "shorten the prompt to 60"),
    ],
)
def test_what_cannot_be_measured_is_explained(tiny_causal, numbers, said):
    with pytest.raises(InspectionError, match=said):
        checked(tiny_causal, TEXT, *numbers)


def test_a_model_without_a_cache_says_why(tiny_masked):
    with pytest.raises(InspectionError, match="no key-value cache"):
        next(measure(tiny_masked, TEXT, 9, 4, 1))


@pytest.mark.parametrize("family", ["t5", "bart"])
def test_an_encoder_decoder_starts_with_one_position(family):
    *_, found = measure(tiny.model(family), TEXT, 9, 5, 1)
    assert found.start == 1 and found.whole and found.same


def test_the_machine_is_stated(whole):
    import torch

    machine = whole.machine
    assert machine.torch == torch.__version__
    assert machine.threads == torch.get_num_threads()
    assert (machine.dtype, machine.device, machine.attention) == ("float32", "cpu", "eager")
