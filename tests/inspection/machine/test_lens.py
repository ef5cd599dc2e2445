"""The lens: each row is what the network's own end makes of that row, and the last its answer."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.special import softmax
from torch import nn

from components.inspection.anatomy import part
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.load import load_model
from components.inspection.machine import lens as module
from components.inspection.machine.lens import OWN, LensColumn, stopped
from components.inspection.model import Model
from tests import tiny
from tests.inspection.breaking import fresh

TEXT, TARGET, PLACE = "the keys near", "the dog", 4
DTYPES = ("float32", "bfloat16", "float16")
WRITE = tuple(one for one in tiny.FAMILIES if tiny.FAMILIES[one][2] != "classifier")


def target_of(model: Model) -> str | None:
    return TARGET if len(model.anatomy.stacks) == 2 else None


def column(model: Model, place: int = PLACE) -> LensColumn:
    return stopped(model, TEXT, target_of(model), list(model.anatomy.stacks)[-1], place)


def own(model: Model) -> np.ndarray:
    return record(model, TEXT, target_of(model), keep=["logits"]).logits


def shares(logits: np.ndarray) -> np.ndarray:
    return softmax(logits.astype(np.float64))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", WRITE)
def test_the_last_row_is_the_model_s_own_answer(family, dtype):
    model = tiny.model(family, dtype)
    logits = own(model)
    for place in (0, PLACE):
        found = column(model, place)
        assert [check.says for check in found.checks] == [OWN]
        assert all(check.holds for check in found.checks), found.checks
        close = {"float32": 1e-5, "bfloat16": 0.05, "float16": 0.01}[dtype]
        np.testing.assert_allclose(found.logits_of_last, logits[place], atol=close)
        probabilities = shares(logits[place])
        best = np.argsort(-probabilities, kind="stable")[:3]
        assert found.answers[-1] == model.token_texts(best.tolist())
        np.testing.assert_allclose(found.probabilities[-1], probabilities[best], rtol=close)
        assert found.of_last[-1] == found.probabilities[-1, 0]
        entropy = -(probabilities * np.log2(probabilities)).sum()
        assert found.entropies[-1] == pytest.approx(entropy, rel=close)


@pytest.mark.parametrize("family", WRITE)
def test_there_is_a_row_for_each_boundary(family):
    model = tiny.model(family)
    found = column(model)
    stack = record(model, TEXT, target_of(model), keep=["residual"]).stack()
    boundaries = len(stack.residual)
    assert found.probabilities.shape == (boundaries, 3)
    assert len(found.answers) == len(found.of_last) == len(found.entropies) == boundaries
    assert {len(row) for row in found.answers} == {3}
    assert found.choices == len(found.logits_of_last) == tiny.VOCABULARY
    assert (np.diff(found.probabilities, axis=1) <= 0).all()
    assert (found.entropies >= 0).all() and (found.entropies <= np.log2(tiny.VOCABULARY)).all()
    assert len(np.unique(found.entropies)) == boundaries


@pytest.mark.parametrize(
    "family", ["gpt2", "llama", "gemma3", "olmo2", "gptj", "bloom", "mpt", "qwen3_moe"]
)
def test_each_row_is_what_norm_and_head_make_of_the_stream(family):
    model = tiny.model(family)
    norm = part(model.network.base_model, model.anatomy.stacks["decoder"].final_norm)
    rows = record(model, TEXT, keep=["residual"]).stack().residual[:, PLACE]
    with torch.no_grad():
        made = model.network.get_output_embeddings()(norm(torch.from_numpy(rows))).numpy()
    found = column(model)
    in_the_end = int(made[-1].argmax())
    for boundary, logits in enumerate(made):
        probabilities = shares(logits)
        best = np.argsort(-probabilities, kind="stable")[:3]
        assert found.answers[boundary] == model.token_texts(best.tolist())
        np.testing.assert_allclose(found.probabilities[boundary], probabilities[best], rtol=1e-4)
        assert found.of_last[boundary] == pytest.approx(probabilities[in_the_end], rel=1e-4)


@pytest.mark.parametrize("family", ["bert", "gemma2", "t5"])
def test_what_else_is_behind_the_blocks_is_in_each_row(family):
    """A masked model's transform, a cap, a factor: by a network whose other blocks do nothing."""
    model = fresh(family)
    stack = list(model.anatomy.stacks)[-1]
    usual = column(model)
    blocks = part(model.network.base_model, model.anatomy.stacks[stack].blocks)
    for block in list(blocks)[1:]:

        def unchanged(_module, args, output):
            return args[0] if isinstance(output, torch.Tensor) else (args[0], *output[1:])

        block.register_forward_hook(unchanged)
    short = own(model)[PLACE]
    probabilities = shares(short)
    best = np.argsort(-probabilities, kind="stable")[:3]
    assert usual.answers[1] == model.token_texts(best.tolist())
    np.testing.assert_allclose(usual.probabilities[1], probabilities[best], rtol=1e-4)


@pytest.mark.parametrize("family", ["llama", "t5", "bert", "gpt2"])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_text_with_fewer_places_than_boundaries_is_read_more_often(family, count):
    model = tiny.model(family)
    stack = list(model.anatomy.stacks)[-1]
    ids = model.encode(TEXT)[:count]
    given = (TEXT, ids[: count - 1]) if len(model.anatomy.stacks) == 2 else (ids, None)
    found = stopped(model, *given, stack, count - 1)
    rows = record(model, *given).stack(stack).residual[:, -1]
    assert found.probabilities.shape == (len(rows), 3)
    assert all(check.holds for check in found.checks)
    if family in ("llama", "gpt2"):
        norm = part(model.network.base_model, model.anatomy.stacks["decoder"].final_norm)
        with torch.no_grad():
            made = model.network.get_output_embeddings()(norm(torch.from_numpy(rows))).numpy()
        expected = [np.sort(shares(logits))[::-1][:3] for logits in made]
        np.testing.assert_allclose(found.probabilities, expected, rtol=1e-4)


