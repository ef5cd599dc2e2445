"""all-MiniLM-L6-v2 embeds as it was made to: its published cosines; and SmolLM2, which was not."""

import json

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from components.inspection.embeddings.own_encoder import OwnEncoder, own_encoder
from components.inspection.embeddings.padding import padding_sides
from components.inspection.embeddings.sentences import embed
from components.inspection.embeddings.similarity import cosines_of, under_each_pooling
from components.inspection.embeddings.token_vectors import token_vectors
from pages.text.embeddings.corpus import EXAMPLE, bundled
from tests.real.models import MINILM, fetched


def test_how_it_embeds_is_read_from_its_folder(minilm):
    folder = fetched(MINILM)
    steps = [one["path"] for one in json.loads((folder / "modules.json").read_text())]
    assert steps == ["", "1_Pooling", "2_Normalize"]
    assert own_encoder(minilm) == OwnEncoder("mean", normalised=True, longest=256)


def test_cosines_are_those_that_its_makers_publish(minilm):
    """Source: sentence-transformers' quickstart (sbert.net), `model.similarity` of these three."""
    found = embed(
        minilm,
        ("The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."),
    )
    published = [[1, 0.6660, 0.1046], [0.6660, 1, 0.1411], [0.1046, 0.1411, 1]]
    np.testing.assert_allclose(found.vectors @ found.vectors.T, published, atol=6e-5)


def test_vectors_are_those_of_its_makers_definition_in_plain_transformers(minilm):
    """Mean over the mask, then length 1, of one padded batch."""
    sentences = bundled().sentences[::9]
    folder = fetched(MINILM)
    given = AutoTokenizer.from_pretrained(folder)(
        list(sentences), padding=True, truncation=True, max_length=256, return_tensors="pt"
    )
    with torch.no_grad():
        states = AutoModel.from_pretrained(folder).eval()(**given).last_hidden_state
    mask = given.attention_mask[..., None]
    mean = (states * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
    wanted = torch.nn.functional.normalize(mean, dim=1).numpy()
    found = embed(minilm, sentences)
    np.testing.assert_allclose(found.vectors, wanted, atol=1e-6)
    assert found.checks[0].holds
    assert found.tokens.max() < 30, "the stored padding makes 128"


def test_a_cat_and_a_feline_are_near_and_a_car_is_far(minilm):
    cosines = cosines_of(embed(minilm, tuple(EXAMPLE.splitlines())).vectors)
    assert cosines[0, 1] > 0.6
    assert max(cosines[0, 2], cosines[1, 2]) < 0.1


def test_kinds_stand_apart_under_its_own_pooling_most(minilm):
    corpus = bundled()
    mean, cls, last = under_each_pooling(minilm, corpus.sentences, corpus.kinds)
    assert mean.means.nearest > 0.99
    assert mean.means.nearest > max(cls.means.nearest, last.means.nearest)
    assert mean.means.within - mean.means.between > 0.2
    assert abs(mean.means.every) < 0.2 < cls.means.every


def test_a_decoder_that_was_never_trained_for_it_points_one_way(smollm2):
    corpus = bundled()
    sentences, kinds = corpus.sentences[::9], corpus.kinds[::9]
    mean, cls, last = under_each_pooling(smollm2, sentences, kinds)
    assert mean.means.every > 0.8
    assert mean.means.within > mean.means.between
    # No start token is added: of sentences that begin alike the first vectors are the same.
    assert cls.cosines.max() == pytest.approx(1, abs=1e-5)
    assert last.means.every > 0.8


@pytest.mark.parametrize("name", ["minilm", "smollm2"])
def test_padding_and_tokens(name, request):
    model = request.getfixturevalue(name)
    sentences = bundled().sentences[::40]
    found = padding_sides(model, sentences)
    assert [str(check) for check in found.checks if not check.holds] == []
    apart = {side.name: side.apart for side in found.sides}
    assert apart["right, masked; last place"] > 0.05
    # Learned positions are shifted by padding on the left, rotary ones are not.
    assert (apart["left, masked; last place"] > 0.05) == (name == "minilm")
    assert token_vectors(model, sentences[0]).checks[0].holds
