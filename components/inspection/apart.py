"""Run a program of ours in a process of its own, where what may never end can be ended."""

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

POLL: Final = 0.1
"""Seconds between two looks at whether it is done, and whether it is still wanted."""


class TookTooLongError(Exception):
    """It was ended: by us, or by the system for what it took."""


def run_apart(
    program: Path,
    given: Mapping[str, Any],
    patience: float,
    still_wanted: Callable[[], None] = lambda: None,
) -> Any:
    """Return what `program` writes when it is given plain values, as JSON both ways.

    It imports what is installed, and nothing of Vitrine's. `still_wanted` is called again and
    again; what it raises ends the program.

    Raises:
        TookTooLongError: it took more than `patience` seconds by the clock, or wrote no JSON, as
            happens when the system ends it.
    """
    with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as answered:
        asked.write(json.dumps(given).encode())
        asked.seek(0)
        command = [sys.executable, "-I", str(program)]
        process = subprocess.Popen(command, stdin=asked, stdout=answered, stderr=subprocess.DEVNULL)
        try:
            _wait(process, time.monotonic() + patience, still_wanted)
        finally:
            process.kill()
            process.wait()
        answered.seek(0)
        with contextlib.suppress(ValueError):
            return json.loads(answered.read())
    raise TookTooLongError


def _wait(process: "subprocess.Popen[bytes]", end: float, still_wanted: Callable[[], None]) -> None:
    while time.monotonic() < end:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(POLL)
            return
        still_wanted()
