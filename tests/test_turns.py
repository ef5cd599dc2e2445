"""Turns: in the order of asking, never more than there are places, and long work gives way."""

import random
import threading
import time
from collections.abc import Callable

import pytest

from components import turns as turns_module
from components.inspection.errors import InspectionError
from components.turns import Turns, TurnsByKey


class Gone(BaseException):
    """What ends the run of a reader who left."""


def patiently(_before: int) -> None:
    """Wait as long as it takes."""


def at_once(*tasks: Callable[[], object]) -> list[threading.Thread]:
    """Start all in threads of their own."""
    threads = [threading.Thread(target=task, daemon=True) for task in tasks]
    for thread in threads:
        thread.start()
    return threads


def until(true: Callable[[], bool]) -> None:
    """Wait until `true()`, for ten seconds at most."""
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_who_came_first_goes_first():
    turns, order = Turns(), []

    def work(number: int) -> None:
        with turns.turn(patiently):
            order.append(number)

    with turns.turn(patiently):
        threads = []
        for number in range(8):
            threads += at_once(lambda number=number: work(number))
            until(lambda number=number: len(turns._queue) == number + 1)
    for thread in threads:
        thread.join(10)
    assert order == list(range(8))
    assert not turns.locked()


@pytest.mark.parametrize("places", [1, 2, 5])
def test_never_more_are_inside_than_there_are_places(places, monkeypatch):
    """Forty readers: some give way, some leave while they wait, some fail inside."""
    monkeypatch.setattr(turns_module, "QUANTUM", 0.0)
    turns, rng = Turns(places), random.Random(places)
    inside, most, done = [0], [0], []
    counting = threading.Lock()

    def entered(by: int) -> None:
        with counting:
            inside[0] += by
            most[0] = max(most[0], inside[0])

    def read(number: int, kind: str) -> None:
        def impatient(_before: int) -> None:
            if kind == "leaves":
                raise Gone

        try:
            with turns.turn(impatient) as turn:
                for _ in range(5):
                    entered(1)
                    time.sleep(0.002)
                    entered(-1)
                    if kind == "gives way":
                        turn.give_way(patiently)
                if kind == "fails":
                    raise ZeroDivisionError
        except (Gone, ZeroDivisionError):
            pass
        done.append(number)

    kinds = [rng.choice(["stays", "gives way", "leaves", "fails"]) for _ in range(40)]
    for thread in at_once(*[lambda n=n, k=k: read(n, k) for n, k in enumerate(kinds)]):
        thread.join(20)
    assert sorted(done) == list(range(40))
    assert most[0] == places
    assert not turns.locked()
    assert turns._free == places


def test_work_gives_way_to_who_waits_and_only_then(monkeypatch):
    monkeypatch.setattr(turns_module, "QUANTUM", 0.0)
    turns, order = Turns(), []

    def short() -> None:
        with turns.turn(patiently):
            order.append("short")

    with turns.turn(patiently) as turn:
        turn.give_way(patiently)
        order.append("nobody waited")
        at_once(short)
        until(lambda: len(turns._queue) == 1)
        turn.give_way(patiently)
        order.append("long")
    assert order == ["nobody waited", "short", "long"]


def test_work_goes_on_for_a_while_before_it_gives_way(monkeypatch):
    monkeypatch.setattr(turns_module, "QUANTUM", 60.0)
    turns = Turns()
    with turns.turn(patiently) as turn:
        (thread,) = at_once(lambda: turns.turn(patiently).__enter__())
        until(lambda: len(turns._queue) == 1)
        turn.give_way(patiently)
        assert len(turns._queue) == 1
    thread.join(10)


def test_who_leaves_after_giving_way_gives_the_place_back_once(monkeypatch):
    monkeypatch.setattr(turns_module, "QUANTUM", 0.0)
    turns = Turns()
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with turns.turn(patiently):
            inside.set()
            leave.wait(10)

    def gone(_before: int) -> None:
        assert inside.wait(10)
        raise Gone

    with pytest.raises(Gone), turns.turn(patiently) as turn:
        (thread,) = at_once(other)
        until(lambda: len(turns._queue) == 1)
        turn.give_way(gone)
    assert turns._free == 0, "the other is inside"
    leave.set()
    thread.join(10)
    assert turns._free == 1
    assert not turns.locked()


def test_no_more_step_aside_than_memory_has_room_for(monkeypatch):
    monkeypatch.setattr(turns_module, "QUANTUM", 0.0)
    monkeypatch.setattr(turns_module, "MOST_ASIDE", 2)
    turns, aside, most = Turns(), [0], [0]

    def long() -> None:
        def waiting(_before: int) -> None:
            most[0] = max(most[0], len(turns._returning))

        with turns.turn(patiently) as turn:
            for _ in range(10):
                time.sleep(0.06)
                turn.give_way(waiting)
        aside[0] += 1

    for thread in at_once(*[long] * 8):
        thread.join(20)
    assert aside == [8]
    assert 1 <= most[0] <= 2


def test_who_has_not_begun_goes_before_who_gave_way_but_not_for_ever(monkeypatch):
    monkeypatch.setattr(turns_module, "QUANTUM", 0.0)
    monkeypatch.setattr(turns_module, "NEW_FIRST", 2)
    turns, order = Turns(), []

    def long(name: str) -> None:
        with turns.turn(patiently) as turn:
            turn.give_way(patiently)
            order.append(name)

    def short(number: int) -> None:
        with turns.turn(patiently):
            order.append(number)

    with turns.turn(patiently):
        threads = []
        tasks = (lambda: long("long"), *[lambda n=n: short(n) for n in range(4)])
        for most, task in enumerate(tasks, start=1):
            threads += at_once(task)
            until(lambda most=most: len(turns._queue) == most)
    for thread in threads:
        thread.join(10)
    # The long one begins, gives way to two, and goes on before the others.
    assert order == [0, 1, "long", 2, 3]


def test_a_queue_is_no_longer_than_it_may_be(monkeypatch):
    monkeypatch.setattr(turns_module, "MOST_WAITING", 2)
    turns = Turns()
    with turns.turn(patiently):
        at_once(*[lambda: turns.turn(patiently).__enter__()] * 2)
        until(lambda: len(turns._queue) == 2)
        with (
            pytest.raises(InspectionError, match="2 readers are waiting already"),
            turns.turn(patiently),
        ):
            pytest.fail("let in")
        assert len(turns._queue) == 2


def test_who_waits_is_told_how_many_are_before():
    turns, told = Turns(), []
    with turns.turn(patiently):
        at_once(lambda: turns.turn(patiently).__enter__())
        until(lambda: len(turns._queue) == 1)

        def counting(before: int) -> None:
            told.append(before)
            raise Gone

        with pytest.raises(Gone), turns.turn(counting):
            pytest.fail("let in")
    assert told == [1]


def test_nothing_stays_of_what_nobody_waits_for():
    table: TurnsByKey[str] = TurnsByKey()
    for name in ("a", "b"):
        with table.of(name).turn(patiently):
            assert table.of(name) is table.of(name)
            assert len(table) == 1
    assert len(table) == 0
