"""The kinds of cache side by side: what they hold, what they change, why they cannot be had."""

import logging
from dataclasses import replace

import numpy as np
import pytest
import torch
from transformers import DynamicCache, StaticCache
from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer, StaticLayer

from components.inspection.decoding import Decoder
from components.inspection.kv_cache import kinds as home
from components.inspection.kv_cache import offers
from components.inspection.kv_cache.dimensions import shape_of
from components.inspection.kv_cache.held import held_by_device, kept, kept_bytes
from components.inspection.kv_cache.kinds import Kinds, kinds
from tests import tiny
from tests.inspection.kv_cache.test_law import hybrid, latent

DTYPES = ["float32", "bfloat16", "float16"]
TEXT = "hello there"
AGAIN = "the dynamic cache, run again, gives the logits that it gave"
BYTES = "the dynamic cache holds the bytes that the law of this model says"
WHOLE = "kinds that keep everything give the dynamic cache's logits"


def ran(model, window: int = 4, new: int = 8, prompt: int = 9, repeats: int = 2) -> Kinds:
    *_, found = kinds(model, TEXT, prompt, new, repeats, window)
    return found


def table(family: str, dtype: str = "float32", **asked):
    return {row.name: row for row in ran(tiny.model(family, dtype), **asked).rows}


def check(found: Kinds, says: str):
    return next(one for one in found.checks if one.says == says)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", ["llama", "gpt2", "mistral", "t5", "falcon"])
def test_nothing_is_red_where_nothing_is_broken(family, dtype):
    found = ran(tiny.model(family, dtype))
    assert [(one.says, one.verdict) for one in found.checks] == [
        (AGAIN, "holds"),
        (BYTES, "holds"),
        (WHOLE, "holds"),
    ]
    assert found.checks[0].bound == 0


def test_the_dynamic_cache_is_the_reference_and_holds_what_the_law_says():
    row = table("llama")["dynamic"]
    shape = shape_of(tiny.model("llama"))
    assert row.difference == 0
    assert row.same == row.steps == 8
    assert row.held == row.numbers == shape.cache_bytes(9 + 7, 4) == 3 * 2 * 2 * 6 * 16 * 4
    assert row.elsewhere == 0
    assert row.seconds is not None and row.seconds.shape == (2, 7)
    assert row.runs == 2 and row.low <= row.median <= row.high


def test_a_static_cache_gives_the_same_logits_from_its_first_byte_on():
    row = table("llama")["static"]
    assert row.difference < 1e-5
    assert row.held == table("llama")["dynamic"].held


def test_a_window_over_the_whole_text_forgets_nothing():
    assert table("llama", window=64)["sliding window"].difference == 0
    narrow = table("llama", window=4)["sliding window"]
    assert narrow.difference > 0.05
    assert narrow.rows == 3


@pytest.mark.parametrize(("dtype", "share"), [("float32", 4), ("bfloat16", 2), ("float16", 2)])
def test_eight_bits_take_a_share_of_the_room_and_change_a_little(dtype, share):
    rows = table("llama", dtype)
    quantized = rows["quantized, 8-bit float"]
    # Beside the rounded numbers there is one scale for a layer's keys and one for its values.
    assert quantized.held * share == rows["dynamic"].held
    assert 1e-4 < quantized.difference < 1
    assert "one scale for a layer's keys and one for its values" in quantized.says


def test_the_scales_of_the_8_bit_kind_are_set_by_the_prompt_and_kept():
    layer = offers.QuantizedCache(backend="fp8", config=tiny.model("llama").network.config).layers[
        0
    ]
    first = torch.rand(1, 2, 3, 6)
    layer.update(first, 4 * first)
    scales = [layer._quantized_keys[1].item(), layer._quantized_values[1].item()]
    assert scales[1] == pytest.approx(4 * scales[0])
    layer.update(100 * first, 100 * first)
    assert [layer._quantized_keys[1].item(), layer._quantized_values[1].item()] == scales


