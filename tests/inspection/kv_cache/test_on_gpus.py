"""The cache on a pretended second GPU: what is computed there is what the CPU computes."""

import numpy as np
import pytest
import torch

from components.inspection.kv_cache import limits
from components.inspection.kv_cache import roofline as roofline_home
from components.inspection.kv_cache.agreement import agreement
from components.inspection.kv_cache.contents import contents
from components.inspection.kv_cache.dimensions import shape_of
from components.inspection.kv_cache.kinds import kinds
from components.inspection.kv_cache.roofline import rooflines
from components.inspection.kv_cache.timing import measure
from components.inspection.kv_cache.work import work
from components.inspection.wrapping import wrapped
from tests import tiny
from tests.gpu.pretended import SUPPORTED, pretend_gpus

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not SUPPORTED, reason="the stand-in fits a CPU build of torch 2.13"),
]
TEXT = "hello there"


@pytest.fixture(scope="module")
def there():
    """A Llama on the second of two GPUs."""
    with pretend_gpus(count=2):
        network = tiny.network("llama").to("cuda:1")
        yield wrapped(network, tiny.tokenizer(), "causal", "tiny-llama")


def test_the_bytes_and_the_law(there):
    here = tiny.model("llama")
    found, expected = contents(there, TEXT, 9, 4), contents(here, TEXT, 9, 4)
    np.testing.assert_allclose(found.keys[1], expected.keys[1], atol=1e-5)
    np.testing.assert_array_equal(found.grown, expected.grown)
    assert shape_of(there).cache == shape_of(here).cache
    assert [check.verdict for check in (*found.checks, *found.shape.checks)] == ["holds"] * 3


def test_the_same_answer_and_the_same_tokens(there):
    found, expected = agreement(there, TEXT, 9, 5), agreement(tiny.model("llama"), TEXT, 9, 5)
    assert found.tokens == expected.tokens
    assert [check.verdict for check in found.checks] == ["holds"]
    *_, timing = measure(there, TEXT, 9, 3, 1)
    assert timing.whole and not timing.different, "timed in the queue of the GPU that works"


def test_an_offloaded_cache_lies_in_two_places(there):
    *_, found = kinds(there, TEXT, 9, 4, 1, 4)
    rows = {row.name: row for row in found.rows}
    moved, plain = rows["offloaded"], rows["dynamic"]
    assert (plain.held, plain.elsewhere) == (3 * 2 * 2 * 6 * 12 * 4, 0)
    assert (moved.held, moved.elsewhere) == (plain.held // 3, 2 * plain.held // 3)
    assert moved.difference == 0
    assert not found.repeatable and found.checks[0].bound == found.allowed > 0
    assert [check.verdict for check in found.checks] == ["holds"] * 3


@pytest.mark.parametrize("family", ["t5", "bart"])
def test_a_cache_of_two_stacks_is_not_offloaded(family, gpu):
    """transformers reads on the GPU what it has moved to the machine's memory."""
    model = wrapped(
        tiny.network(family).to("cuda:0"), tiny.tokenizer(), "seq2seq", f"tiny-{family}"
    )
    *_, found = kinds(model, TEXT, 9, 4, 1, 4)
    rows = {row.name: row for row in found.rows}
    assert rows["offloaded"].refused == "transformers moves no cache of two stacks"
    assert rows["dynamic"].runs == rows["static"].runs == 1
    assert rows["dynamic"].elsewhere == 0
    assert [check.verdict for check in found.checks] == ["holds"] * 3


def test_operations_and_the_roof(there, monkeypatch):
    monkeypatch.setattr(limits, "SIDE", {"cuda": 256})
    monkeypatch.setattr(roofline_home, "ROUNDS", 1)
    found = list(rooflines(there, TEXT, 9, 3))[-1].found
    assert found.side == 256 and found.machine.device == "cuda:1"
    assert [one.operations for one in work(there, TEXT, 9, 3).passes] == [
        one.operations for one in work(tiny.model("llama"), TEXT, 9, 3).passes
    ]
    assert [check.verdict for check in found.checks] == ["holds"]


def test_a_nearly_full_card_gets_smaller_matrices():
    with pretend_gpus(count=1, memory=24 * 2**20):
        network = tiny.network("llama").to("cuda:0")
        model = wrapped(network, tiny.tokenizer(), "causal", "tiny-llama")
        side, product = limits.product(model)
        assert side < limits.SIDE["cuda"]
        assert 2 * side**2 * 4 <= 24 * 2**20 / 4
        assert product().device == torch.device("cuda:0")
