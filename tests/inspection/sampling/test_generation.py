"""Each token is taken for the reason given, and the same seed writes the same text."""

from concurrent.futures import ThreadPoolExecutor
from itertools import islice, pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as run
from hypothesis import strategies as st
from transformers import GenerationConfig

from components.inspection.errors import InspectionError
from components.inspection.sampling import generation
from components.inspection.sampling.generation import choose, random_numbers, steps, written
from components.inspection.sampling.reshape import reshape
from components.inspection.sampling.settings import Settings
from tests import tiny


def tokens(found):
    return [step.chosen.token for step in found]


@pytest.mark.parametrize("family", ["llama", "gpt2", "mistral", "bloom", "t5"])
@pytest.mark.parametrize("penalty", [1.0, 1.5])
def test_temperature_0_writes_what_generate_writes_greedily(family, penalty):
    model = tiny.model(family)
    ids = torch.tensor([model.encode("to be")])
    config = GenerationConfig(
        max_new_tokens=12, do_sample=False, repetition_penalty=penalty, pad_token_id=0,
        eos_token_id=2, decoder_start_token_id=0,
    )  # fmt: skip
    theirs = model.network.generate(
        ids, attention_mask=torch.ones_like(ids), generation_config=config
    )[0]
    new = theirs[1:] if family == "t5" else theirs[ids.shape[1] :]
    choice = Settings(temperature=0, repetition_penalty=penalty)
    ours = tokens(steps(model, "to be", choice, 12))
    assert ours == new.tolist()[: len(ours)]
    assert len(ours) == 12 or ours[-1] == 2


@run(deadline=None)
@given(
    st.lists(st.floats(-8, 8, width=32), min_size=1, max_size=40), st.floats(0, 1, exclude_max=True)
)
def test_the_number_lies_in_the_stretch_of_the_token_drawn(tiny_causal, logits, number):
    step = choose(tiny_causal, reshape(logits, [], Settings(top_p=0.9)), number)
    assert step.chosen.low <= number <= step.chosen.high + 1e-9
    assert step.chosen.high - step.chosen.low == pytest.approx(step.chosen.after, abs=1e-6)
    assert step.chosen.after > 0


def test_the_stretches_of_all_candidates_lie_end_to_end(tiny_causal):
    step = choose(tiny_causal, reshape(np.linspace(3, 0, 20), [], Settings()), 0.5)
    in_line = sorted(step.candidates, key=lambda each: each.low)
    assert in_line[0].low == 0
    assert in_line[-1].high == pytest.approx(1)
    for left, right in pairwise(in_line):
        assert left.high == right.low


def test_rank_counts_from_1_in_what_the_model_says(tiny_causal):
    step = choose(tiny_causal, reshape([0.0, 5.0, 3.0], [], Settings(temperature=5)), 0.99)
    assert {each.token: each.rank for each in step.candidates} == {1: 1, 2: 2, 0: 3}
    assert step.chosen.token == 0


def test_draws_come_as_often_as_their_probability(tiny_causal):
    shaped = reshape([2.0, 1.0, 0.0], [], Settings())
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
    with pytest.raises(InspectionError, match="fills blanks"):
        next(steps(tiny_masked, "to be", Settings(), 3))


@run(max_examples=8, deadline=None)
@given(st.sampled_from(["🦙🦙", "שלום", "a\0b", "x"]))
def test_unusual_text_is_written_on(tiny_causal, text):
    assert len(list(steps(tiny_causal, text, Settings(), 3))) == 3
