"""Shuffling: without positions and without a mask a model sees a bag of words."""

import numpy as np
import pytest
import transformers as hf

from components.inspection.errors import InspectionError
from components.inspection.positions import order as module
from components.inspection.positions import twin as twins
from components.inspection.positions.blind import without_positions
from components.inspection.positions.order import Condition, change_of, shuffled
from components.inspection.premises import measured
from tests import tiny
from tests.inspection.positions import networks
from tests.inspection.positions.tools import state_of

TEXT = "to be or not"
DTYPES = ["float32", "bfloat16", "float16"]


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_order_is_told_by_positions_and_by_the_mask_and_by_nothing_else(family):
    model = tiny.model(family)
    before = state_of(model)
    found = shuffled(model, TEXT, 3)
    by = dict(zip(found.conditions, found.change.max(1), strict=True))
    causal = model.kind == "causal"
    blind = Condition(positions=False, mask=False if causal else None)
    for condition, change in by.items():
        if condition == blind:
            assert change <= found.rounding < 1e-4
        else:
            assert change > 1e-3, condition
    # A causal mask is taken off where the network takes one of ours (not that of a window).
    takes = not causal or measured(model, "own mask").holds
    if family == "gpt_neo":
        takes = False  # it takes a mask, and keeps its own
    assert (blind in by) == takes
    assert [check.verdict for check in found.checks] == (["holds"] if takes else [])
    assert bool(found.said) == (not takes)
    assert state_of(model) == before


@pytest.mark.parametrize("dtype", DTYPES[1:])
@pytest.mark.parametrize("family", ["llama", "gpt2", "bert", "t5", "mpt", "gptj", "qwen3_moe"])
def test_in_16_bits_rounding_is_allowed_for_and_no_more(family, dtype):
    found = shuffled(tiny.model(family, dtype), TEXT, 3)
    assert [check.verdict for check in found.checks] == ["holds"]
    if family == "llama":
        assert found.change[0].max() > found.rounding


@pytest.mark.parametrize("family", ["llama", "bert", "gpt2", "t5"])
def test_each_change_is_that_of_its_own_token(family):
    """Against a plain pass: token by token, not only the largest."""
    import torch

    model = tiny.model(family)
    found = shuffled(model, TEXT, 4)
    ids = model.encode(TEXT)
    network = model.network.get_encoder() if family == "t5" else model.network.base_model
    kept = {}
    blocks = {"llama": "layers", "bert": "encoder.layer", "gpt2": "h", "t5": "block"}[family]
    last = list(network.get_submodule(blocks).children())[-1]
    hook = last.register_forward_hook(
        lambda module, given, out: kept.update(out=(out[0] if isinstance(out, tuple) else out)[0])
    )
    try:
        rows = []
        for text in (ids, [ids[place] for place in found.order]):
            with torch.no_grad():
                network(torch.tensor([text]))
            rows.append(kept["out"].numpy())
    finally:
        hook.remove()
    before, after = rows
    for place, token in enumerate(found.order):
        expected = np.linalg.norm(after[place] - before[token]) / np.linalg.norm(before[token])
        assert found.change[0, token] == pytest.approx(expected, rel=1e-4)
    assert len(set(np.round(found.change[0], 5))) > len(ids) // 2


def test_a_change_is_written_to_the_token_and_not_to_its_place():
    before = np.array([[1.0, 0], [0, 2.0], [4.0, 0]], np.float32)
    # Token 2 stands first and changed by half; token 0 second; token 1 last, changed by all.
    after = np.array([[2.0, 0], [1.0, 0], [0, 4.0]], np.float32)
    assert change_of(before, after, [2, 0, 1]).tolist() == [0.0, 1.0, 0.5]


def test_only_words_are_shuffled():
    found = shuffled(tiny.model("llama"), TEXT, 0)
    assert found.tokens[0] == "<s>"
    assert found.order == (0, *range(len(TEXT), 0, -1))
    with pytest.raises(InspectionError, match="two different words"):
        shuffled(tiny.model("llama"), "aaaa", 1)
    with pytest.raises(InspectionError, match="no text"):
        shuffled(tiny.model("llama"), "", 1)


def test_another_number_shuffles_otherwise_and_the_same_alike():
    model = tiny.model("bert")
    assert shuffled(model, TEXT, 1).order != shuffled(model, TEXT, 2).order
    one, again = shuffled(model, TEXT, 1), shuffled(model, TEXT, 1)
    assert one.order == again.order
    np.testing.assert_array_equal(one.change, again.change)


def test_a_hybrid_is_no_bag_of_words_and_not_called_one():
    found = shuffled(networks.model(networks.qwen3_next()), TEXT, 3)
    assert found.change[-1].max() > 0.1
    assert [check.verdict for check in found.checks] in ([], ["reported"])
    assert "No attention is seen in layers 0 and 2" in found.said


