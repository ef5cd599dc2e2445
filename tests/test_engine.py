"""The one door: readers share models, take turns, and get their own results."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from components import engine, turns, waiting
from components.engine import ModelChoice
from components.inspection import threads
from components.inspection.devices import NoRoomError
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.load import load_model
from components.inspection.model import Model
from components.inspection.prediction import predict
from components.memory import ModelCache, ResultCache
from tests import tiny

CALLS: list[tuple[str, str]] = []
"""Which model and text were really inspected: inspections are functions with a name."""
INSIDE: dict[str, int] = {}
MOST_INSIDE: dict[str, int] = {}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Two models on disk."""
    root = tmp_path_factory.mktemp("models")
    for family in ("llama", "gpt2"):
        tiny.model(family).network.save_pretrained(root / family)
        tiny.tokenizer().save_pretrained(root / family)
    return {family: str(root / family) for family in ("llama", "gpt2")}


@pytest.fixture(autouse=True)
def empty(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that has seen nothing yet."""
    monkeypatch.setattr(engine, "_RESULTS", ResultCache(64, 2**24))
    monkeypatch.setattr(engine, "_MODELS", ModelCache(2))
    CALLS.clear()
    INSIDE.clear()
    MOST_INSIDE.clear()


@pytest.fixture
def llama(folders: dict[str, str]) -> ModelChoice:
    """The one."""
    return ModelChoice(folders["llama"])


@pytest.fixture
def gpt2(folders: dict[str, str]) -> ModelChoice:
    """The other."""
    return ModelChoice(folders["gpt2"])


def read(model: Model, text: str, pause: float = 0.0) -> np.ndarray:
    """An inspection that notes when it runs."""
    CALLS.append((model.source, text))
    INSIDE[model.source] = INSIDE.get(model.source, 0) + 1
    MOST_INSIDE[model.source] = max(MOST_INSIDE.get(model.source, 0), INSIDE[model.source])
    time.sleep(pause)
    logits = record(model, text, keep=["logits"]).logits
    INSIDE[model.source] -= 1
    assert logits is not None
    return logits


def fail(model: Model, text: str) -> None:
    """An inspection that explains why not."""
    CALLS.append((model.source, text))
    raise InspectionError("This cannot be done.")


def crash(_model: Model) -> None:
    """An inspection with a bug."""
    raise ZeroDivisionError


def together(*tasks: Callable[[], object]) -> list[object]:
    """Run all at once, each in a thread as Streamlit does; return results or errors in order."""
    results: list[object] = [None] * len(tasks)

    def run(place: int) -> None:
        try:
            results[place] = tasks[place]()
        except Exception as error:  # noqa: BLE001 - compared by the test
            results[place] = error

    threads = [threading.Thread(target=run, args=[place]) for place in range(len(tasks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_the_same_question_is_computed_once(llama):
    first = engine.inspect(read, llama, "abc")
    second = engine.inspect(read, ModelChoice(llama.source), "abc")
    assert len(CALLS) == 1
    np.testing.assert_array_equal(first, second)
    assert first is not second
    np.testing.assert_allclose(
        first, record(tiny.model("llama"), "abc").logits, rtol=1e-5, atol=1e-6
    )


def test_another_text_option_or_inspection_is_another_question(llama):
    engine.inspect(read, llama, "abc")
    engine.inspect(read, llama, "abcd")
    engine.inspect(read, llama, "abc", 0.001)
    assert len(CALLS) == 3
    assert engine.inspect(predict, llama, "abc").asked == "next token"


def test_models_do_not_get_each_other_s_results(llama, gpt2):
    found = together(
        *[lambda choice=choice: engine.inspect(read, choice, "abc") for choice in (llama, gpt2) * 3]
    )
    for logits, family in zip(found, ("llama", "gpt2") * 3, strict=True):
        expected = record(tiny.model(family), "abc").logits
        np.testing.assert_allclose(logits, expected, rtol=1e-5, atol=1e-6)
    assert sorted(CALLS) == sorted([(gpt2.source, "abc"), (llama.source, "abc")])


def test_precision_is_part_of_the_question(llama):
    half = engine.inspect(read, ModelChoice(llama.source, dtype="bfloat16"), "abc")
    whole = engine.inspect(read, llama, "abc")
    assert len(CALLS) == 2
    assert np.abs(half - whole).max() > 0


def test_readers_of_one_model_take_turns_and_get_their_own(llama):
    texts = ["a", "bc", "def", "ghij", "klmno"]
    found = together(*[lambda t=text: engine.inspect(read, llama, t, 0.02) for text in texts])
    assert {llama.source: 1} == MOST_INSIDE
    assert sorted(text for _, text in CALLS) == texts
    for text, logits in zip(texts, found, strict=True):
        np.testing.assert_array_equal(logits, engine.inspect(read, llama, text, 0.02))
        assert len(logits) == 1 + len(text)


def test_without_turns_this_test_would_notice(llama):
    model = load_model(llama.source)
    together(*[lambda t=text: read(model, t, 0.05) for text in ("a", "b", "c")])
    assert MOST_INSIDE[llama.source] > 1


MEETING = threading.Barrier(2, timeout=20)


def meet(_model: Model) -> str:
    """An inspection that ends only when another one has begun."""
    MEETING.wait()
    return "met"


def test_readers_of_different_models_do_not_wait_for_each_other(llama, gpt2):
    meetings = [lambda choice=choice: engine.inspect(meet, choice) for choice in (llama, gpt2)]
    assert together(*meetings) == ["met", "met"]


def test_the_same_question_at_once_is_computed_once(llama):
    together(*[lambda: engine.inspect(read, llama, "abc", 0.05)] * 4)
    assert [(llama.source, "abc")] == CALLS


def test_a_model_is_loaded_once_whoever_asks(llama, monkeypatch):
    loads: list[str] = []
    original = engine._load

    def counted(choice: ModelChoice, progress: object) -> object:
        loads.append(choice.source)
        time.sleep(0.05)
        return original(choice, progress)

    monkeypatch.setattr(engine, "_load", counted)
    assert not engine.is_loaded(llama)
    found = together(*[lambda: engine.facts(llama)] * 4)
    assert loads == [llama.source]
    assert engine.is_loaded(llama)
    assert {facts.layers for facts in found} == {3}


def test_who_waits_too_long_is_told(llama, monkeypatch):
    engine.facts(llama)
    monkeypatch.setattr(waiting, "PATIENCE", 0.2)
    with engine._MODELS.turn(engine._resolved(llama)).turn(lambda _before: None):
        started = time.monotonic()
        with pytest.raises(InspectionError, match="busy for 0 seconds with other readers' work"):
            engine.inspect(read, llama, "abc")
        assert 0.2 < time.monotonic() - started < 2
    assert len(engine.inspect(read, llama, "abc")) == 4


@pytest.mark.parametrize(
    ("inspection", "error"), [(fail, InspectionError), (crash, ZeroDivisionError)]
)
def test_a_failure_gives_the_turn_on_and_is_not_remembered(inspection, error, llama):
    inputs = ("abc",) if inspection is fail else ()
    for _ in range(2):
        with pytest.raises(error):
            engine.inspect(inspection, llama, *inputs)
        assert not engine._MODELS.turn(engine._resolved(llama)).locked()
    assert len(CALLS) == (2 if inspection is fail else 0)
    assert engine._RESULTS.size == (0, 0)
    assert len(engine.inspect(read, llama, "abc")) == 4


def test_a_model_that_cannot_be_had_is_asked_for_again(tmp_path, folders):
    missing = ModelChoice(str(tmp_path / "later"))
    with pytest.raises(InspectionError, match="There is no folder"):
        engine.inspect(read, missing, "abc")
    shutil.copytree(folders["llama"], tmp_path / "later")
    assert len(engine.inspect(read, missing, "abc")) == 4


def count(model: Model, upto: int) -> Iterator[tuple[str, int]]:
    """Steps that note whether somebody else was inside."""
    for step in range(upto):
        INSIDE[model.source] = INSIDE.get(model.source, 0) + 1
        MOST_INSIDE[model.source] = max(MOST_INSIDE.get(model.source, 0), INSIDE[model.source])
        time.sleep(0.005)
        INSIDE[model.source] -= 1
        yield model.source, step


def test_a_stream_gives_the_turn_on_between_two_steps(llama):
    steps = engine.stream(count, llama, 3)
    assert next(steps) == (llama.source, 0)
    assert not engine._MODELS.turn(engine._resolved(llama)).locked()
    assert len(engine.inspect(read, llama, "abc")) == 4
    assert list(steps) == [(llama.source, 1), (llama.source, 2)]
    assert not engine._MODELS.turn(engine._resolved(llama)).locked()


def test_two_streams_interleave_but_never_run_at_once(llama):
    engine.facts(llama)
    order: list[str] = []

    def follow(name: str) -> int:
        steps = 0
        for _ in engine.stream(count, llama, 20):
            order.append(name)
            steps += 1
        return steps

    assert together(lambda: follow("one"), lambda: follow("two")) == [20, 20]
    assert {llama.source: 1} == MOST_INSIDE
    changes = sum(a != b for a, b in pairwise(order))
    assert changes > 1, "one ran to its end before the other began"


def test_a_stream_that_is_left_holds_nothing(llama):
    steps = engine.stream(count, llama, 3)
    next(steps)
    steps.close()
    assert not engine._MODELS.turn(engine._resolved(llama)).locked()


def square(number: int, progress: Callable[[float, str], None] | None = None) -> int:
    """Work without a model."""
    CALLS.append(("", str(number)))
    if progress is not None:
        progress(1.0, "done")
    return number * number


def test_work_without_a_model_is_remembered_too():
    told: list[float] = []
    assert engine.compute(square, 7, progress=lambda share, _said: told.append(share)) == 49
    assert engine.compute(square, 7) == 49
    assert engine.compute(square, 8) == 64
    assert [number for _, number in CALLS] == ["7", "8"]
    assert told == [1.0]


def long(_model: Model, seconds: float, progress: Callable[[float, str], None]) -> str:
    """An inspection of many steps, which tells of each."""
    CALLS.append(("", "long"))
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        progress(0.5, "on")
        time.sleep(0.01)
    return "done"


def telling_nobody(_share: float, _phrase: str) -> None:
    """Somebody listens, so that the work tells."""


def test_a_long_inspection_lets_a_short_one_go_before_and_is_made_once(llama, monkeypatch):
    monkeypatch.setattr(turns, "QUANTUM", 0.1)
    engine.facts(llama)
    ended: list[str] = []

    def lasting() -> None:
        engine.inspect(long, llama, 3.0, progress=telling_nobody)
        ended.append("long")

    def short() -> None:
        time.sleep(0.3)
        engine.inspect(read, llama, "abc")
        ended.append("short")

    together(lasting, lasting, short)
    # The two that ask the same get one answer, though the one at work gave way.
    assert ended == ["short", "long", "long"]
    assert [what for _, what in CALLS] == ["long", "abc"]


def train(name: str, progress: Callable[[float, str], None]) -> str:
    """Long work without a model."""
    progress(0.1, "begins")
    INSIDE["work"] = INSIDE.get("work", 0) + 1
    MOST_INSIDE["work"] = max(MOST_INSIDE.get("work", 0), INSIDE["work"])
    time.sleep(0.2)
    INSIDE["work"] -= 1
    return name


def threads_inside(_model: Model, _question: str) -> int:
    """An inspection that looks on how many threads it is computed."""
    return torch.get_num_threads()


def test_whoever_has_the_turn_computes_on_as_many_threads_as_suit_the_model(llama, monkeypatch):
    monkeypatch.setattr(threads, "ALL", 3)
    assert engine.inspect(threads_inside, llama, "small") == 1
    monkeypatch.setattr(threads, "SMALL", 0)
    assert engine.inspect(threads_inside, llama, "large") == 3


def test_long_work_without_a_model_is_done_by_two_at_a_time():
    names = [f"{number}" for number in range(6)]
    work = [
        lambda name=name: engine.compute(train, name, progress=telling_nobody) for name in names
    ]
    assert together(*work) == names
    assert {"work": engine.MOST_AT_WORK} == MOST_INSIDE
    assert not engine._WORK.locked()


def test_work_that_is_done_at_once_waits_for_nobody():
    with engine._WORK.turn(lambda _before: None), engine._WORK.turn(lambda _before: None):
        assert engine.compute(square, 7, progress=telling_nobody) == 49


def count_letters(_model: Model, text: str) -> int:
    """Something that asks the model's tokenizer at most."""
    CALLS.append(("", text))
    return len(text)


def test_what_does_not_ask_the_network_does_not_wait_for_the_model(llama):
    engine.facts(llama)
    with engine._MODELS.turn(engine._resolved(llama)).turn(lambda _before: None):
        assert engine.consult(count_letters, llama, "abc") == 3
    engine._MODELS.clear()
    # What is known is told without loading the model again.
    assert engine.consult(count_letters, llama, "abc") == 3
    assert not engine.is_loaded(llama)
    assert len(CALLS) == 1


def test_nothing_stays_of_questions_that_were_answered(llama):
    together(*[lambda t=text: engine.inspect(read, llama, t) for text in ("a", "b", "c")])
    engine.compute(square, 9)
    assert len(engine._ASKED) == 0


def test_no_more_models_are_kept_than_there_is_a_place_for(folders, tmp_path):
    choices = []
    for name in ("one", "two", "three"):
        choices.append(ModelChoice(str(shutil.copytree(folders["llama"], tmp_path / name))))
        engine.facts(choices[-1])
    assert [engine.is_loaded(choice) for choice in choices] == [False, True, True]
    assert len(engine.inspect(read, choices[0], "abc")) == 4


def test_models_that_nobody_uses_make_room(llama, gpt2, monkeypatch):
    engine.facts(llama)
    attempts: list[str] = []

    def full(source: str, *rest: object) -> Model:
        attempts.append(source)
        if engine.is_loaded(llama):
            raise NoRoomError("It does not fit.")
        return load_model(source, *rest)

    monkeypatch.setattr("components.inspection.load.load_model", full)
    assert engine.facts(gpt2).family == "gpt2"
    assert attempts == [gpt2.source] * 2
    assert not engine.is_loaded(llama)


def test_what_never_fits_is_told(llama, monkeypatch):
    def full(*_inputs: object) -> Model:
        raise NoRoomError("It does not fit.")

    monkeypatch.setattr("components.inspection.load.load_model", full)
    with pytest.raises(NoRoomError, match="does not fit"):
        engine.facts(llama)


def full(error: Exception, times: int) -> Callable[[Model], str]:
    """Return an inspection that runs out of memory so many times."""

    def inspection(_model: Model) -> str:
        CALLS.append(("", "tried"))
        if len(CALLS) <= times:
            raise error
        return "done"

    return inspection


OUT_OF_MEMORY = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"),
    MemoryError(),
]


