"""Each check of an opened block turns red once what it checks is broken."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from components.inspection.checks import Check
from components.inspection.machine import attended, experts, projected
from components.inspection.machine.matching import Columns
from components.inspection.machine.opened import opened_block
from components.inspection.machine.wiring import wiring_of
from components.inspection.model import Model
from components.inspection.positions.rotation import other
from tests import tiny
from tests.inspection.machine.read import TEXT, target_of
from tests.sabotages import means


def check_of(model: Model, words: str, stack: str = "decoder", **asked: Any) -> Check:
    """Return the one check of a block that says `words`, farthest off."""
    given = {"layer": 1, "head": 1, "place": 2} | asked
    block = opened_block(model, TEXT, target_of(model), stack, **given)  # type: ignore[arg-type]
    found = [check for check in block.checks if means(words, check.says)]
    assert found, words
    return next((check for check in found if not check.holds), found[0])


def rewired(monkeypatch: Any, model: Model, stack: str = "decoder", **changes: Any) -> None:
    wiring = wiring_of(model, stack, 1)  # type: ignore[arg-type]
    monkeypatch.setitem(model.known, f"opened {stack} 1", replace(wiring, **changes))


def blocked(columns: Columns, size: int, heads: int, part: int) -> Columns:
    """Return where a head's numbers would stand, were all queries first, then all keys."""
    own = np.arange(heads * size).reshape(heads, size) + part * heads * size
    return replace(columns, columns=own)


def per_head(columns: Columns, size: int, heads: int, part: int) -> Columns:
    """Return where they would stand, were each head's query, key and value side by side."""
    own = np.arange(heads)[:, None] * 3 * size + part * size + np.arange(size)
    return replace(columns, columns=own)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize(
    ("family", "lay", "size"), [("bloom", blocked, 6), ("gpt2", per_head, 6), ("mpt", per_head, 6)]
)
@pytest.mark.sabotage("what the map gives are the *")
def test_a_fused_map_cut_in_the_wrong_convention(monkeypatch, family, lay, size, dtype):
    model = tiny.model(family, dtype)
    own = wiring_of(model, "decoder", 1).attention["self"]
    wrong = replace(own.queries, maps=lay(own.queries.maps, size, 4, 0))
    rewired(monkeypatch, model, attention={"self": replace(own, queries=wrong)})
    assert not check_of(model, "what the map gives are the queries").holds


@pytest.mark.sabotage("what the map gives, turned by position, are the *")
def test_an_interleaved_map_taken_for_a_blocked_one(monkeypatch):
    model = tiny.model("gpt_neox")
    own = wiring_of(model, "decoder", 1).attention["self"]
    wrong = replace(own.keys, maps=blocked(own.keys.maps, 8, 4, 1))
    rewired(monkeypatch, model, attention={"self": replace(own, keys=wrong)})
    assert not check_of(model, "what the map gives, turned by position, are the keys").holds


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.sabotage("what the map gives, turned by position, are the *")
def test_pairs_formed_the_other_way(monkeypatch, dtype):
    model = tiny.model("llama", dtype)
    own = projected.rope_at

    def turned(opened: Any) -> Any:
        rope, uncertain = own(opened)
        return other(rope), uncertain

    monkeypatch.setattr(attended, "rope_at", turned)
    assert not check_of(model, "what the map gives, turned by position, are the queries").holds


@pytest.mark.parametrize("family", ["llama", "gpt2", "phi3"])
@pytest.mark.sabotage("the map's rows of weights times what it reads are the *")
def test_another_row_of_the_weights(monkeypatch, family):
    own = projected.weights_of
    monkeypatch.setattr(projected, "weights_of", lambda module, rows: own(module, rows - 1))
    assert not check_of(tiny.model(family), "the map's rows of weights*the values").holds


@pytest.mark.parametrize(("family", "stack"), [("gpt2", "decoder"), ("bert", "encoder")])
@pytest.mark.sabotage("the norm * gives (x - mean) / scale x gain + shift")
def test_a_layer_norm_taken_for_an_rms_norm(monkeypatch, family, stack):
    model = tiny.model(family)
    norms = wiring_of(model, stack, 1).norms
    wrong = {path: replace(rule, kind="rms") for path, rule in norms.items()}
    rewired(monkeypatch, model, stack, norms=wrong)
    assert not check_of(model, "the norm * gives *", stack).holds


