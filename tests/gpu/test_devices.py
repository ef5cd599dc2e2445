"""The GPU path around the inspections: choosing, loading, running out of memory, timing."""

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from components import engine
from components.engine import ModelChoice
from components.inspection.devices import NoRoomError, chosen_device, chosen_dtype, memory
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.kv_cache.clock import timed
from components.inspection.load import load_model
from components.memory import ModelCache, ResultCache
from tests import tiny
from tests.gpu.pretended import SUPPORTED, pretend_gpus

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not SUPPORTED, reason="the stand-in fits a CPU build of torch 2.13"),
]
TEXT = "to be, or not"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Llama on disk."""
    place: Path = tmp_path_factory.mktemp("models") / "llama"
    tiny.network("llama").save_pretrained(place)
    tiny.tokenizer().save_pretrained(place)
    return str(place)


@pytest.fixture
def empty_engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An engine that has seen nothing yet."""
    monkeypatch.setattr(engine, "_RESULTS", ResultCache(64, 2**24))
    monkeypatch.setattr(engine, "_MODELS", ModelCache(4))
    yield
    engine._MODELS.clear()


def test_one_gpu_has_one_name(gpu):
    assert {chosen_device(name) for name in ("auto", "cuda", "cuda:0")} == {"cuda:0"}
    with pytest.raises(InspectionError, match="it has: cpu, cuda, cuda:0"):
        chosen_device("cuda:1")


def test_of_several_cuda_means_all():
    with pretend_gpus(count=2):
        assert chosen_device("auto") == chosen_device("cuda") == "cuda"
        assert chosen_device("cuda:1") == "cuda:1"
        assert memory("cuda")[1] == 2 * memory("cuda:1")[1]


@pytest.mark.parametrize(("native", "dtype"), [(True, "bfloat16"), (False, "float16")])
def test_auto_is_what_the_card_computes_with(native, dtype, gpu, monkeypatch):
    """A T4 says that it supports bfloat16, and emulates it."""

    def supported(including_emulation: bool = True) -> bool:
        return native or including_emulation

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", supported)
    assert chosen_dtype("auto", "cuda:0") == dtype
    assert chosen_dtype("auto", "cpu") == "float32"


def test_weights_go_straight_onto_the_card(folder, gpu, monkeypatch):
    """Not through a copy of the whole model in main memory."""
    moved: list[str] = []
    own = torch.nn.Module.to

    def to(self: torch.nn.Module, *args: object, **kwargs: object) -> torch.nn.Module:
        moved.append(f"{type(self).__name__} {args}")
        return own(self, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(torch.nn.Module, "to", to)
    model = load_model(folder, "cuda", "float32")
    assert {str(weight.device) for weight in model.network.parameters()} == {"cuda:0"}
    assert {str(each.device) for each in model.network.buffers()} == {"cuda:0"}
    assert [one for one in moved if "Llama" in one] == []
    assert model.facts.weight_bytes <= gpu.used(0) < 2 * model.facts.weight_bytes


def test_what_torch_keeps_for_itself_is_not_taken_for_used(gpu, monkeypatch):
    emptied: list[int] = []
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: emptied.append(1))
    memory("cuda:0")
    assert emptied


def test_a_model_too_large_for_the_card_is_refused_before_it_is_read(folder):
    with pretend_gpus(memory=10_000), pytest.raises(NoRoomError, match=r"cuda:0 has 0\.0 GB free"):
        load_model(folder, "cuda", "float32")


def test_a_model_is_split_where_one_card_is_too_small(folder):
    """And its memory is that of both cards."""
    size = load_model(folder, "cpu").facts.weight_bytes
    with pretend_gpus(count=2, memory=int(size * 1.1)) as gpus:
        model = load_model(folder, "cuda", "float32")
        places = {str(weight.device) for weight in model.network.parameters()}
        assert places == {"cuda:0", "cuda:1"}
        assert model.facts.device == "cuda"
        assert memory(model.facts.device)[1] == 2 * gpus.memory
        found = record(model, "abc", keep=["logits"]).logits
    expected = record(tiny.model("llama"), "abc", keep=["logits"]).logits
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_when_a_card_is_full_idle_models_make_room(folder, gpu, empty_engine):
    """Two models and a text for which there is room beside one only."""
    other, mine = ModelChoice(folder, "cuda", "float16"), ModelChoice(folder, "cuda", "float32")
    engine.facts(other)
    engine.facts(mine)
    both = gpu.used(0)
    kept = gpu.used(0) - engine.facts(other).weight_bytes // 2
    gpu.memory = both + 4_000
    assert engine.is_loaded(other)
    found = engine.inspect(record, mine, "abc", None, ("logits",))
    assert found.logits.shape == (4, 261)
    assert not engine.is_loaded(other)
    assert gpu.used(0) < kept


def test_a_full_card_is_told_and_nothing_stays_on_it(folder, gpu, empty_engine):
    choice = ModelChoice(folder, "cuda", "float32")
    engine.facts(choice)
    before = gpu.used(0)
    gpu.memory = before + 2_000
    with pytest.raises(NoRoomError) as said:
        engine.inspect(record, choice, "to be, or not to be")
    assert "Memory ran out: of 0.0 GB of cuda:0" in str(said.value)
    assert "Shorten the text" in str(said.value)
    gpu.memory = 2**30
    del said
    assert gpu.used(0) == before
    assert engine.inspect(record, choice, "abc", None, ("logits",)).logits.shape == (4, 261)


def test_readers_of_a_card_get_their_own(folder, gpu, empty_engine):
    choice = ModelChoice(folder, "cuda", "float32")
    found: dict[str, np.ndarray] = {}

    def read(text: str) -> None:
        found[text] = engine.inspect(record, choice, text, None, ("logits",)).logits

    threads = [threading.Thread(target=read, args=[text]) for text in ("abc", "to be", "x y z")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for text, logits in found.items():
        expected = record(tiny.model("llama"), text, keep=["logits"]).logits
        np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-5)
    assert len(found) == 3


def test_a_clock_times_the_card_that_works():
    """Events of the current card know nothing of another's work: the double refuses them."""
    with pretend_gpus(count=2):
        work = torch.ones(3, device="cuda:1")
        result, seconds = timed(work.device, lambda: work + work)
        assert seconds > 0
        assert result.cpu().tolist() == [2.0, 2.0, 2.0]


def test_a_mixture_of_devices_would_be_noticed(gpu):
    with pytest.raises(RuntimeError, match="Expected all tensors to be on the same device"):
        torch.ones(3) + torch.ones(3, device="cuda")
    with pytest.raises(TypeError, match="can't convert cuda:0"):
        torch.ones(3, device="cuda").numpy()
