"""Only distance counts: for one couple, for a whole model, and on average."""

from dataclasses import replace

import numpy as np
import pytest

from components.inspection.positions import relative
from components.inspection.positions.relative import decay, score, shifts
from components.inspection.positions.rotation import formula
from components.inspection.positions.vectors import rotated_vectors
from tests import tiny
from tests.inspection.positions import networks

TEXT = "to be, or not to be"
DTYPES = ["float32", "bfloat16", "float16"]


@pytest.fixture(scope="module")
def vectors():
    return rotated_vectors(tiny.model("llama"), TEXT, layer=1)


def test_a_couple_that_moves_together_keeps_the_model_s_own_score(vectors):
    found = shifts(vectors, head=3, reader=9, read=4)
    own = vectors.rotated_queries[3, 9] @ vectors.rotated_keys[1, 4] * vectors.scale
    np.testing.assert_allclose(found.together, own, atol=1e-4)
    assert [check.verdict for check in found.checks] == ["holds", "holds"]
    assert max(check.bound for check in found.checks) < 1e-3
    assert np.ptp(found.key_only) > 0.05
    assert {n - m for m, n, _ in found.places} == {3}
    scores = [each for *_, each in found.places]
    np.testing.assert_allclose(scores, scores[0], atol=1e-3)


def test_the_key_that_stays_behind_starts_at_the_query_s_side(vectors):
    found = shifts(vectors, head=0, reader=9, read=4)
    query, key = vectors.queries[0, 9], vectors.keys[0, 4]
    for step in (0, 7, 30):
        at = int(found.shifts[step])
        expected = score(query, key, at, 0, vectors.rope, vectors.scale)
        assert found.key_only[step] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("family", ["llama", "phi", "gpt_neox", "gptj"])
def test_the_bands_sum_to_the_mean_and_the_mean_is_of_scores(family):
    vectors = rotated_vectors(tiny.model(family), TEXT, layer=0)
    found = decay(vectors, head=2)
    np.testing.assert_allclose(found.bands.sum(0) + found.rest, found.real[0], atol=1e-5)
    reader, read = np.tril_indices(len(vectors.tokens))
    keys = vectors.keys[vectors.key_head(2)]
    distance = int(found.distances[7])
    scores = [
        score(vectors.queries[2, i], keys[j], distance, 0, vectors.rope, vectors.scale)
        for i, j in zip(reader, read, strict=True)
    ]
    assert found.pairs == len(scores)
    assert found.real[0, 7] == pytest.approx(np.mean(scores), abs=1e-4)
    assert found.real[1, 7] == pytest.approx(np.percentile(scores, 10), abs=1e-4)


def test_a_vector_is_most_like_itself_at_its_own_place(vectors):
    found = decay(vectors, head=0)
    assert found.alike[0] == 1
    assert found.alike[1:].max() < 1


def test_the_paper_s_bound_is_another_curve_than_the_mean_cosine():
    """For 64 numbers at distance 50: 0.49 of its start, and 0.35."""
    rope = replace(formula(64), context=512)
    made = np.random.default_rng(0).standard_normal((1, 3, 64)).astype(np.float32)
    vectors = replace(
        rotated_vectors(tiny.model("llama"), "abc", 0),
        rope=rope,
        queries=made,
        keys=made,
        rotated_queries=made,
        rotated_keys=made,
    )
    found = decay(vectors, 0)
    at = int(np.flatnonzero(found.distances == 50)[0])
    assert found.alike[at] == pytest.approx(0.49, abs=0.01)
    assert found.bound[at] == pytest.approx(0.35, abs=0.01)
    assert found.bound[0] == found.alike[0] == 1


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("network", ["phi", "gptj", "nanochat", "deepseek_v2"])
def test_the_checks_hold_for_partial_backward_and_late_rotations(network, dtype):
    made = {"nanochat": lambda: networks.of("NanoChat"), "deepseek_v2": networks.deepseek_v2}
    model = (
        networks.model(made[network](), dtype=dtype)
        if network in made
        else tiny.model(network, dtype)
    )
    vectors = rotated_vectors(model, TEXT, 1)
    checks = (*shifts(vectors, 1, 9, 4).checks, *decay(vectors, 1).checks)
    assert [check.verdict for check in checks] == ["holds"] * 3


@pytest.mark.sabotage("where the two tokens stand, the score is the model's own")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("wrong", ["token", "scale", "direction"])
def test_another_token_scale_or_direction_would_be_seen(wrong, dtype):
    vectors = rotated_vectors(tiny.model("llama", dtype), TEXT, 1)
    assert shifts(vectors, 1, 9, 4).checks[0].verdict == "holds"
    if wrong == "token":
        vectors = replace(vectors, queries=np.roll(vectors.queries, 1, axis=1))
    if wrong == "scale":
        vectors = replace(vectors, queries=vectors.queries * np.float32(1.5))
    if wrong == "direction":
        vectors = replace(vectors, rope=replace(vectors.rope, direction=-1))
    assert shifts(vectors, 1, 9, 4).checks[0].verdict == "fails"


@pytest.mark.sabotage("moved together, the score stays")
def test_a_key_that_stays_behind_would_be_seen(vectors, monkeypatch):
    turn = relative.rotated

    def lagging(vector, positions, rope):
        out = turn(vector, positions, rope)
        return (
            turn(vector, np.asarray(positions) * np.float32(1.0001), rope)
            if np.array_equal(vector, vectors.keys[vectors.key_head(3), 4])
            else out
        )

    monkeypatch.setattr(relative, "rotated", lagging)
    assert shifts(vectors, 3, 9, 4).checks[1].verdict == "fails"


@pytest.mark.sabotage("the quarters, and the numbers that are not turned, sum to the mean")
def test_a_quarter_left_out_would_be_seen(vectors):
    found = decay(vectors, 0)
    assert relative._bands_check(found.bands, found.rest, found.real[0]).verdict == "holds"
    assert relative._bands_check(found.bands[1:], found.rest, found.real[0]).verdict == "fails"
    assert relative._bands_check(found.bands, found.rest + 0.01, found.real[0]).verdict == "fails"
