"""One number opened: against the weights themselves, against the block, in every family."""

from typing import Any

import numpy as np
import pytest
import torch
import transformers as hf

from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.load import load_model
from components.inspection.machine import cell
from components.inspection.machine.cell import STATIONS, open_number
from components.inspection.machine.cell_sums import MOST_TERMS, CellDetail
from components.inspection.machine.opened import opened_block
from components.inspection.model import Model
from components.inspection.stacks import blocks_of
from tests import tiny
from tests.inspection.machine.read import CASES, DTYPES, TEXT, kept, target_of
from tests.inspection.positions import networks
from tests.inspection.positions.tools import state_of

PLACE = 3
NONE_TURNED = {"turned query", "turned key"}
CROSS = {"before cross", "cross write"}
PLAIN, GATED = {"gate", "up"}, {"before"}
EXPERTS = {"gate", "up", "before", "hidden", "MLP write"}
COARSE = ("gpt2", "qwen3", "gemma2", "phi3", "gptj", "olmo2", "falcon", "bert", "t5")
"""Families of each kind, for the coarse number formats."""
UN_NORMED = {"norm1", "norm2"}
UNKNOWN = {
    "gpt2": NONE_TURNED | CROSS | PLAIN,
    "llama": CROSS | GATED,
    "mistral": CROSS | GATED,
    "qwen2": CROSS | GATED,
    "qwen3": CROSS | GATED,
    "gemma2": CROSS | GATED,
    "gemma3": CROSS | GATED,
    "phi3": CROSS | GATED,
    "phi": CROSS | PLAIN | {"between"},
    "gpt_neox": CROSS | PLAIN | {"between"},
    "gpt_neox_serial": CROSS | PLAIN,
    "gptj": CROSS | PLAIN | {"between"},
    "gpt_neo": NONE_TURNED | CROSS | PLAIN,
    "olmo2": CROSS | GATED | UN_NORMED,
    "opt": NONE_TURNED | CROSS | PLAIN,
    "falcon": CROSS | PLAIN | {"between"},
    "falcon_alibi": NONE_TURNED | CROSS | PLAIN,
    "bloom": NONE_TURNED | CROSS | PLAIN,
    "mpt": NONE_TURNED | CROSS | PLAIN,
    "mixtral": CROSS | EXPERTS,
    "qwen3_moe": CROSS | EXPERTS,
    "bert": NONE_TURNED | CROSS | PLAIN | UN_NORMED,
    "distilbert": NONE_TURNED | CROSS | PLAIN | UN_NORMED,
    "roberta": NONE_TURNED | CROSS | PLAIN | UN_NORMED,
    "bert_classifier": NONE_TURNED | CROSS | PLAIN | UN_NORMED | {"logit", "probability"},
    "t5": NONE_TURNED | PLAIN,
    "bart": NONE_TURNED | PLAIN | UN_NORMED,
}


def opened(
    model: Model, station: str, index: int, stack: str = "decoder", **asked: Any
) -> CellDetail:
    given = {"layer": 1, "head": 1, "place": PLACE} | asked
    return open_number(model, TEXT, target_of(model), stack, station=station, index=index, **given)  # type: ignore[arg-type]


@pytest.fixture
def read_once(monkeypatch):
    """Let one reading of a text serve all its numbers, for the sake of time."""
    monkeypatch.setattr(cell, "opening", kept(cell.opening))


def adds_up(found: CellDetail) -> bool:
    """Say whether terms, rest and steps lead to the number, by what they say of themselves."""
    total = sum(term.value for term in found.terms) + found.rest
    for step in found.after:
        if step.left != pytest.approx(total, rel=1e-9, abs=1e-12):
            return False
        total = step.value
    products = all(
        term.left * term.right == pytest.approx(term.value)
        for term in found.terms
        if term.left is not None and term.right is not None
    )
    return products and total == pytest.approx(found.recomputed, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("family", "stack", "kind", "dtype"),
    [
        (*case, dtype)
        for dtype in DTYPES
        for case in CASES
        if dtype == "float32" or case[0] in COARSE
    ],
)
@pytest.mark.usefixtures("read_once")
def test_every_number_of_every_family_is_what_was_recorded(family, stack, kind, dtype):
    model = tiny.model(family, dtype)
    said = set()
    stations = [*STATIONS, "logit", "probability"]
    # Layer 0 differs in what enters; in coarse formats one layer is enough.
    for station in [*stations, *(["entered at 0"] if dtype == "float32" else [])]:
        layer = 0 if station == "entered at 0" else 1
        try:
            found = opened(model, station.removesuffix(" at 0"), 2, stack, kind=kind, layer=layer)
        except InspectionError as error:
            said.add(station)
            assert len(str(error)) > 40
            continue
        assert found.check.holds, (station, found)
        assert adds_up(found), (station, found)
        assert len(found.terms) <= MOST_TERMS and found.operands
        assert found.numbers.count("=") >= 1 and "=" in found.symbols
    if stack == "encoder" and len(model.anatomy.stacks) == 2:
        assert said == UNKNOWN[family] | CROSS | {"logit", "probability"}
    else:
        assert said == UNKNOWN[family]


