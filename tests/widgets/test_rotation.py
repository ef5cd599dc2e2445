"""The clocks' arithmetic in the browser is the server's; what a browser sends is read with care."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.inspection.positions.relative import score
from components.inspection.positions.rotation import CONVENTIONS, Rope, frequencies, rotated
from components.widgets import rotation
from components.widgets.kit import script
from components.widgets.rotation import _placed, pairs_of

TURNING = script(Path(rotation.__file__).parent / "turning.js")
ANSWER = """
function answer({ data, at, keyAt, longest }) {
  const now = placed(data, at, keyAt);
  return { query: Array.from(now.query), key: Array.from(now.key), added: Array.from(now.added),
    score: now.score, degrees: now.degrees, curve: byDistance(data, longest, 8) };
}
"""
NODE_LOOP = """
const lines = (await import("node:readline")).createInterface({ input: process.stdin });
for await (const line of lines) console.log(JSON.stringify(answer(JSON.parse(line))));
"""


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    """The browser's arithmetic, in Node or, where there is none, in Chromium."""
    if shutil.which("node"):
        program = tmp_path_factory.mktemp("node") / "turning.mjs"
        program.write_text(TURNING + ANSWER + NODE_LOOP, encoding="utf-8")
        with subprocess.Popen(
            ["node", str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:

            def ask(question):
                process.stdin.write(json.dumps(question) + "\n")
                process.stdin.flush()
                return json.loads(process.stdout.readline())

            yield ask
            process.stdin.close()
    elif shutil.which("chromium"):
        sync_api = pytest.importorskip("playwright.sync_api")
        with sync_api.sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
            )
            page = browser.new_page()
            page.add_script_tag(content=TURNING + ANSWER)
            yield lambda question: page.evaluate("answer", question)
            browser.close()
    else:
        pytest.skip("neither Node nor Chromium is on this machine to run JavaScript")


def question(rope, query, key, scale, at, key_at, longest=64):
    data = {
        "query": query.astype(float).tolist(),
        "key": key.astype(float).tolist(),
        "scale": scale,
        "rope": {
            "frequencies": rope.frequencies.astype(float).tolist(),
            "scaling": rope.scaling,
            "places": pairs_of(rope),
        },
    }
    return {"data": data, "at": at, "keyAt": key_at, "longest": longest}


@given(
    st.integers(1, 9),
    st.integers(0, 3),
    st.sampled_from(CONVENTIONS),
    st.sampled_from([1.0, 1.1]),
    st.integers(0, 2000),
    st.integers(0, 2000),
    st.integers(0, 2**32 - 1),
    st.booleans(),
    st.sampled_from([1, -1]),
)
@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_browser_turns_as_the_server(
    live, pairs, rest, convention, scaling, m, n, seed, last, direction
):
    start = 2 * rest if last else 0
    own = frequencies(2 * pairs).astype(np.float32)
    rope = Rope(
        own, scaling, 2 * (pairs + rest), convention, "default", 1e4, 2048, start, direction
    )
    query, key = np.random.default_rng(seed).standard_normal((2, rope.size)).astype(np.float32)
    found = live(question(rope, query, key, 0.25, m, n))
    # The server's angles are float32: 2,000 rad to 1e-4.
    np.testing.assert_allclose(found["query"], rotated(query, np.float32(m), rope), atol=1e-3)
    np.testing.assert_allclose(found["key"], rotated(key, np.float32(n), rope), atol=1e-3)
    expected = score(query, key, m, n, rope, 0.25)
    assert found["score"] == pytest.approx(expected, abs=5e-3)
    assert sum(found["added"]) == pytest.approx(found["score"], abs=1e-9)
    length = np.linalg.norm(found["query"]) * np.linalg.norm(found["key"]) * 0.25
    assert np.cos(np.radians(found["degrees"])) * length == pytest.approx(found["score"], abs=1e-6)
    for distance, value in found["curve"]:
        assert value == pytest.approx(score(query, key, distance, 0, rope, 0.25), abs=1e-3)


def test_moving_both_changes_no_digit_that_is_shown(live):
    rope = Rope(frequencies(64).astype(np.float32), 1.0, 64, "split-half", "default", 1e4, 512)
    query, key = np.random.default_rng(3).standard_normal((2, 64)).astype(np.float32)
    scores = [
        live(question(rope, query, key, 0.125, 14 + s, 2 + s))["score"] for s in (0, 1, 99, 490)
    ]
    np.testing.assert_allclose(scores, scores[0], atol=1e-9)
    assert abs(live(question(rope, query, key, 0.125, 14, 3))["score"] - scores[0]) > 1e-3


ANSWERED = {
    "signature": "s",
    "query_at": 3,
    "key_at": 1,
    "query": [0.0, 1.0],
    "key": [1.0, 0.0],
    "score": 0.5,
}


def test_what_the_browser_says_is_taken():
    found = _placed(ANSWERED, "s", 2, 10)
    assert (found.query_at, found.key_at, found.score) == (3, 1, 0.5)


@pytest.mark.parametrize(
    "forged",
    [
        None,
        {},
        ANSWERED | {"signature": "another"},
        ANSWERED | {"query_at": 10},
        ANSWERED | {"key_at": -1},
        ANSWERED | {"query_at": "three"},
        ANSWERED | {"query": [0.0]},
        ANSWERED | {"query": "no numbers"},
        ANSWERED | {"score": float("nan")},
        ANSWERED | {"query_at": float("inf")},
    ],
)
def test_what_it_cannot_say_is_not(forged):
    assert _placed(forged, "s", 2, 10) is None
