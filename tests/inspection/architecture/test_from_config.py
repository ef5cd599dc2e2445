"""Networks built of a configuration alone: known totals, little time, and kind refusals."""

import json
import time

import pytest
import torch
import transformers as hf

from components.inspection.architecture import from_config
from components.inspection.architecture.from_config import (
    MOST_CHARACTERS,
    pasted_tree,
    published_tree,
)
from components.inspection.architecture.ledger import ledger
from components.inspection.architecture.ledger_configs import CONFIGS
from components.inspection.architecture.module_tree import ModuleTree, shares
from components.inspection.errors import InspectionError
from components.inspection.kv_cache.published import PUBLISHED

TOTALS = {
    "BERT-base": 109_482_240,
    "GPT-2": 124_439_808,
    "BART-large": 406_291_456,
    "OPT-1.3B": 1_315_758_080,
    "Phi-3-mini": 3_821_079_552,
    "Mixtral-8x7B": 46_702_792_704,
    "Llama-3.1-405B": 405_853_388_800,
}
"""As published, or as others have counted them."""


def inside(tree: ModuleTree, path: str) -> dict[str, int]:
    """What each part has in the module at `path`."""
    found: dict[str, int] = {}
    for row in tree.rows:
        if row.path.startswith(f"{path}.") and row.parameters:
            found[row.part] = found.get(row.part, 0) + row.parameters
    return found


@pytest.mark.parametrize("name", CONFIGS)
def test_a_published_network_takes_no_memory_and_little_time(name):
    began = time.process_time()
    tree = published_tree(name)
    assert time.process_time() - began < 2
    assert {check.verdict for check in tree.checks} == {"holds"}
    assert tree.total == TOTALS.get(name, tree.total)
    assert name in TOTALS or name in PUBLISHED
    assert tree.bytes.sum() == 2 * tree.total
    found = ledger(tree, tree.parameters)
    assert found.checks[0].verdict == "holds"
    assert found.rectangles[0].value == tree.total
    assert "other" not in shares(tree.rows, tree.parameters)


def test_a_block_of_phi_3_mini():
    """Chapter 3's 113,252,352 a block: 37,748,736 + 75,497,472 + 6,144."""
    tree = published_tree("Phi-3-mini")
    block = inside(tree, "model.layers.31")
    assert block == {"attention": 37_748_736, "MLP": 75_497_472, "norm": 6_144}
    assert sum(block.values()) == 113_252_352
    assert round(shares(tree.rows, tree.parameters)["MLP"], 3) == 0.632


def test_one_token_meets_two_of_eight_experts():
    """An expert is 3 x 4,096 x 14,336 numbers; six of eight are not met, in 32 blocks."""
    tree = published_tree("Mixtral-8x7B")
    assert tree.met == 46_702_792_704 - 32 * 6 * 3 * 4_096 * 14_336
    assert round(published_tree("Qwen3-30B-A3B").met / 1e9, 1) == 3.4
    dense = published_tree("GPT-2")
    assert dense.met == dense.total


def test_the_number_format_decides_the_bytes():
    assert published_tree("GPT-2", "float32").bytes.sum() == 4 * 124_439_808


def test_a_pasted_configuration_is_what_transformers_builds():
    fields = {"model_type": "qwen2", "hidden_size": 64, "intermediate_size": 96, "vocab_size": 50}
    fields |= {"num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2}
    config = hf.Qwen2Config(**fields)
    with torch.device("meta"):
        network = hf.Qwen2ForCausalLM(config)
    tree = pasted_tree(json.dumps(fields))
    assert tree.total == sum(weight.numel() for weight in network.parameters())
    text = config.to_json_string(use_diff=False)
    assert pasted_tree(text).total == tree.total


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not a config.json"),
        ("hello", "not a config.json"),
        ("[1, 2]", "not a config.json"),
        ("null", "not a config.json"),
        ("[" * 15_000, "not a config.json"),
        ('{"n_layer": 2}', "not a config.json"),
        ('{"model_type": ["gpt2"]}', "not a config.json"),
        (" " * (MOST_CHARACTERS + 1), "is read. Paste only that file"),
        ('{"model_type": "mine"}', "knows no family 'mine'"),
        ('{"model_type": "vit"}', "language models"),
        ('{"model_type": "detr", "use_pretrained_backbone": true}', "language models"),
        ('{"model_type": "gpt2", "architectures": ["Gpt2Dances"]}', "language models"),
        ('{"model_type": "gpt2", "n_layer": 9000}', "no model has more than 250"),
        ('{"model_type": "gpt2", "num_hidden_layers": 9000}', "no model has more than 250"),
        ('{"model_type": "gpt2", "vocab_size": 4611686018427387904}', "no model has more than"),
        ('{"model_type": "gpt2", "num_labels": 99999999}', "no model has more than"),
        ('{"model_type": "gpt2", "n_embd": 7}', "cannot build"),
        ('{"model_type": "gpt2", "n_head": -1}', "every network has at least one"),
        ('{"model_type": "gpt2", "n_embd": "wide"}', "int is wanted"),
        ('{"model_type": "gpt2", "n_embd": 9e7, "n_head": 1}', "cannot read"),
        ('{"model_type": "gpt2", "n_embd": 90000000, "n_head": 1, "n_layer": 1}', "parameters"),
        ('{"model_type": "mixtral", "num_local_experts": 900000}', "parameters"),
    ],
)
def test_what_is_no_configuration_is_refused_in_a_sentence(text, why):
    began = time.process_time()
    with pytest.raises(InspectionError, match=why):
        pasted_tree(text)
    assert time.process_time() - began < 3


def test_nothing_of_a_stranger_is_run(monkeypatch):
    """A configuration with code of its own is built with transformers' code, or not at all."""
    monkeypatch.setattr(
        "transformers.dynamic_module_utils.get_class_from_dynamic_module",
        lambda *_args, **_more: pytest.fail("code from elsewhere was asked for"),
    )
    text = '{"model_type": "gpt2", "n_layer": 1, "auto_map": {"AutoConfig": "a/b--c.D"}}'
    assert pasted_tree(text).total > 0
    with pytest.raises(InspectionError):
        pasted_tree('{"model_type": "mine", "auto_map": {"AutoConfig": "a/b--c.D"}}')


def test_a_wide_network_is_built_in_no_memory():
    """405 billion numbers, of which none is kept."""
    with torch.no_grad():
        tree = published_tree("Llama-3.1-405B", "float32")
    assert tree.bytes.sum() == 4 * 405_853_388_800


@pytest.mark.sabotage("it has as many parameters as the model's makers published")
@pytest.mark.parametrize("field", ["tie_word_embeddings", "num_key_value_heads"])
def test_a_configuration_that_lost_a_field(monkeypatch, field):
    fields = dict(CONFIGS["TinyLlama-1.1B"])
    if field == "num_key_value_heads":
        del fields[field]
    else:
        fields[field] = True
    monkeypatch.setitem(from_config.CONFIGS, "TinyLlama-1.1B", fields)
    assert published_tree("TinyLlama-1.1B").checks[-1].verdict == "fails"
