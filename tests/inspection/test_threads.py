"""On how many threads a network computes."""

import threading

import pytest
import torch

from components.inspection import threads
from components.inspection.threads import threads_of
from tests import tiny


@pytest.fixture(autouse=True)
def three_cores(monkeypatch):
    """As on a machine of three cores, whatever this one has."""
    before = torch.get_num_threads()
    monkeypatch.setattr(threads, "ALL", 3)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(("small", "expected"), [(10**9, 1), (1, 3)])
def test_a_small_network_has_one_thread_and_a_large_one_all(small, expected, monkeypatch):
    monkeypatch.setattr(threads, "SMALL", small)
    torch.set_num_threads(2)
    with threads_of(tiny.model("llama")):
        assert torch.get_num_threads() == expected
    assert torch.get_num_threads() == 2


def test_after_a_failure_it_is_as_before():
    torch.set_num_threads(2)
    with pytest.raises(ValueError, match="as it failed"), threads_of(tiny.model("llama")):
        raise ValueError("as it failed")
    assert torch.get_num_threads() == 2


def test_others_keep_theirs_meanwhile():
    torch.set_num_threads(2)
    begun, seen, told = threading.Event(), threading.Event(), []

    def other():
        with threads_of(tiny.model("llama")):
            told.append(torch.get_num_threads())
            begun.set()
            seen.wait(10)

    reader = threading.Thread(target=other)
    reader.start()
    assert begun.wait(10)
    mine = torch.get_num_threads()
    seen.set()
    reader.join()
    assert (mine, told) == (2, [1])
