"""A copy of a network shares what it is told to share, and nothing else."""

import copy

import pytest
import torch

from components.inspection.copies import duplicate
from tests import tiny


def test_a_copy_is_the_same_and_a_change_of_it_is_nobody_elses():
    network = tiny.network("llama")
    found = duplicate(network)
    ids = torch.tensor([[1, 9, 30, 7]])
    assert torch.equal(found(ids).logits, network(ids).logits)
    own = dict(network.named_parameters())
    for name, weight in found.named_parameters():
        assert weight.data_ptr() != own[name].data_ptr()
    found.lm_head.weight.zero_()
    assert bool(network.lm_head.weight.count_nonzero())


def test_what_is_shared_is_the_very_same():
    network = tiny.network("llama")
    found = duplicate(network, {id(one): one for one in network.parameters()})
    for mine, theirs in zip(network.parameters(), found.parameters(), strict=True):
        assert mine is theirs
    assert found is not network and found.model.layers[0] is not network.model.layers[0]


def test_a_state_kept_with_its_way_back_is_copied_without_it():
    """RecurrentGemma keeps the last pass's; torch refuses to copy such a tensor."""
    network = tiny.network("llama")
    state = torch.ones(3, requires_grad=True) * 2
    network.model.layers[1].recurrent_states = state
    with pytest.raises(RuntimeError, match="deepcopy"):
        copy.deepcopy(network)
    kept = duplicate(network).model.layers[1].recurrent_states
    assert kept.tolist() == [2.0, 2.0, 2.0]
    assert kept is not state and not kept.requires_grad
    assert state.requires_grad
