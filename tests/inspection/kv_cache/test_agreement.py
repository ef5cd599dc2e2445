"""The same answer with and without a cache, and with other kinds of it."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from transformers import DynamicCache

from components.inspection.kv_cache.agreement import agreement
from components.inspection.kv_cache.kinds import held_bytes, kinds
from components.inspection.kv_cache.shapes import shape_of
from tests import tiny

WRITERS = [name for name, row in tiny.FAMILIES.items() if row[2] in ("causal", "seq2seq")]
TEXT = "hello there"


@pytest.mark.parametrize("family", WRITERS)
def test_cached_equals_uncached_within_the_stated_tolerance(family):
    found = agreement(tiny.model(family), TEXT, 9, 8)
    assert found.worst <= found.tolerance
    assert found.tolerance < 2e-4, "or it would say nothing"
    assert found.same_text and not found.other


def test_the_comparison_sees_a_cache_that_is_wrong(tiny_causal, monkeypatch):
    from components.inspection.kv_cache.decoding import Decoding

    step = Decoding.step

    def spoilt(self, token, cache):
        cache.layers[0].values[0, 0, 0] += 0.5
        return step(self, token, cache)

    monkeypatch.setattr(Decoding, "step", spoilt)
    found = agreement(tiny_causal, TEXT, 9, 8)
    assert found.difference[0] <= found.tolerance
    assert found.worst > 100 * found.tolerance


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_in_16_bit_texts_part_only_where_the_lead_is_narrow(dtype):
    model = tiny.model("llama")
    rough = replace(model, network=copy.deepcopy(model.network).to(dtype))
    found = agreement(rough, TEXT, 9, 40)
    assert found.rounding == torch.finfo(dtype).eps
    assert len(found.tokens) == 40
    if found.parts_at is None:
        assert not found.other
    else:
        assert found.margin[found.parts_at] <= 2 * found.difference[found.parts_at]
        assert len(found.other) == 40 - found.parts_at
        assert found.other[0] != found.tokens[found.parts_at]


def test_parting_is_found_and_both_texts_are_kept(tiny_causal, monkeypatch):
    from components.inspection.kv_cache.decoding import Decoding

    step = Decoding.step

    def other_token(self, token, cache):
        logits = step(self, token, cache)
        if cache.get_seq_length() == 12:  # the third step after nine tokens of prompt
            logits = -logits
        return logits

    monkeypatch.setattr(Decoding, "step", other_token)
    found = agreement(tiny_causal, TEXT, 9, 6)
    assert found.parts_at == 3
    assert len(found.other) == 3
    assert found.other[0] != found.tokens[3]


def table(family: str, window: int = 4, new: int = 8, prompt: int = 9):
    *_, rows = kinds(tiny.model(family), TEXT, prompt, new, 2, window)
    return {row.name: row for row in rows}


def test_the_dynamic_cache_is_the_reference_and_holds_what_the_formula_says():
    row = table("llama")["dynamic"]
    shape = shape_of(tiny.model("llama"))
    assert row.difference == 0
    assert row.same == row.steps == 8
    assert row.held == shape.cache_bytes(9 + 7, 4)
    assert row.seconds is not None and row.seconds.shape == (2, 7)
    assert row.runs == 2 and row.low <= row.median <= row.high


def test_a_static_cache_gives_the_same_logits_from_its_first_byte_on():
    row = table("llama")["static"]
    assert 0 < row.difference < 1e-5 or row.difference == 0
    assert row.held == table("llama")["dynamic"].held


def test_a_window_over_the_whole_text_forgets_nothing():
    assert table("llama", window=64)["sliding window"].difference == 0
    narrow = table("llama", window=4)["sliding window"]
    assert narrow.difference > 0.05
    assert narrow.rows == 3


def test_eight_bits_take_a_quarter_and_change_a_little():
    rows = table("llama")
    quantized = rows["quantized, 8-bit float"]
    assert quantized.held * 4 == rows["dynamic"].held
    assert 1e-4 < quantized.difference < 1


def test_what_cannot_be_had_says_why():
    rows = table("llama")
    assert "NVIDIA" in rows["offloaded"].refused
    assert "no sliding window" in rows["dynamic, windows ignored"].refused
    assert "slides by itself" in table("mistral")["sliding window"].refused
    assert "family's code fails" in table("falcon_alibi")["static"].refused


def test_a_model_that_slides_keeps_less_than_one_told_to_keep_all():
    rows = table("mistral")
    assert rows["dynamic"].rows == 4
    assert rows["dynamic, windows ignored"].rows == 16
    assert rows["dynamic, windows ignored"].difference < 1e-5


def test_memory_that_two_tensors_share_is_counted_once():
    cache = DynamicCache()
    room = torch.zeros(1, 2, 10, 4)
    cache.update(room[:, :, :4], room[:, :, 4:6], 0)
    layer = cache.layers[0]
    layer.keys, layer.values = room[:, :, :4], room[:, :, 4:8]
    assert held_bytes(cache) == room.nbytes


def test_the_table_fills_row_by_row():
    shown = list(kinds(tiny.model("llama"), TEXT, 9, 4, 1, 4))
    ran = [sum(row.runs for row in rows) for rows in shown]
    assert ran == [1, 2, 3, 4]
    assert np.isnan(shown[0][2].median)
