"""The walk-throughs: against transformers' and PyTorch's own parts, and each check broken."""

import contextlib
import io

import numpy as np
import pytest
import torch
from scipy.special import softmax

from components.engine import ModelChoice
from components.inspection.architecture import conv1d, einsum_bug, walk_parts, walk_through
from components.inspection.architecture.walk_through import CONDITIONS, walked
from components.inspection.errors import InspectionError
from components.inspection.load import load_model
from pages.inside.architecture import walk_throughs_code
from tests import tiny

TEXT = "the keys near"
FOX = "The quick brown fox jumps over the lazy dog"
DTYPES = ("float32", "bfloat16", "float16")
REFUSED = {
    "qwen3": "no plain products",
    "gemma2": "norms what attention writes",
    "olmo2": "no norm stands before",
    "bloom": "for the distance",
    "bert": "no decoder alone",
    "bert_classifier": "no decoder alone",
    "t5": "no decoder alone",
    "bart": "no decoder alone",
}
WALKED = ("gpt2", "llama", "opt", "phi3", "falcon", "gpt_neox")
"""One for each way in which projections are laid out."""


@pytest.mark.parametrize("family", [*WALKED, *REFUSED])
def test_each_family_is_walked_through_or_refused(family):
    model = tiny.model(family)
    if family in REFUSED:
        with pytest.raises(InspectionError, match=REFUSED[family]):
            walked(model, TEXT)
        return
    found = walked(model, TEXT)
    assert [check.verdict for check in found.checks] == ["holds", "holds"]
    tokens, width = len(found.tokens), model.facts.width
    assert [shape for _, shape in found.shapes] == [(1, tokens, width)] * 3
    later = np.triu(np.ones((tokens, tokens), bool), 1)
    for (_, mask), weights in zip(CONDITIONS, found.weights, strict=True):
        np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-5)
        assert (not weights[:, later].any()) == mask


def printed(code: str) -> list[float]:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, "shown", "exec"), {})
    return [
        float(line.split()[-1])
        for line in said.getvalue().splitlines()
        if line.split()[-1].replace(".", "", 1).replace("-", "", 2).replace("e", "").isdigit()
    ]


def test_the_storyteller_s_rows_are_alike_without_norm_and_mask_as_its_own_block_says():
    found = walked(load_model("storyteller", "cpu"), FOX)
    code = walk_throughs_code.walk(ModelChoice("storyteller"), FOX)
    np.testing.assert_allclose(found.alike, printed(code), atol=1e-5)
    assert found.alike[found.at(False, False)] > 0.999
    assert found.alike[found.at(True, True)] < 0.7
    assert found.apart[3] < 0.1 < found.apart[0]
    assert found.sizes[1] < 0.2 * found.sizes[0]


def test_rows_alike_and_apart_on_rows_one_can_do_in_the_head():
    assert walk_through._alike(np.array([[1.0, 0], [0, 1]])) == pytest.approx(0)
    assert walk_through._alike(np.array([[1.0, 2], [2, 4]])) == pytest.approx(1)
    assert walk_through._apart(np.array([[[1.0, 0], [0, 1]]])) == 1
    assert walk_through._apart(np.array([[[0.5, 0.5], [0.75, 0.25]]])) == 0.25


@pytest.mark.sabotage("with norm and mask, the walk ends with what the model's attention writes")
@pytest.mark.sabotage("with norm and mask, the weights on the way are the model's")
@pytest.mark.parametrize(
    ("family", "dtype"), [("gpt2", "float32"), ("llama", "bfloat16"), ("opt", "float16")]
)
def test_a_walk_that_forgets_the_norm(family, dtype, monkeypatch):
    monkeypatch.setattr(walk_parts.Parts, "normed", lambda self, rows: rows)
    checks = walked(tiny.model(family, dtype), TEXT).checks
    assert [check.verdict for check in checks] == ["fails", "fails"]


@pytest.mark.sabotage("with norm and mask, the weights on the way are the model's")
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_walk_that_does_not_turn(dtype, monkeypatch):
    monkeypatch.setattr(walk_through, "rotated", lambda rows, *_: rows)
    assert walked(tiny.model("llama", dtype), TEXT).checks[0].verdict == "fails"


@pytest.mark.parametrize("sharing", ["one key head each", "one key head for all"])
def test_the_wrong_root_is_flatter_and_none_is_peaked(sharing):
    found = einsum_bug.drawn(sharing, 0)
    assert found.divisors == (8.0, pytest.approx(22.627, abs=1e-3), 1.0)
    assert found.divisors[1] / found.divisors[0] == pytest.approx(2.828, abs=1e-3)
    right, flat, peaked = found.entropies.mean(1)
    assert peaked < 1.5 < right < flat < found.most == 5
    assert [check.verdict for check in found.checks] == ["holds"]
    stages = dict(found.stages)
    assert stages.pop("division") > 0.5
    assert max(stages.values()) < 1e-12
    np.testing.assert_allclose(found.weights.sum(-1), 1, atol=1e-6)
    assert found.spread == pytest.approx(8, rel=0.3)


