"""Linear algebra on one thread: its own threads wait by spinning, so that on a busy machine two
take twenty times as long as one."""

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import ThreadpoolController

_known: list[ThreadpoolController] = []


@contextmanager
def one_thread() -> Iterator[None]:
    """Let NumPy and SciPy compute on one thread meanwhile, in the whole process."""
    if not _known:  # it looks for the libraries that are loaded, which takes some milliseconds
        _known.append(ThreadpoolController())
    with _known[0].limit(limits=1, user_api="blas"):
        yield
