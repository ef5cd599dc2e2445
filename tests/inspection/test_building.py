"""Networks are built in their own number format without a word to the rest of the process."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers as hf

from components.inspection import load
from components.inspection.building import building, on_meta
from components.inspection.load import load_model
from tests import tiny

HALVES = ["bfloat16", "float16"]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return, by family, a folder as `save_pretrained` writes it."""
    root = tmp_path_factory.mktemp("models")

    def folder(family: str) -> Path:
        if not (root / family).exists():
            tiny.network(family).save_pretrained(root / family)
            tiny.tokenizer().save_pretrained(root / family)
        return root / family

    return folder


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_weights_and_buffers_are_those_of_a_plain_load(family, dtype, saved):
    """Buffers that a constructor computes (frequencies, masks) come in the format they had."""
    ours = load_model(str(saved(family)), device="cpu", dtype=dtype).network
    plain = type(ours).from_pretrained(
        saved(family), dtype=getattr(torch, dtype), attn_implementation="eager"
    )
    for kind in ("named_parameters", "named_buffers"):
        one, other = dict(getattr(ours, kind)()), dict(getattr(plain, kind)())
        assert one.keys() == other.keys()
        for name in one:
            assert one[name].dtype == other[name].dtype, name
            assert torch.equal(one[name], other[name]), name


def dtypes_seen_while(work: Callable[[], object]) -> set[torch.dtype]:
    """Return the default dtypes that another thread meets while `work` runs."""
    seen, over = set(), threading.Event()

    def watch() -> None:
        while not over.is_set():
            seen.add(torch.get_default_dtype())
            seen.add(torch.ones(1).dtype)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        work()
    finally:
        over.set()
        watcher.join()
    return seen


@pytest.mark.parametrize("dtype", HALVES)
def test_nobody_else_sees_another_default_dtype(dtype, saved):
    source = str(saved("llama"))
    assert dtypes_seen_while(lambda: load_model(source, "cpu", dtype)) == {torch.float32}


@pytest.mark.parametrize("dtype", HALVES)
def test_with_transformers_alone_one_would_see_it(dtype, saved, monkeypatch):
    @contextmanager
    def plainly(_most: int) -> Iterator[None]:
        yield

    monkeypatch.setattr(load, "building", plainly)
    source, own = str(saved("llama")), hf.LlamaForCausalLM.__init__

    def slowly(self: object, *args: object, **kwargs: object) -> None:
        threading.Event().wait(0.1)
        own(self, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(hf.LlamaForCausalLM, "__init__", slowly)
    seen = dtypes_seen_while(lambda: load_model(source, "cpu", dtype))
    assert getattr(torch, dtype) in seen


def test_inside_the_default_is_the_network_s_for_this_thread_alone():
    made: dict[str, torch.dtype] = {}

    class Makes(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            made["numbers"] = torch.tensor([1.0, 2.0]).dtype
            made["zeros"] = torch.zeros(2).dtype
            made["integers"] = torch.arange(3).dtype
            made["told"] = torch.zeros(2, dtype=torch.float32).dtype
            made["handed on"] = torch.as_tensor(torch.ones(2, dtype=torch.float32)).dtype
            made["computed"] = (1.0 / torch.arange(1, 3).float()).dtype

    from transformers import modeling_utils

    given = torch.ones(1).dtype
    with building(), modeling_utils.local_torch_dtype(torch.bfloat16, "Makes"):
        Makes()
        other = dtypes_seen_while(lambda: None)
    assert other <= {torch.float32}
    assert made == {
        "numbers": torch.bfloat16,
        "zeros": torch.bfloat16,
        "integers": torch.int64,
        "told": torch.float32,
        "handed on": torch.float32,
        "computed": torch.float32,
    }
    assert torch.ones(1).dtype == given == torch.float32


def test_a_network_on_the_meta_device_has_shapes_and_takes_no_memory():
    plain = tiny.network("llama")
    empty = on_meta(hf.LlamaForCausalLM, plain.config)
    shapes = {name: weight.shape for name, weight in plain.named_parameters()}
    assert {name: weight.shape for name, weight in empty.named_parameters()} == shapes
    assert {weight.device.type for weight in empty.parameters()} == {"meta"}
    assert torch.zeros(1).device.type == "cpu"


def test_random_numbers_of_the_process_stay_where_they_were(saved):
    torch.manual_seed(3)
    np.random.seed(3)
    before = torch.get_rng_state(), np.random.get_state()[1].tolist()
    load_model(str(saved("gpt2")), "cpu", "bfloat16")
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.random.get_state()[1].tolist() == before[1]