@pytest.mark.parametrize("sharing", ["one key head each", "one key head for all"])
def test_the_code_of_a_division_prints_the_entropies(sharing):
    found = einsum_bug.drawn(sharing, 3)
    *_, one, two, three = printed(walk_throughs_code.division(sharing, 3))
    np.testing.assert_allclose(found.entropies.mean(1), (one, two, three), rtol=1e-6)


@pytest.mark.parametrize(
    ("family", "dtype"),
    [
        ("llama", "float32"),
        ("gpt2", "bfloat16"),
        ("bert", "float16"),
        ("falcon", "float32"),
        ("bart", "bfloat16"),
    ],
)
def test_a_model_s_own_queries_and_keys(family, dtype):
    model = tiny.model(family, dtype)
    found = einsum_bug.of_the_model(model, TEXT, 1)
    assert [check.verdict for check in found.checks] == ["holds"]
    assert found.divisors == (pytest.approx(found.size**0.5), 24**0.5, 1.0)
    logs = np.log(np.maximum(found.weights.astype(np.float64), 1e-30))
    ours = softmax(logs[0] * found.divisors[0] / found.divisors[1], axis=-1)
    np.testing.assert_allclose(ours, found.weights[1], atol=1e-5)


@pytest.mark.parametrize("family", ["t5", "bloom", "gemma2", "opt"])
def test_who_does_not_simply_divide_is_refused(family):
    with pytest.raises(InspectionError, match="does not simply divide"):
        einsum_bug.of_the_model(tiny.model(family), TEXT, 1)


def _flatter(monkeypatch):
    right = einsum_bug.softmax
    monkeypatch.setattr(einsum_bug, "softmax", lambda x, axis: right(x * (64 / 512) ** 0.5, axis))


@pytest.mark.sabotage("divided by √k, the einsums give what PyTorch's own attention gives")
@pytest.mark.parametrize("sharing", ["one key head each", "one key head for all"])
def test_the_root_of_the_width(sharing, monkeypatch):
    _flatter(monkeypatch)
    assert einsum_bug.drawn(sharing, 0).checks[0].verdict == "fails"


@pytest.mark.sabotage("divided by √k, the queries and keys give the model's own weights")
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_root_of_the_model_s_width(dtype, monkeypatch):
    _flatter(monkeypatch)
    assert einsum_bug.of_the_model(tiny.model("llama", dtype), TEXT, 1).checks[0].verdict == "fails"


@pytest.mark.parametrize("dtype", DTYPES)
def test_gpt2_s_maps_are_linears_of_the_transpose(dtype):
    model = tiny.model("gpt2", dtype)
    paths = conv1d.conv1ds(model)
    assert paths == ("attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj")
    for path in paths:
        found = conv1d.of_the_model(model, TEXT, path)
        assert [check.verdict for check in found.checks] == ["holds"]
        assert (found.forgotten is not None) == (path == "attn.c_proj")
        weight = model.network.transformer.h[0].get_submodule(path).weight.float()
        assert (found.inputs, found.outputs) == weight.shape
        np.testing.assert_array_equal(found.weight, weight[:12, :18].numpy())
    assert found.lost != found.lost
    assert conv1d.of_the_model(model, TEXT, "attn.c_proj").lost > 0.5


def test_a_drawn_map_and_who_has_none():
    found = conv1d.drawn(2)
    assert [check.verdict for check in found.checks] == ["holds"]
    assert printed(walk_throughs_code.conv1d(2)) == [pytest.approx(found.lost, rel=1e-5)]
    assert conv1d.conv1ds(tiny.model("llama")) == ()
    with pytest.raises(InspectionError, match="no Conv1D"):
        conv1d.of_the_model(tiny.model("llama"), TEXT, "mlp")


@pytest.mark.sabotage("Conv1D gives what a Linear with the transposed weight gives")
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_transposition_that_is_forgotten(dtype, monkeypatch):
    def not_transposed(conv):
        linear = torch.nn.Linear(*conv.weight.shape, dtype=conv.weight.dtype)
        with torch.no_grad():
            linear.weight.copy_(conv.weight)
            linear.bias.copy_(conv.bias)
        return linear

    monkeypatch.setattr(conv1d, "transposed", not_transposed)
    found = conv1d.of_the_model(tiny.model("gpt2", dtype), TEXT, "attn.c_proj")
    assert found.checks[0].verdict == "fails"
