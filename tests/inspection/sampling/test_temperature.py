"""The curve over temperature is that of the formulas, and its checks can fail."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from components.inspection.errors import InspectionError
from components.inspection.sampling import temperature as module
from components.inspection.sampling.processing import process_logits
from components.inspection.sampling.settings import Settings
from components.inspection.sampling.temperature import HIGHEST, LOWEST, temperature_curve

TOY = np.array([4.0, 3.0, 2.0, 1.0, 0.0], dtype=np.float32)


def test_two_tokens_by_hand():
    """Logits ln 3 and 0: at temperature 1 three quarters and a quarter."""
    found = temperature_curve(np.array([np.log(3), 0.0], np.float32))
    one = found.temperatures.tolist().index(1.0)
    np.testing.assert_allclose(found.probabilities[one], [0.75, 0.25], rtol=1e-6)
    assert found.entropy[one] == pytest.approx(2 - 0.75 * np.log2(3), abs=1e-6)
    assert found.most == 1
    assert found.tokens.tolist() == [0, 1]


def test_the_ends_are_greedy_decoding_and_an_even_choice():
    found = temperature_curve(TOY)
    assert (found.temperatures[0], found.temperatures[-1]) == pytest.approx((LOWEST, HIGHEST))
    assert found.probabilities[0, 0] == pytest.approx(1)
    assert found.most == pytest.approx(np.log2(5))
    assert found.entropy[-1] == pytest.approx(found.most, abs=0.06)


@settings(deadline=None)
@given(arrays(np.float32, st.integers(1, 30), elements=st.floats(-50, 50, width=32)))
def test_each_point_is_what_the_settings_give(logits):
    found = temperature_curve(logits)
    assert {check.verdict for check in found.checks} == {"holds"}
    for place in (0, 20, -1):
        asked = Settings(temperature=float(found.temperatures[place]))
        theirs = process_logits(logits, (), asked)
        assert found.entropy[place] == pytest.approx(theirs.stages[-1].entropy, abs=2e-4)
        np.testing.assert_allclose(
            found.probabilities[place], theirs.after[found.tokens], atol=2e-5
        )


def test_the_slope_of_the_entropy_is_the_variance_over_the_cube():
    found = temperature_curve(TOY)
    t, nats = found.temperatures, found.entropy * np.log(2)
    slope = np.gradient(nats, t)
    mean = (found.probabilities * TOY).sum(1)
    variance = (found.probabilities * (TOY - mean[:, None]) ** 2).sum(1)
    assert len(found.tokens) == len(TOY)
    np.testing.assert_allclose(slope[1:-1], (variance / t**3)[1:-1], atol=0.01)


def test_a_token_that_cannot_be_given_takes_no_part():
    found = temperature_curve(np.array([1.0, -np.inf, 0.0], np.float32))
    assert found.most == 1
    assert found.tokens.tolist() == [0, 2, 1]
    assert (found.probabilities[:, 2] == 0).all()
    assert {check.verdict for check in found.checks} == {"holds"}


def test_no_logits_are_refused():
    with pytest.raises(InspectionError, match="at least one"):
        temperature_curve(np.zeros(0, np.float32))


@pytest.mark.sabotage(
    "at each temperature the probabilities are those of transformers' own processor"
)
def test_logits_that_are_multiplied_would_be_seen(monkeypatch):
    right = module.softmax
    whole = temperature_curve(TOY).temperatures[:, None]
    monkeypatch.setattr(
        module, "softmax", lambda scores, axis: right(scores * whole * whole, axis=axis)
    )
    assert temperature_curve(TOY).checks[0].verdict == "fails"


@pytest.mark.sabotage("entropy never falls as the temperature rises")
def test_probabilities_of_other_logits_would_be_seen(monkeypatch):
    right = module.softmax

    def mixed(scores, axis):
        shares = right(scores, axis=axis)
        shares[40] = shares[10]
        return shares

    monkeypatch.setattr(module, "softmax", mixed)
    assert temperature_curve(TOY).checks[1].verdict == "fails"
