"""Every inspection, on a pretended GPU: the CPU's numbers, or its very reason why not."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

import numpy as np
import pytest
import transformers as hf
from transformers import PreTrainedModel

from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.kv_cache import limits, roofline
from components.inspection.model import Kind, Model
from components.inspection.self_check import (
    architecture,
    embeddings,
    inspections,
    layers,
    machine,
)
from components.inspection.self_check.inspections import INSPECTIONS
from components.inspection.wrapping import wrapped
from tests import tiny
from tests.gpu.entries import ENTRIES, PREMISES, ROOT, Entry, asked_by, named
from tests.gpu.pretended import SUPPORTED
from tests.gpu.same import differences
from tests.inspection.positions import networks

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not SUPPORTED, reason="the stand-in fits a CPU build of torch 2.13"),
]
TEXT = "to be, or not to"
FAMILIES = ("llama", "gpt2", "gemma3", "mixtral", "t5", "bert_classifier")
OTHERS: dict[str, tuple[Callable[[], PreTrainedModel], Kind]] = {
    "deepseek_v3": (networks.deepseek_v3, "causal"),
    "qwen3_next": (networks.qwen3_next, "causal"),
    "headless": (lambda: tiny.built(hf.BertModel, hf.BertConfig(**tiny._BERT)), "headless"),
}


DEEP = ("llama", "t5", "bert_classifier")
"""Of these also the pages that ask for much that others ask for, and read a text many times."""
MANY = ("Forward pass", "Layers", "Architecture")
WHOLE = (*FAMILIES, "headless")
"""Of the others, which compute in loops, only what the two other tests ask."""


@pytest.fixture(autouse=True)
def small_products(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU multiplies larger matrices than a CPU, which has to multiply them here."""
    monkeypatch.setattr(limits, "SIDE", {"cpu": 128, "cuda": 128})
    monkeypatch.setattr(roofline, "ROUNDS", 1)


def on(device: str, family: str) -> Model:
    """Return a fresh tiny model of `family` there."""
    build, kind = OTHERS.get(family) or (lambda: tiny.network(family), tiny.FAMILIES[family][2])
    network = build().to(device)
    return wrapped(network, tiny.tokenizer(), kind, f"tiny-{family}", context=64)


def found_by(run: Callable[[Model, str], Any], model: Model) -> Any:
    """Return the result, or why there is none."""
    try:
        return run(model, TEXT)
    except InspectionError as error:
        return str(error)


def unlike(family: str, asked: dict[str, Entry | inspections.Inspection]) -> dict[str, list[str]]:
    """Return by name what is not the same on both devices."""
    here, there = on("cpu", family), on("cuda:0", family)
    assert {str(weight.device) for weight in there.network.parameters()} == {"cuda:0"}
    assert there.kind == here.kind and list(there.anatomy.stacks) == list(here.anatomy.stacks)
    found = {
        name: list(differences(found_by(one.run, here), found_by(one.run, there), one.timed))
        for name, one in asked.items()
    }
    return {name: told for name, told in found.items() if told}


@pytest.mark.slow
@pytest.mark.parametrize("family", WHOLE)
def test_every_inspection_gives_what_the_cpu_gives(family, gpu):
    asked = [one for one in INSPECTIONS if one.page not in MANY or family in DEEP]
    assert unlike(family, {f"{one.page}: {one.view}": one for one in asked}) == {}


@pytest.mark.slow
@pytest.mark.parametrize("family", [*FAMILIES, *OTHERS])
def test_so_does_whatever_else_a_view_asks(family, gpu):
    assert (
        unlike(family, {f"{at} {named(one.function)}": one for at, one in enumerate(ENTRIES)}) == {}
    )


@pytest.mark.slow
@pytest.mark.parametrize("family", [*FAMILIES, *OTHERS])
def test_premises_are_measured_alike(family, gpu):
    assert unlike(family, {str(at): one for at, one in enumerate(PREMISES)}) == {}