def test_the_4_bit_kind_leaves_the_newest_128_tokens_unrounded():
    from transformers.cache_utils import QuantizedLayer

    assert "up to 128 of them, are not rounded yet" in offers.KINDS[5].says
    assert QuantizedLayer.__init__.__defaults__[-2:] == (64, 128)


def test_what_cannot_be_had_says_why():
    rows = table("llama")
    assert "NVIDIA" in rows["offloaded"].refused
    assert "no layer of this model has a sliding window" in rows["dynamic, windows ignored"].refused
    assert "slides by itself" in table("mistral")["sliding window"].refused
    assert "family's code fails" in table("falcon_alibi")["static"].refused


@pytest.mark.parametrize("make", [hybrid, latent], ids=["hybrid", "latent"])
def test_models_that_keep_other_things_are_run_or_refused_with_a_reason(make):
    rows = {row.name: row for row in ran(make()).rows}
    assert rows["dynamic"].runs == 2
    for name in ("sliding window", "quantized, 8-bit float"):
        assert rows[name].runs or "made for rows of keys and values alone" in rows[name].refused
    if make is hybrid:
        assert "2 of 3 layers keep no keys and values" in rows["sliding window"].refused


def test_a_model_that_slides_keeps_less_than_one_told_to_keep_all():
    rows = table("mistral")
    assert rows["dynamic"].rows == 4
    assert rows["dynamic, windows ignored"].rows == 16
    assert rows["dynamic, windows ignored"].difference < 1e-5


def test_the_table_fills_row_by_row():
    shown = list(kinds(tiny.model("llama"), TEXT, 9, 4, 1, 4))
    assert [sum(row.runs for row in found.rows) for found in shown] == [1, 2, 3, 4]
    assert np.isnan(shown[0].rows[2].median)
    assert [len(found.ran) for found in shown] == [1, 2, 3, 4]


def test_memory_that_two_tensors_share_is_counted_once():
    cache = DynamicCache()
    room = torch.zeros(1, 2, 10, 4)
    cache.update(room[:, :, :4], room[:, :, 4:6], 0)
    layer = cache.layers[0]
    layer.keys, layer.values = room[:, :, :4], room[:, :, 4:8]
    assert held_by_device(cache) == {"cpu": room.nbytes}
    assert kept_bytes(layer) == layer.keys.nbytes + layer.values.nbytes


def test_memory_on_two_devices_is_counted_apart():
    """Of an offloaded cache, what lies in the machine's memory is not the GPU's; and two GPUs may
    give two pieces of memory one address."""
    cache = DynamicCache()
    for layer in range(2):
        cache.update(torch.zeros(1, 2, 3, 4), torch.zeros(1, 2, 3, 4), layer)
    moved = cache.layers[1]
    moved.keys, moved.values = moved.keys.to("meta"), moved.values.to("meta")
    held = held_by_device(cache)
    assert held["cpu"] == 2 * 24 * 4
    assert set(held) == {"cpu", "meta"}


def test_an_offloaded_cache_is_told_with_two_numbers(monkeypatch):
    half = 3 * 2 * 2 * 6 * 16 * 4 // 2
    monkeypatch.setattr(home, "held_by_device", lambda _: {"cpu": half, "cuda:0": 2 * half})
    row = ran(tiny.model("llama")).rows[0]
    assert (row.held, row.elsewhere) == (half, 2 * half), "here the model computes on the CPU"


def test_states_lengths_and_flags_are_told_apart():
    model = hybrid()
    decoder = Decoder(model, model.encode(TEXT))
    cache = decoder.new_cache()
    decoder.prefill(cache)
    assert set(kept(cache.layers[0])) == {"conv_states 0", "recurrent_states 0"}
    assert set(kept(cache.layers[1])) == {"keys", "values"}
    assert set(kept(DynamicSlidingWindowLayer(5))) == set(), "the window is a tensor of one number"


def test_no_room_is_told_as_that_and_the_others_go_on(monkeypatch):
    own = StaticLayer.update

    def full(self, *args, **kwargs):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9.00 GiB.")

    monkeypatch.setattr(StaticLayer, "update", full)
    rows = table("llama")
    assert rows["static"].refused == home.NO_ROOM
    assert "does not fit into the memory that is free" in rows["static"].refused
    assert rows["sliding window"].runs == 2
    monkeypatch.setattr(StaticLayer, "update", own)


