"""Three lenses side by side: each is what it is by itself, and what can turn the check red."""

import numpy as np
import pytest

from components.inspection.errors import InspectionError
from components.inspection.layers import three_lenses as module
from components.inspection.layers.logit_lens import logit_lens
from components.inspection.layers.three_lenses import AGREE, LENSES, three_lenses
from components.inspection.layers.translators import Translator, fitted_lens
from components.inspection.load import load_model
from tests import tiny

TEXT = "The capital of France is"


@pytest.fixture(scope="module")
def model():
    return load_model("storyteller")


def test_each_column_is_its_lens_by_itself(model):
    found = three_lenses(model, TEXT, None, 5)
    assert list(LENSES) == ["logit", "tuned", "jacobian"]
    for lens, name in enumerate(("tuned", "jacobian"), 1):
        own = logit_lens(model, TEXT, translators=fitted_lens(model, name).translators)
        assert np.allclose(found.probabilities[lens], own.cells.probabilities[:, 5, 0], atol=1e-5)
        assert np.array_equal(found.rank[lens], own.cells.rank[:, 5])
    assert [answer.strip() for answer in found.answers[0]] == ["is", "in", "in", "Paris", "Paris"]
    assert {check.verdict for check in found.checks} == {"holds"}
    assert found.answer == " Paris" and found.first_lead(0) == 3


def test_the_tuned_lens_is_nearest_on_texts_that_it_was_not_fitted_to(model):
    logit, tuned, _ = three_lenses(model, TEXT, None, 5).held_out
    assert (tuned[:-1] < logit[:-1]).all() and logit[-1] == tuned[-1] == 0


def test_another_model_has_none():
    with pytest.raises(InspectionError, match="storyteller only"):
        three_lenses(tiny.model("llama"), "The key", None, 1)


@pytest.mark.sabotage("in the last row, which none translates, all three lenses read the same")
def test_a_lens_that_translates_the_last_stream_turns_it_red(model, monkeypatch):
    def says():
        return next(one for one in three_lenses(model, TEXT, None, 5).checks if one.says == AGREE)

    assert says().verdict == "holds"
    own = module.logit_lens

    def translated(*given, translators=None, **more):
        if translators is not None:
            width = len(translators[0].bias)
            last = Translator(2 * np.eye(width, dtype=np.float32), np.ones(width, np.float32))
            translators = (*translators[:-1], last)
        return own(*given, translators=translators, **more)

    monkeypatch.setattr(module, "logit_lens", translated)
    assert says().verdict == "fails"
