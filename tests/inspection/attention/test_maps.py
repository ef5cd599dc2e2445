"""Weights, masks and windows, against transformers' own and by hand."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from components.inspection.attention.combine import max_over_heads, mean_over_heads, rollout
from components.inspection.attention.maps import AttentionMaps, attention_maps, groups
from components.inspection.attention.window import window_at
from components.inspection.errors import InspectionError
from tests import tiny

TEXT = "the cat, the cat"


def maps_for(weights: np.ndarray, group="decoder") -> AttentionMaps:
    """Maps of the given weights [layer, head, reader, read], everything visible."""
    readers, read = weights.shape[-2:]
    names = tuple("abcdefghij")
    each = tuple((place, place + 1) for place in range(max(readers, read)))
    return AttentionMaps(
        group,
        tuple(range(len(weights))),
        names[:readers],
        names[:read],
        tuple(range(readers)),
        each[:readers],
        each[:read],
        weights.astype(np.float32),
        np.ones((len(weights), readers, read), bool),
        weights.shape[1],
        (),
    )


@pytest.mark.parametrize("family", ["gpt2", "llama", "gemma2", "falcon", "bert"])
def test_the_weights_are_those_that_transformers_reports(family):
    model = tiny.model(family)
    (group,) = groups(model)
    ours = attention_maps(model, TEXT, None, group).weights
    with torch.no_grad():
        ids = torch.tensor([model.encode(TEXT)])
        theirs = tiny.network(family)(ids, output_attentions=True).attentions
    np.testing.assert_allclose(ours, torch.cat(theirs).numpy(), atol=1e-6)


@pytest.mark.parametrize("family", ["t5", "bart"])
@pytest.mark.parametrize("group", ["encoder", "decoder", "cross"])
def test_each_attention_of_two_towers_is_kept_apart(family, group):
    model = tiny.model(family)
    ours = attention_maps(model, TEXT, "dog", group)
    ids = torch.tensor([model.encode(TEXT)])
    start = torch.tensor([[model.decoder_start, *model.encode_target("dog")]])
    with torch.no_grad():
        output = tiny.network(family)(
            input_ids=ids, decoder_input_ids=start, output_attentions=True
        )
    field = "cross_attentions" if group == "cross" else f"{group}_attentions"
    np.testing.assert_allclose(ours.weights, torch.cat(output[field]).numpy(), atol=1e-6)
    assert (len(ours.readers), len(ours.read)) == {
        "encoder": (17, 17),
        "decoder": (4, 4),
        "cross": (4, 17),
    }[group]


def test_the_mask_of_a_decoder_is_a_triangle_and_of_an_encoder_a_square(tiny_causal, tiny_masked):
    causal = attention_maps(tiny_causal, "abcd", None, "decoder").visible
    np.testing.assert_array_equal(causal, np.broadcast_to(np.tri(5, dtype=bool), (3, 5, 5)))
    assert attention_maps(tiny_masked, "abcd", None, "encoder").visible.all()


def test_a_sliding_window_shows_in_the_layers_that_have_one():
    visible = attention_maps(tiny.model("gemma2"), "abcdefghijkl", None, "decoder").visible
    assert visible.sum(-1).max(-1).tolist() == [5, 13, 5]


def test_a_model_without_the_asked_attention_says_what_it_has(tiny_causal):
    with pytest.raises(InspectionError, match=r"no cross attention; it has: decoder"):
        attention_maps(tiny_causal, TEXT, None, "cross")


def test_one_token_is_enough(tiny_causal):
    maps = attention_maps(tiny_causal, [5], None, "decoder")
    np.testing.assert_array_equal(maps.weights, np.ones((3, 4, 1, 1), np.float32))


def test_a_prompt_past_the_context_is_explained(tiny_causal):
    with pytest.raises(InspectionError, match="shorten it by"):
        attention_maps(tiny_causal, "x" * 100, None, "decoder")


sizes = st.integers(1, 500)


@settings(deadline=None)
@given(st.integers(0, 600), sizes, sizes, st.integers(1, 128), st.booleans())
def test_a_window_is_inside_the_text_and_as_large_as_it_may_be(start, readers, read, most, same):
    read = readers if same else read
    window = window_at(start, readers, read, most, same)
    assert 0 <= window.first_row < window.last_row <= readers
    assert 0 <= window.first_column < window.last_column <= read
    assert window.last_row - window.first_row == min(most, readers)
    assert window.last_column - window.first_column == min(most, read)
    if same:
        assert window.rows == window.columns
    if start + most <= readers:
        assert window.first_row == start


def test_mean_and_maximum_over_heads_by_hand():
    maps = maps_for(np.array([[[[0.2, 0.8], [0.6, 0.4]], [[0.4, 0.6], [1.0, 0.0]]]]))
    np.testing.assert_allclose(mean_over_heads(maps, 0), [[0.3, 0.7], [0.8, 0.2]], rtol=1e-6)
    np.testing.assert_allclose(max_over_heads(maps, 0), [[0.4, 0.8], [1.0, 0.4]], rtol=1e-6)


def test_rollout_by_hand():
    # Two layers of one head. Below, everybody looks at the first token; above, at the second.
    first, second = np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([[0.0, 1.0], [0.0, 1.0]])
    maps = maps_for(np.stack([first[None], second[None]]))
    np.testing.assert_allclose(rollout(maps, 0), [[1, 0], [0.5, 0.5]])
    # From the first token: half stays there, half goes to the second, of which half goes back.
    np.testing.assert_allclose(rollout(maps, 1), [[0.75, 0.25], [0.5, 0.5]])


@pytest.mark.parametrize("family", ["llama", "bert", "gpt2"])
def test_rollout_shares_out_exactly_one(family):
    model = tiny.model(family)
    maps = attention_maps(model, TEXT, None, groups(model)[0])
    np.testing.assert_allclose(rollout(maps, maps.layers - 1).sum(-1), 1, rtol=1e-5)


def test_rollout_refuses_cross_attention():
    maps = attention_maps(tiny.model("t5"), TEXT, "dog", "cross")
    with pytest.raises(InspectionError, match="another stack"):
        rollout(maps, 0)