@pytest.mark.parametrize("error", OUT_OF_MEMORY, ids=["cuda", "cpu", "numpy"])
def test_when_memory_runs_out_idle_models_make_room(error, llama, gpt2):
    engine.facts(gpt2)
    engine.facts(llama)
    assert engine.inspect(full(error, times=1), llama) == "done"
    assert engine.is_loaded(llama)
    assert not engine.is_loaded(gpt2)


@pytest.mark.parametrize("error", OUT_OF_MEMORY, ids=["cuda", "cpu", "numpy"])
def test_when_memory_runs_out_twice_it_is_said_what_was_free_and_what_to_do(error, llama):
    free, total = engine.device_memory("cpu")
    with pytest.raises(NoRoomError) as said:
        engine.inspect(full(error, times=2), llama)
    told = str(said.value)
    assert f"of {total / 1e9:.1f} GB of cpu" in told
    assert float(told.split(", ")[1].split(" GB")[0]) == pytest.approx(free / 1e9, rel=0.5)
    assert "Shorten the text" in told
    # Nothing of it stays: neither a turn, nor the error with the tensors in its frames.
    assert said.value.__cause__ is None
    assert said.value.__context__ is None
    assert not engine._MODELS.turn(engine._resolved(llama)).locked()
    assert len(engine.inspect(read, llama, "abc")) == 4


