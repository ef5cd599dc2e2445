"""The ledger: sums of every family, parts of known models, rectangles, operations, times."""

import numpy as np
import pytest
import torch
import transformers as hf
from torch.utils.flop_counter import FlopCounterMode

from components.inspection.architecture import ledger as drawing
from components.inspection.architecture.ledger import EACH, MOST, TOGETHER, ledger
from components.inspection.architecture.ledger_times import REPEATS, times
from components.inspection.architecture.module_tree import (
    module_tree,
    shares,
    tree_of,
)
from components.inspection.architecture.work import operations
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.load import load_model
from tests import tiny

TEXT = "the cat the cat"
DTYPES = ["float32", "bfloat16", "float16"]
EXPERTS = {"mixtral": 3 * 24 * 40, "qwen3_moe": 3 * 24 * 16}
"""Families with experts, and the numbers of one of theirs."""


def given(model, text: str = TEXT) -> dict[str, torch.Tensor]:
    """What a plain pass is called with, written anew."""
    ids = torch.tensor([model.encode(text)])
    if model.kind != "seq2seq":
        return {"input_ids": ids}
    return {"input_ids": ids, "decoder_input_ids": torch.tensor([[model.decoder_start]])}


def verdicts(checks: tuple[Check, ...]) -> set[str]:
    return {check.verdict for check in checks}


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_all_that_is_counted_sums_to_the_whole(family):
    model = tiny.model(family)
    tree = module_tree(model)
    stored = {weight.data_ptr(): weight.numel() for weight in model.network.parameters()}
    assert tree.total == sum(stored.values()) == model.network.num_parameters()
    assert tree.bytes.sum() == 4 * tree.total
    idle = 2 * 3 * EXPERTS.get(family, 0)  # two of four experts, in three layers
    assert tree.met == tree.total - idle
    assert [row.path for row in tree.rows] == [name for name, _ in model.network.named_modules()]
    assert verdicts(tree.checks) == {"holds"}
    assert sum(shares(tree.rows, tree.parameters).values()) == pytest.approx(1)
    assert "other" not in shares(tree.rows, tree.parameters)
    for show in (TOGETHER, EACH, *tree.blocks):
        assert verdicts(ledger(tree, tree.parameters, show).checks) == {"holds"}


@pytest.mark.parametrize("dtype", DTYPES)
def test_bytes_follow_from_the_number_format(dtype):
    tree = module_tree(tiny.model("gpt2", dtype))
    assert tree.bytes.sum() == tree.total * (4 if dtype == "float32" else 2)
    assert verdicts(tree.checks) == {"holds"}


def test_each_part_of_the_storyteller():
    """4 x (196,608 + 442,368 + 512) + 655,360 + 256 = 3,213,568, by hand."""
    tree = module_tree(load_model("storyteller"))
    parts = {part: share * tree.total for part, share in shares(tree.rows, tree.parameters).items()}
    assert parts == pytest.approx(
        {"MLP": 4 * 442_368, "attention": 4 * 196_608, "embedding": 655_360, "norm": 4 * 512 + 256}
    )
    assert tree.total == 3_213_568
    (head,) = tree.shared
    assert (head.path, head.counted_at) == ("lm_head", "model.embed_tokens.weight")
    assert head.parameters == 0
    block = ledger(tree, tree.parameters, "model.layers.2")
    assert block.rectangles[0].value == 639_488
    assert block.whole == 3_213_568


def test_a_table_that_three_modules_share_counts_once():
    tree = module_tree(tiny.model("t5"))
    assert [row.path for row in tree.shared] == [
        "encoder.embed_tokens",
        "decoder.embed_tokens",
        "lm_head",
    ]
    assert {row.counted_at for row in tree.shared} == {"shared.weight"}


def test_a_norm_is_one_wherever_it_stands_and_cross_attention_is_attention():
    rows = {row.path: row for row in module_tree(tiny.model("bart")).rows}
    assert rows["model.decoder.layers.1.encoder_attn_layer_norm"].part == "norm"
    assert rows["model.decoder.layers.1.encoder_attn.k_proj"].part == "attention"
    assert rows["model.decoder.layers.1.fc1"].part == "MLP"
    rows = {row.path: row for row in module_tree(tiny.model("bert")).rows}
    assert rows["bert.encoder.layer.0.attention.output.dense"].part == "attention"
    assert rows["bert.encoder.layer.0.output.dense"].part == "MLP"
    assert rows["cls.predictions.transform.dense"].part == "head"
    assert rows["bert.embeddings.position_embeddings"].part == "embedding"


def test_without_a_row_of_the_table_names_tell_the_parts():
    """The same numbers as with the row."""
    for family in ("llama", "bert", "gpt2", "bloom", "opt"):
        model = tiny.model(family)
        tree = tree_of(model.network, None, "no row")
        with_row = module_tree(model)
        assert shares(tree.rows, tree.parameters) == shares(with_row.rows, with_row.parameters)


