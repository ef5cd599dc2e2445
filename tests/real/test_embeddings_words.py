"""Tables and words of trained models: what the books say of them."""

import numpy as np
import pytest

from components.inspection.embeddings.arithmetic import arithmetic
from components.inspection.embeddings.concentration import concentration
from components.inspection.embeddings.geometry import angles, near
from components.inspection.embeddings.in_context import word_in_context
from components.inspection.embeddings.lengths import norms
from components.inspection.embeddings.lookup import look_up
from pages.text.embeddings.contexts import OFFERS

MODELS = ["smollm2", "minilm"]
BANK = OFFERS["Bank: money, river"]


@pytest.fixture(params=MODELS)
def model(request):
    return request.getfixturevalue(request.param)


def test_every_check_holds(model):
    found = [
        look_up(model, "The dog saw the cat", 1),
        norms(model),
        angles(model),
        near(model, "king"),
        concentration(model),
        arithmetic(model, "Paris", "France", "Germany"),
        word_in_context(model, *BANK),
    ]
    checks = [check for each in found for check in each.checks]
    assert {check.verdict for check in checks} <= {"holds", "reported"}


def test_bank_is_one_vector_in_the_table_and_two_above(model):
    found = word_in_context(model, *BANK)
    assert all(len(one.pieces) == 1 for one in found.found)
    assert found.cosines[0, 0, 1] == pytest.approx(1)
    assert found.cosines[-1, 0, 1] < 0.85


def test_positions_that_are_added_are_seen_before_the_first_layer(minilm, smollm2):
    offer = OFFERS["One sentence, two positions"]
    added, rotated = (word_in_context(each, *offer).cosines[:2, 0, 1] for each in (minilm, smollm2))
    np.testing.assert_allclose((added[0], *rotated), 1, atol=1e-5)
    assert added[1] < 0.96
    assert look_up(minilm, "the dog", 1).enters == "with its place"
    assert look_up(smollm2, "the dog", 1).enters == "as it is"


def test_the_famous_sum(minilm, smollm2):
    """The queen is nearest of all in one of them, and after the king himself in the other."""
    one, other = (arithmetic(each, "king", "man", "woman") for each in (smollm2, minilm))
    assert (one.tokens[0], one.tokens[one.answer]) == (" queen", " queen")
    assert (other.tokens[0], other.tokens[other.answer]) == ("king", "queen")


def test_which_way_the_tables_lean(minilm, smollm2):
    assert angles(smollm2).means[0] == pytest.approx(0.442, abs=2e-3)
    assert angles(minilm).means[0] == pytest.approx(0.018, abs=2e-3)
    assert 2.5 < angles(minilm).shared < 4 < angles(smollm2).shared < 5.5


def test_tokens_that_no_text_has_are_of_one_length(minilm):
    """BERT's [unused...] rows: hundreds within a hundredth of one length."""
    found = norms(minilm)
    names = minilm.token_texts(range(len(found.input)))
    unused = found.input[[name.startswith("[unused") for name in names]]
    assert len(unused) > 900
    assert np.median(unused) < np.percentile(found.input, 5)
    assert np.percentile(unused, 90) - np.percentile(unused, 10) < 0.03