@pytest.mark.parametrize(("family", "stack", "kind"), CASES)
@pytest.mark.usefixtures("read_once")
def test_it_is_the_number_that_is_drawn(family, stack, kind):
    model = tiny.model(family)
    block = opened_block(model, TEXT, target_of(model), stack, 1, 1, PLACE, kind=kind)  # type: ignore[arg-type]
    write = block.cross_write if kind == "cross" else block.attention_write
    drawn = {
        "entered": block.entered,
        "left": block.left,
        "between": block.between,
        "attention write": write,
        "MLP write": block.mlp_write if block.mlp else None,
        "output": block.outputs,
        "score": block.scores,
        "weight": block.weights,
        "query": block.queries if block.rope is None else block.queries_before,
        "turned query": None if block.rope is None else block.queries,
        "hidden": None if block.mlp is None else block.mlp.hidden,
        "gate": None if block.mlp is None else block.mlp.gate,
        "up": None if block.mlp is None else block.mlp.up,
        "before": None if block.mlp is None else block.mlp.before,
    }
    for station, rows in drawn.items():
        if rows is not None:
            found = opened(model, station, 1, stack, kind=kind)
            assert found.recorded == pytest.approx(float(rows[PLACE, 1])), station
    keys = block.keys if block.rope is None else block.keys_before
    for station, rows in (("key", keys), ("value", block.values)):
        assert opened(model, station, 1, stack, kind=kind).recorded == float(rows[PLACE, 1])


@pytest.mark.parametrize("family", ["llama", "qwen2"])
def test_a_query_s_terms_are_its_row_of_weights(family):
    model = tiny.model(family)
    block = blocks_of(model.network, model.anatomy.stacks["decoder"])[1]
    found = opened(model, "query", 2)  # of head 1, whose size is 6: row 8
    weight = block.self_attn.q_proj.weight[8].double().numpy()
    stream = record(model, TEXT, keep=["residual"]).stack().residual[1]
    read = block.input_layernorm(torch.from_numpy(stream))[PLACE].double().numpy()
    products = weight * read
    biased = block.self_attn.q_proj.bias is not None
    kept = MOST_TERMS - biased
    assert [term.label for term in found.terms[:kept]] == [
        f"number {n}" for n in np.argsort(-np.abs(products))[:kept]
    ]
    assert found.terms[0].left == pytest.approx(weight[np.abs(products).argmax()])
    assert found.rest_count == 24 - kept
    bias = float(block.self_attn.q_proj.bias[8]) if biased else 0.0
    assert found.recomputed == pytest.approx(products.sum() + bias, abs=1e-6)
    assert (found.terms[-1].label == "bias") == biased
    assert found.operands[0].station == "norm1"
    assert found.name == f"query 2 of '{TEXT[PLACE - 1]}', layer 1, head 1"


def test_the_stream_is_the_sum_of_every_earlier_write():
    model = tiny.model("gpt2")
    stack = record(model, TEXT, keep=["residual"]).stack()
    found = opened(model, "entered", 7, layer=2)
    assert {term.label: term.value for term in found.terms} == {
        "embedding": float(stack.residual[0, PLACE, 7]),
        "attention 0": float(stack.attention_writes[0, PLACE, 7]),
        "MLP 0": float(stack.mlp_writes[0, PLACE, 7]),
        "attention 1": float(stack.attention_writes[1, PLACE, 7]),
        "MLP 1": float(stack.mlp_writes[1, PLACE, 7]),
    }


