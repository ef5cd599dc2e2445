"""How a network marks positions is measured on it, whatever its name; the sentence is true."""

import numpy as np
import pytest
import torch
import transformers as hf

from components.inspection.attention.rotation import unrotated
from components.inspection.positions import fitting
from components.inspection.positions.measured import before_rotation, position_code
from components.inspection.positions.words import said
from components.inspection.premises import measured
from tests import tiny
from tests.inspection.positions import networks
from tests.inspection.positions.tools import state_of

DTYPES = ["float32", "bfloat16", "float16"]
ROTATING = {
    "llama",
    "mistral",
    "qwen2",
    "qwen3",
    "gemma2",
    "gemma3",
    "phi3",
    "phi",
    "gpt_neox",
    "gpt_neox_serial",
    "gptj",
    "olmo2",
    "falcon",
    "mixtral",
    "qwen3_moe",
}
ADDING = {"gpt2", "gpt_neo", "opt", "bert", "distilbert", "roberta", "bert_classifier", "bart"}
FALLING = {"falcon_alibi", "bloom", "mpt"}
SILENT = "and marks none, over a dozen tokens,"
UNSEEN = (
    "and has no attention that can be seen in layers 0 and 2, which may tell order in a way of "
    "their own"
)
BEYOND = (
    "is handed angles by which to turn, and does more with them than turn its queries and keys, in "
    "a way that Vitrine cannot take apart"
)
TURNS = "rotates its queries and keys by position (RoPE)"


def test_every_tiny_family_is_told():
    assert ROTATING | ADDING | FALLING | {"t5"} == set(tiny.FAMILIES)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_each_family_is_told_as_it_is(family, dtype):
    model = tiny.model(family, dtype)
    before = state_of(model)
    expected = (
        TURNS
        if family in ROTATING
        else "adds a vector for its position to each token's embedding"
        if family in ADDING
        else "takes off each score in proportion to the distance (ALiBi)"
        if family in FALLING
        else "adds to each score a number for the distance, as T5's buckets do"
    )
    assert said(model) == f"'tiny-{family}' {expected}."
    premise = measured(model, "rotation")
    assert premise.holds == (family in ROTATING)
    # Only of what the table says is more claimed than is so: nowhere.
    assert premise.holds or not premise.claimed
    assert position_code(model).first.by_distance_alone == (family not in ADDING)
    assert state_of(model) == before


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("network", "says"),
    [
        (networks.smollm3, f"{TURNS} in layers 0 and 2, {SILENT} in the attention of layer 1"),
        (networks.qwen3_next, f"{TURNS} in layer 1, {UNSEEN}"),
        (networks.deepseek_v2, TURNS),
        (networks.deepseek_v3, TURNS),
        (lambda: networks.of("Cohere"), TURNS),
        (lambda: networks.of("NanoChat"), TURNS),
        (lambda: networks.of("HunYuanDenseV1"), BEYOND),
    ],
)
def test_families_without_a_row_are_told_as_they_are(network, says, dtype):
    model = networks.model(network(), dtype=dtype)
    assert said(model) == f"'{model.source}' {says}."


def test_a_network_that_scales_its_queries_by_position_is_told():
    """Ministral 3 does so from 16,384 tokens on: a text of a dozen is told to stand far apart."""
    for dtype in DTYPES:
        network = networks.of(
            "Ministral3",
            rope_parameters={
                "rope_type": "default",
                "rope_theta": 10_000.0,
                "llama_4_scaling_beta": 0.1,
                "original_max_position_embeddings": 16_384,
            },
        )
        model = networks.model(network, dtype=dtype)
        assert said(model) == (
            f"'tiny-ministral3' {TURNS}, and makes its queries longer or shorter by their position."
        )
        assert not position_code(model).first.by_distance_alone


def test_a_rotation_that_cannot_be_intercepted_is_told_to_be_one():
    """A family that computes cos and sin where nobody can see them."""
    network = tiny.network("llama")

    class Hidden(torch.nn.Module):
        def forward(self, *_args, **_kwargs):
            return None

    rotary = network.model.rotary_emb
    network.model.rotary_emb = Hidden()
    for layer in network.model.layers:
        attend = layer.self_attn.forward

        def forward(hidden_states, position_embeddings=None, attend=attend, **kwargs):
            places = torch.arange(hidden_states.shape[1])[None]
            turns = rotary(hidden_states, places)
            return attend(hidden_states, position_embeddings=turns, **kwargs)

        layer.self_attn.forward = forward
    model = networks.model(network)
    assert said(model) == (
        "'tiny-llama' rotates its queries and keys by position, in a way that Vitrine cannot take "
        "apart."
    )
    premise = measured(model, "rotation")
    assert not premise.holds
    # The table says RoPE, and that cannot be shown: red.
    assert premise.claimed


