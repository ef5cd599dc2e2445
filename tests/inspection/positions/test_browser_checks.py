"""What a browser says it turned is compared, and code is shown only where it gives what is
shown."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from components.inspection.positions.browser import browser_checks, matrix_check
from components.inspection.positions.panels import built_like_llama
from components.inspection.positions.rotation import formula, matrix, rotated
from tests import tiny
from tests.inspection.positions import networks

ROPE = formula(64, context=4096)
QUERY, KEY = np.random.default_rng(1).standard_normal((2, 64)).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Said:
    """As a browser answers: in twice as many digits."""

    query_at: int
    key_at: int
    query: np.ndarray
    key: np.ndarray
    score: float


def exactly(vector: np.ndarray, position: float, rope=ROPE) -> np.ndarray:
    angles = position * rope.frequencies.astype(np.float64)
    out = vector.astype(np.float64)
    x, y = vector[0::2].astype(np.float64), vector[1::2].astype(np.float64)
    out[0::2] = x * np.cos(angles) - y * np.sin(angles)
    out[1::2] = y * np.cos(angles) + x * np.sin(angles)
    return out


def answer(at: int, key_at: int) -> Said:
    q, k = exactly(QUERY, at), exactly(KEY, key_at)
    return Said(at, key_at, q, k, float(q @ k) * 0.125)


@pytest.mark.parametrize("at", [(0, 0), (14, 2), (4000, 3), (8191, 8000)])
def test_the_browser_s_numbers_are_within_the_rounding_of_the_server_s_angles(at):
    checks = browser_checks(QUERY, KEY, ROPE, 0.125, answer(*at))
    assert [check.verdict for check in checks] == ["holds", "holds"]
    assert checks[0].bound < 5e-3


@pytest.mark.sabotage(
    "at positions * and * the browser has turned the two vectors as the server does"
)
@pytest.mark.parametrize("at", [(14, 2), (4000, 3)])
def test_a_position_off_by_one_in_the_browser_is_seen(at):
    wrong = replace(answer(at[0] + 1, at[1]), query_at=at[0])
    assert browser_checks(QUERY, KEY, ROPE, 0.125, answer(*at))[0].verdict == "holds"
    assert browser_checks(QUERY, KEY, ROPE, 0.125, wrong)[0].verdict == "fails"


@pytest.mark.sabotage("the browser's score there is the server's, *")
@pytest.mark.parametrize("at", [(14, 2), (4000, 3)])
def test_a_score_without_its_factor_is_seen(at):
    said = answer(*at)
    wrong = replace(said, score=said.score * 8)
    assert browser_checks(QUERY, KEY, ROPE, 0.125, said)[1].verdict == "holds"
    assert browser_checks(QUERY, KEY, ROPE, 0.125, wrong)[1].verdict == "fails"


@pytest.mark.parametrize("position", [0, 1, 2047])
def test_the_matrix_is_what_the_browser_turns(position):
    toy = np.array([1, 0, 1, 0, 1, 0], np.float32)
    found = exactly(toy, position, formula(6))
    assert matrix_check(toy, position, found).verdict == "holds"


@pytest.mark.sabotage("this matrix times the vector is what the browser turned")
@pytest.mark.parametrize("position", [1, 2047])
def test_the_transposed_matrix_is_seen(position):
    toy = np.array([1, 0, 1, 0, 1, 0], np.float32)
    assert matrix_check(toy, position, matrix(position, 6) @ toy).verdict == "holds"
    assert matrix_check(toy, position, matrix(position, 6).T @ toy).verdict == "fails"
    other = rotated(toy, np.float32(position + 1), formula(6)).astype(np.float64)
    assert matrix_check(toy, position, other).verdict == "fails"


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_the_code_for_llamas_is_known_to_fit_by_running_it(dtype):
    fits = {
        family: built_like_llama(tiny.model(family, dtype), "to be, or", 1)
        for family in tiny.FAMILIES
    }
    assert {family for family, fit in fits.items() if fit} == {
        "llama",
        "mistral",
        "qwen2",
        "mixtral",
        "gemma2",
    }
    assert not built_like_llama(networks.model(networks.of("Cohere"), dtype=dtype), "to be", 1)
    assert not built_like_llama(networks.model(networks.deepseek_v3(), dtype=dtype), "to be", 1)
    smollm = networks.model(networks.smollm3(), dtype=dtype)
    assert built_like_llama(smollm, "to be", 0)
    assert not built_like_llama(smollm, "to be", 1), "this layer turns nothing"
