"""The models, loaded once each; without them the tests are skipped with the reason."""

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from components.inspection.load import load_model
from components.inspection.model import Model
from tests.real.models import MINILM, REASON, SMOLLM2, WANTED, fetched


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test below this folder; skip them where nobody asked for the models."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.real)
            if not WANTED:
                item.add_marker(pytest.mark.skip(reason=REASON))


@pytest.fixture(scope="session")
def smollm2_file() -> Path:
    """The GGUF file."""
    return fetched(SMOLLM2)


@pytest.fixture(scope="session")
def smollm2(smollm2_file: Path) -> Model:
    """SmolLM2-135M-Instruct, read from its file, in float32."""
    return load_model(str(smollm2_file), "cpu", "float32")


@pytest.fixture(scope="session")
def smollm2_folder(smollm2_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as a folder, saved by transformers alone, in bfloat16."""
    folder = tmp_path_factory.mktemp("smollm2")
    where, name = smollm2_file.parent, smollm2_file.name
    network = AutoModelForCausalLM.from_pretrained(where, gguf_file=name, dtype=torch.bfloat16)
    # Its weights are plain numbers now; the marks of the file they came from would be in the way.
    for mark in ("quantization_config", "_pre_quantization_dtype"):
        if hasattr(network.config, mark):
            delattr(network.config, mark)
    network.is_quantized, network.hf_quantizer = False, None
    network.save_pretrained(folder)
    AutoTokenizer.from_pretrained(where, gguf_file=name).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def minilm() -> Model:
    """all-MiniLM-L6-v2, an encoder without a head, in float32."""
    return load_model(str(fetched(MINILM)), "cpu", "float32")