def test_a_window_of_an_encoder_is_named_as_what_tells_order():
    config = hf.ModernBertConfig(
        vocab_size=261,
        hidden_size=24,
        intermediate_size=40,
        num_hidden_layers=3,
        num_attention_heads=4,
        max_position_embeddings=64,
        pad_token_id=0,
        local_attention=4,
        global_attn_every_n_layers=2,
        bos_token_id=1,
        eos_token_id=2,
        cls_token_id=1,
        sep_token_id=2,
    )
    model = networks.model(tiny.built(hf.ModernBertForMaskedLM, config), "masked")
    found = shuffled(model, TEXT, 3)
    assert [check.verdict for check in found.checks] == ["reported"]
    assert "through a window" in found.said


BERT = {
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 40,
    "max_position_embeddings": 66,
}
DEBERTA = {
    "relative_attention": True,
    "pos_att_type": ["p2c", "c2p"],
    "type_vocab_size": 0,
    "position_biased_input": False,
}


@pytest.mark.parametrize(
    ("concrete", "config", "kind"),
    [
        ("XLNetLMHeadModel", {"d_model": 24, "n_layer": 2, "n_head": 4, "d_inner": 40}, "causal"),
        ("MPNetForMaskedLM", BERT | {"pad_token_id": 1}, "masked"),
        ("DebertaV2ForMaskedLM", BERT | DEBERTA | {"pad_token_id": 0}, "masked"),
    ],
)
def test_ways_that_are_not_understood_are_switched_off_all_the_same(concrete, config, kind):
    """Vectors and biases for distances, known by being the same whatever the tokens."""
    made = getattr(hf, concrete)
    network = tiny.built(made, made.config_class(vocab_size=261, **config))
    found = shuffled(networks.model(network, kind), TEXT, 3)
    assert found.change[0].max() > 1e-3
    assert [check.verdict for check in found.checks] == ["holds"]


def test_what_cannot_be_switched_off_is_said():
    config = hf.CTRLConfig(vocab_size=261, n_embd=24, dff=40, n_layer=2, n_head=4, n_positions=64)
    with pytest.raises(InspectionError, match="Vitrine cannot switch that off"):
        shuffled(networks.model(tiny.built(hf.CTRLLMHeadModel, config)), TEXT, 3)
    mamba = hf.MambaConfig(vocab_size=261, hidden_size=24, num_hidden_layers=2, state_size=8)
    with pytest.raises(InspectionError, match=r"No attention of .* can be seen"):
        shuffled(networks.model(tiny.built(hf.MambaForCausalLM, mamba)), TEXT, 3)


@pytest.mark.sabotage("without positions and mask no token's last hidden state changes")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", ["llama", "bert", "t5", "mpt"])
def test_positions_left_on_would_be_seen(family, dtype, monkeypatch):
    text = "the dog bit the man, and the man bit it"
    model = tiny.model(family, dtype)
    assert shuffled(model, text, 0).checks[0].verdict == "holds"
    if dtype != "float32" and (family == "bert" or dtype == "bfloat16"):
        pytest.skip("what positions change in these is less than what rounding may do")
    monkeypatch.setattr(module, "without_positions", twins.twin)
    assert shuffled(model, text, 0).checks[0].verdict == "fails"


@pytest.mark.sabotage("without positions and mask no token's last hidden state changes")
def test_a_mask_left_on_would_be_seen(monkeypatch):
    monkeypatch.setattr(module, "unmask", lambda twin: None)
    monkeypatch.setattr(module, "can_be_unmasked", lambda model: True)
    assert shuffled(tiny.model("llama"), TEXT, 3).checks[0].verdict == "fails"


@pytest.mark.sabotage("without positions and mask no token's last hidden state changes")
def test_a_change_written_to_the_wrong_token_would_be_seen(monkeypatch):
    def of_the_place(before, after, order):
        return np.linalg.norm(after - before, axis=1) / np.linalg.norm(before, axis=1)

    monkeypatch.setattr(module, "change_of", of_the_place)
    assert shuffled(tiny.model("llama"), TEXT, 3).checks[0].verdict == "fails"


def test_a_blind_twin_keeps_what_is_no_position():
    """It reads the same tokens with the same weights: of one token nothing changes."""
    import torch

    for family in ("llama", "bloom", "t5", "gptj"):
        model = tiny.model(family)
        blind = without_positions(model)
        ids = torch.tensor([[9]])
        more = {"decoder_input_ids": torch.tensor([[0]])} if family == "t5" else {}
        with torch.no_grad():
            own, other = (m.network(ids, **more).logits for m in (model, blind))
        np.testing.assert_allclose(own, other, atol=1e-5)
