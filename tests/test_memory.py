"""What is kept stays within its limits, and nobody gets another's copy."""

import pickle
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.memory import ModelCache, ResultCache, result_key

MOST, MOST_BYTES = 5, 2_000


def add(a: int, b: int) -> int:
    """A function to make keys of."""
    return a + b


def multiply(a: int, b: int) -> int:
    """Another."""
    return a * b


@dataclass(frozen=True)
class Choice:
    """A plain value like the engine's."""

    device: str
    dtype: str


def test_equal_inputs_of_one_function_have_one_key():
    assert result_key(add, (1, 2)) == result_key(add, (1, 2))
    keys = [
        result_key(function, inputs)
        for function in (add, multiply)
        for inputs in ((1, 2), (2, 1), (1,), (1, 2, None), ("1", 2), ((1, 2),), (1, 2.5))
    ]
    assert len(set(keys)) == len(keys)


def test_a_key_does_not_depend_on_which_objects_hold_the_values():
    one = "auto"
    other = "".join(["au", "to"])
    assert one is not other
    assert pickle.dumps((one, one)) != pickle.dumps((one, other)), "else this test shows nothing"
    assert result_key(add, (one, one)) == result_key(add, (one, other))
    assert result_key(add, (Choice(one, one),)) == result_key(add, (Choice(one, other),))


def test_a_lambda_has_no_key():
    with pytest.raises(TypeError, match=r"test_memory.*<lambda> cannot be remembered"):
        result_key(lambda text: text, ("abc",))


def test_a_key_is_the_same_in_another_process():
    inputs = ("text", 3, 0.5, ("a", "b"), None)
    code = (
        "from pathlib import Path; from components.memory import result_key;"
        f"print(result_key(Path.touch, {inputs!r}).hex())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == result_key(Path.touch, inputs).hex()


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["put", "get", "clear"]), st.integers(0, 9), st.integers(0, 700)),
        max_size=60,
    )
)
def test_entries_and_bytes_stay_within_limits_and_what_is_found_is_what_was_put(steps):
    """Against the plainest possible cache: a list, oldest first."""
    cache = ResultCache(MOST, MOST_BYTES)
    plain: list[tuple[bytes, bytes]] = []
    for what, name, size in steps:
        key, held = bytes([name]), dict(plain)
        if what == "put":
            value = bytes([name]) * size
            cache.put(key, value)
            if len(pickle.dumps(value, protocol=5)) <= MOST_BYTES // 3:
                plain = [(k, v) for k, v in plain if k != key] + [(key, value)]
            while len(plain) > MOST or _bytes(plain) > MOST_BYTES:
                plain.pop(0)
        elif what == "get":
            assert cache.get(key) == ((True, held[key]) if key in held else (False, None))
            if key in held:
                plain = [(k, v) for k, v in plain if k != key] + [(key, held[key])]
        else:
            cache.clear()
            plain = []
        assert cache.size == (len(plain), _bytes(plain))
        assert cache.size[0] <= MOST
        assert cache.size[1] <= MOST_BYTES


def _bytes(plain: list[tuple[bytes, bytes]]) -> int:
    return sum(len(pickle.dumps(value, protocol=5)) for _, value in plain)


def test_nothing_may_be_kept_that_was_none():
    cache = ResultCache(MOST, MOST_BYTES)
    cache.put(b"k", None)
    assert cache.get(b"k") == (True, None)
    assert cache.get(b"other") == (False, None)


def test_every_reader_gets_a_copy():
    cache = ResultCache(MOST, MOST_BYTES)
    original = np.arange(4.0)
    cache.put(b"k", original)
    original[0] = 100
    _, first = cache.get(b"k")
    first[1] = 200
    _, second = cache.get(b"k")
    np.testing.assert_array_equal(second, [0, 1, 2, 3])


def test_one_giant_does_not_drive_out_the_rest():
    cache = ResultCache(MOST, MOST_BYTES)
    cache.put(b"small", "x")
    cache.put(b"giant", "x" * (MOST_BYTES // 2))
    assert cache.get(b"small") == (True, "x")
    assert cache.get(b"giant") == (False, None)


def patiently(_before: int) -> None:
    """Wait as long as it takes."""


@pytest.fixture
def shelf() -> ModelCache[str]:
    """Three models of 10, 20 and 30 bytes, put in that order."""
    shelf: ModelCache[str] = ModelCache(most=3)
    for name, size in (("a", 10), ("b", 20), ("c", 30)):
        shelf.put(name, name.upper(), size)
    return shelf


def held(shelf: ModelCache[str]) -> set[str]:
    """Names on the shelf, found without using them."""
    return set(shelf._models)


def test_a_shelf_gives_back_what_was_put(shelf):
    assert (shelf.get("a"), shelf.get("nobody"), len(shelf)) == ("A", None, 3)


def test_what_is_within_limits_stays(shelf):
    assert shelf.trim(60) == 0
    assert held(shelf) == {"a", "b", "c"}


def test_the_least_recently_used_goes_first(shelf):
    shelf.get("a")
    assert shelf.trim(59) == 1
    assert held(shelf) == {"a", "c"}


def test_there_are_at_most_so_many(shelf):
    shelf.put("d", "D", 1)
    assert shelf.trim(10**9) == 1
    assert held(shelf) == {"b", "c", "d"}


def test_what_is_in_somebody_s_turn_stays(shelf):
    with shelf.turn("a").turn(patiently):
        assert shelf.trim(45) == 1
        assert held(shelf) == {"a", "c"}
        assert shelf.clear() == 1
        assert held(shelf) == {"a"}
    assert shelf.clear() == 1
    assert len(shelf) == 0


def test_the_newest_stays_even_if_it_is_too_large_alone(shelf):
    assert shelf.trim(1) == 2
    assert held(shelf) == {"c"}


def test_a_key_has_turns_for_running_and_others_for_loading(shelf):
    assert shelf.turn("a") is shelf.turn("a")
    assert shelf.turn("a") is not shelf.turn("b")
    assert shelf.turn("a") is not shelf.loading("a")
    assert shelf.loading("a") is shelf.loading("a")


def test_of_a_name_that_was_only_tried_nothing_stays():
    models = ModelCache(2)
    for number in range(1000):
        with models.turn(f"nobody's {number}").turn(patiently):
            pass
        with models.loading(f"nobody's {number}").turn(patiently):
            pass
    assert (len(models._turns), len(models._loading)) == (0, 0)


def test_who_waits_and_who_holds_have_the_same_turns():
    models = ModelCache(2)
    with models.turn("a").turn(patiently):
        assert models.turn("a").locked()
        assert models.turn("a") is models.turn("a")
        assert not models.turn("b").locked()
    assert not models.turn("a").locked()
