"""The lines of code under the pictures run, and say the numbers that are on screen."""

import contextlib
import io
import re
from pathlib import Path

import pytest
import torch

from components.inspection.catalogue import loadable
from components.inspection.kv_cache.agreement import agreement
from components.inspection.kv_cache.contents import contents
from components.inspection.kv_cache.work import work
from components.inspection.load import load_model
from components.widgets.kv_cache import code
from tests import tiny

TEXT = "hello there"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    place = tmp_path_factory.mktemp("model")
    tiny.model("llama").network.save_pretrained(place)
    tiny.tokenizer().save_pretrained(place)
    return str(place)


@pytest.fixture(scope="module")
def model(folder):
    return load_model(folder, device="cpu")


def said(lines: str) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), torch.random.fork_rng():
        exec(compile(lines, "on-screen", "exec"), {})
    return printed.getvalue()


def test_the_timing_code_times_both_ways(folder):
    import gc

    try:
        printed = said(code.timing_code(folder, TEXT, "float32", 16, 6, 2))
    finally:
        gc.enable()
    assert re.fullmatch(
        r"with +[\d.]+ ms, then [\d.]+ ms each, [\d.]+ s\n"
        r"without +[\d.]+ ms, then [\d.]+ ms each, [\d.]+ s\n",
        printed,
    )


def test_the_agreement_code_finds_the_same_difference(folder, model):
    found = agreement(model, TEXT, None, 6)
    worst, _ = said(code.agreement_code(folder, TEXT, "float32", 6)).split("\n", 1)
    # The page runs the same eager attention, so the numbers are the same to the last bit.
    assert float(worst) == found.worst


def test_the_contents_code_prints_the_same_bytes(folder, model):
    found = contents(model, TEXT, None, 2)
    printed = said(code.contents_code(folder, TEXT, "float32"))
    assert printed.splitlines()[-1] == f"{found.grown[0]} bytes"
    assert len(printed.splitlines()) == found.shape.layers + 1


def test_the_kinds_code_writes_with_each(folder):
    printed = said(code.kinds_code(folder, TEXT, "float32", 5)).splitlines()
    assert [line.split()[0] for line in printed] == ["dynamic", "static", "quantized"]
    assert printed[0].split(maxsplit=1)[1:] == printed[1].split(maxsplit=1)[1:]


def test_the_work_code_counts_the_same_operations(folder, model):
    ids = model.encode(TEXT)
    counted = work(model, TEXT, len(ids), 2)
    printed = said(code.work_code(folder, TEXT, "float32")).splitlines()
    assert printed[0] == f"prefill: {counted.passes[0].operations:,} operations"
    assert printed[1] == f"one step: {counted.passes[1].operations:,} operations"


def test_the_planner_code_prints_the_books_number():
    assert said(code.planner_code(32, 32, 96, 4_096, 1, 2)) == (
        "393,216 bytes for each token, 1.5 GiB in all\n"
    )


def test_a_bundled_model_is_loaded_from_its_folder():
    assert (Path(__file__).parents[2] / loadable("storyteller") / "config.json").exists()
    assert loadable("openai-community/gpt2") == "openai-community/gpt2"
