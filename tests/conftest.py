"""Fixtures for all tests. Small random models come from `tests.tiny`."""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ["HF_HUB_OFFLINE"] = "1"

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from tests.shapes import check_shapes

check_shapes()  # before the first import of what is checked

from components.inspection.model import Model
from tests import sabotages, schedule, tiny, wheels
from tests.gpu.pretended import SUPPORTED, pretend_gpus
from tests.gpu.tensors import Gpus


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    schedule.longest_first(items)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Share tests out so that one browser runs at a time."""
    return schedule.scheduler(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """Hold a test that is marked as a sabotage to it: its check must hold, and fail once broken.

    A test that breaks something by `monkeypatch` is run with nothing broken first: then its check
    must hold, and the test itself must fail. Others see for themselves that it holds.

    Prints a line for each: what must be so, what was broken, how far off it was, and the bound.
    """
    broken = [mark.args[0] for mark in pyfuncitem.iter_markers("sabotage")]
    if not broken:
        return (yield)
    with sabotages.watched() as seen:
        if "monkeypatch" in pyfuncitem.fixturenames:
            sabotages.run_unbroken(pyfuncitem)
        result: Any = yield
    for words in broken:
        print("\n" + sabotages.line(words, pyfuncitem.name, seen))
    return result


@pytest.fixture(autouse=True)
def no_gpu_but_where_one_is_meant(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let "auto" be the CPU on every machine: results are compared with float32 on one."""
    if request.node.get_closest_marker("gpu") is None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture(scope="module", autouse=True)
def shared_networks_are_left_as_they_were() -> Iterator[None]:
    """See that no test of a file has left a hook on a network that others look at too."""
    yield
    left = [
        f"{model.name}: {path}"
        for model in tiny.SHARED
        for path, part in model.network.named_modules()
        if part._forward_hooks or part._forward_pre_hooks
    ]
    assert not left


@pytest.fixture
def gpu() -> Iterator[Gpus]:
    """A pretended GPU of 8 GiB."""
    if not SUPPORTED:
        pytest.skip("the stand-in for a GPU fits a CPU build of torch 2.13")
    with pretend_gpus(memory=8 * 2**30) as gpus:
        yield gpus


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> wheels.Installed:
    """The wheel in a fresh environment, and an empty folder to use it in."""
    return wheels.installed(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def tiny_causal() -> Model:
    """A Llama of 3 layers, 4 query and 2 key-value heads of size 6, width 24."""
    return tiny.model("llama")


@pytest.fixture(scope="session")
def tiny_masked() -> Model:
    """A BERT of the same measures."""
    return tiny.model("bert")


@pytest.fixture(scope="session")
def tiny_seq2seq() -> Model:
    """A T5 of 3 encoder and 2 decoder blocks."""
    return tiny.model("t5")


@pytest.fixture(scope="session")
def tiny_classifier() -> Model:
    """A BERT that judges three classes."""
    return tiny.model("bert_classifier")
