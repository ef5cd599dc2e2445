"""Lenses: derivatives by hand and by differences, a training that helps, and the bundled files."""

import hashlib
import json
from dataclasses import asdict
from itertools import islice
from math import log

import pytest
import torch
from safetensors import safe_open
from torch.nn import functional
from transformers import LlamaForCausalLM

from components.inspection.layers.translators import FILE, PROVENANCE, translators_of
from components.inspection.load import load_model
from components.teaching_models.lenses import CARD, FOLDER, Recipe, texts, write_lenses
from components.teaching_models.lenses_card import card
from components.teaching_models.lenses_jacobian import document_jacobians, fit_jacobians
from components.teaching_models.lenses_reading import divergences, padded, read, read_tokens
from components.teaching_models.lenses_tuned import fit_tuned
from components.teaching_models.storyteller import FOLDER as MODEL
from components.teaching_models.storyteller import Size
from components.teaching_models.tokenizer import storyteller_tokenizer

SMALL = Size(600, 24, 2, 4, 2, 8, 40, 64)
DOCUMENTS = [[0, 5, 9, 300], [0, 7], [0, 8, 8, 40, 599, 3, 12]]


@pytest.fixture(scope="module")
def tokenizer():
    return storyteller_tokenizer(size=600, sample=300)


@pytest.fixture(scope="module")
def network() -> LlamaForCausalLM:
    """A small one with random weights, so large that blocks do something."""
    torch.manual_seed(0)
    network = LlamaForCausalLM(SMALL.config())
    network.set_attn_implementation("eager")
    for weight in network.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    return network.eval().requires_grad_(False)


def test_the_jacobian_of_a_linear_network_is_the_product_of_its_matrices():
    """By hand: h1 = A h0 and h2 = B h1, so h2 changes by BA with h0, and by B with h1."""
    first, second = torch.tensor([[1.0, 2], [0, 1]]), torch.tensor([[0.0, 1], [3, 0]])
    start = torch.randn(2, 3, 2, requires_grad=True)
    middle = start @ first.T
    found = document_jacobians([start, middle, middle @ second.T], torch.ones(2, 3).bool())
    for row in found:
        assert torch.equal(row[0], torch.tensor([[0.0, 1], [3, 6]]))
        assert torch.equal(row[1], second)


def test_the_last_boundary_s_own_jacobian_is_the_identity():
    stream = torch.randn(1, 4, 3, requires_grad=True)
    found = document_jacobians([stream, stream * 1], torch.ones(1, 4).bool())
    assert torch.equal(found[0, 0], torch.eye(3))


def test_effects_on_later_tokens_are_summed_and_tokens_averaged():
    """By hand: each token of the last stream is the sum of those so far. A change at the first of
    three counted ones shows in three, at the second in two, at the third in one: 2 on average."""
    start = torch.randn(2, 5, 2, requires_grad=True)
    counted = torch.tensor([[False, True, True, True, False], [False, False, True, False, False]])
    found = document_jacobians([start, start.cumsum(1)], counted)
    assert torch.equal(found[0, 0], 2 * torch.eye(2))
    assert torch.equal(found[1, 0], torch.eye(2))


def test_derivatives_agree_with_differences(network):
    """A direction is added to a stream at one token, and the network itself goes on from there."""
    fine = LlamaForCausalLM(SMALL.config())
    fine.load_state_dict(network.state_dict())
    fine = fine.double().eval().requires_grad_(False)
    ids, counted = padded([DOCUMENTS[0]])
    counted[:, 0] = False
    found = document_jacobians(read(fine, ids, gradients=True), counted)[0]
    step = 1e-3  # the norms compute in float32, which a smaller one would drown in

    def last(boundary: int, token: int, change: torch.Tensor) -> torch.Tensor:
        def add(_module, args):
            stream = args[0].clone()
            stream[0, token] += change
            return (stream, *args[1:])

        hook = fine.model.layers[boundary].register_forward_pre_hook(add)
        try:
            return read(fine, ids)[-1][0, counted[0]].sum(0)
        finally:
            hook.remove()

    generator = torch.Generator().manual_seed(3)
    for boundary in (0, 1):
        direction = torch.randn(24, generator=generator).double()
        slopes = [
            (last(boundary, token, step * direction) - last(boundary, token, -step * direction))
            / (2 * step)
            for token in (1, 2, 3)
        ]
        largest = float(found[boundary].abs().max())
        torch.testing.assert_close(
            found[boundary] @ direction, sum(slopes) / 3, rtol=1e-3, atol=1e-3 * largest
        )


def test_what_is_read_is_the_stream_and_its_last_one_gives_the_logits(network):
    ids, counted = padded(DOCUMENTS)
    streams = read(network, ids)
    plain = network(input_ids=ids, output_hidden_states=True)
    assert len(streams) == 3
    for ours, theirs in zip(streams[:-1], plain.hidden_states[:-1], strict=True):
        assert torch.equal(ours, theirs)
    assert torch.equal(network.lm_head(network.model.norm(streams[-1])), plain.logits)
    alone = [read(network, torch.tensor([row])) for row in sorted(DOCUMENTS, key=len)]
    for boundary, together in enumerate(read_tokens(network, DOCUMENTS)):
        assert len(together) == int(counted.sum()) == 13
        apart = torch.cat([streams[boundary][0] for streams in alone])
        torch.testing.assert_close(together, apart, rtol=1e-4, atol=1e-4)


