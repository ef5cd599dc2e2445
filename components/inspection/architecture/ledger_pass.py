"""Whose turn it is during a pass: what grows meanwhile is booked on the module that is running."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float64
from torch import nn

Called = Callable[[int, nn.Module, tuple[Any, ...], Any], None]
"""Told a module's row, the module, what it was called with by place, and what it gave."""


@contextmanager
def booked(
    network: nn.Module, count: Callable[[], float], told: Called | None = None
) -> Iterator[Float64[np.ndarray, " row"]]:
    """Book on each module of `network` by how much `count()` grows while it runs itself.

    What modules inside it do meanwhile is theirs. A row is a place in `network.named_modules()`.
    Only passes of this thread are booked: others may be running the same network.
    """
    book = np.zeros(len(list(network.modules())))
    mine, since = threading.get_ident(), 0.0
    running: list[int] = []

    def settle() -> None:
        nonlocal since
        now = count()
        if running:
            book[running[-1]] += now - since
        since = now

    def enter(row: int, _module: nn.Module, _args: Any) -> None:
        if threading.get_ident() == mine:
            settle()
            running.append(row)

    def leave(row: int, module: nn.Module, args: tuple[Any, ...], out: Any) -> None:
        if threading.get_ident() == mine:
            settle()
            running.pop()
            if told is not None:
                told(row, module, args, out)

    with ExitStack() as hooks:
        for row, module in enumerate(network.modules()):
            hooks.callback(module.register_forward_pre_hook(partial(enter, row)).remove)
            hooks.callback(module.register_forward_hook(partial(leave, row)).remove)
        yield book
