"""Read at later positions: a model that tells distances only says the same, but for rounding."""

import numpy as np
import pytest
import torch

from components.inspection.errors import InspectionError
from components.inspection.positions import shift_invariance as module
from components.inspection.positions.measured import position_code
from components.inspection.positions.shift_invariance import last_position, shift_invariance
from tests import tiny
from tests.inspection.positions import networks
from tests.inspection.positions.test_measured import ROTATING
from tests.inspection.positions.tools import state_of

DTYPES = ["float32", "bfloat16", "float16"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", sorted(ROTATING))
def test_a_model_that_rotates_says_the_same_wherever_its_text_begins(family, dtype):
    model = tiny.model(family, dtype)
    before = state_of(model)
    found = shift_invariance(model, "to be", (1, 10, 40))
    assert found.shifts == (1, 10, 40)
    assert found.checks[0].verdict == "holds"
    # The bound is measured, and far below the answers themselves in full precision.
    assert dtype != "float32" or found.allowed.max() < 1e-3 * found.size
    assert dtype != "float32" or all(found.same_answer)
    assert state_of(model) == before


def test_far_along_angles_round_by_more_and_that_is_allowed_for():
    found = shift_invariance(tiny.model("llama"), "to be or not", (1, 400, 20_000))
    assert found.checks[0].verdict == "holds"
    assert found.allowed[2] > 5 * found.allowed[0]
    assert found.change[2] > found.change[0]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", ["gpt2", "opt", "bert"])
def test_a_model_with_a_table_does_not(family, dtype):
    model = tiny.model(family, dtype)
    found = shift_invariance(model, "to be", (1, 10, 1000))
    assert found.shifts == (1, 10), "there is no position 1000"
    assert found.checks[0].verdict == "reported"
    if dtype == "float32":
        assert (found.change > 10 * found.allowed).all()
    assert "adds a vector for its position" in found.says
    plain = torch.tensor([model.encode("to be")])
    places = torch.arange(plain.shape[1])[None]
    with torch.no_grad():
        here, there = (
            model.network(plain, position_ids=places + shift).logits.double() for shift in (0, 10)
        )
    assert found.change[1] == pytest.approx(float((here - there).abs().max()), rel=1e-6)


def test_roberta_s_positions_follow_its_reserved_rows():
    """Its tokenizer's padding has id 1 as RoBERTa's own: the first position is 2."""
    import transformers as hf

    arguments = tiny.FAMILIES["roberta"][3] | {"pad_token_id": 1, "bos_token_id": 0}
    model = networks.model(
        tiny.built(hf.RobertaForMaskedLM, hf.RobertaConfig(**arguments)), "masked"
    )
    found = shift_invariance(model, "to be", (3, 59))
    assert found.first == 2
    # Rows 2 to 65 of 66: 64 positions, of which the text takes 6.
    assert found.shifts == (3,)
    assert last_position(model, position_code(model)) == 64


def test_where_positions_end_is_known_before_the_network_is_asked():
    assert last_position(*_known("llama")) is None
    assert last_position(*_known("gptj")) == 64
    assert last_position(*_known("gpt2")) == 64
    assert last_position(*_known("opt")) == 64


def _known(family):
    model = tiny.model(family)
    return model, position_code(model)


@pytest.mark.parametrize("family", ["t5", "bloom", "mpt", "bart"])
def test_a_model_without_positions_to_move_says_so(family):
    with pytest.raises(InspectionError, match="takes no position numbers"):
        shift_invariance(tiny.model(family), "to be", (1,))


def test_a_text_that_fills_the_table_cannot_begin_later():
    with pytest.raises(InspectionError, match="cannot begin later"):
        shift_invariance(tiny.model("gpt2"), "x" * 62, (10,))


def test_a_hybrid_is_told_by_its_numbers_and_judged_by_none():
    found = shift_invariance(networks.model(networks.qwen3_next()), "to be or not", (1, 40))
    assert found.checks[0].verdict == "reported"
    assert "no attention that can be seen in layers 0 and 2" in found.says


@pytest.mark.sabotage("its answers are the same wherever its text begins")
@pytest.mark.parametrize(
    ("family", "dtype"),
    [*(("llama", dtype) for dtype in DTYPES), ("gptj", "float32"), ("gptj", "float16")],
)
def test_positions_that_are_stretched_as_they_move_would_be_seen(family, dtype, monkeypatch):
    real = torch.arange

    def wider(*args, **kwargs):
        if len(args) == 2 and args[0] >= 10:  # a text that begins late
            return args[0] + 5 * real(args[1] - args[0], **kwargs) % 40
        return real(*args, **kwargs)

    monkeypatch.setattr(module.torch, "arange", wider)
    found = shift_invariance(tiny.model(family, dtype), "to be or not, that", (1, 10))
    assert found.checks[0].verdict == "fails"
    assert found.change[0] <= found.allowed[0]
    assert found.change[1] > found.allowed[1]
    assert np.isfinite(found.change).all()
