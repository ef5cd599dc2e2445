"""How blocks are built: measured on small networks of published kinds, as their papers say."""

import pytest

from components.inspection.architecture import block_style as module
from components.inspection.architecture.block_style import (
    UNKNOWN,
    block_style,
    differing,
    published_style,
)
from components.inspection.architecture.small_networks import FIRST, small_model
from components.inspection.load import load_model
from tests import tiny

ADDED, TURNED, SLOPE, LEARNED = (
    "a vector added to the embedding",
    "RoPE: queries and keys turn",
    "ALiBi: a slope on scores",
    "a learned bias on scores",
)
SAID = {
    FIRST: ("post", "LayerNorm", ADDED, 1, "ReLU", False, True, True),
    "BERT-base": ("post", "LayerNorm", ADDED, 1, "GELU (exact)", False, True, None),
    "GPT-2": ("pre", "LayerNorm", ADDED, 1, "GELU (tanh)", False, True, True),
    "GPT-J-6B": ("parallel", "LayerNorm", TURNED, 1, "GELU (tanh)", False, True, False),
    "BLOOM-560M": ("pre", "LayerNorm", SLOPE, 1, "GELU (tanh)", False, True, True),
    "T5-base": ("pre", "RMSNorm", LEARNED, 1, "ReLU", False, False, True),
    "Llama-3-8B": ("pre", "RMSNorm", TURNED, 4, "SiLU", True, False, False),
    "Gemma-2-2B": ("sandwich", "RMSNorm", TURNED, 2, "GELU (tanh)", True, False, True),
    "Mixtral-8x7B": ("pre", "RMSNorm", TURNED, 4, "mixture of experts", False, False, False),
}
"""Placement, norm, positions, query heads for each key, activation, gated, biased, tied: as the
papers and their code have it."""


@pytest.mark.parametrize("name", SAID)
def test_published_kinds_are_built_as_their_papers_say(name):
    found = published_style(name)
    assert SAID[name] == (
        *(found.placement, found.norm, found.positions, found.heads // found.kv_heads),
        *(found.activation, found.gated, found.biased, found.tied),
    )
    assert {check.verdict for check in found.checks} == {"holds"}


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("T5-base", 222_903_552), ("Gemma-2-2B", 2_614_341_888), ("BLOOM-560M", 559_214_592)],
)
def test_the_whole_is_counted(name, parameters):
    small, sizes = small_model(name)
    assert sizes.parameters == parameters
    assert small.facts.parameters < 3_000_000


def test_what_differs_is_named_and_nothing_else():
    opt, llama = published_style("OPT-1.3B"), published_style("TinyLlama-1.1B")
    assert differing(llama, llama) == ()
    assert differing(opt, published_style("GPT-2")) == ("activation",)
    assert differing(llama, published_style("Phi-3-mini")) == ("sharing",)


def test_the_bundled_model_is_a_llama():
    found = block_style(load_model("storyteller"))
    assert (found.placement, found.norm, found.positions) == ("pre", "RMSNorm", TURNED)
    assert (found.heads, found.kv_heads, found.neurons, found.width) == (4, 2, 576, 256)
    assert (found.activation, found.gated, found.biased, found.tied) == ("SiLU", True, False, True)


@pytest.mark.parametrize("family", ["falcon", "gpt_neo", "qwen2"])
def test_any_family_is_told_or_said_not_to_be_known(family):
    found = block_style(tiny.model(family))
    assert found.norm in ("RMSNorm", "LayerNorm", UNKNOWN)
    assert {check.verdict for check in found.checks} <= {"holds"}
    assert found.biased == (family != "falcon")


@pytest.mark.sabotage("the small network shares its keys and values as the published sizes say")
def test_a_small_network_that_shares_otherwise_turns_it_red(monkeypatch):
    held = published_style("Llama-3-8B").checks[-1]
    assert held.verdict == "holds"
    small, _ = small_model("Phi-3-mini")
    _, sizes = small_model("Llama-3-8B")
    monkeypatch.setattr(module, "small_model", lambda name: (small, sizes))
    assert published_style("Llama-3-8B").checks[-1].verdict == "fails"
