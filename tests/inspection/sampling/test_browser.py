"""What the browser drew is held against transformers, and a wrong answer is seen."""

from dataclasses import replace

import numpy as np
import pytest

from components.inspection.sampling.answer import Answer
from components.inspection.sampling.browser import checked_answer
from components.inspection.sampling.processing import process_logits
from components.inspection.sampling.settings import Settings

ROW = np.linspace(4, -4, 300, dtype=np.float32)
HISTORY = (0, 5, 5)
CHOICE = Settings(temperature=0.8, top_k=200, top_p=0.9, min_p=0.001, repetition_penalty=1.2)
TOKENS = "each step leaves as many tokens as transformers' own processor"
SHARES = "each token left has the probability that transformers gives it"
ENTROPY = "after each step the entropy is transformers' own"


def right(choice=CHOICE, row=ROW, history=HISTORY):
    """The answer of a browser that makes no mistake."""
    found = process_logits(row, history, choice)
    ids = np.argsort(-found.after, kind="stable")[: found.stages[-1].tokens]
    return Answer(
        ids.astype(np.int32)[:4096],
        found.after[ids][:4096],
        {
            stage.name: {"tokens": stage.tokens, "mass": stage.mass, "entropy": stage.entropy}
            for stage in found.stages
        },
    )


def red(answer, choice=CHOICE, row=ROW, history=HISTORY):
    """The checks that fail, of which each holds for a browser that makes no mistake."""
    whole = checked_answer(row, history, choice, right(choice, row, history))
    assert all(check.holds for check in whole)
    checks = checked_answer(row, history, choice, answer)
    assert [check.says for check in checks] == [TOKENS, SHARES, ENTROPY]
    return {check.says for check in checks if not check.holds}


@pytest.mark.parametrize(
    "choice",
    [CHOICE, Settings(), Settings(temperature=0), Settings(typical_p=0.4), Settings(top_k=1)],
)
def test_the_checks_hold_of_a_right_answer(choice):
    assert red(right(choice), choice) == set()


def stages(answer, name, **changes):
    return replace(answer, stages={**answer.stages, name: {**answer.stages[name], **changes}})


@pytest.mark.sabotage("each step leaves as many tokens as transformers' own processor")
@pytest.mark.parametrize("name", ["top_k", "top_p", "min_p", "typical_p"])
@pytest.mark.parametrize("by", [-1, 1])
def test_one_token_too_many_or_too_few_is_seen(name, by):
    answer = right()
    tokens = answer.stages[name]["tokens"] + by
    assert red(stages(answer, name, tokens=tokens)) == {TOKENS}


@pytest.mark.sabotage("each token left has the probability that transformers gives it")
@pytest.mark.parametrize(
    "bug",
    [
        lambda a: replace(a, shares=a.shares * np.float32(0.9)),  # not shared out anew after a cut
        lambda a: replace(a, shares=np.roll(a.shares, 1)),  # of the token beside
        lambda a: replace(a, ids=a.ids + np.int32(1)),  # ids off by one
        lambda a: replace(a, ids=np.where(a.ids == a.ids[-1], 299, a.ids)),  # another one is left
        lambda a: replace(a, shares=np.where(np.arange(len(a.ids)) == 3, 0, a.shares)),
    ],
)
def test_wrong_probabilities_and_wrong_tokens_are_seen(bug):
    assert SHARES in red(bug(right()))


def test_ids_that_do_not_exist_are_seen():
    answer = right()
    assert SHARES in red(replace(answer, ids=np.where(answer.ids == 0, -7, answer.ids)))


@pytest.mark.sabotage("after each step the entropy is transformers' own")
@pytest.mark.parametrize("name", ["model", "repetition", "temperature", "top_p", "typical_p"])
def test_entropies_in_another_unit_are_seen(name):
    answer = right()
    nats = answer.stages[name]["entropy"] * np.log(2)
    assert red(stages(answer, name, entropy=nats)) == {ENTROPY}
    assert red(stages(answer, name, entropy=float("nan"))) == {ENTROPY}


@pytest.mark.sabotage("each token left has the probability that transformers gives it")
@pytest.mark.sabotage("after each step the entropy is transformers' own")
@pytest.mark.parametrize(
    "mistake",
    [
        replace(CHOICE, repetition_penalty=1.0),
        replace(CHOICE, temperature=0.79),
        replace(CHOICE, top_p=0.89),
        replace(CHOICE, top_k=20),
        replace(CHOICE, min_p=0.5),
        replace(CHOICE, presence_penalty=0.1),
    ],
)
def test_a_setting_that_is_applied_otherwise_is_seen(mistake):
    assert {SHARES, ENTROPY} <= red(right(mistake))


def test_a_token_that_stands_at_a_threshold_may_fall_on_either_side():
    """Of 20,000 alike, single precision decides about some of those at the cut."""
    row = np.random.default_rng(0).normal(0, 0.001, 20_000).astype(np.float32)
    near = right(Settings(top_p=0.9000001), row, ())
    assert red(near, Settings(top_p=0.9), row, ()) == set()
    far = right(Settings(top_p=0.91), row, ())
    assert TOKENS in red(far, Settings(top_p=0.9), row, ())
