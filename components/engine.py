"""The one door from pages to inspection: load, share, take turns, remember, bound.

Pages hand it plain values and get plain results. Heavy libraries are imported behind it, once,
by one thread (two that import transformers at once fail), in the background from the first page
on.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from components.importing import import_libraries, imported
from components.inspection.catalogue import short_name
from components.inspection.progress import Progress, silent
from components.memory import ModelCache, ResultCache, result_key
from components.turns import Turn, Turns, TurnsByKey
from components.waiting import telling, waited_for, yield_point

Result = TypeVar("Result")

MOST_RESULTS: Final = 256
MOST_RESULT_BYTES: Final = 256 * 2**20
MOST_MODELS: Final = 4
MOST_AT_WORK: Final = 2
"""Long computations without a model, such as training a tokenizer, that go on at a time."""
MODEL_SHARE: Final = 0.5
"""Models that nobody uses at the moment may take up to half of the device's memory."""


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

    def work() -> Result:
        with _turn(choice) as (model, turn):
            # Whenever it tells how far it is, others may go before.
            told = telling(progress, lambda _share: turn.give_way(yield_point))
            return _with_room(lambda: inspection(model, *inputs, **told), model.facts.device)

    return _remembered(result_key(inspection, (choice, *inputs)), work)


def consult(
    inspection: Callable[..., Result],
    choice: ModelChoice,
    *inputs: Any,
    progress: Progress | None = None,
) -> Result:
    """Do as `inspect` for what asks a model's tokenizer and not its network: without its turn.

    Raises:
        InspectionError: as `inspect`.
    """
    return _remembered(
        result_key(inspection, (choice, *inputs)),
        lambda: _in_place(inspection, _model(choice), *inputs, progress=progress),
    )


def compute(
    function: Callable[..., Result], *inputs: Any, progress: Progress | None = None
) -> Result:
    """Return `function(*inputs)`, remembered like an inspection, for work without a model.

    What tells its progress may take long: of that, `MOST_AT_WORK` go on at a time.

    Raises:
        InspectionError: `function` itself explains why not, or too many are waiting.
    """
    return _remembered(
        result_key(function, inputs), lambda: _in_place(function, *inputs, progress=progress)
    )


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


def _in_place(function: Callable[..., Result], *inputs: Any, progress: Progress | None) -> Result:
    """Return `function(*inputs)`, one of `MOST_AT_WORK` at a time if it takes long."""
    with ExitStack() as place:
        has: list[Turn] = []

        def wait(share: float) -> None:
            # What says at once that it is done has no need of a place.
            if not has and share < 1:
                has.append(place.enter_context(waited_for(_WORK, "Others' work goes on")))

        return function(*inputs, **telling(progress, wait))


def _remembered(key: bytes, work: Callable[[], Result]) -> Result:
    """Return the result that is kept under `key`, or that of `work()`, done once for all who ask
    meanwhile."""
    found, result = _RESULTS.get(key)
    if not found:
        with waited_for(_ASKED.of(key), "Another reader has asked the same"):
            found, result = _RESULTS.get(key)
            if not found:
                result = work()
                _RESULTS.put(key, result)
    return result


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
    with waited_for(_MODELS.loading(choice), "Another reader is loading this model"):
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
def _turn(choice: ModelChoice) -> Iterator[tuple[Any, Turn]]:
    """Wait for the model's turn, have it, give it on."""
    model = _model(choice)
    from components.inspection.threads import threads_of

    with (
        waited_for(_MODELS.turn(_resolved(choice)), "The model is in use") as turn,
        threads_of(model),
    ):
        yield model, turn


_RESULTS: Final = ResultCache(MOST_RESULTS, MOST_RESULT_BYTES)
_ASKED: Final[TurnsByKey[bytes]] = TurnsByKey()
_WORK: Final = Turns(MOST_AT_WORK)
_MODELS: Final[ModelCache[ModelChoice]] = ModelCache(MOST_MODELS)
