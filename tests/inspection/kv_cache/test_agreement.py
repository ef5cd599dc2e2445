"""The same answer with and without a cache; each way to break the cache is seen."""

import pickle
from dataclasses import replace

import pytest
import torch
from transformers import EncoderDecoderCache

from components.inspection.decoding import Decoder
from components.inspection.errors import InspectionError
from components.inspection.kv_cache import asking
from components.inspection.kv_cache.agreement import Agreement, agreement, compared
from components.inspection.kv_cache.asking import allowed_difference, checked, filled
from components.inspection.model import Model
from tests import tiny

WRITERS = [name for name, row in tiny.FAMILIES.items() if row[2] in ("causal", "seq2seq")]
DTYPES = ["float32", "bfloat16", "float16"]
TEXT = "hello there"
LOGITS = "with the cache the logits are those without"
PARTING = "where the texts part, neither token led the other by more than rounding"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", WRITERS)
def test_cached_equals_uncached_as_far_as_rounding_goes(family, dtype):
    found = agreement(tiny.model(family, dtype), TEXT, 9, 8)
    assert [check.verdict for check in found.checks] == ["holds"] * len(found.checks)
    assert found.allowed is not None
    if dtype == "float32":
        assert found.allowed < 2e-4, "or it would say nothing"
        assert found.same_text and not found.other


@pytest.mark.parametrize("family", ["llama", "t5", "gpt2"])
def test_the_numbers_are_those_of_plain_transformers(family):
    model = tiny.model(family)
    found = agreement(model, TEXT, None, 5)
    ids = torch.tensor([model.encode(TEXT)])
    written = model.network.generate(
        ids,
        attention_mask=ids**0,
        max_new_tokens=5,
        min_new_tokens=5,
        do_sample=False,
        return_dict_in_generate=True,
        output_logits=True,
    )
    new = written.sequences[0, -5:].tolist()
    assert found.tokens == model.token_texts(new)
    best = torch.stack(written.logits)[:, 0].topk(2).values
    assert found.largest == pytest.approx(torch.stack(written.logits).abs().amax((1, 2)), 1e-4)
    assert found.margin == pytest.approx(best[:, 0] - best[:, 1], abs=1e-4)


def broken(monkeypatch, model: Model, spoil, count: int = 8, at: int = 11) -> Agreement:
    """Compare, while `spoil(decoder, token, cache, past)` changes what a step is given, from the
    position `at` on."""
    own = Decoder.step

    def step(self, token, cache, past):
        if past >= at or self.two_stacks:
            changed = spoil(self, token, cache, past)
            token, cache, past = changed or (token, cache, past)
        return own(self, token, cache, past)

    monkeypatch.setattr(Decoder, "step", step)
    return agreement(replace(model), TEXT, 9, count)


def layers(cache) -> list:
    own = cache.self_attention_cache if isinstance(cache, EncoderDecoderCache) else cache
    return own.layers


def forgets_a_row(decoder, token, cache, past):
    for layer in layers(cache):
        if layer.keys is not None and layer.keys.shape[-2] > 2:
            layer.keys[..., 1, :] = layer.keys[..., 2, :]
            layer.values[..., 1, :] = layer.values[..., 2, :]


def off_by_one(decoder, token, cache, past):
    return token, cache, past + 1


def other_layers_keys(decoder, token, cache, past):
    first, second = layers(cache)[:2]
    first.keys, second.keys = second.keys, first.keys


def heads_tiled(decoder, token, cache, past):
    """Key-value heads in the order of tiles: with 2 of them, the other one."""
    for layer in layers(cache):
        if layer.values is not None:
            layer.values = layer.values.roll(1, dims=1)


def values_rounded(decoder, token, cache, past):
    for layer in layers(cache):
        layer.values = (layer.values * 4).round() / 4


