"""Baselines: the vectors they are called after, and the rule for the neutral one."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from components.inspection.attribution.baselines import (
    available,
    baseline_vector,
    neutral,
    stand_ins,
)
from components.inspection.attribution.question import Question, read
from components.inspection.errors import InspectionError
from tests import tiny


def with_tokens(family="llama", zero=(), **named):
    """A tiny model whose tokenizer has just the special tokens that are named."""
    tokenizer = copy.deepcopy(tiny.tokenizer())
    for name in ("pad_token", "mask_token", "eos_token", "unk_token", "bos_token"):
        setattr(tokenizer, name, named.get(name))
    network = tiny.network(family)
    with torch.no_grad():
        for token in zero:
            network.get_input_embeddings().weight[token] = 0
    return replace(tiny.model(family), network=network, tokenizer=tokenizer, known={})


ALL = {"pad_token": "<pad>", "mask_token": "<mask>", "eos_token": "</s>", "unk_token": "<unk>"}


@pytest.mark.parametrize(
    ("family", "changed", "expected"),
    [
        ("llama", {}, "pad"),
        ("bert", {}, "mask"),
        ("bert", {"mask_token": None}, "pad"),
        # What pads also ends, or cannot be written: no token of its own.
        ("llama", {"pad_token": "</s>"}, "mask"),
        ("llama", {"pad_token": "</s>", "mask_token": None}, "pad"),
        ("llama", {"pad_token": "<unk>", "mask_token": None}, "end"),
        ("llama", {"pad_token": None, "mask_token": None}, "end"),
        ("llama", {"pad_token": "<unk>", "mask_token": None, "eos_token": None}, "pad"),
        ("llama", dict.fromkeys(ALL), "mean"),
        # The padding row that training never touched.
        ("llama", {"zero": (0,)}, "mask"),
        ("llama", {"zero": (0, 2, 4)}, "mean"),
    ],
)
def test_the_neutral_baseline_goes_by_the_rule(family, changed, expected):
    model = with_tokens(family, **(ALL | changed))
    assert neutral(model) == expected
    assert available(model)[0] == expected
    assert "mean" in (expected, available(model)[-1])
    if model.kind != "masked":
        assert read(model, Question("to be")).baseline == expected


def test_one_token_is_offered_under_one_name():
    model = with_tokens(pad_token="</s>", eos_token="</s>")
    assert available(model) == ("pad", "zero", "mean")
    assert stand_ins(model) == ("</s>",)


def test_baselines_are_what_they_are_called(tiny_causal):
    table = tiny_causal.network.get_input_embeddings().weight
    assert not baseline_vector(tiny_causal, "zero").any()
    for name, token in (("pad", 0), ("mask", 4), ("end", 2)):
        assert torch.equal(baseline_vector(tiny_causal, name), table[token])
    assert available(tiny_causal) == ("pad", "mask", "end", "zero", "mean")


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("family", ["llama", "gemma2", "bart"])
def test_the_mean_is_that_of_what_the_network_is_given(family, dtype):
    model = tiny.model(family, dtype)
    every = model.embeddings()[0](torch.arange(tiny.VOCABULARY)[None])[0].double()
    found = baseline_vector(model, "mean")
    np.testing.assert_allclose(found.numpy(), every.mean(0).numpy(), rtol=1e-6, atol=1e-7)


def test_a_token_that_the_network_has_no_row_for_is_not_offered(tiny_causal):
    tokenizer = copy.deepcopy(tiny.tokenizer())
    tokenizer.add_special_tokens({"pad_token": "<added>"})
    model = replace(tiny_causal, tokenizer=tokenizer, known={})
    assert tokenizer.pad_token_id == tiny.VOCABULARY
    assert "pad" not in available(model)
    assert neutral(model) == "mask"


def test_without_special_tokens_nothing_stands_in_and_that_is_said():
    with pytest.raises(InspectionError, match="no special token"):
        stand_ins(with_tokens())
