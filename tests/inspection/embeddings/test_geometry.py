"""Lengths, angles, neighbours and how they concentrate, against NumPy and scikit-learn."""

import numpy as np
import pytest
import torch
from sklearn.neighbors import NearestNeighbors

from components.inspection.embeddings import concentration, geometry, lengths, ranking
from components.inspection.embeddings.geometry import angles, near
from components.inspection.embeddings.lengths import norms
from components.inspection.embeddings.ranking import nearest_rows
from components.inspection.embeddings.typed_word import typed_word
from components.inspection.errors import InspectionError
from components.inspection.load import load_model
from tests import tiny
from tests.inspection import breaking


@pytest.fixture(scope="module")
def storyteller():
    return load_model("storyteller", "cpu")


def table_of(model) -> np.ndarray:
    return model.network.get_input_embeddings().weight.float().numpy()


@pytest.mark.parametrize("block", [40, 4 * 2**20])
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_the_nearest_rows_are_scikit_learn_s(metric, block, monkeypatch):
    monkeypatch.setattr(ranking, "BLOCK", block)
    draw = np.random.default_rng(0)
    table, vectors = draw.standard_normal((57, 8)), draw.standard_normal((5, 8))
    distances, ids = (
        NearestNeighbors(n_neighbors=6, metric=metric, algorithm="brute")
        .fit(table)
        .kneighbors(vectors)
    )
    found, values = nearest_rows(
        torch.from_numpy(table).float(), torch.from_numpy(vectors).float(), 6, metric
    )
    np.testing.assert_array_equal(found.numpy(), ids)
    expected = 1 - distances if metric == "cosine" else distances
    np.testing.assert_allclose(values.numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_every_family_s_table_is_measured_and_all_checks_hold(family):
    model = tiny.model(family)
    found = (norms(model), angles(model), near(model, "a"), concentration.concentration(model))
    checks = [check for each in found for check in each.checks]
    assert [check.verdict for check in checks] == ["holds"] * 7
    np.testing.assert_allclose(found[0].input, np.linalg.norm(table_of(model), axis=1), rtol=1e-5)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_in_sixteen_bits_too(dtype):
    model = tiny.model("llama", dtype)
    for found in (
        norms(model),
        angles(model),
        near(model, "a"),
        concentration.concentration(model),
    ):
        assert {check.verdict for check in found.checks} == {"holds"}


def test_the_output_s_table_is_told_apart(storyteller):
    assert norms(storyteller).tied is True
    assert norms(storyteller).output is None
    untied = norms(tiny.model("llama"))
    assert untied.tied is False
    assert len(untied.output) == tiny.VOCABULARY
    assert norms(tiny.model("bert_classifier")).tied is None


def test_both_ends_are_named(storyteller):
    found = norms(storyteller)
    order = np.argsort(np.linalg.norm(table_of(storyteller), axis=1))
    assert found.shortest[0][0] == storyteller.token_texts([int(order[0])])[0] == " From"
    assert found.longest[0][0] == storyteller.token_texts([int(order[-1])])[0] == " not"
    assert found.unnamed == 0


def test_rows_without_a_token_are_counted():
    import transformers as hf

    config = hf.LlamaConfig(**tiny.FAMILIES["llama"][3] | {"vocab_size": tiny.VOCABULARY + 3})
    from components.inspection.wrapping import wrapped

    model = wrapped(
        tiny.built(hf.LlamaForCausalLM, config), tiny.tokenizer(), "causal", "wider", context=64
    )
    assert norms(model).unnamed == 3


def test_the_mean_of_all_pairs_is_that_of_all_pairs(storyteller):
    """By going through them; and the storyteller's vectors lean to one side until centred."""
    table = table_of(storyteller).astype(np.float64)
    for rows, mean in zip((table, table - table.mean(0)), angles(storyteller).means, strict=True):
        unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        pairs = (unit @ unit.T)[np.triu_indices(len(unit), 1)]
        assert mean == pytest.approx(pairs.mean(), abs=1e-6)
    assert angles(storyteller).means[0] == pytest.approx(0.208, abs=1e-3)
    assert abs(angles(storyteller).means[1]) < 1e-3


def test_a_table_s_agreement_of_cosine_and_distance(storyteller, monkeypatch):
    """Of vectors of one length both measures agree on all."""
    found = angles(storyteller)
    assert (found.asked, found.near) == (200, 10)
    assert 7 < found.shared < 7.5
    even = breaking.fresh()
    weight = even.network.get_input_embeddings().weight
    weight.copy_(torch.nn.functional.normalize(weight, dim=1))
    assert angles(even).shared == 10


def test_rows_of_zeros_have_no_direction_and_are_left_out():
    model = breaking.fresh()
    model.network.get_input_embeddings().weight[7] = 0
    found = angles(model)
    assert found.left_out == 1
    assert {check.verdict for check in found.checks} == {"holds"}
    model.network.get_input_embeddings().weight[:] = 0
    with pytest.raises(InspectionError, match="fewer than three"):
        angles(model)


def test_the_nearest_leave_the_word_itself_out(storyteller):
    found = near(storyteller, " king ")
    assert found.word.pieces == (" king",)
    assert found.by_cosine[0][0] == " nurse"
    assert " king" not in {name for name, _ in (*found.by_cosine, *found.by_distance)}
    assert len(found.by_cosine) == len(found.by_distance) == 10
    names = [{name for name, _ in each} for each in (found.by_cosine, found.by_distance)]
    assert found.both == names[0] & names[1]


def test_a_typed_word_is_whole_where_it_can_be(storyteller):
    assert typed_word(storyteller, "king").whole
    assert typed_word(storyteller, "!").pieces == ("!",)
    assert typed_word(storyteller, "woman").pieces == (" w", "oman")
    for word, why in (("", "missing"), ("  ", "missing"), ("x" * 81, "letters")):
        with pytest.raises(InspectionError, match=why):
            typed_word(storyteller, word)
    with pytest.raises(InspectionError, match="no token for"):
        typed_word(tiny.model("llama", words=True), "日")


def test_spreads_fall_as_theory_says_for_gaussian_tables():
    """A random table is such a one: its cosines follow the formula, too."""
    found = concentration.concentration(tiny.model("gpt2"))
    assert found.dimensions.tolist() == [2, 4, 8, 16, 24]
    np.testing.assert_allclose(found.cosine_spread, found.dimensions**-0.5, rtol=0.15)
    np.testing.assert_allclose(found.distance_spread, found.distance_by_formula, rtol=0.2)


def test_a_trained_table_concentrates_less(storyteller):
    found = concentration.concentration(storyteller)
    assert found.by_formula[-1] == np.float32(1 / 16)
    assert 0.09 < found.cosine_spread[-1] < 0.11
    again = concentration.concentration(storyteller)
    np.testing.assert_array_equal(found.cosine_spread, again.cosine_spread)
    other = concentration.concentration(storyteller, 1)
    assert (found.cosine_spread != other.cosine_spread).any()


@pytest.mark.sabotage("each length is the root of the sum of squares")
def test_lengths_of_other_vectors_would_be_seen(monkeypatch):
    model = tiny.model("llama")
    own = lengths.lengths_of
    monkeypatch.setattr(lengths, "lengths_of", lambda table: np.roll(own(table), 1))
    assert norms(model).checks[0].verdict == "fails"


@pytest.mark.sabotage("the mean of the pairs drawn is that of all pairs*")
def test_pairs_that_are_drawn_unevenly_would_be_seen(monkeypatch):
    model = load_model("storyteller", "cpu")
    own = torch.randint
    monkeypatch.setattr(
        torch, "randint", lambda low, *rest, **named: own(low, *rest, **named) % 200 + 1
    )
    assert angles(model).checks[0].verdict == "fails"


@pytest.mark.sabotage("each cosine is what the three sides of the triangle give")
def test_a_ranking_by_products_would_be_seen(monkeypatch):
    model = tiny.model("llama")
    monkeypatch.setattr(torch.nn.functional, "normalize", lambda rows, **_named: rows)
    assert near(model, "a").checks[0].verdict == "fails"


@pytest.mark.sabotage("each distance is the length of the difference")
def test_a_ranking_by_another_distance_would_be_seen(monkeypatch):
    model = tiny.model("llama")
    monkeypatch.setattr(
        geometry, "nearest_rows", lambda t, v, k, _m: nearest_rows(t, 1.01 * v, k, _m)
    )
    assert near(model, "a").checks[1].verdict == "fails"


@pytest.mark.sabotage("cosines of Gaussian vectors spread by 1 / sqrt(d)")
@pytest.mark.sabotage("distances of Gaussian vectors spread as the chi distribution says")
def test_vectors_that_are_not_gaussian_would_be_seen(monkeypatch):
    model = tiny.model("llama")
    own = np.random.default_rng

    class Leaning:
        def __init__(self, seed):
            self.own = own(seed)

        def __getattr__(self, name):
            return getattr(self.own, name)

        def standard_normal(self, shape):
            return self.own.exponential(size=shape)

    monkeypatch.setattr(np.random, "default_rng", Leaning)
    assert [check.verdict for check in concentration.concentration(model).checks] == ["fails"] * 2