def test_what_no_name_tells_is_other():
    network = hf.MambaForCausalLM(
        hf.MambaConfig(hidden_size=8, num_hidden_layers=2, vocab_size=20, state_size=4)
    )
    tree = tree_of(network, None, "no transformer")
    other = sum(weight.numel() for name, weight in network.named_parameters() if ".mixer." in name)
    assert shares(tree.rows, tree.parameters)["other"] == pytest.approx(other / tree.total)


def test_like_blocks_are_one_rectangle_and_an_odd_one_is_not():
    """Of T5 only the first block of a stack has the table of distances."""
    tree = module_tree(tiny.model("t5"))
    encoder = [one for one in ledger(tree, tree.parameters).rectangles if "/encoder" in one.key]
    starts = {one.name.split(".")[0] for one in encoder}
    assert {"0", "1–2"} <= starts
    grouped = [one for one in encoder if "1–2" in one.key]
    assert grouped and all(one.many % 2 == 0 for one in grouped)
    assert all(one.many == 1 for one in encoder if "1–2" not in one.key)
    together = ledger(tree, tree.parameters)
    each = ledger(tree, tree.parameters, EACH)
    assert len(together.rectangles) < len(each.rectangles)
    assert {one.many for one in each.rectangles} == {1}


def test_a_module_that_holds_and_contains_has_a_rectangle_itself():
    """A block's own weights beside those in it are not lost in the picture."""
    tree = module_tree(tiny.model("llama"))
    values = tree.parameters
    block = next(at for at, row in enumerate(tree.rows) if row.path == "model.layers.1")
    values[block] += 7
    found = ledger(tree, values, EACH)
    own = [one for one in found.rectangles if one.name == drawing.ITSELF]
    assert [one.value for one in own] == [7]
    assert verdicts(found.checks) == {"holds"}


def test_too_many_rectangles_are_cut_from_within(monkeypatch):
    monkeypatch.setattr(drawing, "MOST", 20)
    tree = module_tree(tiny.model("llama"))
    found = ledger(tree, tree.parameters, EACH)
    assert len(found.rectangles) <= 20 < len(found.rectangles) + found.cut < MOST
    assert verdicts(found.checks) == {"holds"}
    assert all(one.parent < place for place, one in enumerate(found.rectangles))


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_operations_are_those_that_torch_counts_in_a_whole_pass(family):
    model = tiny.model(family)
    found = operations(model, TEXT)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model.network(**given(model))
    tokens, layers = len(model.encode(TEXT)), 3
    # It has no formula for the products of experts: each token meets two in each layer.
    experts = 2 * 2 * tokens * layers * EXPERTS.get(family, 0)
    assert found.counted.sum() == counter.get_total_flops() + experts
    assert verdicts(found.checks) == {"holds"}
    assert found.unexplained < 0.02
    assert np.isnan(found.experts) == (family not in EXPERTS)


def test_a_matrix_and_an_attention_by_hand():
    """7 tokens: 2 x 7 x 24 x 40 for a matrix; 2 products of 4 heads, 7 x 7 pairs, 6 numbers."""
    model = tiny.model("llama")
    ids = model.encode("abcdef")
    assert len(ids) == 7
    found = operations(model, "abcdef")
    place = {row.path: at for at, row in enumerate(module_tree(model).rows)}
    assert found.counted[place["model.layers.0.mlp.up_proj"]] == 2 * 7 * 24 * 40
    assert found.counted[place["model.layers.2.self_attn"]] == 2 * 2 * 4 * 7 * 7 * 6
    assert found.counted[place["model.norm"]] == 0


@pytest.mark.parametrize("dtype", DTYPES[1:])
def test_operations_do_not_depend_on_the_number_format(dtype):
    assert (
        operations(tiny.model("qwen3", dtype), TEXT).counted.sum()
        == operations(tiny.model("qwen3"), TEXT).counted.sum()
    )


def test_times_are_booked_once_and_within_their_pass():
    model = tiny.model("bart")
    *_, found = times(model, TEXT)
    assert found.done == 1
    assert found.runs.shape == (REPEATS, len(module_tree(model).rows))
    assert (found.runs >= 0).all()
    assert (found.runs.sum(axis=1) <= found.whole).all()
    assert found.runs.sum() > 0.5 * found.whole.sum()
    assert found.checks[0].verdict == "holds"
    assert not any(one._forward_hooks or one._forward_pre_hooks for one in model.network.modules())


def test_a_failing_pass_leaves_no_hook(monkeypatch):
    model = tiny.model("gpt2")
    monkeypatch.setattr(
        type(model.network.lm_head), "forward", lambda *_: (_ for _ in ()).throw(ValueError("no"))
    )
    with pytest.raises(InspectionError, match="fails here"):
        operations(model, TEXT)
    assert not any(one._forward_hooks or one._forward_pre_hooks for one in model.network.modules())


@pytest.mark.parametrize("text", ["", "x" * 100])
def test_a_text_that_cannot_be_read_is_refused(text):
    with pytest.raises(InspectionError):
        operations(tiny.model("llama"), text)