def test_another_failure_is_not_taken_for_want_of_memory(llama):
    with pytest.raises(RuntimeError, match="shapes"):
        engine.inspect(full(RuntimeError("shapes do not fit"), times=1), llama)
    assert len(CALLS) == 1


def test_a_model_for_which_memory_runs_out_while_it_is_read_is_tried_again(
    llama, gpt2, monkeypatch
):
    engine.facts(llama)
    attempts: list[str] = []

    def read_in(source: str, *rest: object) -> Model:
        attempts.append(source)
        if len(attempts) == 1:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return load_model(source, *rest)

    monkeypatch.setattr("components.inspection.load.load_model", read_in)
    assert engine.facts(gpt2).family == "gpt2"
    assert not engine.is_loaded(llama)


@pytest.mark.parametrize(("place", "steps"), [(0, [0, 1, 2]), (1, [0])])
def test_a_stream_begins_again_only_where_it_has_said_nothing_yet(place, steps, llama):
    ran: list[int] = []

    def counting(_model: Model) -> Iterator[int]:
        for step in range(3):
            if step == place and not ran:
                ran.append(step)
                raise torch.OutOfMemoryError("CUDA out of memory.")
            yield step

    found: list[int] = []
    ended = pytest.raises(NoRoomError) if place else nullcontext()
    with ended:
        for step in engine.stream(counting, llama):
            found.append(step)
    assert found == steps
    assert not engine._MODELS.turn(engine._resolved(llama)).locked()


