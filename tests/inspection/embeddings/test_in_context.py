"""A word in several sentences: the vectors of plain transformers, and what is said of them."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from components.inspection.embeddings import in_context, paths
from components.inspection.embeddings.in_context import (
    AHEAD,
    cosines_of,
    stage_name,
    word_in_context,
)
from components.inspection.embeddings.occurrences import first_whole, occurrences, whole_in
from components.inspection.errors import InspectionError
from components.inspection.load import load_model
from tests import tiny
from tests.inspection import breaking

TWO = ("to be or not", "or be it now")
BANK = ("He went to the bank to deposit money", "She sat on the river bank")
PLAY = (
    "They liked to play in the garden.",
    "The play was wonderful.",
    "Mary wanted to play by the lake.",
    "Yesterday the play was boring.",
)
ADDED = {"gpt2", "gpt_neo", "opt", "bert", "bert_classifier", "distilbert", "roberta", "bart"}
BOTH_WAYS = {"bert", "bert_classifier", "distilbert", "roberta", "t5", "bart"}


@pytest.fixture(scope="module")
def storyteller():
    return load_model("storyteller", "cpu")


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_one_vector_in_the_table_and_another_in_each_sentence(family):
    """Where positions are added, the word at another place differs before the first block."""
    found = word_in_context(tiny.model(family), TWO, "be")
    assert found.cosines[0, 0, 1] == pytest.approx(1)
    # Random encoders that norm each sum make all tokens alike: look at the numbers themselves.
    assert np.abs(found.hidden[0, -1] - found.hidden[1, -1]).max() > 1e-4
    assert found.one_way == (family not in BOTH_WAYS)
    assert {check.verdict for check in found.checks} <= {"holds", "reported"}
    assert len(found.checks) == 3
    moved = word_in_context(tiny.model(family), ("be it be",), "be")
    assert (moved.cosines[1, 0, 1] < 1 - 1e-4) == (family in ADDED)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("family", ["llama", "bert", "t5"])
def test_in_sixteen_bits_too(family, dtype):
    found = word_in_context(tiny.model(family, dtype), TWO, "be")
    assert {check.verdict for check in found.checks} <= {"holds", "reported"}


def test_the_vectors_are_those_of_plain_transformers(storyteller):
    found = word_in_context(storyteller, PLAY, "play")
    for at, one in enumerate(found.found):
        ids = storyteller.tokenizer(one.text, return_tensors="pt").input_ids
        with torch.no_grad():
            hidden = storyteller.network(ids, output_hidden_states=True).hidden_states
        ours = found.hidden[at]
        theirs = np.stack([each[0, list(one.places)].mean(0).numpy() for each in hidden])
        np.testing.assert_allclose(ours[:-1], theirs[:-1], atol=1e-5)  # the last one is normed


def test_a_word_in_pieces_is_their_mean(storyteller):
    found = word_in_context(storyteller, BANK, "bank")
    assert found.found[0].pieces == (" b", "ank")
    table = storyteller.network.get_input_embeddings().weight
    expected = table[list(found.found[0].ids)].mean(0).numpy()
    np.testing.assert_allclose(found.table[0], expected, atol=1e-6)
    assert found.cosines[0, 0, 1] == pytest.approx(1)
    assert found.cosines[-1, 0, 1] < 0.8


def test_in_the_middle_layers_the_storyteller_tells_the_two_plays_apart(storyteller):
    """And no more after its last one, which is about the token that comes next."""
    found = word_in_context(storyteller, PLAY, "play")
    middle = found.cosines[len(found.cosines) // 2]
    like = [middle[0, 2], middle[1, 3]]
    unlike = [middle[0, 1], middle[0, 3], middle[1, 2], middle[2, 3]]
    assert min(like) > max(unlike) + 0.05
    last = found.cosines[-1]
    assert last[0, 2] < max(last[0, 1], last[1, 2])
    assert found.alike(3) == (0, 2)


def test_the_same_beginning_gives_the_same_vector_where_tokens_see_one_way(storyteller):
    text = "Tom had a red cup and an orange"
    found = word_in_context(storyteller, (text, f"{text} kite"), "orange")
    np.testing.assert_allclose(found.cosines[:, 0, 1], 1, atol=1e-5)
    encoder = word_in_context(tiny.model("bert"), ("ab c", "ab cd"), "ab")
    assert np.abs(encoder.hidden[0, -1] - encoder.hidden[1, -1]).max() > 1e-4


def test_where_a_word_stands_is_found_by_letters_not_by_tokens(storyteller):
    text = "Play! They played, and play's end: PLAY."
    found = occurrences(storyteller, (text,), "play")
    assert [text[one.start : one.end] for one in found] == ["Play", "play", "PLAY"]
    assert [one.sentence for one in found] == [0, 0, 0]
    for one in found:
        assert "".join(one.pieces).strip() == text[one.start : one.end]


def test_the_first_offer_whose_word_is_whole_is_taken(storyteller):
    assert not whole_in(storyteller, BANK, "bank")
    assert whole_in(storyteller, PLAY, "play")
    assert first_whole(storyteller, ((BANK, "bank"), (PLAY, "play"))) == 1
    assert first_whole(tiny.model("llama"), ((BANK, "bank"),)) == 0


@pytest.mark.parametrize(
    ("sentences", "word", "why"),
    [
        ((), "be", "none of your sentences"),
        (("to be",), "be", "one place"),
        (("a b", "c d"), "be", "none"),
        (TWO, "", "missing"),
        (("be",) * 25, "be", "at most 24"),
        (("be " * 10,) * 3, "be", "at most 24 are compared"),
        (("be " + "x" * 300, "be"), "be", "long"),
    ],
)
def test_what_cannot_be_compared_is_a_sentence(sentences, word, why):
    with pytest.raises(InspectionError, match=why):
        word_in_context(tiny.model("llama"), sentences, word)


def test_several_streams_side_by_side_are_refused(monkeypatch):
    model = tiny.model("llama")
    own = in_context.record

    def without(*args, **named):
        seen = own(*args, **named)
        return replace(seen, stacks=tuple(replace(one, residual=None) for one in seen.stacks))

    monkeypatch.setattr(in_context, "record", without)
    with pytest.raises(InspectionError, match="side by side"):
        word_in_context(model, TWO, "be")


def test_the_ways_begin_at_one_point_and_are_those_of_scikit_learn(storyteller):
    from sklearn.decomposition import PCA

    found = paths.paths(storyteller, PLAY, "play", True)
    assert found.stages == (0, 1, 2, 3, 4, 5)
    np.testing.assert_allclose(found.points[:, 0], found.points[:1, 0].repeat(4, 0), atol=1e-5)
    vectors = np.concatenate([found.of.table[:, None], found.of.hidden], axis=1)
    units = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    pca = PCA(2).fit(units.reshape(24, -1))
    theirs = pca.transform(units.reshape(24, -1)).reshape(4, 6, 2)
    np.testing.assert_allclose(np.abs(found.points), np.abs(theirs), atol=1e-4)
    assert found.share == pytest.approx(pca.explained_variance_ratio_.sum(), abs=1e-4)
    assert {check.verdict for check in found.checks} == {"holds"}


def test_without_what_they_share_the_ways_lie_around_the_middle(storyteller):
    found = paths.paths(storyteller, PLAY, "play")
    np.testing.assert_allclose(found.points.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(found.points[:, 0], 0, atol=1e-5)


def test_stages_are_named():
    assert [stage_name(at, 6) for at in (0, 1, 2, 5)] == [
        "the table",
        "entering layer 0",
        "after layer 0",
        "after layer 3",
    ]


@pytest.mark.sabotage("at the table, the same tokens are one vector in all sentences")
def test_a_table_that_knows_the_place_would_be_seen(monkeypatch):
    model = breaking.fresh()

    class Placed(torch.nn.Embedding):
        def forward(self, ids):
            return super().forward(ids) + torch.arange(ids.shape[-1])[:, None]

    monkeypatch.setattr(model.network.get_input_embeddings(), "__class__", Placed)
    assert word_in_context(model, ("be or", "or be"), "be").checks[0].verdict == "fails"


@pytest.mark.sabotage("each cosine is what the three sides of the triangle give")
def test_the_cosines_of_other_vectors_would_be_seen(monkeypatch):
    model = tiny.model("llama")
    monkeypatch.setattr(
        in_context, "cosines_of", lambda vectors: cosines_of(vectors - vectors.mean())
    )
    assert word_in_context(model, TWO, "be").checks[1].verdict == "fails"


@pytest.mark.sabotage(AHEAD)
def test_a_word_that_knows_what_follows_would_be_seen(monkeypatch):
    """An encoder, taken for a model that reads one way."""
    model = tiny.model("llama")
    own = in_context._hidden

    def ahead(model, ids):
        found = own(model, ids).copy()
        found[-1] += 0.01 * len(ids)
        return found

    monkeypatch.setattr(in_context, "_hidden", ahead)
    assert word_in_context(model, TWO, "be").checks[2].verdict == "fails"


@pytest.mark.sabotage("no point is drawn farther from the first than it is")
def test_a_stretched_plane_would_be_seen(monkeypatch):
    model = tiny.model("llama")
    own = paths.reduced
    monkeypatch.setattr(paths, "reduced", lambda *given: 1.2 * own(*given))
    assert paths.paths(model, TWO, "be").checks[-1].verdict == "fails"