@pytest.mark.sabotage(LOGITS)
@pytest.mark.parametrize(
    ("spoil", "family", "dtypes"),
    [
        (forgets_a_row, "llama", DTYPES),
        (forgets_a_row, "gpt2", DTYPES[::2]),
        # What this decoder writes is one token again and again: its rows are alike to 16 bits.
        (forgets_a_row, "t5", DTYPES[:1]),
        # The clocks of this tiny model turn slowly: in bfloat16 a step is within its rounding.
        (off_by_one, "llama", DTYPES[::2]),
        (off_by_one, "gpt2", DTYPES),
        (other_layers_keys, "llama", DTYPES),
        (other_layers_keys, "bart", DTYPES[:1]),
        (heads_tiled, "llama", DTYPES),
        (values_rounded, "llama", DTYPES),
    ],
)
def test_a_broken_cache_is_seen(spoil, family, dtypes):
    for dtype in dtypes:
        with pytest.MonkeyPatch.context() as patch:
            found = broken(patch, tiny.model(family, dtype), spoil)
        check = found.checks[0]
        assert check.says == LOGITS and check.verdict == "fails", dtype
        unspoilt = agreement(tiny.model(family, dtype), TEXT, 9, 8).checks[0]
        assert unspoilt.verdict == "holds", dtype
        assert found.difference[0] <= check.bound, "before anything was spoilt"


