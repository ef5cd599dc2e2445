"""Each token is taken for the reason given, and the same seed writes the same text."""

import copy
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice, pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as run
from hypothesis import strategies as st
from transformers import GenerationConfig

from components.inspection.decoding import Writer
from components.inspection.errors import InspectionError
from components.inspection.noise import allowed
from components.inspection.premises import measured
from components.inspection.sampling import generation
from components.inspection.sampling.generation import (
    choose,
    first_drawn,
    first_number,
    random_numbers,
    steps,
    twice,
)
from components.inspection.sampling.plain import logits_for
from components.inspection.sampling.processing import process_logits
from components.inspection.sampling.settings import Settings
from components.inspection.sampling.texts import written
from tests import tiny

WRITES = [name for name, row in tiny.FAMILIES.items() if row[2] in ("causal", "seq2seq")]


def tokens(found):
    return [step.chosen.token for step in found]


def generated(model, text, **arguments):
    """The ids that transformers' own `generate` writes."""
    ids = torch.tensor([model.encode(text)])
    start = model.decoder_start if model.kind == "seq2seq" else None
    config = GenerationConfig(
        do_sample=False, pad_token_id=0, eos_token_id=2, decoder_start_token_id=start, **arguments
    )
    network = copy.copy(model.network)
    network.generation_config = GenerationConfig()  # BART recommends to end, whatever is likeliest
    found = network.generate(ids, attention_mask=torch.ones_like(ids), generation_config=config)[
        0
    ].tolist()
    return found[1:] if model.kind == "seq2seq" else found[ids.shape[1] :]


@pytest.mark.parametrize("family", WRITES)
@pytest.mark.parametrize("penalty", [1.0, 1.5])
def test_temperature_0_writes_what_generate_writes_greedily(family, penalty):
    model = tiny.model(family)
    choice = Settings(temperature=0, repetition_penalty=penalty)
    ours = tokens(steps(model, "to be", choice, 12))
    theirs = generated(model, "to be", max_new_tokens=12, repetition_penalty=penalty)
    assert ours == theirs[: len(ours)]
    assert len(ours) == 12 or ours[-1] == 2


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("family", ["gpt2", "llama", "gemma3", "bloom", "t5", "bart"])
def test_in_16_bits_each_token_is_the_likeliest_there_is(family, dtype):
    """Rounding may decide between two that are as likely; nothing else may."""
    model = tiny.model(family, dtype)
    taken = tokens(steps(model, "to be", Settings(temperature=0), 8))

    def plain():
        return logits_for(model, "to be", taken)

    rows = plain().float()
    gaps = rows.max(-1).values - rows.gather(1, torch.tensor(taken)[:, None])[:, 0]
    assert float(gaps.max()) <= 2 * allowed(model, plain)


@pytest.mark.parametrize("family", ["llama", "mistral", "t5"])
def test_where_a_cache_cannot_be_trusted_texts_are_read_anew_and_are_the_same(family):
    model = tiny.model(family)
    premise = measured(model, "cache")
    distrusted = replace(premise, check=replace(premise.check, error=1.0, bound=0.0))
    anew = replace(model, known={**model.known, "premise cache": distrusted})
    assert Writer(anew, "to be")._kept is None
    assert Writer(model, "to be")._kept is not None
    choice = Settings(temperature=0)
    assert tokens(steps(anew, "to be", choice, 10)) == tokens(steps(model, "to be", choice, 10))


def test_a_probability_too_small_for_a_number_keeps_its_logarithm(tiny_causal):
    step = choose(
        tiny_causal, process_logits([0.0, -200.0, -2000.0], [], Settings(temperature=5)), 0.0
    )
    before = {each.token: (each.before, each.log_before) for each in step.candidates}
    assert before[1] == (0.0, pytest.approx(-200))
    assert before[2] == (0.0, pytest.approx(-2000))


