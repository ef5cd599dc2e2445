"""The tap: it sees what a family computes, in whatever shape, and changes not a bit of it."""

import threading
from collections.abc import Callable

import pytest
import torch
from transformers import AttentionInterface
from transformers.models.gpt2 import modeling_gpt2

from components.inspection.forward_pass import observe, record
from components.inspection.softmax_tap import SoftmaxCall, SoftmaxTap
from components.inspection.tap import COLLECTOR, Collector
from tests import tiny

SHAPE = (1, 2, 5, 4)
"""One text, heads, tokens, size of a head."""


def vectors() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Queries, keys and values."""
    generator = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(SHAPE, generator=generator) for _ in range(3))
    return q, k, v


MASK = torch.full((5, 5), torch.finfo(torch.float32).min).triu(1)
BIAS = torch.linspace(-1, 1, 25).reshape(5, 5)


def plain(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """Operators."""
    return ((q @ k.transpose(-1, -2)) * 0.5 + BIAS + MASK).softmax(-1) @ v


def in_place(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """What is added is added where it stands."""
    scores = torch.matmul(q, k.mT)
    scores.mul_(0.5).add_(BIAS)
    scores += MASK
    return torch.softmax(scores, dim=-1).matmul(v)


def flattened(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """Heads in the batch, the sum in one call with the product."""
    q, k, v = (each.flatten(0, 1) for each in (q, k, v))
    scores = torch.baddbmm(BIAS.expand(2, 5, 5), q, k.mT, alpha=0.5)
    weights = torch.nn.functional.softmax(scores + MASK, dim=-1)
    return torch.bmm(weights, v).unflatten(0, (1, 2))


def summed(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """By einsum."""
    scores = torch.einsum("bhqd,bhkd->bhqk", q, k) * 0.5 + BIAS
    scores = scores.masked_fill(MASK < 0, torch.finfo(torch.float32).min)
    return torch.einsum("bhqk,bhkd->bhqd", scores.softmax(-1), v)


WAYS = [plain, in_place, flattened, summed]


def seen(way: Callable[..., torch.Tensor], bare: bool = False) -> tuple[torch.Tensor, SoftmaxCall]:
    """Return the output under a tap, and what the tap found."""
    with torch.no_grad(), SoftmaxTap(bare) as tap:
        out = way(*vectors())
    (found,) = tap.found
    return out, found


@pytest.mark.parametrize("way", WAYS)
def test_whatever_way_it_is_written_scores_and_weights_are_found(way):
    out, found = seen(way)
    assert torch.equal(out, way(*vectors())), "the tap changed the output"
    q, k, v = vectors()
    scores = (q @ k.mT) * 0.5 + BIAS + MASK
    shape = (2, 5, 5)
    torch.testing.assert_close(found.weights.reshape(shape), scores.softmax(-1).reshape(shape))
    open_ = MASK.expand(shape) == 0
    torch.testing.assert_close(found.scores.reshape(shape)[open_], scores.reshape(shape)[open_])
    assert (found.scores.reshape(shape)[~open_] < -1e30).all()
    if way is summed:
        # An einsum's operands may lie in any order: they are not taken for queries and keys.
        assert (found.operands, found.values, found.output) == ((), None, None)
        return
    query, key = found.operands
    torch.testing.assert_close(query.reshape(2, 5, 4), q[0])
    torch.testing.assert_close(key.mT.reshape(2, 5, 4) if key.shape[-1] == 5 else key[0], k[0])
    torch.testing.assert_close(found.values.reshape(2, 5, 4), v[0])
    assert found.products == 1


@pytest.mark.parametrize("way", WAYS)
def test_what_is_added_to_the_products_is_found_apart(way):
    """Without queries and keys scores are the bias alone: so bias and factor are told apart."""
    out, found = seen(way, bare=True)
    assert torch.equal(out, way(*vectors()))
    open_ = MASK.expand(2, 5, 5) == 0
    expected = BIAS.expand(2, 5, 5)[open_]
    torch.testing.assert_close(found.bare.reshape(2, 5, 5)[open_], expected)


def test_a_softmax_over_something_else_is_no_attention():
    """A router's over experts; a product that nothing was made of."""
    with SoftmaxTap() as tap:
        torch.randn(5, 8).softmax(-1)
        torch.randn(5, 4) @ torch.randn(4, 5)
    assert tap.found == []


def test_whoever_does_not_record_is_answered_as_ever():
    asked = AttentionInterface()
    assert asked.get_interface("eager", modeling_gpt2.eager_attention_forward) is (
        modeling_gpt2.eager_attention_forward
    )
    token = COLLECTOR.set(Collector())
    try:
        answer = asked.get_interface("eager", modeling_gpt2.eager_attention_forward)
    finally:
        COLLECTOR.reset(token)
    assert answer is not modeling_gpt2.eager_attention_forward
    assert answer.args == (modeling_gpt2.eager_attention_forward,)


def test_the_borrowed_doors_are_where_they_were():
    """`get_interface(name, default)` is asked by every family on the interface."""
    import inspect

    names = list(inspect.signature(AttentionInterface.get_interface).parameters)
    assert names == ["self", "attn_implementation", "default"]
    text = inspect.getsource(modeling_gpt2.GPT2Attention.forward)
    assert "ALL_ATTENTION_FUNCTIONS.get_interface(" in text


def test_another_thread_s_pass_does_not_get_into_a_recording(tiny_causal):
    """Only the reader's own context has a collector."""
    ids = torch.tensor([[1, 50, 60]])
    over = threading.Event()

    def others() -> None:
        while not over.is_set():
            tiny_causal.network(input_ids=ids)

    thread = threading.Thread(target=others)
    thread.start()
    try:
        for _ in range(20):
            found = record(tiny_causal, "to be, or not", keep=["attention"])
            assert [one.layer for one in found.attentions] == [0, 1, 2]
            assert {one.weights.shape for one in found.attentions} == {(4, 14, 14)}
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize("family", ["llama", "falcon", "t5", "mpt"])
def test_gradients_pass_through_a_tap(family):
    model = tiny.model(family)
    found = observe(model, "abc", keep=["logits", "attention"], gradients=True)
    caught = found.attended[0][3]
    assert found.logits is not None
    (gradient,) = torch.autograd.grad(found.logits.sum(), caught.weights)
    assert gradient.shape == caught.weights.shape
    assert gradient.abs().max() > 0