def test_a_mistake_of_ours_is_no_row_of_the_table(monkeypatch):
    def wrong(*_):
        raise AttributeError("a typing mistake")

    monkeypatch.setattr(home, "held_by_device", wrong)
    with pytest.raises(AttributeError, match="typing mistake"):
        ran(tiny.model("llama"))


def test_a_cache_that_transformers_does_not_make_says_so(monkeypatch, caplog):
    def unknown(*_args, **_kwargs):
        raise KeyError("heavily_compressed_attention")

    caplog.set_level(logging.INFO)
    monkeypatch.setattr(StaticCache, "__init__", unknown)
    refused = table("llama")["static"].refused
    assert refused == "transformers makes none for this model: 'heavily_compressed_attention'"
    assert "static cannot be made" in caplog.text


class Forgetful(DynamicLayer):
    """Puts the second token's keys and values in the place of the first's."""

    def update(self, keys, values, *args, **kwargs):
        keys, values = super().update(keys, values, *args, **kwargs)
        for kept_rows in (keys, values):
            kept_rows[..., 0, :] = kept_rows[..., 1, :]
        return keys, values


@pytest.mark.sabotage(AGAIN)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_dynamic_cache_that_is_used_otherwise_the_second_time(dtype, monkeypatch):
    model = tiny.model("llama", dtype)
    kind = offers.KINDS[0]

    def made(decoder, length, window):
        cache = kind.make(decoder, length, window)
        cache.layers[2] = Forgetful()
        return cache

    monkeypatch.setattr(home, "KINDS", (replace(kind, make=made), *offers.KINDS[1:]))
    assert check(ran(model), AGAIN).verdict == "fails"


@pytest.mark.sabotage(BYTES)
@pytest.mark.parametrize("family", ["llama", "mistral", "t5"])
def test_a_cache_without_a_row_and_a_law_with_another_window(family, monkeypatch):
    model = tiny.model(family)
    shape = shape_of(model)
    monkeypatch.setattr(home, "kept_bytes", lambda layer: max(0, kept_bytes(layer) - 48))
    assert check(ran(model), BYTES).verdict == "fails"
    monkeypatch.setattr(home, "kept_bytes", kept_bytes)
    laws = tuple(replace(law, most=6) for law in shape.cache)
    monkeypatch.setattr(home, "shape_of", lambda _: replace(shape, cache=laws))
    assert check(ran(model), BYTES).verdict == "fails"


@pytest.mark.sabotage(WHOLE)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_static_cache_that_is_off_by_one_place(dtype, monkeypatch):
    own = StaticLayer.update

    def moved(self, *args, **kwargs):
        keys, values = own(self, *args, **kwargs)
        return keys.roll(1, dims=-2), values

    monkeypatch.setattr(StaticLayer, "update", moved)
    assert check(ran(tiny.model("llama", dtype)), WHOLE).verdict == "fails"


@pytest.mark.sabotage(WHOLE)
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_a_static_cache_whose_mask_shows_what_is_not_there_yet(dtype, monkeypatch):
    own = StaticLayer.get_mask_sizes
    monkeypatch.setattr(
        StaticLayer, "get_mask_sizes", lambda self, n: (own(self, n)[0], -1 if n == 1 else 0)
    )
    assert check(ran(tiny.model("llama", dtype)), WHOLE).verdict == "fails"


@pytest.mark.sabotage(WHOLE)
def test_of_a_family_without_a_row_it_is_reported_only():
    model = tiny.model("llama")
    found = ran(replace(model, anatomy=replace(model.anatomy, named=False)))
    wrong = replace(
        found,
        rows=tuple(replace(row, difference=1.0) if row.lossless else row for row in found.rows),
    )
    assert check(found, WHOLE).verdict == "holds"
    assert check(wrong, WHOLE).verdict == "reported"
    assert check(replace(wrong, claimed=True), WHOLE).verdict == "fails"
