"""Take the time of one piece of work, as the device itself would."""

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch

Result = TypeVar("Result")


def timed(device: torch.device, work: Callable[[], Result]) -> tuple[Result, float]:
    """Return what `work` returns, and its seconds.

    A GPU works on after Python has gone on: there CUDA events, set before and after the work in
    that GPU's own queue and waited for, tell the time; on Apple's GPU the clock is read after its
    queue is empty.
    """
    if device.type == "cuda":
        # An event goes into the queue of the current GPU, which need not be the work's.
        with torch.cuda.device(device):
            start = torch.cuda.Event(enable_timing=True)
            end = torch.cuda.Event(enable_timing=True)
            torch.cuda.synchronize(device)
            start.record()
            result = work()
            end.record()
            end.synchronize()
            return result, start.elapsed_time(end) / 1e3
    if device.type == "mps":
        torch.mps.synchronize()
    began = time.perf_counter()
    result = work()
    if device.type == "mps":
        torch.mps.synchronize()
    return result, time.perf_counter() - began


@contextmanager
def quiet() -> Iterator[None]:
    """Hold garbage collection off, which would fall into one step or another."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
