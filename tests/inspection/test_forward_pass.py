"""A recording against the model's own outputs, on every family of the table."""

import threading
from typing import Any

import numpy as np
import pytest
import torch
import transformers as hf
from torch import nn

from components.inspection import forward_pass
from components.inspection.anatomy import part
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import EVERYTHING, record, recording_bytes
from components.inspection.model import Model
from components.inspection.recording import Recording
from components.inspection.running import NetworkError
from components.inspection.wrapping import wrapped
from tests import tiny

TEXT = "to be, or not to be"
TARGET = "sein"
FAMILIES = list(tiny.FAMILIES)
DTYPES = ["float32", "bfloat16", "float16"]
CLOSE = {"rtol": 1e-4, "atol": 1e-5}


def close(dtype: str) -> dict[str, float]:
    """What two orders of adding up may differ by."""
    return {
        "float32": CLOSE,
        "bfloat16": {"rtol": 0.02, "atol": 0.02},
        "float16": {"rtol": 2e-3, "atol": 2e-3},
    }[dtype]


def hooks(network: nn.Module) -> int:
    """Count the hooks on every module of `network`."""
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in network.modules())


def softmax(scores: np.ndarray) -> np.ndarray:
    """The textbook's, in float64."""
    powers = np.exp(scores.astype(np.float64) - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def reported(family: str, dtype: str = "float32") -> object:
    """What an ordinary eager network says of the same input."""
    model = tiny.model(family, dtype)
    ids = torch.tensor([model.encode(TEXT)])
    arguments = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    if model.kind == "seq2seq":
        said = [model.decoder_start, *model.encode_target(TARGET)]
        arguments = {"input_ids": ids, "decoder_input_ids": torch.tensor([said])}
    if model.kind in ("causal", "seq2seq"):
        arguments["use_cache"] = False
    with torch.no_grad():
        return tiny.network(family, dtype)(
            **arguments, output_attentions=True, output_hidden_states=True
        )


@pytest.fixture(
    scope="module",
    params=[(family, dtype) for family in FAMILIES for dtype in DTYPES],
    ids=lambda param: "-".join(param),
)
def case(request: pytest.FixtureRequest) -> tuple[Model, Recording, object]:
    """A model, its recording of `TEXT`, and what transformers reports."""
    model = tiny.model(*request.param)
    target = TARGET if model.kind == "seq2seq" else None
    return model, record(model, TEXT, target), reported(*request.param)


def test_the_logits_are_the_model_s_own_bit_for_bit(case):
    _, recording, own = case
    np.testing.assert_array_equal(recording.logits, own.logits[0].float().numpy())


def test_the_weights_are_those_the_model_reports(case):
    model, recording, own = case
    named = {
        ("decoder", "self"): "decoder_attentions",
        ("encoder", "self"): "encoder_attentions",
        ("decoder", "cross"): "cross_attentions",
    }
    for stack in model.anatomy.stacks:
        for kind in ("self", "cross"):
            found = [a.weights for a in recording.of(stack, kind)]
            if model.kind == "seq2seq":
                if (stack, kind) not in named:
                    continue
                expected = getattr(own, named[stack, kind])
            elif kind == "cross":
                assert not found
                continue
            else:
                expected = own.attentions
            assert len(found) == len(expected)
            for weights, theirs in zip(found, expected, strict=True):
                np.testing.assert_array_equal(weights, theirs[0].float().numpy())


def test_the_softmax_of_the_scores_is_the_weights(case):
    model, recording, _ = case
    for attention in recording.attentions:
        tolerance = close(model.facts.dtype)
        np.testing.assert_allclose(softmax(attention.scores), attention.weights, **tolerance)


def test_weights_times_values_is_what_each_head_gives(case):
    model, recording, _ = case
    for attention in recording.attentions:
        shared = attention.heads // attention.kv_heads
        values = np.repeat(attention.values, shared, axis=0)
        np.testing.assert_array_equal(attention.for_heads(attention.values), values)
        tolerance = close(model.facts.dtype)
        np.testing.assert_allclose(attention.weights @ values, attention.outputs, **tolerance)


def test_the_mask_is_what_the_family_says_by_hand(case):
    """In every number format: float16's lowest number, -65,504, hides as well as -1e38 does."""
    model, recording, _ = case
    family = model.source.removeprefix("tiny-")
    for attention in recording.attentions:
        rows, columns = attention.weights.shape[1:]
        back = np.arange(rows)[:, None] - np.arange(columns)
        seen = np.ones((rows, columns), bool)
        if attention.kind == "self" and attention.stack == "decoder":
            windows = {"mistral": "sss", "gemma2": "sfs", "gemma3": "sfs", "gpt_neo": "fs"}
            slides = windows.get(family, "fff")[attention.layer] == "s"
            seen = (back >= 0) & (back < (5 if slides else rows))
        assert (attention.visible == seen).all()


def test_queries_and_keys_belong_to_the_scores(case):
    """Without mask, bias and cap, scores are q.k times one factor: correlation 1 where seen."""
    model, recording, _ = case
    if model.anatomy.position in ("alibi", "relative") or "gemma2" in model.source:
        pytest.skip("a bias or a cap is added to q.k here")
    for attention in recording.attentions:
        keys = np.repeat(attention.keys, attention.heads // attention.kv_heads, axis=0)
        products = attention.queries @ keys.transpose(0, 2, 1)
        seen = attention.visible
        assert seen.any()
        alike = np.corrcoef(products[seen], attention.scores[seen])[0, 1]
        assert alike > 1 - (1e-6 if model.facts.dtype == "float32" else 1e-3)


def test_attention_has_the_shapes_of_the_configuration(case):
    model, recording, _ = case
    facts = model.facts
    for attention in recording.attentions:
        assert attention.heads == facts.heads
        assert attention.weights.shape[1] == len(recording.stack(attention.stack).ids)
    if model.source == "tiny-llama":
        assert [a.kv_heads for a in recording.attentions] == [2, 2, 2]
        assert recording.attentions[0].queries.shape == (4, 1 + len(TEXT), 6)
        assert recording.attentions[0].keys.shape == (2, 1 + len(TEXT), 6)


def test_every_sublayer_is_there_in_order(case):
    model, recording, _ = case
    for name in model.anatomy.stacks:
        layers = [a.layer for a in recording.of(name)]
        assert layers == list(range(len(layers)))
        assert len(layers) == len(recording.stack(name).residual) - 1


def test_the_stream_after_a_block_is_the_one_before_plus_what_was_written(case):
    model, recording, _ = case
    if any(parts.post_norms for parts in model.anatomy.stacks.values()):
        pytest.skip("the stream of a post-norm family is normed after each sum")
    for stack in recording.stacks:
        written = stack.attention_writes + stack.mlp_writes
        if stack.cross_writes is not None:
            written = written + stack.cross_writes
        tolerance = {"rtol": 1e-4, "atol": 1e-4} | (
            {} if model.facts.dtype == "float32" else close(model.facts.dtype)
        )
        np.testing.assert_allclose(stack.residual[1:], stack.residual[:-1] + written, **tolerance)


def test_the_stream_is_what_the_blocks_hand_on(case):
    """Equal to transformers' hidden states, but for the last row, which those norm already."""
    model, recording, own = case
    for stack in recording.stacks:
        name = f"{stack.name}_hidden_states" if model.kind == "seq2seq" else "hidden_states"
        theirs = [state[0].float().numpy() for state in getattr(own, name)]
        np.testing.assert_array_equal(stack.residual[:-1], np.stack(theirs[:-1]))


def test_the_final_norm_of_the_last_stream_is_the_model_s_last_state(case):
    model, recording, own = case
    parts = model.anatomy.stacks.get("decoder")
    if parts is None or parts.final_norm is None:
        pytest.skip("no final norm")
    norm = part(model.network.base_model, parts.final_norm)
    last = torch.from_numpy(recording.stack("decoder").residual[-1]).to(model.dtype)
    name = "decoder_hidden_states" if model.kind == "seq2seq" else "hidden_states"
    assert torch.equal(norm(last), getattr(own, name)[-1][0])


def test_mlp_activations_make_what_the_mlp_writes(case):
    model, recording, _ = case
    for stack in recording.stacks:
        parts = model.anatomy.stacks[stack.name]
        if parts.mlp_down is None:
            assert stack.mlp_activations is None
            continue
        if parts.mlp_down != parts.mlp_write:
            pytest.skip("normed again before it is written")
        blocks = list(part(model.network.base_model, parts.blocks).children())
        for layer, (block, activations) in enumerate(
            zip(blocks, stack.mlp_activations, strict=True)
        ):
            made = part(block, parts.mlp_down)(torch.from_numpy(activations).to(model.dtype))
            tolerance = close(model.facts.dtype)
            np.testing.assert_allclose(made.float(), stack.mlp_writes[layer], **tolerance)


@pytest.mark.parametrize("family", FAMILIES)
def test_nothing_stays_on_the_network(family):
    model = tiny.model(family)
    record(model, TEXT)
    assert hooks(model.network) == 0


@pytest.mark.parametrize("family", ["llama", "falcon", "bart"])
def test_nothing_stays_on_the_network_after_a_failure(family, monkeypatch):
    model = tiny.model(family)
    parts = model.anatomy.decoder
    last = list(part(model.network.base_model, parts.blocks).children())[-1]

    def fail(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("the family's own mistake")

    with monkeypatch.context() as patch:
        patch.setattr(last, "forward", fail)
        with pytest.raises(NetworkError, match=r"fails here, in float32 on cpu.*own mistake"):
            record(model, TEXT)
    assert hooks(model.network) == 0
    record(model, TEXT)


@pytest.mark.parametrize("family", ["llama", "falcon"])
def test_two_readers_at_once_get_their_own_recordings(family):
    model = tiny.model(family)
    texts = ["a" * 5, "bc" * 7, "def" * 4, "g" * 20]
    alone = {text: record(model, text) for text in texts}
    wrong: list[str] = []

    def read(text: str) -> None:
        for _ in range(12):
            found = record(model, text)
            same = all(
                np.array_equal(ours.weights, theirs.weights)
                for ours, theirs in zip(found.attentions, alone[text].attentions, strict=True)
            )
            expected = alone[text].stack().residual
            if not same or not np.array_equal(found.stack().residual, expected):
                wrong.append(text)

    threads = [threading.Thread(target=read, args=[text]) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert hooks(model.network) == 0


def test_only_what_was_asked_for_is_kept(tiny_causal):
    recording = record(tiny_causal, TEXT, keep=["residual"])
    assert recording.stack().residual.shape == (4, 1 + len(TEXT), 24)
    assert recording.attentions == ()
    assert recording.logits is None
    assert recording.stack().mlp_activations is None


def test_token_ids_may_be_given_instead_of_a_text(tiny_causal):
    ids = tiny_causal.encode(TEXT)
    np.testing.assert_array_equal(record(tiny_causal, ids).logits, record(tiny_causal, TEXT).logits)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no text"),
        ("x" * 64, "65 tokens long, but this model reads at most 64"),
        ("a\ud800b", "half of a surrogate pair"),
        ([5, 999], "Token id 999 does not exist"),
        ([], "no token"),
    ],
)
def test_what_cannot_be_read_is_explained(tiny_causal, text, said):
    with pytest.raises(InspectionError, match=said):
        record(tiny_causal, text)


@pytest.mark.parametrize("text", ["\0", "🎵", "שלום", "a\r\n\tb", "e\u0301"])
def test_unusual_text_is_read_like_any_other(tiny_causal, text):
    recording = record(tiny_causal, text)
    assert len(recording.logits) == 1 + len(text.encode())


def test_bytes_that_are_no_character_are_named(tiny_causal):
    tokens = record(tiny_causal, "é!").stack().tokens
    assert tokens == ("<s>", "⟨C3⟩", "⟨A9⟩", "!")


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_added_to_queries_times_keys_is_told_without_changing_a_bit(family):
    model = tiny.model(family)
    target = TARGET if model.kind == "seq2seq" else None
    plain, told = record(model, TEXT, target), record(model, TEXT, target, bare=True)
    np.testing.assert_array_equal(told.logits, plain.logits)
    for one, other in zip(told.attentions, plain.attentions, strict=True):
        np.testing.assert_array_equal(one.scores, other.scores)
        assert (one.bare is not None, other.bare) == (True, None)
        assert one.products == 1
        added = np.where(one.visible, one.bare, 0)
        if model.anatomy.position in ("alibi", "relative") and one.kind == "self":
            assert np.ptp(added) > 0.01
        else:
            assert not added.any()


def test_albert_reads_its_one_block_as_often_as_it_has_layers():
    """Its recording has a layer for each time; oracle: transformers' own hidden states."""
    config = hf.AlbertConfig(**tiny.FAMILIES["bert"][3] | {"embedding_size": 16})
    network = tiny.built(hf.AlbertForMaskedLM, config)
    model = wrapped(network, tiny.tokenizer(), "masked", "tiny-albert")
    recording = record(model, TEXT)
    ids = torch.tensor([model.encode(TEXT)])
    with torch.no_grad():
        own = network(ids, output_hidden_states=True, output_attentions=True)
    np.testing.assert_array_equal(
        recording.stack().residual, np.stack([state[0] for state in own.hidden_states])
    )
    assert [one.layer for one in recording.attentions] == [0, 1, 2]
    for one, theirs in zip(recording.attentions, own.attentions, strict=True):
        np.testing.assert_array_equal(one.weights, theirs[0])


def held(value: Any) -> int:
    """Count the bytes of all arrays in a recording."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, (tuple, list)):
        return sum(map(held, value))
    parts = getattr(value, "__dataclass_fields__", ())
    return sum(held(getattr(value, name)) for name in parts)


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_a_recording_takes_no_more_than_was_reckoned(family):
    """And not much less, where every part of the family is known."""
    model = tiny.model(family)
    sides = {}
    for part_ in EVERYTHING:
        found = record(model, TEXT, TARGET if model.kind == "seq2seq" else None, keep=[part_])
        lengths = [len(stack.ids) for stack in found.stacks]
        sides[part_] = held(found), recording_bytes(model, lengths, [part_])
    assert all(taken <= reckoned for taken, reckoned in sides.values()), sides
    if model.kind != "classifier":
        assert 4 * sides["logits"][0] >= sides["logits"][1]
    assert 2 * sides["residual"][0] >= sides["residual"][1]
    assert 3 * sides["attention"][0] >= sides["attention"][1]
    # A model of experts has no activations of one MLP; others are up to four times as wide as that.
    assert sides["mlp"][0] == 0 or 4 * sides["mlp"][0] >= sides["mlp"][1]


@pytest.mark.parametrize("part_", EVERYTHING)
def test_the_limit_on_a_recording_counts_each_part(part_, monkeypatch):
    model = tiny.model("gpt2")
    # To the byte, for this family (its MLP is four times as wide as its stream).
    taken = held(record(model, TEXT, keep=[part_]))
    monkeypatch.setattr(forward_pass, "MOST_BYTES", taken)
    record(model, TEXT, keep=[part_])
    monkeypatch.setattr(forward_pass, "MOST_BYTES", taken - 1)
    with pytest.raises(InspectionError, match="Shorten the text"):
        record(model, TEXT, keep=[part_])


def test_a_stream_is_copied_only_where_the_network_writes_over_it():
    falcon, llama = tiny.model("falcon"), tiny.model("llama")
    for model in (falcon, llama):
        record(model, TEXT)
    assert falcon.known["written_over"] and "written_over" not in llama.known