def test_ids_read_as_their_text_and_nothing_stays_on_the_network():
    model = tiny.model("llama")
    before = own(model)
    by_text = column(model)
    by_ids = stopped(model, tuple(model.encode(TEXT)), None, "decoder", PLACE)
    np.testing.assert_array_equal(by_text.probabilities, by_ids.probabilities)
    np.testing.assert_array_equal(own(model), before)
    assert not any(one._forward_hooks for one in model.network.modules())


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_classifier_is_asked_where_it_reads(dtype):
    model = fresh("bert_classifier", dtype)
    model.network.config.id2label = {0: "sad", 1: "glad"}
    found = column(model, 0)
    logits = own(model)
    assert [check.says for check in found.checks] == [OWN]
    assert found.checks[0].holds and found.checks[0].bound == 0
    np.testing.assert_array_equal(found.logits_of_last, logits)
    names = ("sad", "glad", "LABEL_2")
    assert found.answers[-1] == tuple(names[at] for at in np.argsort(-logits))
    assert (found.choices, found.probabilities.shape) == (3, (4, 3))
    np.testing.assert_allclose(found.probabilities.sum(1), 1, rtol=1e-6)
    assert len(np.unique(found.entropies)) > 1


@pytest.mark.sabotage(OWN)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_classifier_asked_where_it_does_not_read_turns_red(dtype):
    model = tiny.model("bert_classifier", dtype)
    assert column(model, 0).checks[0].holds
    assert not column(model, PLACE).checks[0].holds


class Mixing(nn.Module):
    """A last norm that takes a share of the mean over all tokens."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        return states + self.share * states.mean(-2, keepdim=True)


@pytest.mark.sabotage(OWN)
@pytest.mark.parametrize("dtype", DTYPES)
def test_what_reads_other_places_behind_the_blocks_turns_red(dtype):
    model = fresh("llama", dtype)
    assert all(check.holds for check in column(model).checks)
    model.network.model.norm = Mixing(1.0)
    # It is known to look backwards only, measured before it was broken.
    assert not any(check.holds for check in column(model).checks)
    # Of a little, 16 bits tell nothing but where nothing else may differ.
    model.network.model.norm = Mixing(0.03)
    assert not column(model).checks[0].holds


@pytest.mark.sabotage(OWN)
@pytest.mark.parametrize(
    ("family", "axis"),
    # The rows of a tiny BERT are nearly the same at all places.
    [*((one, 0) for one in ("llama", "t5", "bert", "gemma2")), ("llama", 1), ("t5", 1)],
)
@pytest.mark.parametrize("dtype", DTYPES)
def test_rows_of_another_boundary_or_place_turn_red(monkeypatch, family, axis, dtype):
    def shifted(*given, **more):
        found = record(*given, **more)
        stack = found.stack()
        if stack.residual is None:
            return found
        moved = replace(stack, residual=np.roll(stack.residual, 1, axis=axis))
        return replace(found, stacks=(*found.stacks[:-1], moved))

    model = tiny.model(family, dtype)
    assert all(check.holds for check in column(model).checks)
    monkeypatch.setattr(module, "record", shifted)
    assert not any(check.holds for check in column(model).checks)


@pytest.mark.parametrize(
    ("family", "stack", "place", "says"),
    [
        ("llama", "decoder", 99, r"Place 99 .* has 14 tokens: choose one from 0 to 13"),
        ("llama", "decoder", -1, "Place -1 was asked for"),
        ("llama", "encoder", 0, "comes from its decoder; a place in the encoder"),
        ("t5", "encoder", 0, "comes from its decoder"),
    ],
)
def test_what_is_not_there_is_said(family, stack, place, says):
    model = tiny.model(family)
    with pytest.raises(InspectionError, match=says):
        stopped(model, TEXT, target_of(model), stack, place)


def test_what_answers_nothing_is_refused():
    with pytest.raises(InspectionError, match="was saved without a head"):
        column(replace(tiny.model("llama"), kind="headless"))
    judge = fresh("bert_classifier")
    judge.network.config.problem_type = "multi_label_classification"
    with pytest.raises(InspectionError, match="does not choose one of several classes"):
        column(judge)


def test_answers_that_are_no_numbers_are_refused():
    model = fresh("llama")
    assert column(model).checks[0].holds
    model.network.lm_head.register_forward_hook(lambda *given: given[-1] * float("nan"))
    with pytest.raises(InspectionError, match="Some logits are not numbers"):
        column(model)


def test_storyteller_thinks_of_paris_in_its_third_block():
    model = load_model("storyteller", dtype="float32")
    found = stopped(model, "The capital of France is", None, "decoder", 5)
    assert model.token_texts(model.encode("The capital of France is"))[5] == " is"
    assert [row[0] for row in found.answers] == [" is", " in", " in", " Paris", " Paris"]
    expected = [1.0, 0.079, 0.066, 0.938, 0.9993]
    np.testing.assert_allclose(found.probabilities[:, 0], expected, atol=6e-4)
    assert found.of_last[3] == found.probabilities[3, 0] > 100 * found.of_last[0]
    assert all(check.holds for check in found.checks)