@pytest.mark.parametrize(
    ("family", "stack", "tables", "steps"),
    [
        ("gpt2", "decoder", 2, 0),
        ("llama", "decoder", 1, 0),
        ("gemma2", "decoder", 1, 0),
        ("opt", "decoder", 2, 0),
        ("bert", "encoder", 3, 4),
        ("bloom", "decoder", 1, 4),
        ("bart", "decoder", 2, 4),
        ("t5", "encoder", 1, 0),
    ],
)
def test_what_enters_the_first_block_is_rows_of_tables(family, stack, tables, steps):
    model = tiny.model(family)
    found = opened(model, "entered", 5, stack, layer=0)
    assert (len(found.terms), len(found.after)) == (tables, steps)
    stack_read = record(model, TEXT, target_of(model), keep=["residual"]).stack(stack)
    token = stack_read.ids[PLACE]
    first = next(term for term in found.terms if f"row {token}" in term.label)
    own = float(model.network.get_input_embeddings().weight[token, 5])
    # Gemma's table gives its rows times a factor already.
    assert first.value == pytest.approx(own * (24**0.5 if family == "gemma2" else 1), rel=1e-6)
    assert found.recorded == float(stack_read.residual[0, PLACE, 5])


def test_logits_and_probabilities_are_the_model_s_own():
    for family in ("gpt2", "gemma2", "bert", "t5"):
        model = tiny.model(family)
        stack = list(model.anatomy.stacks)[-1]
        logits = record(model, TEXT, target_of(model), keep=["logits"]).logits[PLACE]
        shares = torch.from_numpy(logits).double().softmax(0)
        for token in (0, 77, int(logits.argmax())):
            found = opened(model, "logit", token, stack)
            assert found.recorded == float(logits[token])
            share = opened(model, "probability", token, stack)
            assert share.recomputed == pytest.approx(float(shares[token]), rel=1e-6)


@pytest.mark.parametrize(
    ("make", "kind", "step"),
    [
        (lambda: networks.of("Cohere", logit_scale=0.25), "causal", "× scale of logits"),
        (lambda: networks.of("Granite", logits_scaling=4.0), "causal", "× 1 / scale of logits"),
        (
            lambda: tiny.built(hf.EsmForMaskedLM, hf.EsmConfig(**tiny.FAMILIES["bert"][3])),
            "masked",
            "+ bias behind the map",
        ),
    ],
)
def test_what_is_done_to_logits_behind_the_map_is_a_step(make, kind, step):
    model = networks.model(make(), kind)
    (stack,) = model.anatomy.stacks
    found = open_number(model, TEXT, None, stack, 0, 0, 2, "logit", 40)
    assert found.check.holds and adds_up(found)
    assert [one.label for one in found.after] == [step]


def test_a_weight_counts_what_may_be_seen():
    """Masked tokens are no terms: of the fourth token there are four."""
    found = opened(tiny.model("gpt2"), "weight", 1)
    assert len(found.terms) + found.rest_count == PLACE + 1
    masked = opened(tiny.model("gpt2"), "weight", PLACE + 2)
    assert masked.recorded == masked.recomputed == 0.0
    with pytest.raises(InspectionError, match="the mask hides"):
        opened(tiny.model("gpt2"), "score", PLACE + 2)


@pytest.mark.parametrize(
    ("station", "index", "words"),
    [
        ("colour", 0, "no station 'colour'"),
        ("query", 6, "no query 6"),
        ("entered", 24, "no entered 24"),
        ("score", 99, "no key token 99"),
        ("logit", 999, "no token of the vocabulary 999"),
        ("hidden", -1, "no hidden -1"),
    ],
)
def test_what_is_not_there_is_said_in_words(tiny_causal, station, index, words):
    before = state_of(tiny_causal)
    with pytest.raises(InspectionError, match=words):
        opened(tiny_causal, station, index)
    assert state_of(tiny_causal) == before


@pytest.mark.parametrize("ids", [[7], [7, 9]])
@pytest.mark.parametrize("family", ["qwen3", "gpt2", "olmo2", "bert", "opt"])
def test_the_shortest_texts_are_opened(family, ids):
    model = tiny.model(family)
    (stack,) = model.anatomy.stacks
    block = opened_block(model, ids, None, stack, 1, 0, 0)
    assert all(check.holds for check in block.checks) and not block.unknown
    for station in ("query", "weight", "attention write", "hidden", "left"):
        assert open_number(model, ids, None, stack, 1, 0, 0, station, 0).check.holds


def test_the_bundled_model_is_opened_down_to_its_logits():
    model = load_model("storyteller")
    for station in ("entered", "query", "turned query", "score", "output", "attention write",
                    "gate", "hidden", "MLP write", "left", "logit", "probability"):  # fmt: skip
        found = open_number(model, "The fox gave", None, "decoder", 2, 1, 2, station, 1)
        assert found.check.holds and adds_up(found)
