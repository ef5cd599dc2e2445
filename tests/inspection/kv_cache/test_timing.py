"""Measuring: what is run, what is kept, what comes of it. No test asks how long anything takes."""

import gc
import pickle
import time
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
import torch

from components.inspection.decoding import Decoder
from components.inspection.errors import InspectionError
from components.inspection.kv_cache import clock, timing
from components.inspection.kv_cache.arithmetic import positions
from components.inspection.kv_cache.asking import filled
from components.inspection.kv_cache.summary import summarize
from components.inspection.kv_cache.timing import Pace, Timing, measure, pace
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
    return replace(
        real,
        prompt=start,
        new=new,
        repeats=repeats,
        start=start,
        seconds=seconds,
        tokens=(0,) * new,
    )


def test_everything_that_was_asked_for_is_measured(whole):
    assert whole.seconds.shape == (2, 3, 6)
    assert whole.whole and whole.share == 1
    assert (whole.seconds > 0).all()
    assert whole.different == 0
    assert [check.verdict for check in whole.checks] == ["holds"]
    assert whole.at <= time.time() < whole.at + 600


def test_the_tokens_are_those_that_generate_writes(whole, tiny_causal):
    ids = Decoder(tiny_causal, filled(tiny_causal, TEXT, 9)).read
    written = tiny_causal.network.generate(
        ids, attention_mask=ids**0, max_new_tokens=6, min_new_tokens=6, do_sample=False
    )
    assert tuple(written[0, 9:].tolist()) == whole.tokens


def test_stopping_half_way_keeps_what_was_measured(monkeypatch):
    monkeypatch.setattr(timing, "BREATH", -1.0)  # a yield after each step
    steps = measure(tiny.model("llama"), TEXT, 9, 6, 2)
    seen = [next(steps) for _ in range(1 + 6 + 1 + 9)]
    steps.close()
    warm, half = seen[:8], seen[-1]
    assert [found.warm for found in warm] == [0, 1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1, 1]
    assert [found.tokens == () for found in warm] == [True] * 6 + [False] * 2
    assert all(found.share == 0 and not summarize(found).ways for found in warm)
    shares = [found.share for found in seen]
    assert shares == sorted(shares) and 0 < shares[-1] < 1
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
    step = Decoder.step
    monkeypatch.setattr(
        Decoder, "step", lambda *args: (seen.append(gc.isenabled()), step(*args))[1]
    )
    steps = measure(tiny_causal, TEXT, 9, 4, 1)
    while not next(steps).tokens:
        pass
    next(found for found in steps if found.estimate > 0)
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


def noted(monkeypatch, model, note):
    """Let `note(arguments, output)` see each call of the network."""
    forward = type(model.network).forward

    def watched(self, *args, **kwargs):
        output = forward(self, *args, **kwargs)
        note(kwargs, output)
        return output

    decoder = Decoder(model, [5, 6, 7])
    monkeypatch.setattr(type(model.network), "forward", watched)
    decoder.without(decoder.read)
    decoder.prefill(decoder.new_cache())


def test_the_way_without_a_cache_builds_none(tiny_causal, monkeypatch):
    kept = []
    noted(
        monkeypatch,
        tiny_causal,
        lambda given, out: kept.append((given["use_cache"], out.past_key_values is not None)),
    )
    assert kept == [(False, False), (True, True)]


def test_only_the_last_positions_logits_are_computed(tiny_causal, monkeypatch):
    shapes = []
    noted(monkeypatch, tiny_causal, lambda _given, out: shapes.append(out.logits.shape[1]))
    assert shapes == [1, 1]


SAME = "no token that one way chose is behind in the other by more than rounding"


@pytest.mark.sabotage(SAME)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("way", ["with", "without"])
def test_a_way_that_computes_something_else_is_seen(way, dtype, monkeypatch):
    model = tiny.model("llama", dtype)
    own_step, own_without = Decoder.step, Decoder.without
    warm = {"over": False}

    def step(self, token, cache, past):
        if warm["over"] and way == "with":
            for layer in cache.layers:
                layer.values = layer.values.roll(1, dims=1)  # the other key-value head's
        return own_step(self, token, cache, past)

    def without(self, ids):
        warm["over"] = True  # the pace is taken after the warm-up
        if way == "without":
            ids = torch.cat([ids[:, :1], ids], dim=1)  # one position off
            return -own_without(self, ids)
        return own_without(self, ids)

    monkeypatch.setattr(Decoder, "step", step)
    monkeypatch.setattr(Decoder, "without", without)
    *_, found = measure(model, TEXT, 9, 8, 1)
    (check,) = found.checks
    assert (check.says, check.verdict) == (SAME, "fails")
    assert found.different > 0 and found.behind > found.allowed > 0


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_in_16_bit_two_tokens_that_are_as_good_as_equal_may_change_places(dtype):
    """Where the ways choose differently, no more than rounding lies between."""
    *_, found = measure(tiny.model("gpt2", dtype), TEXT, 9, 24, 1)
    assert [check.verdict for check in found.checks] == ["holds"]
    assert (found.different > 0) == (found.behind > 0)


def test_what_will_take_long_is_foretold_from_three_passes():
    found = pace(tiny.model("llama"), TEXT, 9, 6)
    assert found.short > 0 and found.long > 0 and found.step > 0
    told = Pace(short=1.0, long=3.0, step=0.5)
    assert told.passes(4) == 4 * 2.0
    assert told.both(6) == 6 * 2.0 + 1.0 + 5 * 0.5


def test_a_gpus_clock_stands_in_the_queue_of_the_gpu_that_works(monkeypatch):
    """Events go into the current GPU's queue: with another one current, launching is timed."""
    current, log = ["cuda:0"], []

    @contextmanager
    def device(which):
        before, current[0] = current[0], str(which)
        yield
        current[0] = before

    class Event:
        def __init__(self, enable_timing):
            assert enable_timing

        def record(self):
            log.append(current[0])

        def synchronize(self):
            log.append("waited")

        def elapsed_time(self, _end):
            return 1_500.0

    monkeypatch.setattr(torch.cuda, "device", device)
    monkeypatch.setattr(torch.cuda, "Event", Event)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda _: None)
    found = clock.timed(torch.device("cuda:1"), lambda: log.append("work") or 7)
    assert found == (7, 1.5)
    assert log == ["cuda:1", "work", "cuda:1", "waited"]
    assert current == ["cuda:0"]


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


def test_a_slope_is_told_only_where_its_interval_leaves_zero():
    rng = np.random.default_rng(0)
    noise = rng.normal(0.01, 0.002, (2, 3, 40)).clip(0.001)
    assert [way.slope_told for way in summarize(made(noise)).ways] == [False, False]
    rising = noise.copy()
    rising[1] += 0.001 * np.arange(40)
    assert [way.slope_told for way in summarize(made(rising)).ways] == [False, True]
    assert not summarize(made(noise[:, :, :2])).ways[0].slope_told, "of two points there is none"


def test_a_model_without_a_cache_says_why(tiny_masked):
    with pytest.raises(InspectionError, match="does not write on"):
        next(measure(tiny_masked, TEXT, 9, 4, 1))


@pytest.mark.parametrize("family", ["t5", "bart"])
def test_an_encoder_decoder_starts_with_one_position(family):
    *_, found = measure(tiny.model(family), TEXT, 9, 5, 1)
    assert found.start == 1 and found.whole and not found.different


def test_the_machine_is_stated(whole):
    machine = whole.machine
    assert machine.torch == torch.__version__
    assert machine.threads == torch.get_num_threads()
    assert (machine.dtype, machine.device, machine.attention) == ("float32", "cpu", "eager")
