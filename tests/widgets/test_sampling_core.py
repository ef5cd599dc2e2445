"""The browser's arithmetic is that of transformers, for every combination of settings."""

import base64
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as run
from hypothesis import strategies as st

from components.inspection.sampling.reshape import reshape
from components.inspection.sampling.settings import Settings
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


def tenths(low, high, scale=10):
    return st.integers(round(low * scale), round(high * scale)).map(lambda n: n / scale)


SETTINGS = st.builds(
    Settings,
    repetition_penalty=st.just(1.0) | tenths(0.5, 3),
    presence_penalty=st.just(0.0) | tenths(-2, 2),
    frequency_penalty=st.just(0.0) | tenths(-2, 2),
    temperature=st.just(1.0) | tenths(0, 5),
    top_k=st.just(0) | st.integers(0, 40),
    top_p=st.just(1.0) | tenths(0, 1, 100),
    min_p=st.just(0.0) | tenths(0, 1, 100),
    typical_p=st.just(1.0) | tenths(0.01, 1, 100),
)
# Halves give many ties; random floats give none; both with tokens that cannot be drawn.
LOGIT = tenths(-6, 6, 2) | st.floats(-30, 30, width=32)
LOGITS = st.lists(LOGIT | st.none(), min_size=1, max_size=60).filter(
    lambda row: any(logit is not None for logit in row)
)


def agree(ours, row, history, choice):
    """Whether the two keep the same tokens with the same shares.

    Of tokens with equal logits, sorting leaves open which is cut: then as many must be left.
    """
    theirs = reshape(row, history, choice)
    mine = np.zeros(len(row))
    mine[ours["ids"]] = ours["shares"]
    other = np.flatnonzero((mine > 0) != (theirs.after > 0))
    if len(other):
        only_penalties = replace(
            choice, temperature=1.0, top_k=0, top_p=1.0, min_p=0.0, typical_p=1.0
        )
        equals = reshape(row, history, only_penalties).logits[other]
        if (equals != equals[0]).any() or (mine > 0).sum() != (theirs.after > 0).sum():
            return False
    np.testing.assert_allclose(np.sort(mine), np.sort(theirs.after), rtol=2e-5, atol=2e-7)
    for stage, reference in zip(ours["stages"], theirs.stages, strict=True):
        assert (stage["name"], stage["tokens"]) == (reference.name, reference.tokens)
        assert stage["mass"] == pytest.approx(reference.mass, abs=1e-5)
        assert stage["entropy"] == pytest.approx(reference.entropy, abs=1e-4)
    return True


def nudged(choice, by):
    """The same settings with every threshold moved a hair: what single precision may decide."""
    near = {
        name: min(1.0, max(0.01 if name == "typical_p" else 0.0, getattr(choice, name) + by))
        for name in ("top_p", "min_p", "typical_p")
        if getattr(choice, name) not in (0.0, 1.0)
    }
    return replace(choice, **near)


@run(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(LOGITS, st.lists(st.integers(0, 59), max_size=30), SETTINGS, st.booleans())
def test_every_combination_of_settings_reshapes_as_transformers_does(
    live, logits, history, choice, dragged
):
    row = np.array([-np.inf if logit is None else logit for logit in logits], dtype=np.float32)
    before = {"repetition_penalty": 1.7, "presence_penalty": 0.3} if dragged else None
    ours = live([None if np.isneginf(x) else float(x) for x in row], history, choice, before)
    if agree(ours, row, history, choice):
        return
    # Single precision alone may decide about a token that stands at a threshold.
    assert any(agree(ours, row, history, nudged(choice, by)) for by in (-1e-6, 1e-6)), (
        "the tokens left differ by more than rounding at a threshold explains"
    )


@pytest.mark.parametrize(("temperature", "kept"), [(0.2, 1), (0.5, 1), (1, 2), (2, 3), (10, 4)])
def test_the_nucleus_of_the_toy_logits_grows_with_temperature(live, temperature, kept):
    if temperature > 5:  # beyond the slider: the same by logits divided beforehand
        answer = live([x / temperature for x in TOY], [], Settings(top_p=0.8))
    else:
        answer = live(TOY, [], Settings(temperature=temperature, top_p=0.8))
    assert len(answer["ids"]) == kept


def test_a_vocabulary_of_150_000_comes_out_as_transformers_has_it(live):
    rng = np.random.default_rng(5)
    row = rng.normal(0, 3, 150_000).astype(np.float32)
    choice = Settings(temperature=1.3, top_p=0.95, repetition_penalty=1.2)
    history = rng.integers(0, 150_000, 300).tolist()
    ours, theirs = live(row.tolist(), history, choice), reshape(row, history, choice)
    mine = np.zeros(len(row))
    mine[ours["ids"]] = ours["shares"]
    np.testing.assert_allclose(mine, theirs.after, atol=1e-6)
    assert len(ours["ids"]) == pytest.approx(theirs.stages[-1].tokens, abs=3)


def test_the_digest_says_what_was_left_in_order(live):
    answer = live(TOY, [], Settings(top_k=3))
    ids = np.frombuffer(base64.b64decode(answer["digest"]["ids"]), dtype="<i4")
    shares = np.frombuffer(base64.b64decode(answer["digest"]["shares"]), dtype="<f4")
    assert ids.tolist() == [0, 1, 2]
    np.testing.assert_allclose(shares, [0.66524, 0.24473, 0.09003], atol=1e-5)
    assert json.loads(json.dumps(answer["digest"]["stages"]))[4]["tokens"] == 3
