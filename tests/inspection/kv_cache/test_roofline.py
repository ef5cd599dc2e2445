"""The machine's roof and the passes below it: what is made of seconds, with a known clock."""

import pickle
from dataclasses import replace

import pytest
import torch

from components.inspection.kv_cache import limits
from components.inspection.kv_cache import roofline as home
from components.inspection.kv_cache.asking import checked
from components.inspection.kv_cache.roofline import (
    Roofline,
    TimedPass,
    expected_seconds,
    rooflines,
)
from components.inspection.kv_cache.timing import Pace
from components.inspection.kv_cache.work import Counter, work
from tests import tiny

TEXT = "hello there"
PROMPT, NEW = 9, 6


@pytest.fixture(scope="module")
def model():
    return tiny.model("llama")


@pytest.fixture
def known_clock(monkeypatch):
    """Each piece of work is run, and said to take so many seconds: by its place in a round, and
    more in the first rounds."""
    calls = []

    def timed(device, piece):
        result = piece()
        calls.append((device, piece, result))
        place, round_ = (len(calls) - 1) % PLACES, (len(calls) - 1) // PLACES
        return result, (place + 1) * (1.0 if round_ >= 3 else 10.0)

    monkeypatch.setattr(home, "timed", timed)
    return calls


PLACES = 4 + 4 + 3 + 7
"""In a round: products, copies, prefill and a step and the same step without, passes of 1, 2, 5, 7,
9, 12 and 14 positions."""


def whole(model) -> Roofline:
    *_, last = rooflines(model, TEXT, PROMPT, NEW)
    assert last.found is not None
    return last.found


def test_rates_and_times_with_a_known_clock(model, known_clock):
    found = whole(model)
    assert len(known_clock) == 6 * PLACES, "five rounds, and one to warm up"
    # The fastest product took 1 s: n^3 multiplications and as many additions, of 512 x 512.
    assert found.side == 512
    assert found.matrix_rate == 2 * 512**3 == 268_435_456
    # The fastest copy took 5 s: each byte is read, and written.
    assert found.copied == 2**22
    assert found.copy_rate == 2 * 2**22 / 5
    assert found.ridge == pytest.approx(268_435_456 / (8_388_608 / 5))
    # Of 10, 10, 1, 1 and 1 times, the median.
    assert [each.seconds for each in found.passes] == [9, 10, 11]
    assert found.lengths == (1, 2, 5, 7, 9, 12, 14)
    assert found.seconds == (12, 13, 14, 15, 16, 17, 18)
    assert [each.done for each in found.passes] == list(work(model, TEXT, PROMPT, NEW).passes)
    step = found.passes[1]
    assert step.rate == step.done.operations / 10
    assert step.intensity == step.done.operations / step.done.matrix_bytes
    assert (found.rounds, found.share) == (5, 1)
    assert [check.verdict for check in found.checks] == ["holds"]
    assert type(pickle.loads(pickle.dumps(found))) is Roofline


def test_the_product_that_is_timed_has_the_operations_that_are_said(model):
    side, product = limits.product(model)
    with Counter(model) as counted:
        product()
    assert counted.operations == 2 * side**3
    size, copy = limits.copy(model)
    target = copy()
    assert target.nbytes == size


def test_the_passes_that_are_timed_are_those_that_were_counted(model, known_clock):
    seen = []
    embedding = model.network.get_input_embeddings()
    handle = embedding.register_forward_pre_hook(lambda _m, args: seen.append(args[0].shape[1]))
    try:
        for step in rooflines(model, TEXT, PROMPT, NEW):
            if step.found is not None:
                break
        in_a_round = seen[-PLACES + 8 :]
    finally:
        handle.remove()
    assert in_a_round == [PROMPT, 1, 14, 1, 2, 5, 7, 9, 12, 14]


def test_each_pass_is_a_step_and_stopping_keeps_the_whole_rounds(model, known_clock):
    steps = rooflines(model, TEXT, PROMPT, NEW)
    seen = [next(steps) for _ in range(1 + 3 * PLACES)]
    steps.close()
    shares = [step.share for step in seen]
    assert shares == sorted(shares) and shares[0] == 0 and shares[-1] == pytest.approx(0.5)
    assert all(step.found is None for step in seen[: 2 * PLACES])
    assert seen[-1].found is not None and seen[-1].found.rounds == 1
    assert seen[-1].found.share == 0.2


def made(model, rate: float, intensity: float) -> tuple[Roofline, TimedPass]:
    """A roof of 100 operations and 10 bytes a second, and a pass at some rate."""
    found = whole(model)
    done = replace(found.passes[1].done, operations=1_000, matrix_bytes=round(1_000 / intensity))
    return replace(found, matrix_rate=100.0, copy_rate=10.0), TimedPass(done, 1_000 / rate)


@pytest.mark.parametrize(
    ("rate", "intensity", "limit"),
    [
        (9.0, 1.0, "memory"),  # the roof is at 10 there
        (5.0, 1.0, "memory"),
        (4.9, 1.0, "overhead"),
        (0.6, 1.0, "overhead"),
        (90.0, 20.0, "compute"),
        (51.0, 20.0, "compute"),
        (49.0, 20.0, "overhead"),
        (40.0, 5.0, "memory"),
    ],
)
def test_what_limits_a_pass_is_named_only_near_the_roof(model, rate, intensity, limit):
    found, each = made(model, rate, intensity)
    assert found.ridge == 10
    assert found.roof(intensity) == min(100, 10 * intensity)
    assert found.limit(each) == limit


def test_a_full_card_gets_smaller_matrices(model, monkeypatch):
    # Two matrices of 512 x 512 in float32 take 2 MiB: more than a quarter of 6.
    monkeypatch.setattr(limits, "memory", lambda _: (6 * 2**20, 2**30))
    side, _ = limits.product(model)
    size, _ = limits.copy(model)
    assert side == 256
    assert size == 6 * 2**20 // 8, "source and target take a quarter of what is free"


def test_out_of_memory_halves_the_matrices_and_then_gives_up(model, monkeypatch):
    own, tried = torch.ones, []

    def ones(size, **kwargs):
        if isinstance(size, tuple):
            tried.append(size[0])
            if size[0] > largest[0]:
                raise torch.OutOfMemoryError("CUDA out of memory.")
        return own(size, **kwargs)

    largest = [128]
    monkeypatch.setattr(torch, "ones", ones)
    side, product = limits.product(model)
    assert (side, tried) == (128, [512, 256, 128])
    assert product().shape == (128, 128)
    largest[0] = 0
    with pytest.raises(torch.OutOfMemoryError):
        limits.product(model)


def test_other_faults_are_no_lack_of_memory(model, monkeypatch):
    def wrong(*_args, **_kwargs):
        raise RuntimeError("a typing mistake")

    monkeypatch.setattr(torch, "mm", wrong)
    with pytest.raises(RuntimeError, match="typing mistake"):
        limits.product(model)


def test_its_cost_is_foretold():
    cheap, dear = (expected_seconds(Pace(0.01 * n, 0.02 * n, 0.01 * n), 8) for n in (1, 10))
    assert dear == pytest.approx(10 * cheap)
    # Six rounds of a prefill, a step, a pass without, and seven passes from short to long.
    assert cheap == pytest.approx(4 * 0.03 + 2 * 8 * 0.01 + 6 * (0.04 + 7 * 0.015))


def test_what_cannot_be_measured_is_explained(tiny_masked):
    with pytest.raises(Exception, match="does not write on"):
        next(rooflines(tiny_masked, TEXT, PROMPT, NEW))
    assert checked(tiny.model("llama"), TEXT, PROMPT, NEW)