def test_what_a_document_is_padded_with_changes_nothing(network):
    together = fit_jacobians(network, DOCUMENTS, 3)
    apart = [fit_jacobians(network, [row], 1).mean for row in DOCUMENTS]
    mean = torch.stack(apart).mean(0)
    torch.testing.assert_close(together.mean, mean, rtol=1e-3, atol=1e-4)
    # The error of a mean of three, by the formula of every textbook.
    spread = torch.stack([(one - mean).square().sum((1, 2)) for one in apart]).sum(0) / 2
    by_hand = (spread / 3).sqrt() / mean.square().sum((1, 2)).sqrt()
    assert together.standard_error == pytest.approx(by_hand.tolist(), rel=1e-3)


def test_at_the_same_place_is_all_there_is_where_no_other_place_is(network):
    pair, longer = [DOCUMENTS[1]], [DOCUMENTS[2]]
    later, here = (fit_jacobians(network, pair, 1, seed).mean for seed in (None, 1))
    assert torch.equal(later, here)
    later, here = (fit_jacobians(network, longer, 1, seed).mean for seed in (None, 1))
    assert not torch.allclose(later, here, atol=1e-2)


def test_a_divergence_is_torch_s_own_per_token_in_bits(network):
    generator = torch.Generator().manual_seed(0)
    matrices = torch.randn(2, 24, 24, generator=generator)
    biases = torch.randn(2, 24, generator=generator)
    found, tokens = divergences(network, DOCUMENTS, {"x": (matrices, biases)}, 2)
    assert tokens == 13
    total = torch.zeros(3)
    for row in DOCUMENTS:
        hidden = network(input_ids=torch.tensor([row]), output_hidden_states=True)
        own = hidden.logits[0].log_softmax(-1)
        for boundary in (0, 1):
            stream = hidden.hidden_states[boundary][0]
            moved = torch.stack([matrices[boundary] @ one + biases[boundary] for one in stream])
            lens = network.lm_head(network.model.norm(moved)).log_softmax(-1)
            total[boundary] += functional.kl_div(lens, own, reduction="sum", log_target=True)
    assert found["x"] == pytest.approx((total / 13 / log(2)).tolist(), rel=1e-4)


def test_training_brings_each_boundary_nearer_to_the_answer(network, tokenizer):
    matrices, biases, tokens = fit_tuned(network, texts(tokenizer, 1), 15, 4, 1e-2)
    assert tokens == sum(map(len, islice(texts(tokenizer, 1), 60)))
    own = torch.eye(24)
    lenses = {"logit": (own.expand_as(matrices), None), "tuned": (own + matrices, biases)}
    found, _ = divergences(network, islice(texts(tokenizer, 2, held_out=True), 20), lenses, 8)
    for before, after in zip(found["logit"][:-1], found["tuned"][:-1], strict=True):
        assert after < before


def test_the_same_recipe_gives_the_same_files(network, tokenizer, tmp_path):
    network.save_pretrained(tmp_path / "model")
    tokenizer.save_pretrained(tmp_path / "model")
    recipe = Recipe(7, 2, 2, 1e-2, jacobian_documents=2, jacobian_batch=2, held_out=2)
    for name in ("one", "two"):
        write_lenses(tmp_path / name, recipe, tmp_path / "model")
    for file in (FILE, CARD):
        one, two = ((tmp_path / name / file).read_bytes() for name in ("one", "two"))
        assert one == two, file
    assert told(tmp_path / "one")["recipe"] == asdict(recipe)


def told(folder) -> dict:
    """What the file says of itself."""
    with safe_open(folder / FILE, framework="pt") as opened:
        return json.loads(opened.metadata()[PROVENANCE])


def test_the_bundled_lenses_are_of_the_bundled_model_and_this_recipe():
    found = told(FOLDER)
    assert found["recipe"] == asdict(Recipe())
    model = (MODEL / "model.safetensors").read_bytes()
    assert found["file"] == hashlib.sha256(model).hexdigest()
    assert (FOLDER / CARD).read_text(encoding="utf-8") == card(found)


def test_the_bundled_lenses_fit_fresh_texts_as_well_as_the_card_says():
    model = load_model("storyteller", "cpu", "float32")
    lenses = {}
    for kind in ("tuned", "jacobian"):
        *found, last = translators_of(model, kind)
        assert last is None
        lenses[kind] = (
            torch.stack([torch.from_numpy(one.matrix) for one in found]),
            torch.stack([torch.from_numpy(one.bias) for one in found]),
        )
    lenses["logit"] = (torch.eye(256).expand(4, 256, 256), None)
    fresh = islice(texts(model.tokenizer, 4_000_000, held_out=True), 24)
    found, tokens = divergences(model.network, fresh, lenses, 24)
    assert tokens > 500
    for before, after in zip(found["logit"][:-1], found["tuned"][:-1], strict=True):
        assert after < before
    for kind, bits in found.items():
        assert bits == pytest.approx(told(FOLDER)["held_out"][kind], rel=0.35, abs=0.01), kind
