"""Properties computed once: kept, one's own, and no lock that others would wait for."""

import threading
from dataclasses import dataclass, field

import pytest

from components.inspection.computed_once import computed_once


@dataclass(frozen=True, eq=False)
class Slow:
    """Something whose property waits for another's."""

    starts: threading.Event
    waits: threading.Event
    calls: list[int] = field(default_factory=list)

    @computed_once
    def value(self) -> int:
        """How often it was computed."""
        self.starts.set()
        assert self.waits.wait(10)
        self.calls.append(1)
        return len(self.calls)


def test_while_one_is_computed_another_is_too():
    """With `functools.cached_property` of Python 3.11, the second waits for the first for ever."""
    begun, done = threading.Event(), threading.Event()
    first, second = Slow(begun, done), Slow(threading.Event(), begun)
    thread = threading.Thread(target=lambda: first.value, daemon=True)
    thread.start()
    assert begun.wait(10)
    assert second.value == 1
    done.set()
    thread.join(10)
    assert first.value == 1


def test_it_is_computed_once_for_each_object():
    there = threading.Event()
    there.set()
    one, other = Slow(there, there), Slow(there, there)
    assert [one.value, one.value, other.value] == [1, 1, 1]
    assert (len(one.calls), len(other.calls)) == (1, 1)
    assert isinstance(Slow.value, computed_once)
    assert Slow.value.__doc__ == "How often it was computed."


def test_a_failure_is_not_kept():
    class Fails:
        """Something that fails the first time."""

        tries = 0

        @computed_once
        def value(self) -> int:
            self.tries += 1
            if self.tries == 1:
                raise ZeroDivisionError
            return self.tries

    fails = Fails()
    with pytest.raises(ZeroDivisionError):
        _ = fails.value
    assert (fails.value, fails.value) == (2, 2)