@pytest.mark.sabotage(LOGITS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_window_that_is_off_by_one(dtype, monkeypatch):
    model = tiny.model("mistral", dtype)
    agreement(model, TEXT, 9, 8)  # so that what rests on the right window is measured
    own = Decoder.new_cache

    def narrow(self):
        cache = own(self)
        for layer in cache.layers:
            layer.sliding_window -= 1
        return cache

    monkeypatch.setattr(Decoder, "new_cache", narrow)
    check = agreement(model, TEXT, 9, 8).checks[0]
    assert check.verdict == "fails"


def test_a_bound_is_measured_on_each_model_and_grows_with_the_rounding():
    bounds = {dtype: agreement(tiny.model("llama", dtype), TEXT, 9, 8).allowed for dtype in DTYPES}
    assert bounds["float32"] * 1000 < bounds["float16"] < bounds["bfloat16"] < 2


@pytest.mark.parametrize("dtype", DTYPES[1:])
def test_in_16_bit_texts_part_only_where_the_lead_is_narrow(dtype):
    found = agreement(tiny.model("llama", dtype), TEXT, 9, 40)
    assert found.rounding == torch.finfo(getattr(torch, dtype)).eps
    assert len(found.tokens) == 40
    if found.parts_at is not None:
        assert found.parting_lead <= 2 * found.difference[found.parts_at]
        assert len(found.other) == 40 - found.parts_at
        assert found.other[0] != found.tokens[found.parts_at]


def tied(own, of, lower=0.0):
    """Let the best two tokens be given the same in the pass that `of` names; the one that would be
    taken `lower`."""

    def forward(self, *given):
        logits = own(self, *given)
        if of(given):
            best, second = logits[0].topk(2).indices
            logits[0, second] = logits[0, best]
            logits[0, min(best, second)] -= lower
        return logits

    return forward


@pytest.mark.sabotage(PARTING)
@pytest.mark.parametrize("dtype", DTYPES)
def test_parting_is_found_and_both_texts_are_kept(dtype, monkeypatch):
    model = tiny.model("llama", dtype)
    step = Decoder.step

    def other_token(self, token, cache, past):
        logits = step(self, token, cache, past)
        return -logits if past == 11 else logits  # the third step after nine tokens of prompt

    with pytest.MonkeyPatch.context() as patch:
        # Where the best two are alike, either may be taken.
        patch.setattr(
            Decoder, "without", tied(Decoder.without, lambda given: given[0].numel() == 12)
        )
        patch.setattr(Decoder, "step", tied(step, lambda given: given[2] == 11, 0.1))
        found = agreement(model, TEXT, 9, 6)
        assert found.parts_at == 3
        assert found.checks[1].says == PARTING and found.checks[1].verdict == "holds"
    monkeypatch.setattr(Decoder, "step", other_token)
    found = agreement(model, TEXT, 9, 6)
    assert found.parts_at == 3
    assert len(found.other) == 3
    assert found.other[0] != found.tokens[3]
    assert [check.verdict for check in found.checks] == ["fails", "fails"]
    assert found.checks[1].says == PARTING
    own = agreement_without(model, 6)
    assert found.tokens[:3] + found.other == own, "what the way without a cache wrote by itself"


def agreement_without(model: Model, count: int) -> tuple[str, ...]:
    """Greedy tokens of plain passes."""
    ids = filled(model, TEXT, 9)
    for _ in range(count):
        with torch.no_grad():
            logits = model.network(torch.tensor([ids]), use_cache=False).logits
        ids.append(int(logits[0, -1].argmax()))
    return model.token_texts(ids[9:])


def test_a_stopped_comparison_keeps_its_steps_and_has_no_bound_yet():
    steps = compared(tiny.model("llama"), TEXT, 9, 6)
    seen = [next(steps) for _ in range(3)]
    steps.close()
    assert [len(found.tokens) for found in seen] == [1, 2, 3]
    assert seen[-1].share == 0.5
    assert [check.verdict for check in seen[-1].checks] == ["reported"]
    again = pickle.loads(pickle.dumps(seen[-1]))
    assert again.worst == seen[-1].worst


def test_what_rounding_may_do_is_measured_at_the_end_of_the_text(monkeypatch):
    model = tiny.model("t5")
    decoder = Decoder(model, filled(model, TEXT, 9))
    whole = torch.cat([decoder.begin, torch.tensor([[7, 8, 9]])], dim=1)
    seen = []
    own = asking.run
    monkeypatch.setattr(asking, "run", lambda *a, **k: (seen.append(k), own(*a, **k))[1])
    bound = allowed_difference(decoder, whole, 4)
    assert 0 < bound < 1e-3
    assert seen[0]["decoder_input_ids"].tolist() == whole.tolist()
    assert seen[0]["input_ids"].tolist() == decoder.read.tolist()


@pytest.mark.parametrize(
    ("family", "numbers", "said"),
    [
        ("llama", (0, 4, 1), "prompt's length is 0"),
        ("llama", (9, 1, 1), "new tokens is 1; it goes from 2"),
        ("llama", (9, 4, 99), "repeats is 99"),
        ("llama", (61, 4, 1), "shorten the prompt to 60, or ask for fewer new tokens"),
        ("llama", (8, 64, 1), "64 new tokens are more .* ask for 63 or fewer"),
        ("llama", (None, 60, 1), "shorten the prompt to 4, or ask"),
        ("bart", (9, 65, 1), "ask for 64 or fewer"),
        ("bart", (65, 4, 1), "shorten the prompt to 64.$"),
    ],
)
def test_what_cannot_be_measured_is_explained(family, numbers, said):
    with pytest.raises(InspectionError, match=said):
        checked(tiny.model(family), TEXT, *numbers)


@pytest.mark.parametrize("family", ["bert", "bert_classifier"])
def test_a_model_without_a_cache_says_why(family):
    with pytest.raises(InspectionError, match="does not write on"):
        checked(tiny.model(family), TEXT, 9, 4)


def test_a_cache_that_fails_the_premise_is_not_measured(monkeypatch):
    own = Decoder.onward

    def wrong(self, ids, cache, past, way=None):
        return own(self, ids, cache, past, way) + past

    monkeypatch.setattr(Decoder, "onward", wrong)
    model = replace(tiny.model("llama"), known={})
    with pytest.raises(InspectionError, match=r"its cache cannot be trusted.*Measured on"):
        checked(model, TEXT, 9, 4)


def test_a_text_is_repeated_to_the_length(tiny_causal):
    ids = tiny_causal.encode("ab")
    assert filled(tiny_causal, "ab", 7) == (ids * 3)[:7]
