"""What the drawing of the machine is sent, from models into Node: arrays, levels, sizes."""

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from components.inspection.load import load_model
from components.inspection.machine.overview import Heads, Overview, River, overview
from components.inspection.machine.token_path import token_path
from components.inspection.wrapping import wrapped
from components.widgets.kit import script
from components.widgets.machine.assembled import assembled
from components.widgets.machine.look import DEFAULT
from components.widgets.machine.payload import (
    CELLS,
    NEURONS,
    ZERO,
    overview_part,
    path_part,
    pooled,
    push_part,
    sent,
    signed_levels,
)
from tests import tiny
from tests.widgets.test_kit import NODE, WIDGETS, run

IN_NODE = pytest.mark.skipif(NODE is None, reason="no Node on this machine")
DATA = script(WIDGETS / "machine" / "data.js", INKS={})
FAMILIES = ["gpt2", "llama", "gemma2", "mixtral", "mpt", "bert", "bert_classifier", "t5", "bart"]
REAL = st.floats(-1e6, 1e6, width=32)
TEXT = "An old key."


def told(program: str) -> object:
    return json.loads(run(f"{DATA}\n{program}"))


@settings(deadline=None)
@given(
    arrays.arrays(np.float32, st.tuples(st.integers(1, 3), st.integers(1, 300)), elements=REAL),
    st.integers(1, 64),
)
def test_a_cell_is_the_number_farthest_from_0_of_its_group(rows, cells):
    found = pooled(rows, cells)
    width = rows.shape[1]
    size = -(-width // found.shape[1])  # as the drawing counts the numbers of a cell
    assert found.shape[1] <= cells and found.shape[0] == len(rows)
    for cell in range(found.shape[1]):
        group = rows[:, cell * size : (cell + 1) * size]
        assert group.shape[1] > 0
        assert np.array_equal(np.abs(found[:, cell]), np.abs(group).max(1))
        assert all(one in each for one, each in zip(found[:, cell], group, strict=True))


@settings(deadline=None)
@given(arrays.arrays(np.float32, st.tuples(st.integers(1, 3), st.integers(1, 60)), elements=REAL))
def test_levels_keep_order_and_sign(rows):
    levels = signed_levels(rows)
    assert levels.dtype == np.uint8 and levels.max() <= 254
    assert (levels[rows == 0] == ZERO).all()
    assert (levels[rows > 0] >= ZERO).all() and (levels[rows < 0] <= ZERO).all()
    for row, level in zip(rows, levels, strict=True):
        order = np.argsort(row, kind="stable")
        assert (np.diff(level[order].astype(int)) >= 0).all()
        if np.abs(row).max() > 1e-6:
            assert abs(int(level[np.abs(row).argmax()]) - ZERO) == ZERO


def test_what_is_no_number_is_seen_through_and_is_no_scale():
    rows = np.array([[1, -2, np.nan, 4], [np.inf, 1, -1, 0]], np.float32)
    levels = signed_levels(rows)
    assert levels[0, 2] == 255 and levels[1, 0] == 255
    assert levels[0, 3] == 254 and levels[0, 0] > ZERO > levels[0, 1]
    assert levels[1, 3] == ZERO and levels[1, 1] > ZERO > levels[1, 2]
    assert signed_levels(np.full((1, 3), np.nan, np.float32)).tolist() == [[255] * 3]


@IN_NODE
def test_an_array_arrives_bit_for_bit():
    odd = [0.0, -0.0, np.nan, np.inf, -np.inf, 1e-45, -1e-40, 3.4e38, 1 / 3, np.pi]
    rng = np.random.default_rng(0)
    made = {
        "odd": np.array(odd, np.float32),
        "bits": rng.integers(0, 2**32, 999, dtype=np.uint32).view(np.float32),
        "turned": rng.normal(size=(5, 7)).astype(np.float32).T[::-1],
        "wide": rng.normal(size=9),
        "half": rng.normal(size=9).astype(np.float16),
        "big-endian": rng.normal(size=9).astype(">f4"),
        "long": rng.normal(size=70_000).astype(np.float32),
    }
    program = f"""
    const sent = {json.dumps({name: sent(one) for name, one in made.items()})}, bits = {{}};
    for (const [name, text] of Object.entries(sent))
      bits[name] = [...new Uint32Array(floatsOf(text).buffer)];
    console.log(JSON.stringify(bits));
    """
    bits = told(program)
    for name, one in made.items():
        wanted = np.ascontiguousarray(one).astype("<f4").view("<u4").ravel()
        assert np.array_equal(np.array(bits[name], np.uint32), wanted), name
    assert told("console.log(JSON.stringify([floatsOf(null)]))") == [None]


@IN_NODE
def test_levels_of_scores_and_weights():
    values = [-1e3, -4.0, -1.0, -0.25, 0.0, 0.25, 1.0, 4.0, 1e3]
    program = f"""
    const values = Float32Array.from({values}), all = values.map(() => 1);
    const seen = Uint8Array.from([1, 1, 0, 1, 1, 1, 1, 0, 1]);
    const levels = [...scoreLevels(values, all, [1, 4], false)];
    const flat = [...scoreLevels(values.map(() => 0), all, [1e-9, 1e-9], false)];
    const open = [...scoreLevels(values, seen, [1, 4], false)];
    const masked = values.map((value, i) => (seen[i] ? value : -Infinity));
    const hidden = [...scoreLevels(masked, seen, [1, 4], true)];
    const weights = [...weightLevels(Float32Array.from([0, 0.5, 1, 0.25]), [1, 1, 1, 0])];
    console.log(JSON.stringify({{ levels, flat, open, hidden, weights }}));
    """
    found = told(program)
    levels = found["levels"]
    assert levels == sorted(levels) and levels[4] == ZERO
    assert levels[0] == levels[1] == 0 and levels[-1] == levels[-2] == 254
    assert [a + b for a, b in zip(levels, levels[::-1], strict=True)] == [254] * 9
    assert found["flat"] == [ZERO] * 9 and found["open"] == levels
    hidden = found["hidden"]
    assert [hidden[at] for at in (2, 7)] == [255, 255]
    assert [one for at, one in enumerate(hidden) if at not in (2, 7)] == [
        one for at, one in enumerate(levels) if at not in (2, 7)
    ]
    assert found["weights"] == [0, 127, 254, 255]


@cache
def drawn(family: str):
    model = tiny.model(family)
    cross = family in ("t5", "bart")
    look = replace(DEFAULT, open=1, push=True, head=2, cross=cross)
    return assembled(lambda inspection, *given: inspection(model, *given), TEXT, look)


@IN_NODE
@pytest.mark.parametrize("family", FAMILIES)
def test_what_arrives_is_as_long_as_what_it_is_of(family):
    found = drawn(family)
    parts = json.dumps(found.parts, allow_nan=False)
    counts = told(f"""
    const parts = {parts}, overview = overviewOf(parts.overview);
    const n = overview.rivers.findIndex((one) => one.name === parts.path.stack);
    const path = pathOf(parts.path, overview.rivers[n].rows), block = blockOf(parts.block);
    const len = (one) => one?.length ?? null;
    console.log(JSON.stringify({{ n,
      rivers: overview.rivers.map((one) => [len(one.shown), len(one.ids), len(one.norms),
        len(one.attention), len(one.cross), len(one.mlp), len(one.active), len(one.whole),
        one.strips && one.strips.map(len), len(one.heads?.levels), len(one.heads?.means),
        len(one.crossing?.levels), Object.values(one.along).map(len)]),
      finite: overview.rivers.every((one) => Number.isFinite(one.ruler.width(1))),
      path: [len(path.arcs[0]), len(path.headWrites), len(path.hidden), len(path.lens?.shares)],
      block: block && [Object.entries(block.stations).map(([name, one]) =>
        [name, one.levels.length / one.cells, one.vector && one.vector.length - one.width]),
        Object.values(block.square.steps).map(len), len(block.square.visible),
        len(block.square.elsewhere), block.square.columns, len(block.headWrites),
        block.square.range] }}));
    """)
    for river, got in zip(found.overview.rivers, counts["rivers"], strict=True):
        rows, layers, heads = river.rows, river.layers, found.overview.heads
        each = layers * rows
        levels = layers * heads * rows * (river.heads.weights.shape[3])
        crossing = river.crossing and layers * heads * rows * river.crossing.weights.shape[3]
        cells = rows * min(CELLS, river.width)
        wanted = [rows, rows, each + rows, each, river.crossing and each, each]
        assert got[:6] == wanted and got[6] in (None, each)
        assert got[7:12] == [None, [cells] * 2, levels, levels // heads, crossing]
        assert all(one == each for one in got[12]) and len(got[12]) == 2 + bool(river.crossing)
    assert counts["finite"] and counts["n"] == len(found.overview.rivers) - 1
    rows, layers, heads = found.river.rows, found.river.layers, found.overview.heads
    neurons = found.path.hidden and layers * pooled(found.path.hidden[0][None], NEURONS).shape[1]
    lens = found.path.lens and found.path.lens.probabilities.size
    assert counts["path"] == [rows, layers * heads, neurons, lens]
    stations, steps, seen, elsewhere, columns, writes, (usual, largest) = counts["block"]
    assert [seen, elsewhere, writes] == [rows * columns, rows, heads]
    assert steps and all(one == rows * columns for one in steps)
    assert 0 < usual <= largest < 1e6
    across = found.parts["block"]["kind"] == "cross"
    for name, count, rest in stations:
        other = across and name in ("key", "value")
        assert count == (columns if other else rows) and rest == (None if other else 0), name


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("family", ["gpt2", "bert"])
def test_a_token_of_no_numbers_is_sent_as_json(family, value):
    """Its row is see-through, what is known of others is drawn, and the answer says why not."""
    network, signs = tiny.network(family), tiny.tokenizer()
    for names in (network.get_input_embeddings(), network.get_output_embeddings()):
        names.weight = torch.nn.Parameter(names.weight.data.clone(), requires_grad=False)
    network.get_input_embeddings().weight[signs.encode("~")[-1]] = value
    model = wrapped(network, signs, tiny.FAMILIES[family][2], "broken")
    for look in (DEFAULT, replace(DEFAULT, token=1, open=1, push=True)):
        found = assembled(lambda inspection, *given: inspection(model, *given), "ab ~", look)
        parts = json.loads(json.dumps(found.parts, allow_nan=False))
        assert found.unknown and parts["path"]["push"] is None
        assert (parts["path"]["top"] is None) == (found.path.answers is None)


def test_an_answer_that_cannot_be_given_has_no_logit():
    """Minus infinity is a logit; JSON has no word for it."""
    model = tiny.model("gpt2")
    path = token_path(model, TEXT, None, "decoder", 2)
    logits = path.answers.logits.copy()
    logits[-1] = -np.inf
    shares = path.answers.shares.copy()
    shares[-1] = 0
    answers = replace(path.answers, logits=logits, shares=shares)
    top = path_part(replace(path, answers=answers), 3)["top"]
    assert json.loads(json.dumps(top, allow_nan=False))["logits"][-1] is None


def test_no_comparison_is_sent_as_none():
    part = push_part(None, None, {})
    assert json.loads(json.dumps(part, allow_nan=False)) == {
        "pairs": None,
        "choices": [],
        "push": None,
    }


def gpt2_sized() -> Overview:
    rng = np.random.default_rng(0)
    layers, rows, width = 12, 64, 768
    visible = np.broadcast_to(np.tri(rows, dtype=bool), (layers, rows, rows))
    weights = rng.exponential(size=(layers, 12, rows, rows)).astype(np.float32) * visible[:, None]
    weights /= weights.sum(-1, keepdims=True)
    each = rng.normal(size=(layers, rows)).astype(np.float32)
    ends = rng.normal(size=(rows, width)).astype(np.float32)
    norms = np.abs(rng.normal(size=(layers + 1, rows))).astype(np.float32)
    river = River(
        name="decoder",
        tokens=("·token",) * rows,
        ids=(50256,) * rows,
        first=0,
        rows=rows,
        layers=layers,
        width=width,
        norms=norms,
        loud=norms[0],
        attention=each,
        cross=None,
        mlp=each,
        along={"attention": each, "mlp": each},
        active=each,
        neurons=4 * width,
        begins=ends,
        ends=ends,
        heads=Heads(tuple(range(layers)), 12, weights, visible),
        crossing=None,
        post_normed=False,
    )
    return Overview("gpt2", (river,), 12, (), ())


def test_what_is_sent_is_small():
    big = len(json.dumps(overview_part(gpt2_sized(), None)))
    model = load_model("storyteller")
    ids = (model.encode("Once upon a time there was a little cat. ") * 9)[:64]
    small = len(json.dumps(overview_part(overview(model, ids), None)))
    assert 100_000 < big < 500_000 and 20_000 < small < 200_000