def test_a_network_without_positions_is_told_to_have_none():
    config = hf.SmolLM3Config(
        **{k: v for k, v in tiny.FAMILIES["llama"][3].items() if k != "head_dim"},
        no_rope_layers=[0, 0, 0],
    )
    model = networks.model(tiny.built(hf.SmolLM3ForCausalLM, config))
    assert said(model) == (
        "'tiny-smollm3' marks no positions, over a dozen tokens: only its causal mask tells order."
    )


@pytest.mark.parametrize("relative", [False, True])
def test_deberta_s_further_products_are_told(relative):
    config = hf.DebertaV2Config(
        vocab_size=261,
        hidden_size=24,
        intermediate_size=40,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=64,
        pad_token_id=0,
        type_vocab_size=0,
        relative_attention=relative,
        pos_att_type=["p2c", "c2p"] if relative else None,
        position_biased_input=not relative,
    )
    found = said(networks.model(tiny.built(hf.DebertaV2ForMaskedLM, config), "masked"))
    if relative:
        assert "products of vectors in each score, which Vitrine cannot take apart" in found
    else:
        assert "adds a vector for its position to each token's embedding" in found
    assert "turns" not in found


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", sorted(ROTATING - {"falcon"}))
def test_the_vectors_before_are_what_the_projections_give(family, dtype):
    """The attention page's steps call this; a rotation at position 0 turns nothing."""
    model = tiny.model(family, dtype)
    ids = model.encode("to be, or")
    queries, keys = before_rotation(model, ids, 1)
    assert unrotated(model, ids, 1) is not None
    assert queries.shape[1] == keys.shape[1] == len(ids)
    if family in ("llama", "mistral", "qwen2", "mixtral"):
        kept = {}
        attention = model.network.model.layers[1].self_attn
        hooks = [
            getattr(attention, name).register_forward_hook(
                lambda module, given, out, name=name: kept.update({name: out[0]})
            )
            for name in ("q_proj", "k_proj")
        ]
        try:
            with torch.no_grad():
                model.network(torch.tensor([ids]))
        finally:
            for hook in hooks:
                hook.remove()
        for name, ours in (("q_proj", queries), ("k_proj", keys)):
            theirs = kept[name].unflatten(-1, (-1, 6)).transpose(0, 1).float().numpy()
            np.testing.assert_array_equal(ours, theirs)


def test_where_nothing_is_turned_there_is_nothing_before_it():
    assert before_rotation(tiny.model("gpt2"), [5, 6, 7], 0) is None
    assert before_rotation(networks.model(networks.smollm3()), [5, 6, 7], 1) is None
    assert before_rotation(networks.model(networks.qwen3_next()), [5, 6, 7], 0) is None


def test_angles_are_read_off_in_full_precision_where_they_are_handed_over_in_16_bits():
    whole = position_code(tiny.model("llama")).first.at(1)
    network = tiny.network("llama", "bfloat16")
    # As `from_pretrained` leaves it: weights in 16 bits, frequencies not.
    network.model.rotary_emb = type(network.model.rotary_emb)(network.config)
    half = position_code(networks.wrapped(network, tiny.tokenizer(), "causal", "half")).first.at(1)
    np.testing.assert_allclose(half.rope.frequencies, whole.rope.frequencies, rtol=1e-6)


@pytest.mark.sabotage(
    "turned by these angles, queries and keys become those the network multiplies"
)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("wrong", ["late", "swapped", "longer"])
def test_the_premise_turns_red_if_our_rotation_is_not_the_network_s(wrong, dtype, monkeypatch):
    rotated = fitting.rotated

    def otherwise(vectors, positions, rope):
        if wrong == "late":
            positions = positions + 1
        if wrong == "longer":
            vectors = vectors * 1.2
        out = rotated(vectors, positions, rope)
        return out[..., ::-1] if wrong == "swapped" else out

    monkeypatch.setattr(fitting, "rotated", otherwise)
    model = networks.model(networks.llama(), dtype=dtype)
    premise = measured(model, "rotation")
    assert premise.check.verdict == "fails"
    assert premise.claimed
    assert "cannot take apart" in premise.otherwise