@pytest.mark.parametrize(("share", "kept"), [(1.9, 1), (2.1, 2)])
def test_idle_models_take_no_more_than_their_share_of_the_memory(
    share, kept, llama, gpt2, monkeypatch
):
    size = engine.facts(llama).weight_bytes + engine.facts(gpt2).weight_bytes
    engine._MODELS.clear()
    monkeypatch.setattr(engine, "device_memory", lambda _device: (0, int(size * share)))
    engine.facts(llama)
    engine.facts(gpt2)
    assert len(engine._MODELS) == kept
    assert engine.is_loaded(gpt2), "the one that was asked for stays"


def test_loading_in_16_bits_changes_nothing_for_those_who_compute(llama, gpt2):
    """transformers sets the default dtype for the whole process while it builds a network."""
    engine.facts(llama)
    seen: set[torch.dtype] = set()
    loaded = threading.Event()

    def load() -> None:
        try:
            for dtype in ("bfloat16", "float16"):
                engine.facts(replace(gpt2, dtype=dtype))
        finally:
            loaded.set()

    def watch() -> None:
        while not loaded.is_set():
            seen.add(torch.get_default_dtype())
            seen.add(torch.ones(1).dtype)

    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    assert together(load, watch, watch) == [None] * 3
    assert seen == {torch.float32}
    assert torch.rand(1) == expected, "nor did the process's random numbers move on"


def test_loading_tells_its_progress(llama):
    told: list[float] = []
    engine.facts(llama, lambda share, _said: told.append(share))
    assert told[0] == 0.0
    assert told[-1] == 1.0
    assert told == sorted(told)


def test_memory_of_this_machine_is_told():
    free, total = engine.device_memory("cpu")
    assert 0 < free < total


def test_a_folder_that_is_gone_does_not_matter_once_loaded(folders, tmp_path):
    choice = ModelChoice(str(shutil.copytree(folders["llama"], tmp_path / "short-lived")))
    engine.facts(choice)
    shutil.rmtree(Path(choice.source))
    assert len(engine.inspect(read, choice, "abc")) == 4
