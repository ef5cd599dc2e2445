"""Our beam search finds what transformers' finds, and shows how."""

import math
from dataclasses import replace

import pytest
import torch

from components.inspection.decoding import Writer
from components.inspection.errors import InspectionError
from components.inspection.premises import measured
from components.inspection.sampling import beam as beams_module
from components.inspection.sampling import compare
from components.inspection.sampling.beam import beam_search
from components.inspection.sampling.compare import (
    beams_of_generate,
    check_with_generate,
    strategies,
)
from components.inspection.sampling.generation import steps
from components.inspection.sampling.settings import Settings
from tests import tiny


@pytest.mark.parametrize("family", ["llama", "gpt2", "mistral", "gemma3", "mixtral", "t5", "bart"])
@pytest.mark.parametrize(("beams", "length"), [(2, 1), (3, 7), (5, 10)])
def test_the_best_beam_is_the_one_generate_returns(family, beams, length):
    model = tiny.model(family)
    theirs = beams_of_generate(model, "to be", beams, length)
    ours = beam_search(model, "to be", beams, length).beams[0]
    assert ours.tokens == theirs.tokens
    assert ours.score == pytest.approx(theirs.score, abs=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("family", ["llama", "gpt2", "gemma2", "falcon", "t5", "bart"])
@pytest.mark.parametrize("beams", [1, 3])
def test_the_checks_hold_in_every_number_format(family, dtype, beams):
    model = tiny.model(family, dtype)
    found = strategies(model, "to be", Settings(seed=3), beams, 6, 1.5)
    _, check = check_with_generate(model, "to be", found.search.beams[0], beams, 6, 1.5)
    assert [str(each) for each in (*found.checks, check) if not each.holds] == []
    assert len(found.checks) == 1


def test_beams_read_anew_where_a_cache_cannot_be_trusted_are_the_same(tiny_causal):
    premise = measured(tiny_causal, "cache")
    distrusted = replace(premise, check=replace(premise.check, error=1.0, bound=0.0))
    anew = replace(tiny_causal, known={**tiny_causal.known, "premise cache": distrusted})
    one, other = (beam_search(model, "to be", 3, 6).beams[0] for model in (tiny_causal, anew))
    assert one.tokens == other.tokens
    assert one.score == pytest.approx(other.score, abs=1e-5)
    assert beams_of_generate(anew, "to be", 3, 6).tokens == one.tokens


@pytest.mark.sabotage("each text's ln p is that of one plain pass over it")
def test_beams_that_go_on_from_another_ones_keys_turn_the_check_red(tiny_causal, monkeypatch):
    measured(tiny_causal, "cache")
    monkeypatch.setattr(Writer, "reorder", lambda self, rows: None)
    (check,) = strategies(tiny_causal, "to be", Settings(), 4, 8).checks
    assert check.verdict == "fails"


@pytest.mark.sabotage("each text's ln p is that of one plain pass over it")
def test_probabilities_after_the_settings_turn_the_check_red(tiny_causal, monkeypatch):
    """What the settings made of a token's probability is not what the model gave it."""

    def after(*arguments):
        for step in steps(*arguments):
            processed = math.log(step.chosen.after)
            yield replace(step, chosen=replace(step.chosen, log_before=processed))

    monkeypatch.setattr(compare, "steps", after)
    (check,) = strategies(tiny_causal, "to be", Settings(top_k=5), 2, 6).checks
    assert check.verdict == "fails"


@pytest.mark.sabotage("generate(num_beams=*) ends with a beam of the same score")
@pytest.mark.parametrize("bug", ["length", "order"])
def test_another_search_than_generates_turns_the_check_red(tiny_causal, monkeypatch, bug):
    if bug == "length":  # the penalty of a length one too large
        keep = beams_module._Search.keep
        monkeypatch.setattr(
            beams_module._Search, "keep", lambda self, depth, *rest: keep(self, depth + 1, *rest)
        )
    else:  # beams are ranked by their last token alone
        weigh = beams_module._Search.weigh

        def last_alone(self, log_probabilities, count):
            self.scores = self.scores.clamp(max=0) * (self.scores < -1e8)
            return weigh(self, log_probabilities, count)

        monkeypatch.setattr(beams_module._Search, "weigh", last_alone)
    ours = beam_search(tiny_causal, "to be", 4, 8, 2.0).beams[0]
    _, check = check_with_generate(tiny_causal, "to be", ours, 4, 8, 2.0)
    assert check.verdict == "fails"


def test_of_equal_texts_none_is_the_likeliest_alone(tiny_causal):
    one_beam = strategies(tiny_causal, "to be", Settings(temperature=0), beams=1, new_tokens=4)
    assert one_beam.likeliest == ("greedy decoding", "beam search", "sampling")
    drawn = strategies(tiny_causal, "to be", Settings(seed=1, temperature=2), 1, 4)
    assert drawn.likeliest == ("greedy decoding", "beam search")


@pytest.mark.parametrize("length_penalty", [-1.0, 0.0, 1.0, 2.5])
@pytest.mark.parametrize("end", [2, 30, 60, 100, 140, 180, 220])
def test_ending_early_weighs_as_in_generate(tiny_causal, monkeypatch, length_penalty, end):
    """A frequent token is made the end token, so that beams end at many lengths."""
    likely = beam_search(tiny_causal, "to be", 4, 6).nodes
    token = likely[end % len(likely)].token
    monkeypatch.setattr(tiny_causal.network.generation_config, "eos_token_id", token)
    theirs = beams_of_generate(tiny_causal, "to be", 4, 9, length_penalty)
    ours = beam_search(tiny_causal, "to be", 4, 9, length_penalty).beams[0]
    assert ours.tokens == theirs.tokens
    assert ours.score == pytest.approx(theirs.score, abs=1e-5)


def test_a_score_is_the_sum_of_log_probabilities_along_the_path(tiny_causal):
    found = beam_search(tiny_causal, "to be", 3, 5, length_penalty=2.0)
    ids = tiny_causal.encode("to be")
    for beam in found.beams:
        whole = torch.tensor([[*ids, *beam.tokens]])
        with torch.inference_mode():
            log_p = tiny_causal.network(whole).logits[0].log_softmax(-1)
        total = sum(float(log_p[len(ids) - 1 + i, token]) for i, token in enumerate(beam.tokens))
        assert beam.log_probability == pytest.approx(total, abs=1e-4)
        assert beam.score == pytest.approx(total / len(beam.tokens) ** 2, abs=1e-4)


def test_every_node_continues_one_that_was_kept(tiny_causal):
    nodes = beam_search(tiny_causal, "to be", 3, 6).nodes
    for i, node in enumerate(nodes):
        if node.parent >= 0:
            assert node.parent < i
            assert nodes[node.parent].fate == "kept"
            assert nodes[node.parent].depth == node.depth - 1
            assert node.log_probability <= nodes[node.parent].log_probability
        else:
            assert node.depth == 1


def test_as_many_are_kept_at_each_step_as_there_are_beams(tiny_causal):
    nodes = beam_search(tiny_causal, "to be", 3, 6).nodes
    for depth in range(1, 6):
        assert sum(node.depth == depth and node.fate == "kept" for node in nodes) == 3


def test_one_beam_is_greedy(tiny_causal):
    found = strategies(tiny_causal, "to be", Settings(temperature=0), beams=1, new_tokens=8)
    assert found.beam.tokens == found.greedy.tokens == found.sampled.tokens
    assert found.beam.log_probability == pytest.approx(found.greedy.log_probability, abs=1e-3)
    assert beams_of_generate(tiny_causal, "to be", 1, 8).tokens == found.greedy.tokens


def test_enough_beams_find_the_best_text_there_is(tiny_causal, monkeypatch):
    """With a beam for every token, two tokens deep, the search is exhaustive."""
    monkeypatch.setattr(beams_module, "MOST_BEAMS", 261)
    found = beam_search(tiny_causal, "to be", 261, 2)
    ids = tiny_causal.encode("to be")
    with torch.inference_mode():
        first = tiny_causal.network(torch.tensor([ids])).logits[0, -1].log_softmax(-1)
        then = tiny_causal.network(torch.tensor([[*ids, t] for t in range(261)])).logits
    total = first[:, None] + then[:, -1].log_softmax(-1)
    total[2] = -torch.inf  # the end token: nothing follows it
    assert found.beams[0].log_probability == pytest.approx(float(total.max()), abs=1e-4)


@pytest.mark.parametrize(
    ("beams", "length", "penalty"), [(0, 5, 1), (9, 5, 1), (2, 0, 1), (2, 41, 1), (2, 5, 9)]
)
def test_what_is_out_of_range_is_explained(tiny_causal, beams, length, penalty):
    with pytest.raises(InspectionError, match="must be from"):
        beam_search(tiny_causal, "to be", beams, length, penalty)


def test_a_text_that_leaves_no_room_is_explained(tiny_causal):
    with pytest.raises(InspectionError, match="do not fit"):
        beam_search(tiny_causal, "x" * (tiny_causal.context - 3), 2, 20)


def test_progress_is_told_and_may_stop_the_search(tiny_causal):
    told = []

    def stop(share, _phrase):
        told.append(share)
        if share >= 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        beam_search(tiny_causal, "to be", 2, 10, progress=stop)
    assert told == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]


def test_a_masked_model_has_no_beams(tiny_masked):
    with pytest.raises(InspectionError, match="fills in masked tokens"):
        beam_search(tiny_masked, "to be", 2, 5)
