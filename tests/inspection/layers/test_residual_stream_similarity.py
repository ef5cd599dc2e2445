"""Cosines of the stream at two boundaries: torch's, and what giant dimensions make of them."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from components.inspection.errors import InspectionError
from components.inspection.layers import residual_stream_similarity as likeness_module
from components.inspection.layers.residual_stream_similarity import (
    DISTANCE,
    PARTS,
    stream_similarity,
)
from tests import tiny
from tests.inspection.breaking import fresh

TEXT = "the keys near"


def test_cosines_of_boundaries_are_those_of_torch():
    model = tiny.model("gpt2")
    found = stream_similarity(model, TEXT, None, "decoder")
    assert [one.says for one in found.checks] == [DISTANCE, PARTS]
    assert all(one.holds for one in found.checks)
    ids = torch.tensor([model.encode(TEXT)])
    with torch.no_grad():
        out = tiny.network("gpt2")(ids, output_hidden_states=True)
    states = torch.stack(out.hidden_states[:-1])[:, 0].transpose(0, 1)
    expected = torch.nn.functional.cosine_similarity(states[:, :, None], states[:, None], dim=-1)
    np.testing.assert_allclose(found.cosines[:, :-1, :-1], expected, atol=1e-5)


def test_a_giant_dimension_makes_boundaries_alike():
    network = tiny.network("llama")
    network.model.embed_tokens.weight[:, 5] = 30.0
    found = stream_similarity(replace(fresh("llama"), network=network), TEXT, None, "decoder")
    assert found.giants == (5,)
    assert found.cosines.min() > 0.9 > found.without.min()
    assert found.of_giants.min() > 0.7


def test_too_many_cosines_are_refused(monkeypatch):
    monkeypatch.setattr(likeness_module, "MOST_COSINES", 10)
    with pytest.raises(InspectionError, match="have 224 cosines; at most 10"):
        stream_similarity(tiny.model("llama"), TEXT, None, "decoder")


@pytest.mark.sabotage(DISTANCE)
def test_directions_that_are_not_of_length_1_turn_red(monkeypatch):
    own = likeness_module._directions
    monkeypatch.setattr(likeness_module, "_directions", lambda rows: own(rows) * 1.001)
    found = stream_similarity(tiny.model("llama"), TEXT, None, "decoder")
    assert not found.checks[0].holds


@pytest.mark.sabotage(PARTS)
def test_a_dimension_that_is_counted_twice_turns_red(monkeypatch):
    monkeypatch.setattr(likeness_module, "giants", lambda shares: (0, 0))
    found = stream_similarity(tiny.model("llama"), TEXT, None, "decoder")
    assert not found.checks[1].holds
