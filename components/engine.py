"""The one door from pages to inspection: load, share, take turns, remember, bound.

Pages hand it plain values and get plain results. Heavy libraries are imported behind it, once,
by one thread (two that import transformers at once fail), in the background from the first page
on.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from components.importing import import_libraries, imported
from components.inspection.catalogue import short_name
from components.inspection.errors import InspectionError
from components.inspection.progress import Progress, silent
from components.memory import ModelCache, ResultCache, result_key

Result = TypeVar("Result")

MOST_RESULTS: Final = 256
MOST_RESULT_BYTES: Final = 256 * 2**20
MOST_MODELS: Final = 4
MODEL_SHARE: Final = 0.5
"""Models that nobody uses at the moment may take up to half of the device's memory."""
PATIENCE: Final = 120.0
"""Seconds that a reader waits for the model before being told to try again."""
WORTH_A_WORD: Final = 1.0
"""Seconds of waiting after which the reader is told that somebody else is being served."""


@dataclass(frozen=True)
class ModelChoice:
    """Which model, where, and how precise: all that a page knows of it."""

    source: str
    device: str = "auto"
    dtype: str = "auto"
    revision: str = "main"

    @property
    def name(self) -> str:
        """What it is called in a sentence: of a path the last part, shortened in the middle."""
        return short_name(self.source)


def inspect(
    inspection: Callable[..., Result],
    choice: ModelChoice,
    *inputs: Any,
    progress: Progress | None = None,
) -> Result:
    """Return `inspection(model, *inputs)` for the model that `choice` names.

    Raises:
        InspectionError: the model cannot be had, is busy for too long, or the inspection
            itself explains why not.
    """
    key = result_key(inspection, (choice, *inputs))
    found, result = _RESULTS.get(key)
    if not found:
        with _turn(choice) as model:
            # Somebody may have asked the same while we waited.
            found, result = _RESULTS.get(key)
            if not found:
                result = _with_room(
                    lambda: inspection(model, *inputs, **_telling(progress)), model.facts.device
                )
                _RESULTS.put(key, result)
    return result


def compute(
    function: Callable[..., Result], *inputs: Any, progress: Progress | None = None
) -> Result:
    """Return `function(*inputs)`, remembered like an inspection, for work without a model."""
    key = result_key(function, inputs)
    found, result = _RESULTS.get(key)
    if not found:
        result = function(*inputs, **_telling(progress))
        _RESULTS.put(key, result)
    return result


def stream(
    steps: Callable[..., Iterator[Result]], choice: ModelChoice, *inputs: Any
) -> Iterator[Result]:
    """Yield what `steps(model, *inputs)` yields, taking the model's turn for each step.

    Between two steps other readers may use the model, and this reader's run may be stopped.
    """
    model = _model(choice)
    iterator = steps(model, *inputs)
    begun, end = False, object()

    def step() -> Any:
        nonlocal iterator
        try:
            return next(iterator, end)
        except Exception:
            # Where memory ran out before the first step, what was asked for can begin again.
            iterator = iter(()) if begun else steps(model, *inputs)
            raise

    while True:
        with _turn(choice):
            result = _with_room(step, model.facts.device, tries=1 if begun else 2)
        if result is end:
            return
        begun = True
        yield result


def facts(choice: ModelChoice, progress: Progress = silent) -> Any:
    """Load the model if need be, and return its `ModelFacts`."""
    return _model(choice, progress).facts


def is_loaded(choice: ModelChoice) -> bool:
    """Say whether the model is in memory, so that asking for it takes no time."""
    return imported() and _MODELS.get(_resolved(choice)) is not None


def on_this_machine(source: str) -> bool:
    """Say whether a hub model has been fetched before; no before the libraries are there."""
    if not imported():
        return False
    from components.inspection.hub import cached

    return cached(source) is not None


def device_memory(device: str) -> tuple[int, int]:
    """Return free and total memory of a torch device in bytes."""
    import_libraries()
    from components.inspection.devices import memory

    return memory(device)


def _telling(progress: Progress | None) -> dict[str, Progress]:
    return {} if progress is None else {"progress": progress}


def _resolved(choice: ModelChoice) -> ModelChoice:
    """Say what "auto" stands for here, so that one model is not loaded under two names."""
    from components.inspection.devices import chosen_device, chosen_dtype

    device = chosen_device(choice.device)
    return replace(
        choice,
        source=choice.source.strip(),
        device=device,
        dtype=chosen_dtype(choice.dtype, device),
    )


def _model(choice: ModelChoice, progress: Progress = silent) -> Any:
    if not imported():
        progress(0.0, "Waking up the libraries (once)")
        import_libraries()
    choice = _resolved(choice)
    model = _MODELS.get(choice)
    if model is not None:
        return model
    with _acquired(_MODELS.loading(choice), "Another reader is loading this model"):
        model = _MODELS.get(choice)
        if model is None:
            model = _load(choice, progress)
            _MODELS.put(choice, model, model.facts.weight_bytes)
            _, total = device_memory(model.facts.device)
            _MODELS.trim(int(total * MODEL_SHARE))
    return model


def _load(choice: ModelChoice, progress: Progress) -> Any:
    from components.inspection.load import load_model

    arguments = (choice.source, choice.device, choice.dtype, choice.revision, progress)
    return _with_room(lambda: load_model(*arguments), choice.device)


def _with_room(work: Callable[[], Result], device: str, tries: int = 2) -> Result:
    """Return `work()`; if memory runs out, once more without the models that nobody is using.

    Raises:
        NoRoomError: it does not fit then either; what is free now is said.
    """
    from components.inspection.devices import NoRoomError, give_back, no_room, ran_out

    for left in reversed(range(tries)):
        try:
            return work()
        except NoRoomError:
            if not left or not _MODELS.clear():
                raise
        except Exception as error:
            if not ran_out(error):
                raise
        # Not before here: the error's traceback holds the tensors that took the room.
        _MODELS.clear()
        give_back()
    raise no_room(device)


@contextmanager
def _turn(choice: ModelChoice) -> Iterator[Any]:
    """Wait for the model's turn, have it, give it on."""
    model = _model(choice)
    with _acquired(
        _MODELS.turn(_resolved(choice)), "Another reader is using the model; you are next"
    ):
        yield model


@contextmanager
def _acquired(lock: threading.Lock, said: str) -> Iterator[None]:
    started, notice = time.monotonic(), None
    while not lock.acquire(timeout=0.05):
        _yield_point()
        waited = time.monotonic() - started
        if waited > PATIENCE:
            raise InspectionError(
                f"The model has been busy for {PATIENCE:.0f} seconds with other readers' work. "
                "Try again in a moment, or shorten the text."
            )
        if waited > WORTH_A_WORD and notice is None and get_script_run_ctx(suppress_warning=True):
            notice = st.empty()
            notice.caption(f"{said}...")
    try:
        if notice is not None:
            notice.empty()
        yield
    finally:
        lock.release()


def _yield_point() -> None:
    """Let Streamlit end this run here if the reader has already asked for something else."""
    if get_script_run_ctx(suppress_warning=True) is not None:
        st.session_state.get("_")


_RESULTS: Final = ResultCache(MOST_RESULTS, MOST_RESULT_BYTES)
_MODELS: Final[ModelCache[ModelChoice]] = ModelCache(MOST_MODELS)