@run(deadline=None)
@given(
    st.lists(st.floats(-8, 8, width=32), min_size=1, max_size=40),
    st.integers(0, 99),
    st.sampled_from([0.0, 0.7, 5.0]),
)
def test_the_first_token_drawn_is_the_one_that_is_written(tiny_causal, logits, seed, temperature):
    choice = Settings(temperature=temperature, top_p=0.95, seed=seed)
    number = None if choice.greedy else first_number(seed)
    chosen = choose(tiny_causal, process_logits(logits, [], choice), number).chosen
    assert first_drawn(np.array(logits, np.float32), (), choice) == chosen.token


@run(deadline=None)
@given(
    st.lists(st.floats(-8, 8, width=32), min_size=1, max_size=40), st.floats(0, 1, exclude_max=True)
)
def test_the_number_lies_in_the_stretch_of_the_token_drawn(tiny_causal, logits, number):
    step = choose(tiny_causal, process_logits(logits, [], Settings(top_p=0.9)), number)
    assert step.chosen.low <= number <= step.chosen.high + 1e-9
    assert step.chosen.high - step.chosen.low == pytest.approx(step.chosen.after, abs=1e-6)
    assert step.chosen.after > 0


def test_the_stretches_of_all_candidates_lie_end_to_end(tiny_causal):
    step = choose(tiny_causal, process_logits(np.linspace(3, 0, 20), [], Settings()), 0.5)
    in_line = sorted(step.candidates, key=lambda each: each.low)
    assert in_line[0].low == 0
    assert in_line[-1].high == pytest.approx(1)
    for left, right in pairwise(in_line):
        assert left.high == right.low


def test_rank_counts_from_1_in_what_the_model_says(tiny_causal):
    step = choose(tiny_causal, process_logits([0.0, 5.0, 3.0], [], Settings(temperature=5)), 0.99)
    assert {each.token: each.rank for each in step.candidates} == {1: 1, 2: 2, 0: 3}
    assert step.chosen.token == 0


def test_draws_come_as_often_as_their_probability(tiny_causal):
    shaped = process_logits([2.0, 1.0, 0.0], [], Settings())
    numbers = islice(random_numbers(3), 3000)
    drawn = [choose(tiny_causal, shaped, number).chosen.token for number in numbers]
    shares = np.bincount(drawn, minlength=3) / len(drawn)
    np.testing.assert_allclose(shares, shaped.after, atol=0.03)


def test_the_same_seed_writes_the_same_text_and_another_seed_another(tiny_causal):
    one = tokens(steps(tiny_causal, "to be", Settings(seed=4), 20))
    assert one == tokens(steps(tiny_causal, "to be", Settings(seed=4), 20))
    assert one != tokens(steps(tiny_causal, "to be", Settings(seed=5), 20))


def test_readers_side_by_side_do_not_change_each_others_text(tiny_causal):
    alone = {seed: tokens(steps(tiny_causal, "to be", Settings(seed=seed), 15)) for seed in (1, 2)}
    with ThreadPoolExecutor(4) as pool:
        together = pool.map(
            lambda seed: (seed, tokens(steps(tiny_causal, "to be", Settings(seed=seed), 15))),
            [1, 2] * 6,
        )
        for seed, found in together:
            assert found == alone[seed]


def test_the_process_wide_seed_is_left_alone(tiny_causal):
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    list(steps(tiny_causal, "to be", Settings(), 3))
    torch.testing.assert_close(torch.rand(3), expected)


def test_a_branch_goes_on_with_the_numbers_it_would_have_had(tiny_causal):
    whole = list(steps(tiny_causal, "to be", Settings(seed=9), 8))
    rest = list(steps(tiny_causal, "to be", Settings(seed=9), 5, taken=tuple(tokens(whole[:3]))))
    assert [step.number for step in rest] == [step.number for step in whole[3:]]
    assert tokens(rest) == tokens(whole[3:])


