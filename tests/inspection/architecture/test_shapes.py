"""Shapes as recorded: against transformers' own outputs, for every family; each check broken."""

import pytest
import torch
import transformers as hf
from tokenizers import processors

from components.inspection.architecture import made as made_module
from components.inspection.architecture import shapes as module
from components.inspection.architecture.shapes import Shapes, shapes
from components.inspection.errors import InspectionError
from components.inspection.load import load_model
from components.inspection.model import Model
from components.inspection.wrapping import wrapped
from tests import tiny
from tests.inspection.positions import networks

TEXT, TARGET = "the keys near", "the dog"


def seen(model: Model) -> Shapes:
    return shapes(model, TEXT, TARGET if model.kind == "seq2seq" else None)


def by_name(found: Shapes, stack: str, layer: int) -> dict[str, tuple[int, ...]]:
    return {one.what: one.shape for one in found.of(stack, layer)}  # type: ignore[arg-type]


def own(family: str):
    """What transformers hands out of a pass of its own."""
    model = tiny.model(family)
    ids = {"input_ids": torch.tensor([model.encode(TEXT)])}
    if model.kind == "seq2seq":
        said = [model.decoder_start, *model.encode_target(TARGET)]
        ids["decoder_input_ids"] = torch.tensor([said])
    with torch.no_grad():
        return tiny.network(family)(
            **ids, output_hidden_states=True, output_attentions=True, use_cache=False
        )


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_they_are_those_that_transformers_hands_out(family):
    model = tiny.model(family)
    found, there = seen(model), own(family)
    assert [check.verdict for check in found.checks] == ["holds"] * 3
    assert found.last.what == "logits"
    assert found.last.shape == there.logits.shape
    two = model.kind == "seq2seq"
    stack = found.made[-1].stack
    states = there.decoder_hidden_states if two else there.hidden_states
    attentions = there.decoder_attentions if two else there.attentions
    layer = by_name(found, stack, 1)
    assert layer["stream into the block"] == states[1].shape
    assert layer["scores"] == attentions[1].shape
    assert layer["weights"][-3:] == attentions[1].shape[-3:]
    size = model.facts.width // 4
    assert sorted(layer["queries"])[-2:] == sorted((states[1].shape[1], size))[-2:]
    assert layer["queries"][-2:] == (states[1].shape[1], size)
    kv = {"falcon": 1, "falcon_alibi": 1}.get(family, model.facts.kv_heads)
    axes = {one.what: one.axes for one in found.of(stack, 1)}
    names = {axis.name.split(" × ")[-1]: axis.length for axis in axes["values"]}
    assert names["head" if kv == 4 else "kv head"] == kv
    if two:
        encoder = by_name(found, "encoder", 1)
        assert encoder["stream into the block"] == there.encoder_hidden_states[1].shape
        assert layer["cross-attention's scores"] == there.cross_attentions[1].shape


def test_the_storyteller_s_as_the_books_write_them():
    found = shapes(load_model("storyteller", "cpu"), "The capital of France is")
    names = {one.what: one for one in found.of("decoder", 3)}
    assert names["token ids"].written == "[1, 6]"
    assert names["embeddings"].written == names["final norm"].written == "[1, 6, 256]"
    assert names["queries"].written == "[1, 4, 6, 64]"
    assert names["keys"].written == names["values"].written == "[1, 2, 6, 64]"
    assert names["MLP's activations"].written == "[1, 6, 576]"
    assert names["logits"].written == "[1, 6, 2560]"
    assert [axis.name for axis in names["logits"].axes] == ["batch", "token", "vocabulary"]
    assert (names["token ids"].bytes, names["logits"].bytes) == (6 * 8, 6 * 2_560 * 4)
    assert found.layers == tuple(("decoder", layer) for layer in range(4))
    assert found.special == (1, 0)
    assert abs(found.row_sum - 1) > 100
    assert found.share_sum == pytest.approx(1, abs=1e-5)


def test_a_number_of_16_bits_takes_two_bytes():
    one, other = (seen(tiny.model("llama", dtype)) for dtype in ("float32", "bfloat16"))
    assert [each.shape for each in one.made] == [each.shape for each in other.made]
    halves = {2 * b.bytes == a.bytes for a, b in zip(one.made[1:], other.made[1:], strict=True)}
    assert halves == {True}


def test_a_classifier_s_answer_and_a_router_s():
    classes = seen(tiny.model("bert_classifier")).last
    assert (classes.shape, [axis.name for axis in classes.axes]) == ((1, 3), ["batch", "class"])
    mixture = {one.what: one for one in seen(tiny.model("mixtral")).of("decoder", 0)}
    tokens = mixture["token ids"].shape[1]
    assert mixture["router"].shape == (tokens, 4)
    assert [axis.name for axis in mixture["router"].axes] == ["batch × token", "expert"]
    assert "MLP's activations" not in mixture


def test_without_a_head_it_ends_with_vectors_and_a_narrow_table_is_told():
    config = hf.AlbertConfig(
        vocab_size=tiny.VOCABULARY,
        embedding_size=8,
        hidden_size=24,
        num_attention_heads=4,
        num_hidden_layers=2,
        intermediate_size=40,
    )
    found = shapes(networks.model(tiny.built(hf.AlbertModel, config)), TEXT)
    assert [check.verdict for check in found.checks] == ["holds", "holds"]
    assert found.made[1].axes[-1].name == "embedding size"
    assert found.made[1].shape[-1] == 8
    assert found.last.what == "stream out of the block"
    assert found.row_sum != found.row_sum


@pytest.mark.parametrize(
    ("single", "expected"), [("$A", (0, 0)), ("<s> $A </s>", (1, 1)), ("$A </s>", (0, 1))]
)
def test_special_tokens_are_counted_before_and_behind(single, expected):
    tokenizer = tiny.tokenizer()
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single=single, special_tokens=[("<s>", 1), ("</s>", 2)]
    )
    model = wrapped(tiny.network("llama"), tokenizer, "causal", "tiny", context=64)
    found = shapes(model, TEXT)
    assert found.special == expected
    assert len(found.tokens) == len(TEXT) + sum(expected)


def test_no_text_is_refused():
    with pytest.raises(InspectionError, match="no text"):
        shapes(tiny.model("llama"), "")


@pytest.mark.sabotage("axes of one name have one length in all tensors")
@pytest.mark.parametrize("family", ["llama", "t5"])
def test_axes_that_are_named_in_another_order(family, monkeypatch):
    right = made_module.named
    monkeypatch.setattr(
        made_module,
        "named",
        lambda shape, names, *rest: right(
            shape, names.replace("head, token", "token, head"), *rest
        ),
    )
    assert seen(tiny.model(family)).checks[0].verdict == "fails"


@pytest.mark.sabotage("there is one embedding for each token that the tokenizer gave")
def test_a_pass_over_another_text(monkeypatch):
    right = module.passed
    monkeypatch.setattr(
        module, "passed", lambda model, text, target: right(model, f"{text}!", target)
    )
    assert seen(tiny.model("llama")).checks[1].verdict == "fails"


@pytest.mark.sabotage("after a softmax over the last axis every row of the logits sums to 1")
def test_a_softmax_over_the_tokens(monkeypatch):
    monkeypatch.setattr(module, "_share_sums", lambda rows: torch.softmax(rows, 0).double().sum(-1))
    assert seen(tiny.model("llama")).checks[2].verdict == "fails"
