"""A text of 10 MB: as fast as the library alone, in bounded memory."""

import random
import time

import psutil
import pytest

from components.inspection.tokenizer.opening import ready
from components.inspection.tokenizer.pieces import encode_text
from tests.inspection.tokenizer.kinds import sample

SIZE = 10_000_000
pytestmark = pytest.mark.slow


def long_text() -> str:
    """Ten million characters: paragraphs of a book in random order, each with a number."""
    paragraphs = sample("alice.txt").split("\n\n")
    order = random.Random(0)
    parts: list[str] = []
    size = 0
    while size < SIZE:
        parts.append(f"{order.randrange(10**6)} {order.choice(paragraphs)}")
        size += len(parts[-1]) + 2
    return "\n\n".join(parts)[:SIZE]


def seconds(work) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def test_ten_megabytes_take_no_longer_than_the_library_alone():
    """Against the library's fastest way: a batch on all cores, its ids read out.

    One call for the whole text takes several times longer still, on one core.
    """
    tokenizer, text = ready("gpt2"), long_text()
    paragraphs = text.split("\n\n")
    backend = tokenizer.backend
    ours, raw = [], []
    for _ in range(3):  # in turns, so that both meet the same machine
        ours.append(seconds(lambda: encode_text(tokenizer, text)))
        raw.append(seconds(lambda: [e.ids for e in backend.encode_batch_fast(paragraphs)]))
    ratio = min(raw) / min(ours)
    print(f"{SIZE / min(ours) / 1e6:.1f} MB/s, {ratio:.2f} times the library's own rate")
    assert ratio >= 0.8


def test_memory_stays_within_a_small_multiple_of_the_ids():
    tokenizer, text = ready("gpt2"), long_text()
    encode_text(tokenizer, text[:1_000_000])
    process = psutil.Process()
    before, most = process.memory_info().rss, 0

    def watch(_share: float, _phrase: str) -> None:
        nonlocal most
        most = max(most, process.memory_info().rss - before)

    encoded = encode_text(tokenizer, text, watch)
    print(f"{most / 2**20:.0f} MB for {encoded.ids.nbytes / 2**20:.0f} MB of ids")
    assert most < 200 * 2**20
