"""Loads folders in processes that may be ended: what comes out, how long it takes, how large it is.

As a program it imports the libraries once, and then forks for each folder that is named to it.
"""

import json
import os
import select
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

ROOT = Path(__file__).parents[2]
SECONDS = 60.0
"""By the clock, of a machine that does other things too; a load takes a hundredth of it."""
MEMORY = 2 * 2**30
"""Bytes above what the libraries take."""
TEXT = "to be"


@dataclass(frozen=True)
class Outcome:
    """What became of one folder."""

    verdict: str
    """"said" (an `InspectionError`), "same" (loaded, and what it computes is finite and what
    transformers gives), or what went wrong: "hang", "died", "raised", "not finite", "another"."""
    text: str


class Loader:
    """The program below, at work."""

    def __enter__(self) -> "Loader":
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.inspection.lying"],
            cwd=ROOT,
            env=os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        with self._process:
            assert self._process.stdin
            self._process.stdin.close()

    def load(self, folder: Path) -> Outcome:
        """Load `folder` and compare it with what transformers makes of it."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(f"{folder}\n")
        self._process.stdin.flush()
        return Outcome(**json.loads(self._process.stdout.readline()))


def loaded(folder: str) -> dict[str, str]:
    """Return the outcome, in this process."""
    import torch

    from components.inspection.errors import InspectionError
    from components.inspection.forward_pass import arguments_of, inputs_of
    from components.inspection.load import load_model

    try:
        model = load_model(folder, device="cpu")
        ids = model.ids_of(TEXT)[: model.context]
        inputs = arguments_of(model, inputs_of(model, ids))
    except InspectionError as error:
        return {"verdict": "said", "text": str(error)}
    plain: Any = type(model.network).from_pretrained(
        folder, attn_implementation="eager", dtype=torch.float32
    )
    with torch.no_grad():
        ours, theirs = model.network(**inputs)[0], plain.eval()(**inputs)[0]
    if not torch.isfinite(ours).all():
        return {"verdict": "not finite", "text": ""}
    same = torch.equal(ours, theirs)
    return {"verdict": "same" if same else "another", "text": f"{model.facts}"}


def _child(folder: str, answer: int) -> None:
    import resource

    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + MEMORY, mapped + MEMORY))
    try:
        outcome = loaded(folder)
    except BaseException as error:  # noqa: BLE001 (told to the test)
        outcome = {"verdict": "raised", "text": f"{type(error).__name__}: {error}"[:2000]}
    os.write(answer, json.dumps(outcome).encode())
    os._exit(0)


def _forked(folder: str) -> dict[str, str]:
    answers, answer = os.pipe()
    child = os.fork()
    if not child:
        _child(folder, answer)
    os.close(answer)
    said, end = b"", time.monotonic() + SECONDS
    verdict = "died"
    while True:
        ready, _, _ = select.select([answers], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            verdict = "hang"
            os.kill(child, 9)
            break
        part = os.read(answers, 65_536)
        if not part:
            break
        said += part
    os.close(answers)
    os.waitpid(child, 0)
    return json.loads(said) if said and verdict != "hang" else {"verdict": verdict, "text": ""}


def _serve() -> None:
    import components.inspection.forward_pass
    import components.inspection.load  # noqa: F401
    from tests import tiny

    for family in tiny.FAMILIES:  # its code is imported once, and not by each child
        tiny.network(family)
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_forked(line.rstrip("\n"))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve()
