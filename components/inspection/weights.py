"""A model folder looked at before anything is loaded: what it is and how much it weighs."""

import json
import struct
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, Final

from transformers import AutoConfig, PretrainedConfig
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES,
)

from components.inspection.errors import InspectionError
from components.inspection.model import Kind

MOST_HEADER_BYTES: Final = 100_000_000
"""The safetensors format's own limit on a header."""
PICKLED: Final = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl", "*.h5", "*.msgpack")


@dataclass(frozen=True, eq=False)
class Weights:
    """What the files of a model folder say."""

    folder: Path
    config: PretrainedConfig
    kind: Kind
    parameters: int
    """As stored; a matrix that is used twice is stored once."""

    def bytes_in(self, dtype: str) -> int:
        """Return how much memory the weights take as `dtype`."""
        return self.parameters * {"float32": 4, "bfloat16": 2, "float16": 2}[dtype]


def weigh(folder: Path, source: str) -> Weights:
    """Read the configuration and the headers of the weights in `folder`.

    Raises:
        InspectionError: a file is missing or broken, the weights are pickled only, the model
            needs code of its own, or is of a kind that Vitrine does not show.
    """
    config = _config(folder, source)
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        pickled = sorted(file.name for pattern in PICKLED for file in folder.glob(pattern))
        if pickled:
            raise InspectionError(
                f"'{source}' holds pickled weights only ({', '.join(pickled[:3])}). Opening a "
                "pickle can run any code, so Vitrine does not. Save the model again with "
                "save_pretrained(..., safe_serialization=True) and choose that folder."
            )
        raise InspectionError(f"'{source}' holds no weights: no *.safetensors file in {folder}.")
    parameters = sum(_parameters(file, source) for file in files)
    return Weights(folder, config, _kind(config, source), parameters)


def _config(folder: Path, source: str) -> PretrainedConfig:
    path = folder / "config.json"
    if not path.exists():
        raise InspectionError(f"'{source}' is no model folder: {folder} has no config.json.")
    try:
        raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        family = raw["model_type"]
    except (ValueError, KeyError, TypeError):
        raise InspectionError(
            f"The config.json of '{source}' is broken: it is not JSON with a 'model_type'."
        ) from None
    try:
        return AutoConfig.from_pretrained(folder, trust_remote_code=False)
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        reason = (
            "it needs code from its own repository, which Vitrine never runs"
            if "auto_map" in raw
            else f"{type(error).__name__}: {str(error).splitlines()[0][:200]}"
        )
        raise InspectionError(
            f"transformers cannot read the configuration of '{source}' (family '{family}'): "
            f"{reason}."
        ) from error


def _parameters(file: Path, source: str) -> int:
    """Count the numbers in a safetensors file from its header (format: 8 bytes of length, JSON)."""
    broken = InspectionError(
        f"The weights file {file.name} of '{source}' is broken or cut short. Fetch it again."
    )
    with file.open("rb") as opened:
        start = opened.read(8)
        if len(start) < 8:
            raise broken
        (length,) = struct.unpack("<Q", start)
        if length > min(MOST_HEADER_BYTES, file.stat().st_size):
            raise broken
        try:
            header = json.loads(opened.read(length))
            tensors = [value for name, value in header.items() if name != "__metadata__"]
            end = max((tensor["data_offsets"][1] for tensor in tensors), default=0)
            count = sum(prod(tensor["shape"]) for tensor in tensors)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise broken from None
    if file.stat().st_size < 8 + length + end:
        raise broken
    return count


def _kind(config: PretrainedConfig, source: str) -> Kind:
    """Say what the model does, from the class it was saved as, else from its family."""
    saved = (config.architectures or [""])[0]
    family = config.model_type
    if saved.endswith("ForSequenceClassification"):
        return "classifier"
    if config.is_encoder_decoder and family in MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES:
        return "seq2seq"
    masked = family in MODEL_FOR_MASKED_LM_MAPPING_NAMES
    if masked and not saved.endswith(("ForCausalLM", "LMHeadModel")):
        return "masked"
    if family in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES and not config.is_encoder_decoder:
        return "causal"
    raise InspectionError(
        f"'{source}' is a {saved or family}: Vitrine shows language models that continue a text, "
        "fill a mask, translate, or classify a text."
    )
