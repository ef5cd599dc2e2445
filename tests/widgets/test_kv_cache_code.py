"""The lines of code under the pictures run, and say the numbers that are on screen."""

import contextlib
import gc
import io
import re
from pathlib import Path

import pytest
import torch

from components.engine import ModelChoice
from components.inspection.catalogue import loadable
from components.inspection.kv_cache.agreement import agreement
from components.inspection.kv_cache.calling import calling
from components.inspection.kv_cache.contents import contents
from components.inspection.kv_cache.described import loaded_shape
from components.inspection.kv_cache.kinds import kinds
from components.inspection.kv_cache.planner import plan
from components.inspection.kv_cache.published import PUBLISHED
from components.inspection.kv_cache.timing import measure
from components.inspection.kv_cache.work import work
from components.inspection.load import load_model
from pages.output.kv_cache import code
from pages.output.kv_cache.lines import Lines
from tests import tiny
from tests.inspection.kv_cache.test_law import hybrid, latent

TEXT = "hello there"
FAMILIES = ["llama", "gpt2", "mistral", "t5"]
HALF = "float16 / bfloat16"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory):
    """A loaded model of a family, as a reader has it, and the lines that open it."""
    loaded = {}

    def of(family: str, dtype: str = "float32"):
        if (family, dtype) not in loaded:
            place = tmp_path_factory.mktemp(family)
            tiny.network(family).save_pretrained(place)
            tiny.tokenizer().save_pretrained(place)
            model = load_model(str(place), device="cpu", dtype=dtype)
            lines = Lines(ModelChoice(str(place)), dtype, calling(model))
            loaded[family, dtype] = model, lines
        return loaded[family, dtype]

    return of


def said(lines: str) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), torch.random.fork_rng():
        exec(compile(lines, "on-screen", "exec"), {})
    return printed.getvalue()


@pytest.mark.parametrize("family", FAMILIES)
def test_the_timing_code_times_both_ways_on_the_same_tokens(family, saved):
    model, lines = saved(family)
    *_, found = measure(model, TEXT, 16, 6, 1)
    try:
        printed = said(code.timing_code(lines, TEXT, 16, 6, 2)).splitlines()
    finally:
        gc.enable()
    for name, line in zip(("with", "without"), printed, strict=False):
        assert re.fullmatch(rf"{name} +[\d.]+ ms, then [\d.]+ ms each, [\d.]+ s", line)
    assert printed[2] == str(list(found.tokens))


@pytest.mark.parametrize(
    ("family", "dtype"), [*((one, "float32") for one in FAMILIES), ("llama", "bfloat16")]
)
def test_the_agreement_code_finds_the_same_difference(family, dtype, saved):
    model, lines = saved(family, dtype)
    found = agreement(model, TEXT, None, 6)
    worst, _ = said(code.agreement_code(lines, TEXT, 6)).split("\n", 1)
    # The page runs the same eager attention, so the numbers are the same to the last bit.
    assert float(worst) == found.worst


@pytest.mark.parametrize("family", FAMILIES)
def test_the_contents_code_prints_the_same_bytes(family, saved):
    model, lines = saved(family)
    found = contents(model, TEXT, None, 2)
    printed = said(code.contents_code(lines, TEXT)).splitlines()
    assert printed[-1] == f"{found.grown[0]} bytes"
    assert len(printed) == 2 * found.shape.layers + 1
    if family == "llama":
        assert printed[0] == f"0 keys (1, 2, {found.prompt}, 6) {2 * found.prompt * 6 * 4}"


@pytest.mark.parametrize("family", FAMILIES)
def test_the_kinds_code_prints_the_rows_of_the_table(family, saved):
    model, lines = saved(family)
    *_, found = kinds(model, TEXT, 16, 6, 1, 8)
    names = [row.name for row in found.ran]
    assert len(names) >= 2
    printed = said(code.kinds_code(lines, TEXT, 16, 6, 8, names)).splitlines()
    assert printed == [
        f"{row.name}: {row.held} bytes, {row.difference}, {row.same} of {row.steps}"
        for row in found.ran
    ]


def test_every_kind_has_its_line():
    from components.inspection.kv_cache.offers import KINDS

    assert list(code.KINDS) == [kind.name for kind in KINDS]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_work_code_counts_the_same_operations_at_the_lengths_asked_for(family, saved):
    model, lines = saved(family)
    counted = work(model, TEXT, 20, 7)
    printed = said(code.work_code(lines, TEXT, 20, 7)).splitlines()
    assert printed == [f"{one.name}: {one.operations:,} operations" for one in counted.passes]


def test_the_planner_code_prints_the_books_number():
    assert said(code.planner_code(PUBLISHED["Phi-3-mini"], 4_096, 1, 2)) == (
        "393,216 bytes for each token, 1.5 GiB in all\n"
    )


def test_the_planner_code_minds_windows():
    printed = said(code.planner_code(PUBLISHED["Mistral-7B v0.1"], 32_768, 1, 2))
    assert printed == "131,072 bytes for each token, 0.4999 GiB in all\n"


@pytest.mark.parametrize("itemsize", [1, 2, 4])
@pytest.mark.parametrize(
    "make",
    [
        lambda: PUBLISHED["Mistral-7B v0.1"],
        lambda: loaded_shape(tiny.model("gemma2")),
        lambda: loaded_shape(tiny.model("t5")),
        lambda: loaded_shape(hybrid()),
        lambda: loaded_shape(latent()),
    ],
    ids=["windows", "some windows", "two stacks", "hybrid", "latent"],
)
def test_the_planner_code_says_what_the_plan_says(make, itemsize):
    shape = make()
    made = plan(shape, 3_000_000, 7, HALF, {1: "8-bit", 2: HALF, 4: "float32"}[itemsize])
    printed = said(code.planner_code(shape, 3_000_000, 7, itemsize))
    token, total = int(made.token), made.cache / 2**30
    assert printed == f"{token:,} bytes for each token, {total:.4g} GiB in all\n"


def test_a_gguf_file_and_a_revision_are_opened_as_they_are():
    call = calling(tiny.model("llama"))
    opened = Lines(ModelChoice("models/small.gguf"), "float32", call).start("a")
    assert opened.count("'models', gguf_file='small.gguf'") == 2
    opened = Lines(ModelChoice("some/model", revision="v2"), "float32", call).start("a")
    assert opened.count("'some/model', revision='v2'") == 2


def test_a_bundled_model_is_loaded_from_its_folder():
    assert (Path(__file__).parents[2] / loadable("storyteller") / "config.json").exists()
    assert loadable("openai-community/gpt2") == "openai-community/gpt2"
