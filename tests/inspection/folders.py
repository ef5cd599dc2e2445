"""Model folders to be broken, and what is said of them."""

import json
from pathlib import Path

import pytest

from components.inspection.errors import InspectionError
from components.inspection.load import load_model
from tests import tiny

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"


def saved(family: str, folder: Path) -> Path:
    """Save a small model of `family`, with a tokenizer."""
    tiny.network(family).save_pretrained(folder)
    tiny.tokenizer().save_pretrained(folder)
    return folder


def configure(folder: Path, **changes: object) -> None:
    """Change entries of the configuration."""
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def refusal(folder: Path | str, dtype: str = "float32") -> str:
    """Load what cannot be loaded; return what is said of it."""
    with pytest.raises(InspectionError) as said:
        load_model(str(folder), "cpu", dtype)
    return str(said.value)
