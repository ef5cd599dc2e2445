"""Reshaping is what `generate` does to scores, step by step."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as run
from hypothesis import strategies as st
from transformers import GenerationConfig, TopPLogitsWarper

from components.inspection.errors import InspectionError
from components.inspection.sampling.processing import STEPS, process_logits, processors
from components.inspection.sampling.settings import RANGES, Settings
from tests.drawn_settings import drawn

TOY = [4.0, 3.0, 2.0, 1.0, 0.0]
ANY = drawn()
OF_GENERATE = [row.name for row in RANGES.values() if row.processor]


@run(max_examples=150, deadline=None)
@given(
    drawn(OF_GENERATE), st.lists(st.integers(0, 260), min_size=1, max_size=20), st.integers(0, 9)
)
def test_the_processors_are_those_generate_itself_would_use(tiny_causal, choice, history, seed):
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(1, 261, generator=generator) * 4
    on = choice.applied()
    asked = {name: on[name] for name in OF_GENERATE if name in on and name != "temperature"}
    if not choice.greedy:
        # generate keeps 50 tokens unless it is told otherwise.
        asked |= {"temperature": choice.temperature, "top_k": choice.top_k}
    asked["do_sample"] = not choice.greedy
    theirs = scores
    for processor in tiny_causal.network._get_logits_processor(
        GenerationConfig(**asked), input_ids_seq_length=len(history), device="cpu"
    ):
        theirs = processor(torch.tensor([history]), theirs)
    ours = process_logits(scores[0].numpy(), history, choice).logits
    if choice.greedy:
        assert np.isfinite(ours).sum() == 1
        assert ours.argmax() == theirs.argmax()
    else:
        np.testing.assert_array_equal(ours, theirs[0].numpy())


@pytest.mark.parametrize("row", [row for row in RANGES.values() if row.stage], ids=lambda r: r.name)
def test_each_row_of_the_table_has_a_processor_and_says_what_its_threshold_is_compared_with(row):
    """A new row wants a class of transformers, or one of our own; and if it removes tokens by a
    threshold, its kind, by which the page allows for rounding."""
    choice = Settings(**{row.name: row.low + (row.high - row.low) * 0.4})
    (made,) = processors(choice).items()
    assert made[0] == row.stage
    scores = torch.randn(1, 500, generator=torch.Generator().manual_seed(0)) * 2
    cuts = bool(torch.isneginf(made[1](torch.tensor([[0, 1]]), scores)).any())
    assert bool(row.threshold) == (cuts and not row.whole)


@pytest.mark.parametrize(
    ("temperature", "expected"),
    [
        (0.2, [0.9933, 0.0067]),
        (0.5, [0.8647, 0.1170, 0.0158]),
        (1.0, [0.6364, 0.2341, 0.0861, 0.0317, 0.0117]),
        (2.0, [0.4287, 0.2600, 0.1577, 0.0956, 0.0580]),
    ],
)
def test_the_toy_logits_give_the_probabilities_of_the_source_text(temperature, expected):
    after = process_logits(TOY, [], Settings(temperature=temperature)).after
    np.testing.assert_allclose(after[: len(expected)], expected, atol=5e-5)


@pytest.mark.parametrize(
    ("temperature", "bits"), [(0.2, 0.059), (0.5, 0.661), (1.0, 1.443), (2.0, 2.012)]
)
def test_the_toy_entropies_are_those_of_the_source_text(temperature, bits):
    stages = process_logits(TOY, [], Settings(temperature=temperature)).stages
    assert stages[-1].entropy == pytest.approx(bits, abs=6e-4)


@pytest.mark.parametrize(("temperature", "kept"), [(0.2, 1), (0.5, 1), (1, 2), (2, 3), (5, 4)])
def test_top_p_08_keeps_1_1_2_3_4_of_the_toy_tokens(temperature, kept):
    choice = Settings(temperature=temperature, top_p=0.8)
    assert process_logits(TOY, [], choice).stages[-1].tokens == kept


@pytest.mark.parametrize("equal", [2, 16, 17, 100])
@pytest.mark.parametrize("top_p", [0.1, 0.5, 0.9])
def test_of_equals_at_top_ps_cut_as_many_stay_as_in_transformers_those_with_the_highest_ids(
    equal, top_p
):
    """Which of equals transformers keeps is up to a sort that is not stable beyond 16."""
    row = np.array([5.0, *[1.0] * equal, 0.0], dtype=np.float32) if equal < 16 else np.ones(equal)
    found = process_logits(row, [], Settings(top_p=top_p))
    theirs = TopPLogitsWarper(top_p)(None, torch.tensor(row, dtype=torch.float32)[None])
    left = np.flatnonzero(found.after)
    assert len(left) == int(torch.isfinite(theirs).sum())
    if equal >= 16:
        assert left.tolist() == list(range(equal - len(left), equal))
        assert (found.tied, found.tied_left) == (equal, len(left))


def test_where_no_group_of_equals_is_cut_in_two_none_is_told():
    assert process_logits(TOY, [], Settings(top_p=0.8)).tied == 0
    assert process_logits([1.0, 1.0, 0.0], [], Settings(top_p=1.0)).tied == 0
    whole = process_logits([3.0, 3.0, -9.0], [], Settings(top_p=0.9))
    assert (whole.tied, whole.tied_left, whole.stages[-1].tokens) == (0, 0, 2)
    part = process_logits([3.0, 3.0, 3.0], [], Settings(top_p=0.5))
    assert (part.tied, part.tied_left) == (3, 2)


@pytest.mark.parametrize("size", [80.0, 1e4, 1e6])
def test_large_logits_with_a_penalty_below_1_leave_numbers(size):
    found = process_logits(
        [size, size / 2, -size, 0.0], [0, 1, 2], Settings(repetition_penalty=0.5)
    )
    assert all(np.isfinite(stage.entropy) for stage in found.stages)
    assert found.after.sum() == pytest.approx(1)


def test_logarithms_of_probabilities_are_exact_where_those_are_too_small_for_numbers():
    found = process_logits([0.0, -500.0], [], Settings())
    assert found.before[1] == 0
    np.testing.assert_allclose(found.log_before, [0.0, -500.0], atol=1e-12)


@run(deadline=None)
@given(st.lists(st.floats(-20, 20, width=32), min_size=1, max_size=50), ANY)
def test_each_step_keeps_a_part_and_shares_it_out_anew(logits, choice):
    found = process_logits(logits, [0, 0], choice)
    assert tuple(stage.name for stage in found.stages) == STEPS
    assert found.after.sum() == pytest.approx(1, abs=1e-4)
    tokens = [stage.tokens for stage in found.stages]
    assert tokens == sorted(tokens, reverse=True)
    assert tokens[-1] >= 1
    for stage in found.stages:
        assert 0 < stage.mass <= 1
        assert 0 <= stage.entropy <= np.log2(len(logits)) + 1e-4


def test_presence_and_frequency_penalties_follow_the_published_formula():
    found = process_logits(
        [1.0, 1.0, 1.0], [1, 2, 2], Settings(presence_penalty=0.5, frequency_penalty=2)
    )
    np.testing.assert_allclose(found.logits, [1.0, 1 - 0.5 - 2, 1 - 0.5 - 2 * 2])


def test_a_repetition_penalty_pushes_positive_and_negative_logits_down():
    found = process_logits([2.0, -2.0, 2.0], [0, 1, 1], Settings(repetition_penalty=2))
    np.testing.assert_allclose(found.logits, [1.0, -4.0, 2.0])


def test_top_k_keeps_all_that_tie_for_the_last_place():
    assert process_logits([3.0, 1.0, 1.0, 1.0], [], Settings(top_k=2)).stages[-1].tokens == 4


def test_typical_p_may_remove_the_likeliest_token():
    logits = np.log([0.5, 0.2, 0.15, 0.1, 0.05])
    found = process_logits(logits, [], Settings(typical_p=0.2))
    assert np.flatnonzero(found.after).tolist() == [1, 2]


def test_greedy_takes_the_first_of_equals_and_leaves_the_other_steps_nothing_to_do():
    found = process_logits([1.0, 2.0, 2.0], [], Settings(temperature=0, top_k=3, top_p=0.5))
    assert found.after.tolist() == [0.0, 1.0, 0.0]
    assert set(processors(Settings(temperature=0, top_k=3))) == {"temperature"}


def test_a_low_temperature_removes_no_token():
    assert process_logits([0.0, -50.0], [], Settings(temperature=0.01)).stages[-1].tokens == 2


def test_ids_that_the_logits_lack_count_for_nothing():
    found = process_logits([1.0, 2.0], [5, -1], Settings(presence_penalty=1, repetition_penalty=2))
    np.testing.assert_array_equal(found.logits, [1.0, 2.0])


@pytest.mark.parametrize("logits", [[], [[1.0]], [np.nan, 1.0], [np.inf, 1.0], [-np.inf]])
def test_what_cannot_be_a_distribution_is_explained(logits):
    with pytest.raises(InspectionError, match="logits"):
        process_logits(logits, [], Settings())
