"""Thirty readers at once on one model: each gets their own answer, and memory stays bounded."""

import threading

import psutil

from components import engine
from components.engine import ModelChoice
from components.inspection.forward_pass import record
from components.inspection.load import load_model
from components.inspection.prediction import predict

READERS = 30
ROUNDS = 4
WORDS = ("anna", "ben", "clara", "david", "emma", "felix", "grace", "henry", "iris", "jack", "kate")
CHOICE = ModelChoice("storyteller", device="cpu")


def text(reader: int, round_: int) -> str:
    """A text that no other reader and round has."""
    return f"{WORDS[reader % len(WORDS)]} counted {reader}, {round_}, {reader * 7 + round_}"


def test_thirty_readers_get_their_own_answers_and_memory_stays_bounded(capsys):
    model = load_model("storyteller", device="cpu")
    expected = {
        (reader, round_): predict(model, text(reader, round_))
        for reader in range(READERS)
        for round_ in range(ROUNDS)
    }
    engine.inspect(predict, CHOICE, "warm")
    before = psutil.Process().memory_info().rss
    wrong: list[str] = []
    done: list[int] = []

    def read(reader: int) -> None:
        for round_ in range(ROUNDS):
            found = engine.inspect(predict, CHOICE, text(reader, round_))
            engine.inspect(record, CHOICE, text(reader, round_))
            done.append(reader)
            mine = expected[reader, round_]
            if found.answers != mine.answers or found.tokens != mine.tokens:
                wrong.append(f"{reader}: {found.answers} for {mine.answers}")

    threads = [threading.Thread(target=read, args=[reader]) for reader in range(READERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    grown = psutil.Process().memory_info().rss - before
    with capsys.disabled():
        print(f"\nthirty readers: {grown / 2**20:.0f} MiB more than before")
    assert not wrong
    assert sorted(done) == sorted([*range(READERS)] * ROUNDS)
    assert grown < engine.MOST_RESULT_BYTES + 300 * 2**20
