"""A model looked at before anything is loaded: what it is and how much it weighs."""

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
    MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
    MODEL_FOR_TEXT_ENCODING_MAPPING_NAMES,
    MODEL_MAPPING_NAMES,
)

from components.inspection import gguf_file
from components.inspection.errors import InspectionError
from components.inspection.model import Kind

MOST_HEADER_BYTES: Final = 100_000_000
"""The safetensors format's own limit on a header."""
SINGLE: Final = "model.safetensors"
INDEX: Final = "model.safetensors.index.json"
PICKLED: Final = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl", "*.h5", "*.msgpack")


@dataclass(frozen=True, eq=False)
class Weights:
    """What the files of a model say."""

    folder: Path
    config: PretrainedConfig
    kind: Kind
    parameters: int
    """As stored; a matrix that is used twice is stored once."""
    gguf: str = ""
    """The name of the .gguf file in `folder` that holds it; empty for safetensors."""
    quantized: str = ""
    """To what its weights were rounded, in words; empty if they were not."""

    def bytes_in(self, dtype: str) -> int:
        """Return how much memory the weights take as `dtype`."""
        return self.parameters * {"float32": 4, "bfloat16": 2, "float16": 2}[dtype]


def weigh(place: Path, source: str) -> Weights:
    """Read the configuration and the headers of the weights in a folder, or of a .gguf file.

    Raises:
        InspectionError: a file is missing or broken, the weights are pickled only, the model
            needs code of its own, or is of a kind that Vitrine does not show.
    """
    if place.is_file():
        return _gguf_weights(place, source)
    config = _config(place, source)
    kind = _kind(config, source)
    _check_attention(config, source)
    files = _files(place, source)
    parameters = sum(_parameters(file, source) for file in files)
    return Weights(place, config, kind, parameters)


def config_of(place: Path, source: str) -> PretrainedConfig:
    """Read the configuration in a folder, or of a .gguf file.

    Raises:
        InspectionError: it is missing, broken, or needs code of its own.
    """
    if not place.is_file():
        return _config(place, source)
    return _gguf_config(place, source, gguf_file.read(place, source))


def _gguf_config(file: Path, source: str, header: gguf_file.GgufHeader) -> PretrainedConfig:
    try:
        return AutoConfig.from_pretrained(file.parent, gguf_file=file.name)
    except Exception as error:  # any strange value ends in a library's own error
        raise InspectionError(
            f"transformers cannot read '{source}', a GGUF file of the architecture "
            f"'{header.architecture}': {type(error).__name__}: {str(error).splitlines()[0][:200]}."
        ) from error


def _gguf_weights(file: Path, source: str) -> Weights:
    header = gguf_file.read(file, source)
    config = _gguf_config(file, source, header)
    _check_attention(config, source)
    return Weights(
        file.parent, config, _kind(config, source), header.parameters, file.name, header.quantized
    )


def _check_attention(config: PretrainedConfig, source: str) -> None:
    try:
        heads = getattr(config.get_text_config(), "num_attention_heads", None)
    except RuntimeError:  # each layer has its own (Gemma 4)
        heads = True
    if heads is None:
        raise InspectionError(
            f"'{source}' is a {config.model_type}, which has no attention: Vitrine shows "
            "transformers. Choose another model."
        )


def _config(folder: Path, source: str) -> PretrainedConfig:
    path = folder / "config.json"
    if not path.exists():
        raise InspectionError(f"'{source}' is no model folder: {folder} has no config.json.")
    try:
        raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        family = raw["model_type"]
    except (ValueError, KeyError, TypeError, RecursionError, OSError):
        raise InspectionError(
            f"The config.json of '{source}' is broken: it is not JSON with a 'model_type'."
        ) from None
    try:
        return AutoConfig.from_pretrained(folder, trust_remote_code=False)
    except Exception as error:  # any broken value ends in a library's own error
        reason = (
            "it needs code from its own repository, which Vitrine never runs"
            if "auto_map" in raw
            else f"{type(error).__name__}: {str(error).splitlines()[0][:200]}"
        )
        raise InspectionError(
            f"transformers cannot read the configuration of '{source}' (family '{family}'): "
            f"{reason}."
        ) from error


def _files(folder: Path, source: str) -> list[Path]:
    """Return the files that transformers would load: others beside them are not counted."""
    single, index = folder / SINGLE, folder / INDEX
    if single.exists():
        return [single]
    if not index.exists():
        pickled = sorted(file.name for pattern in PICKLED for file in folder.glob(pattern))
        if pickled:
            raise InspectionError(
                f"'{source}' holds pickled weights only ({', '.join(pickled[:3])}). Opening a "
                "pickle can run any code, so Vitrine does not. Save the model again with "
                "save_pretrained of transformers 5, which writes safetensors, and choose that "
                "folder."
            )
        raise InspectionError(f"'{source}' holds no weights: no {SINGLE} in {folder}.")
    try:
        names = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        shards = [folder / Path(name).name for name in sorted(names)]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError):
        raise InspectionError(f"The {INDEX} of '{source}' is broken. Fetch it again.") from None
    missing = [shard.name for shard in shards if not shard.exists()]
    if missing:
        raise InspectionError(
            f"'{source}' lacks {len(missing)} of its {len(shards)} weights files, {missing[0]} "
            "among them. Fetch it again."
        )
    return shards


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
            whole = 8 + length + end <= file.stat().st_size
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
            raise broken from None
    if not whole:
        raise broken
    return count


def _kind(config: PretrainedConfig, source: str) -> Kind:
    """Say what the model does, from the class it was saved as, else from its family."""
    saved = str((config.architectures or [""])[0])
    family, both = config.model_type, config.is_encoder_decoder
    if saved.endswith("ForSequenceClassification"):
        if family in MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES and not both:
            return "classifier"
    elif saved and saved in _headless(family) and _reads_text(config):
        tied = getattr(config, "tie_word_embeddings", False)
        writes = family in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES and not both
        # Its output layer is its embedding, which is there; an encoder's has more to it.
        fills = family in MODEL_FOR_MASKED_LM_MAPPING_NAMES
        return "causal" if writes and tied and not fills else "headless"
    elif family in MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES and both:
        return "seq2seq"
    elif saved.endswith(("ForCausalLM", "LMHeadModel")):
        # One stack of two alone too (BartForCausalLM).
        if family in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES and not both:
            return "causal"
    elif family in MODEL_FOR_MASKED_LM_MAPPING_NAMES and not both:
        return "masked"
    elif family in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES and not both:
        return "causal"
    raise InspectionError(
        f"'{source}' is a {saved or family}: Vitrine shows language models that continue a text, "
        "fill a mask, translate, classify a text, or give its hidden states."
    )


def _reads_text(config: PretrainedConfig) -> bool:
    try:
        return isinstance(getattr(config.get_text_config(), "vocab_size", None), int)
    except (RuntimeError, ValueError):  # several texts, or each layer its own
        return False


def _headless(family: str) -> set[str]:
    """Return the names of `family`'s classes that give hidden states and nothing else."""
    plain = MODEL_MAPPING_NAMES.get(family, ())
    encoding = MODEL_FOR_TEXT_ENCODING_MAPPING_NAMES.get(family)
    return {*((plain,) if isinstance(plain, str) else plain), *([encoding] if encoding else [])}
