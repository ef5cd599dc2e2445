"""The browser's arithmetic is that of transformers, for every combination of settings."""

import json
import shutil

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given
from hypothesis import settings as run
from hypothesis import strategies as st

from components.inspection.sampling.browser import Answer, checked_answer
from components.inspection.sampling.processing import process_logits
from components.inspection.sampling.settings import STEPS, Settings
from components.widgets.sampling_playground import unpacked
from tests.drawn_settings import drawn
from tests.widgets import live_core

TOY = [4.0, 3.0, 2.0, 1.0, 0.0]


@pytest.fixture(scope="session")
def live(tmp_path_factory):
    if shutil.which("node"):
        with live_core.in_node(tmp_path_factory.mktemp("node")) as answer:
            yield answer
    elif shutil.which("chromium"):
        with live_core.in_chromium() as answer:
            yield answer
    else:
        pytest.skip("neither Node nor Chromium is on this machine to run JavaScript")


SETTINGS = drawn()
# Halves give many ties; random floats give none; both with tokens that cannot be drawn.
LOGIT = st.integers(-12, 12).map(lambda n: n / 2) | st.floats(-30, 30, width=32)
LOGITS = st.lists(LOGIT | st.none(), min_size=1, max_size=60).filter(
    lambda row: any(logit is not None for logit in row)
)


def answer_of(ours):
    """What the browser would send the server."""
    digest = ours["digest"]
    return Answer(
        unpacked(digest["ids"], "<i4"),
        unpacked(digest["shares"], "<f4"),
        {stage["name"]: stage for stage in digest["stages"]},
    )


def agrees(live, row, history, choice, before=None):
    ours = live([None if np.isneginf(x) else float(x) for x in row], history, choice, before)
    checks = checked_answer(row, history, choice, answer_of(ours))
    assert [str(check) for check in checks if check.verdict != "holds"] == []
    return ours


