"""Perplexity past the trained length: as a plain pass has it, and told as it is measured."""

import numpy as np
import pytest
import torch
import transformers as hf

from components.inspection.errors import InspectionError
from components.inspection.positions.context_extension import extended, target
from components.inspection.positions.extension_methods import ContextExtension
from components.inspection.positions.growth import SCORED, Growth, growth, lengths_for, stories
from tests import tiny
from tests.inspection.positions import networks
from tests.inspection.positions.tools import state_of

DTYPES = ["float32", "bfloat16", "float16"]


def logits(network: torch.nn.Module, ids: list[int], positions: object = None) -> np.ndarray:
    arguments = {} if positions is None else {"position_ids": positions}
    with torch.no_grad():
        return network(torch.tensor([ids]), **arguments).logits[0].numpy()


def test_lengths_go_from_half_the_context_to_four_times_it():
    assert lengths_for(512, 10_000) == (256, 384, 512, 640, 768, 1024, 1280, 1536, 2048)
    assert lengths_for(512, 700)[-1] == 640
    assert lengths_for(2048, 10**6)[-1] == 4096


def test_perplexity_is_that_of_a_plain_pass_over_the_last_tokens():
    model = tiny.model("llama")
    text = "".join(chr(97 + (i * i) % 26) for i in range(260))
    *_, found = growth(model, text, (ContextExtension("trained"), ContextExtension("yarn", 4.0)))
    assert found.done == 1
    assert found.context == 64
    ids = torch.tensor([model.ids_of(text)[-found.lengths[1] :]])
    labels = ids.clone()
    labels[:, :-SCORED] = -100
    with torch.no_grad():
        loss = model.network(ids, labels=labels).loss
    assert found.perplexity[0, 1] == pytest.approx(float(loss.exp()), rel=1e-4)
    assert (found.perplexity[0] != found.perplexity[1]).all()


def test_the_shared_model_is_untouched_by_a_measurement():
    model = tiny.model("llama")
    before = state_of(model)
    for _ in growth(
        model, "ab" * 150, (ContextExtension("dynamic", 4.0), ContextExtension("longrope", 4.0))
    ):
        pass
    assert state_of(model) == before


@pytest.mark.parametrize(
    ("family", "text", "said"),
    [
        ("llama", "short", "Take a longer text"),
        ("gpt2", "x" * 300, "adds a vector for its position"),
        ("bert", "x" * 300, "adds a vector for its position"),
        ("llama", "a\ud800", "half of a surrogate pair"),
    ],
)
def test_what_cannot_be_measured_is_explained(family, text, said):
    with pytest.raises(InspectionError, match=said):
        list(growth(tiny.model(family), text, (ContextExtension("trained"),)))


def test_the_stories_are_longer_than_four_contexts_of_the_bundled_model():
    model = tiny.model("llama")
    assert stories(model).count("</s>") > 20
    assert target(model).rope.context == 64


@pytest.mark.parametrize("family", ["llama", "gptj", "falcon"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_past_the_trained_length_every_family_can_be_read(family, dtype):
    """GPT-J keeps a table of 64 positions, which is made longer."""
    *_, found = growth(
        tiny.model(family, dtype),
        "ab" * 150,
        (ContextExtension("trained"), ContextExtension("linear", 4.0)),
    )
    assert found.lengths[-1] == 256
    assert np.isfinite(found.perplexity).all()
    # Random weights: about as many tokens as there are, however long the text.
    assert 50 < found.perplexity.min() < 2000


def test_a_kept_table_made_longer_goes_on_as_it_began():
    model = tiny.model("gptj")
    ids = model.ids_of("ab" * 50)[:100]
    longer = extended(model, ContextExtension("trained"), 100).network
    table = longer.transformer.h[1].attn.embed_positions
    own = model.network.transformer.h[1].attn.embed_positions
    assert len(table) == 100
    np.testing.assert_allclose(table[:64], own, atol=1e-6)
    config = hf.GPTJConfig(**tiny.FAMILIES["gptj"][3] | {"n_positions": 100})
    whole = hf.GPTJForCausalLM(config).eval()
    whole.load_state_dict(model.network.state_dict())
    np.testing.assert_allclose(logits(longer, ids), logits(whole, ids), atol=1e-4)


def test_what_perplexity_does_past_the_trained_length_is_computed():
    lengths = (32, 64, 128)
    rng = np.random.default_rng(0)
    start = rng.uniform(1, 3, SCORED).astype(np.float32)

    def known(change: float, noise: float) -> str:
        end = start + change + noise * rng.standard_normal(SCORED).astype(np.float32)
        losses = np.stack([start, start, end])[None]
        return Growth(64, lengths, (ContextExtension("trained"),), losses).beyond(0)

    assert known(0.5, 0.1) == "rises"
    assert known(-0.5, 0.1) == "falls"
    assert known(0.01, 1.0) == "stays"
    unfinished = np.stack([start, start, start * np.nan])[None]
    assert Growth(64, lengths, (ContextExtension("trained"),), unfinished).beyond(0) == ""


def test_a_model_that_adds_positions_has_none_past_its_context():
    """A Llama to whose embeddings positions are added as well."""
    network = networks.llama()
    rows = torch.nn.Embedding(64, 24)
    own = network.model.embed_tokens.forward
    network.model.embed_tokens.forward = lambda ids: own(ids) + rows(torch.arange(ids.shape[1]))
    with pytest.raises(InspectionError, match="no positions past its context"):
        list(growth(networks.model(network), "ab" * 100, (ContextExtension("trained"),)))