def test_another_token_is_taken_by_hand_from_the_candidates(tiny_causal):
    step = next(steps(tiny_causal, "to be", Settings(), 1))
    other = next(each for each in step.candidates if each.token != step.chosen.token)
    changed = step.instead(other.token)
    assert (changed.chosen, changed.taken, changed.number) == (other, "by hand", None)
    with pytest.raises(InspectionError, match="not among"):
        step.instead(-7)


def test_writing_stops_when_the_text_contains_a_stop_sequence_across_tokens(tiny_causal):
    free = list(steps(tiny_causal, "to be", Settings(seed=1, top_k=40), 30))
    whole = written(tiny_causal, "to be", tokens(free))
    stop = whole[4:7]
    found = list(steps(tiny_causal, "to be", Settings(seed=1, top_k=40), 30, stops=("§§", stop)))
    assert len(found) <= len(free)
    assert stop in written(tiny_causal, "to be", tokens(found))
    assert stop not in written(tiny_causal, "to be", tokens(found[:-1]))
    assert stop in found[-1].ended
    assert not any(step.ended for step in found[:-1])


def test_the_prompt_itself_does_not_stop_the_writing(tiny_causal):
    found = list(steps(tiny_causal, "to be", Settings(seed=1), 5, stops=("to be",)))
    assert len(found) == 5
    assert found[-1].ended == "5 tokens were asked for"


def test_writing_stops_at_the_end_token(tiny_causal, monkeypatch):
    free = tokens(steps(tiny_causal, "to be", Settings(seed=1), 6))
    monkeypatch.setattr(generation, "end_tokens", lambda model: frozenset({free[2]}))
    found = list(steps(tiny_causal, "to be", Settings(seed=1), 6))
    assert tokens(found) == free[: free.index(free[2]) + 1]
    assert found[-1].ended == "the model wrote its end token"


def test_writing_stops_where_the_context_is_full(tiny_causal):
    text = "x" * (tiny_causal.context - 4)
    found = list(steps(tiny_causal, text, Settings(), 50))
    assert "context" in found[-1].ended
    assert len(tiny_causal.encode(text)) + len(found) == tiny_causal.context + 1


@pytest.mark.parametrize("count", [0, -1, 201])
def test_too_few_or_too_many_tokens_are_refused(tiny_causal, count):
    with pytest.raises(InspectionError, match="from 1 to 200"):
        next(steps(tiny_causal, "to be", Settings(), count))


def test_a_masked_model_does_not_write_and_says_so(tiny_masked):
    with pytest.raises(InspectionError, match="fills in masked tokens"):
        next(steps(tiny_masked, "to be", Settings(), 3))


@run(max_examples=8, deadline=None)
@given(st.sampled_from(["🦙🦙", "שלום", "a\0b", "x"]))
def test_unusual_text_is_written_on(tiny_causal, text):
    assert len(list(steps(tiny_causal, text, Settings(), 3))) == 3


def test_written_twice_the_text_is_that_of_its_steps(tiny_causal):
    settings = Settings(temperature=1.4, seed=3)
    found = twice(tiny_causal, "to be", settings, 5)
    assert tokens(found.steps) == tokens(steps(tiny_causal, "to be", settings, 5))
    assert (found.differ, found.checks[0].verdict) == (0, "holds")


@pytest.mark.sabotage("written a second time with the same seed, the text is the same")
def test_random_numbers_that_do_not_follow_from_the_seed_turn_the_check_red(
    tiny_causal, monkeypatch
):
    settings = Settings(temperature=5)
    assert twice(tiny_causal, "to be", settings, 6).checks[0].verdict == "holds"
    numbers = iter([0.1] * 6 + [0.9] * 6)
    monkeypatch.setattr(generation, "random_numbers", lambda _seed: numbers)
    (check,) = twice(tiny_causal, "to be", settings, 6).checks
    assert check.verdict == "fails"