@run(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(LOGITS, st.lists(st.integers(0, 59), max_size=30), SETTINGS, st.booleans())
def test_every_combination_of_settings_processes_as_transformers_does(
    live, logits, history, choice, dragged
):
    """Held against the processors by the page's own checks, whose bounds are rounding's."""
    row = np.array([-np.inf if logit is None else logit for logit in logits], dtype=np.float32)
    before = {"repetition_penalty": 1.7, "presence_penalty": 0.3} if dragged else None
    agrees(live, row, history, choice, before)


def test_each_step_of_the_table_has_its_arithmetic_in_the_browser(live):
    """A new row wants a function of its own in core.js: of PENALTIES before the temperature, of
    CUTS after it."""
    heat = STEPS.index("temperature")
    answer = live(TOY, [], Settings())
    assert answer["penalties"] == list(STEPS[1:heat])
    assert answer["cuts"] == list(STEPS[heat + 1 :])


@pytest.mark.parametrize("equal", [17, 40, 2560])
@pytest.mark.parametrize("top_p", [0.1, 0.5, 0.9])
def test_of_many_equal_logits_the_same_stay_in_browser_and_server(live, equal, top_p):
    """Beyond 16, torch.sort is not stable: transformers' own top-p keeps 0 to 7 and 9 of 17."""
    row, choice = np.zeros(equal, dtype=np.float32), Settings(top_p=top_p)
    ours = agrees(live, row, [], choice)
    assert sorted(ours["ids"]) == np.flatnonzero(process_logits(row, [], choice).after).tolist()
    assert len(ours["ids"]) == pytest.approx(top_p * equal, abs=1.01)


def test_bfloat16_logits_with_their_many_ties_are_cut_alike(live):
    rng = np.random.default_rng(2)
    row = torch.from_numpy(rng.normal(0, 2, 2_560)).bfloat16().float().numpy()
    assert len(np.unique(row)) < 1_300
    for top_p in (0.3, 0.5, 0.8, 0.95):
        choice = Settings(top_p=top_p, temperature=1.5)
        ours = agrees(live, row, [3, 4, 4], choice)
        assert (
            sorted(ours["ids"])
            == np.flatnonzero(process_logits(row, [3, 4, 4], choice).after).tolist()
        )


@pytest.mark.parametrize("size", [80.0, 1e4, 1e6])
def test_a_penalty_below_1_on_large_logits_leaves_numbers(live, size):
    """A logit of 10,000 that is doubled is far above all others: no exponential of it fits."""
    row = np.array([size, size / 2, -size, 0.0], dtype=np.float32)
    choice = Settings(repetition_penalty=0.5, presence_penalty=-1)
    ours = agrees(live, row, [0, 1, 2], choice)
    assert all(np.isfinite(stage["entropy"]) for stage in ours["stages"])


@pytest.mark.parametrize(("temperature", "kept"), [(0.2, 1), (0.5, 1), (1, 2), (2, 3), (5, 4)])
def test_the_nucleus_of_the_toy_logits_grows_with_temperature(live, temperature, kept):
    answer = live(TOY, [], Settings(temperature=temperature, top_p=0.8))
    assert len(answer["ids"]) == kept


def test_a_vocabulary_of_150_000_comes_out_as_transformers_has_it(live):
    rng = np.random.default_rng(5)
    row = rng.normal(0, 3, 150_000).astype(np.float32)
    choice = Settings(temperature=1.3, top_p=0.95, repetition_penalty=1.2)
    history = rng.integers(0, 150_000, 300).tolist()
    ours, theirs = agrees(live, row, history, choice), process_logits(row, history, choice)
    mine = np.zeros(len(row))
    mine[ours["ids"]] = ours["shares"]
    np.testing.assert_allclose(mine, theirs.after, atol=1e-6)
    assert len(ours["ids"]) == pytest.approx(theirs.stages[-1].tokens, abs=3)


def test_the_digest_says_what_was_left_in_order(live):
    answer = live(TOY, [], Settings(top_k=3))
    ids = unpacked(answer["digest"]["ids"], "<i4")
    shares = unpacked(answer["digest"]["shares"], "<f4")
    assert ids.tolist() == [0, 1, 2]
    np.testing.assert_allclose(shares, [0.66524, 0.24473, 0.09003], atol=1e-5)
    assert json.loads(json.dumps(answer["digest"]["stages"]))[4]["tokens"] == 3


TOKENS = "each step leaves as many tokens as transformers' own processor"
SHARES = "each token left has the probability that transformers gives it"
ENTROPY = "after each step the entropy is transformers' own"
MISTAKES = {
    "top-p keeps what reaches 1 - p": ("limit = f32(1 - p);", "limit = f32(p);", 0),
    "not shared out anew": ("f32(weight[r] / whole)) };", "f32(weight[r] / mass[size])) };", 1),
    "nats for bits": ("/ sum) / Math.LN2);\n[low", "/ sum));\n[low", 2),
    "ties are cut in two": ("end < high && values[end]", "false && values[end]", 0),
}


@pytest.mark.parametrize(
    "mistake",
    [
        pytest.param(mistake, marks=pytest.mark.sabotage((TOKENS, SHARES, ENTROPY)[fails]))
        for mistake, (_, _, fails) in MISTAKES.items()
    ],
)
def test_a_mistake_in_the_browser_turns_a_check_red(tmp_path, mistake):
    code, bug, fails = MISTAKES[mistake]
    assert live_core.CORE.count(code) == 1
    row = np.array([4, 3, 3, 2, 1, 0.5, 0, -1], dtype=np.float32)
    choice = Settings(temperature=2, top_k=2, top_p=0.8)
    with live_core.in_node(tmp_path) as live:
        answer = answer_of(live(row.tolist(), [], choice))
    assert [check.verdict for check in checked_answer(row, [], choice, answer)] == ["holds"] * 3
    with live_core.in_node(tmp_path, live_core.CORE.replace(code, bug)) as live:
        answer = answer_of(live(row.tolist(), [], choice))
    assert checked_answer(row, [], choice, answer)[fails].verdict == "fails"