@pytest.mark.parametrize("changes", [{"plus_one": False}, {"epsilon": 1e-2}], ids=str)
@pytest.mark.sabotage("the norm * gives (x - mean) / scale x gain + shift")
def test_a_norm_of_another_gain_or_epsilon(monkeypatch, changes):
    model = tiny.model("gemma3")
    norms = wiring_of(model, "decoder", 1).norms
    wrong = {path: replace(rule, **changes) for path, rule in norms.items()}
    rewired(monkeypatch, model, norms=wrong)
    assert not check_of(model, "the norm of keys gives *").holds


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("family", ["llama", "phi3", "gemma2"])
@pytest.mark.sabotage("the hidden numbers are the activation of the gate, times up")
def test_gate_and_up_swapped(monkeypatch, family, dtype):
    model = tiny.model(family, dtype)
    mlp = wiring_of(model, "decoder", 1).mlp
    rewired(monkeypatch, model, mlp=replace(mlp, before=mlp.up, up=mlp.before))
    assert not check_of(model, "the hidden numbers are the activation of the gate, times up").holds


@pytest.mark.parametrize(("family", "name"), [("gpt2", "relu"), ("opt", "gelu"), ("mpt", "silu")])
@pytest.mark.sabotage("the hidden numbers are the activation of what comes before it")
def test_another_activation(monkeypatch, family, name):
    model = tiny.model(family)
    mlp = wiring_of(model, "decoder", 1).mlp
    rewired(monkeypatch, model, mlp=replace(mlp, activation=name))
    assert not check_of(
        model, "the hidden numbers are the activation of what comes before it"
    ).holds


STREAM = "what enters the block and what its parts write lead to what leaves it"


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("family", ["gpt2", "bert", "gptj", "gemma2"])
@pytest.mark.sabotage("what enters the block and what its parts write lead to what leaves it")
def test_the_mlp_s_write_is_that_of_attention(monkeypatch, family, dtype):
    model = tiny.model(family, dtype)
    (stack,) = model.anatomy.stacks
    chain = wiring_of(model, stack, 1).chain
    first, last = chain.subs
    wrong = replace(last, write=first.write, of_write=first.of_write)
    rewired(monkeypatch, model, stack, chain=replace(chain, subs=(first, wrong)))
    assert not check_of(model, STREAM, stack).holds


@pytest.mark.sabotage("what enters the block and what its parts write lead to what leaves it")
def test_a_parallel_block_taken_for_one_after_the_other(monkeypatch):
    model = tiny.model("gptj")
    chain = wiring_of(model, "decoder", 1).chain
    rewired(monkeypatch, model, chain=replace(chain, parallel=False))
    assert not check_of(model, STREAM).holds


@pytest.mark.parametrize("family", ["mixtral", "qwen3_moe"])
@pytest.mark.sabotage("the experts chosen and their shares follow from the router's probabilities")
def test_a_router_of_other_logits(monkeypatch, family):
    own = experts.router_logits
    monkeypatch.setattr(experts, "router_logits", lambda call, given: own(call, given)[:, ::-1])
    assert not check_of(tiny.model(family), "the experts chosen and their shares *").holds


@pytest.mark.parametrize("family", ["mixtral", "qwen3_moe"])
@pytest.mark.sabotage("the experts chosen and their shares follow from the router's probabilities")
def test_shares_renormalised_or_not(monkeypatch, family):
    model = tiny.model(family)
    rule = wiring_of(model, "decoder", 1).router
    rewired(monkeypatch, model, router=replace(rule, renormalised=not rule.renormalised))
    assert not check_of(model, "the experts chosen and their shares *").holds


def test_what_is_no_number_turns_a_check_red():
    check = experts.shares_check(
        np.full((1, 2), np.nan), np.zeros((1, 1), np.int64), np.ones((1, 1), np.float32), True, 0.0,
        "float32",
    )  # fmt: skip
    assert not check.holds