def called_by_views() -> dict[str, set[str]]:
    """Return each function that views ask of a model, and the files that do."""
    found: dict[str, set[str]] = {}
    for path in [*(ROOT / "pages").rglob("*.py"), *(ROOT / "components/widgets").rglob("*.py")]:
        for name in asked_by(path.read_text(encoding="utf-8")):
            home, _, function = name.rpartition(".")
            found.setdefault(named(getattr(import_module(home), function)), set()).add(path.name)
    return found


def test_no_view_asks_what_is_tried_on_no_gpu():
    """Neither in the table of inspections nor in the list beside it."""
    called = called_by_views()
    table = {
        named(one)
        for table in (inspections, embeddings, machine, layers, architecture)
        for one in vars(table).values()
        if callable(one) and getattr(one, "__module__", "").startswith("components.inspection.")
    }
    tried = table | {named(one.function) for one in ENTRIES}
    # The self-check asks the table and the premises, which have a test each.
    tried.add("components.inspection.self_check.self_check")
    assert {name: files for name, files in called.items() if name not in tried} == {}
    assert len(called) > 50
    stale = {named(one.function) for one in ENTRIES} - set(called)
    assert stale == set(), "what no view asks any more"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("from a.b import c\nengine.inspect(c, choice)", ["a.b.c"]),
        ("from a import b\nfor _ in engine.stream(b.c, choice, 1): pass", ["a.b.c"]),
        ("def f():\n    from a import b as c\n    asked.ask(c if x else c.d)", ["a.b", "a.b.d"]),
        ("def f():\n    from a import b\n    return b\nmeasuring.measure(KEY, f(), x)", ["a.b"]),
        ("def f(what):\n    engine.inspect(what, choice)\n    engine.facts(choice)", []),
    ],
)
def test_what_a_view_asks_is_found(code, expected):
    assert list(asked_by(code)) == expected


@dataclass(frozen=True, eq=False)
class Result:
    """Stands for any."""

    numbers: np.ndarray
    checks: tuple[Check, ...]
    said: dict[str, float]
    seconds: float = 0.0


RESULT = Result(
    np.array([[1.0, 2.0], [np.nan, 4.0]]), (Check("it adds up", 1e-7, 1e-6),), {"share": 0.25}
)


@pytest.mark.parametrize(
    ("other", "place"),
    [
        (replace(RESULT, numbers=RESULT.numbers * np.array([1, 1.0005])), ".numbers: off by 0.00"),
        (replace(RESULT, numbers=np.nan_to_num(RESULT.numbers)), ".numbers: off by"),
        (replace(RESULT, numbers=RESULT.numbers.astype(np.float32)), ".numbers: float64(2, 2)"),
        (replace(RESULT, numbers=RESULT.numbers[:1]), ".numbers: float64(2, 2), float64(1, 2)"),
        (replace(RESULT, said={"share": 0.26}), ".said['share']: off by 0.01"),
        (replace(RESULT, said={}), ".said: ['share'], []"),
        (replace(RESULT, checks=()), ".checks: 1 and 0 of them"),
        (replace(RESULT, checks=(Check("it adds up", 2e-6, 1e-6),)), ".checks[0]: it adds up"),
        (replace(RESULT, checks=(Check("it adds up", 1e-7),)), ".checks[0]: it adds up"),
        (replace(RESULT, checks=(Check("it adds up", 1e-7, 0.1),)), ".checks[0]: it adds up"),
        (replace(RESULT, seconds=1.0), ".seconds: off by 1.0"),
        ("refused", ": Result("),
    ],
)
def test_a_difference_would_be_noticed(other, place):
    assert list(differences(RESULT, RESULT)) == []
    (told,) = differences(RESULT, other)
    assert told.startswith(place), told


def test_clocks_and_names_of_devices_may_differ():
    assert list(differences(RESULT, replace(RESULT, seconds=1.0), timed=True)) == []
    assert list(differences(("fails on cpu.",), ("fails on cuda:0.",))) == []
    assert list(differences("a", "b")) == [": 'a', 'b'"]
