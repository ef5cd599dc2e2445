"""Writing on: against `generate`, with a cache and without, in every number format."""

from dataclasses import replace
from itertools import islice

import pytest
import torch
import transformers as hf

from components.inspection.decoding import (
    Decoder,
    Writer,
    end_tokens,
    require_writing,
    write,
)
from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.wrapping import wrapped
from tests import tiny

DTYPES = ["float32", "bfloat16", "float16"]
WRITERS = [name for name, row in tiny.FAMILIES.items() if row[2] in ("causal", "seq2seq")]
TEXT = "to be, or not"
STEPS = 8


def generated(model: Model, cached: bool) -> list[int]:
    """Return what transformers writes, greedily, and without an end."""
    ids = torch.tensor([model.encode(TEXT)])
    with torch.no_grad():
        out = model.network.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            do_sample=False,
            max_new_tokens=STEPS,
            use_cache=cached,
            eos_token_id=None,
            forced_eos_token_id=None,
            pad_token_id=0,
        )
    return out[0].tolist()[-STEPS:]


@pytest.mark.parametrize("family", WRITERS)
def test_greedy_steps_are_those_of_generate(family):
    model = tiny.model(family)
    decoder = Decoder(model, model.encode(TEXT))
    found = [int(token) for _, token in decoder.greedy(decoder.new_cache(), STEPS)]
    assert found == generated(model, cached=True)


@pytest.mark.parametrize("family", WRITERS)
def test_without_a_cache_it_writes_the_same(family):
    model = tiny.model(family)
    decoder = Decoder(model, model.encode(TEXT))
    ids = decoder.begin
    for expected in generated(model, cached=False):
        token = decoder.without(ids).argmax(-1, keepdim=True)
        assert int(token) == expected
        ids = torch.cat([ids, token], dim=1)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", WRITERS)
def test_a_writer_gives_what_reading_anew_gives(family, dtype):
    """A few tokens at a time, in rows that part and change places."""
    model = tiny.model(family, dtype)
    writer = Writer(model, TEXT, rows=2)
    first = writer.logits([writer.start] * 2)
    rows = [[40, 41], [50, 51]]
    found = writer.logits(rows)
    writer.reorder([1, 0])
    after = writer.logits([[60], [61]])
    assert writer.read_ids == [[*writer.start, 50, 51, 60], [*writer.start, 40, 41, 61]]
    bound = {"float32": 1e-4, "bfloat16": 0.08, "float16": 0.01}[dtype]
    for logits, texts in (
        (first, [writer.start] * 2),
        (found, [[*writer.start, *row] for row in rows]),
        (after, writer.read_ids),
    ):
        anew = Decoder(model, model.encode(TEXT), rows=2).without(torch.tensor(texts)).float()
        assert logits.dtype == torch.float32
        assert float((logits - anew).abs().max()) <= bound * float(anew.abs().max())


def test_it_writes_until_an_end_token_which_is_told_too(tiny_causal):
    def expected(written: list[int]) -> torch.Tensor:
        logits = torch.zeros(261)
        logits[[7, 8, 2, 9][len(written)]] = 1.0
        return logits

    assert [token for token, _ in write(tiny_causal, 5, 10, expected)] == [7, 8, 2]
    assert [token for token, _ in write(tiny_causal, 5, 2, expected)] == [7, 8]


def test_it_writes_as_long_as_there_is_room_for_what_was_written(tiny_causal):
    """Of 64 places 62 are taken: two more are read, and one token follows that is not read."""
    found = list(write(tiny_causal, 62, 10, lambda _written: torch.ones(261)))
    assert len(found) == 3
    assert len(Writer(tiny_causal, TEXT).start) + Writer(tiny_causal, TEXT).room == 64 + 14


def test_a_writer_refuses_more_than_the_context_holds(tiny_causal):
    writer = Writer(replace(tiny_causal, context=16), TEXT)
    writer.logits([writer.start])
    writer.logits([[5, 6]])
    with pytest.raises(InspectionError, match=r"would be 17 tokens long.* at most 16"):
        writer.logits([[7]])
    assert writer.read_ids == [[*writer.start, 5, 6]]


@pytest.mark.parametrize(
    ("stated", "of_tokenizer", "ends"),
    [(2, 9, {2}), ([2, 5], 9, {2, 5}), (None, 2, {2}), (None, None, set())],
)
def test_the_rule_for_end_tokens(stated, of_tokenizer, ends):
    """What generation_config says, a list too (Llama 3); else the tokenizer's."""
    network, tokenizer = tiny.network("llama"), tiny.tokenizer()
    network.generation_config.eos_token_id = stated
    tokenizer.eos_token = (
        None if of_tokenizer is None else tokenizer.convert_ids_to_tokens(of_tokenizer)
    )
    assert end_tokens(wrapped(network, tokenizer, "causal", "x")) == ends


@pytest.mark.parametrize(
    ("family", "instead"),
    [("bert", "fills in masked tokens"), ("bert_classifier", "one of a few classes")],
)
def test_who_does_not_write_says_what_it_does_instead(family, instead):
    for attempt in (require_writing, lambda model: Decoder(model, [5, 6])):
        with pytest.raises(InspectionError, match=instead):
            attempt(tiny.model(family))


def test_a_model_without_a_head_does_not_write():
    config = hf.LlamaConfig(**tiny.FAMILIES["llama"][3])
    body = wrapped(tiny.built(hf.LlamaModel, config), tiny.tokenizer(), "headless", "x")
    with pytest.raises(InspectionError, match="without a language-model head"):
        require_writing(body)


def test_a_causal_model_that_reads_both_ways_does_not_write():
    """Its class promises it, its mask does not keep it."""
    config = hf.Gemma3TextConfig(**tiny.FAMILIES["gemma3"][3], use_bidirectional_attention=True)
    both = wrapped(tiny.built(hf.Gemma3ForCausalLM, config), tiny.tokenizer(), "causal", "x")
    with pytest.raises(InspectionError, match="a later token changes earlier ones"):
        require_writing(both)


def test_a_family_whose_cache_gives_something_else_is_read_anew(monkeypatch):
    model = wrapped(tiny.network("llama"), tiny.tokenizer(), "causal", "x")
    from transformers.cache_utils import DynamicLayer

    own = DynamicLayer.update

    def update(self, keys, values, *args, **kwargs):  # type: ignore[no-untyped-def]
        keys, values = own(self, keys, values, *args, **kwargs)
        return keys.roll(1, dims=-2), values

    monkeypatch.setattr(DynamicLayer, "update", update)
    writer = Writer(model, TEXT)
    ids = torch.tensor([[*writer.start, 40]])
    anew = tiny.model("llama").network(input_ids=ids, use_cache=False).logits[0, -1]
    writer.logits([writer.start])
    torch.testing.assert_close(writer.logits([[40]])[0], anew)


def test_only_as_many_steps_are_made_as_are_asked_for(tiny_causal, monkeypatch):
    passes: list[int] = []
    own = tiny_causal.network.forward
    decoder = Decoder(tiny_causal, tiny_causal.encode(TEXT))

    def counted(*args, **kwargs):  # type: ignore[no-untyped-def]
        passes.append(1)
        return own(*args, **kwargs)

    monkeypatch.setattr(tiny_causal.network, "forward", counted)
    list(decoder.greedy(decoder.new_cache(), 3))
    assert len(passes) == 3, "the third token is known without a fourth pass"
    list(islice(decoder.greedy(decoder.new_cache(), 9), 1))
    assert len(passes) == 4
