"""Load a model: bundled, from a folder, a file or the hub; refuse first what cannot fit."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import psutil
import torch
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForSeq2SeqLM,
    AutoModelForSequenceClassification,
    AutoModelForTextEncoding,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils.logging import disable_progress_bar

from components.inspection import gguf_file, hub
from components.inspection.building import building
from components.inspection.catalogue import BUNDLED_FOLDER, bundled
from components.inspection.errors import InspectionError
from components.inspection.model import Kind, Model
from components.inspection.progress import Progress, silent
from components.inspection.weights import Weights, weigh
from components.inspection.wrapping import wrapped

# Vitrine shows its own progress.
disable_progress_bar()

DTYPES: Final = ("float32", "bfloat16", "float16")
WORKING_SHARE: Final = 1.2
"""Loading and running takes about a fifth more than the weights."""
LONGEST_NAME: Final = 1_000
"""Characters of a hub id or a path."""
VOCABULARIES: Final = ("tokenizer.json", "vocab.*", "*.model", "*.spm", "tekken.json")
"""Files of which a tokenizer needs at least one."""

_CLASSES: Final[dict[Kind, Any]] = {
    "causal": AutoModelForCausalLM,
    "masked": AutoModelForMaskedLM,
    "seq2seq": AutoModelForSeq2SeqLM,
    "classifier": AutoModelForSequenceClassification,
    "headless": AutoModel,
}


def load_model(
    source: str,
    device: str = "auto",
    dtype: str = "auto",
    revision: str = "main",
    progress: Progress = silent,
) -> Model:
    """Load the model called `source` in eval mode, its weights frozen.

    `source` is a bundled name, a folder, a .gguf file, or a hub id; `device` "auto" (cuda, else
    mps, else cpu), or a torch device; `dtype` "auto" (on cuda the 16-bit format that the card
    computes with, else float32) or one of `DTYPES`. A model too large for one GPU is spread over
    what there is by accelerate. Only safetensors and GGUF are read, and no code from a repository
    is run.

    Raises:
        InspectionError: it cannot be found, read, or held in memory.
    """
    device = chosen_device(device)
    dtype = chosen_dtype(dtype, device)
    source = source.strip()
    progress(0.0, f"Looking for {source}")
    place = locate(source, revision, progress)
    weights = weigh(place, source)
    spread = _check_room(weights, source, device, dtype)
    progress(0.7, f"Loading {weights.bytes_in(dtype) / 1e6:,.0f} MB of weights")
    tokenizer = _tokenizer(weights, source)
    network, kind = _network(weights, source, device, dtype, spread)
    model = wrapped(network, tokenizer, kind, source, revision, weights.quantized)
    progress(1.0, "Ready")
    return model


def locate(
    source: str,
    revision: str = "main",
    progress: Progress = silent,
    patterns: Sequence[str] = hub.MODEL_FILES,
) -> Path:
    """Return the folder (or the .gguf file) that holds `source`, fetching it if need be.

    Raises:
        InspectionError: there is no such model, or the hub cannot be reached.
    """
    source = source.strip()
    if not source:
        raise InspectionError("No model was named. Type a hub id or the path of a folder.")
    if len(source) > LONGEST_NAME or not source.isprintable():
        raise InspectionError(
            f"No model has this name, of {len(source):,} characters: a hub id or the path of a "
            f"folder has at most {LONGEST_NAME:,}, all of them printable."
        )
    if source in bundled():
        return BUNDLED_FOLDER / source
    place = local(source)
    if place is not None:
        return place
    if source.startswith((".", "/", "~", "\\")) or source[1:3] == ":\\":
        raise InspectionError(
            f"There is no folder and no {gguf_file.SUFFIX} file {source} on the machine that runs "
            "Vitrine."
        )
    return hub.fetch(source, revision, patterns, progress)


def local(source: str) -> Path | None:
    """Return the folder or .gguf file on this machine that `source` is the path of, or None."""
    try:
        place = Path(source).expanduser()
        fits = place.is_dir() or (place.suffix.lower() == gguf_file.SUFFIX and place.is_file())
        return place if fits else None
    except (OSError, RuntimeError):  # a part of it is too long, or "~nobody" has no home
        return None


def chosen_device(device: str = "auto") -> str:
    """Return the torch device that "auto" stands for here, or `device` itself if it exists.

    One GPU has one name: "cuda" is "cuda:0" where there is no other; where there are several, it
    means all of them.

    Raises:
        InspectionError: this machine has no such device.
    """
    if device == "auto":
        if not torch.cuda.is_available():
            return "mps" if torch.backends.mps.is_available() else "cpu"
        device = "cuda"
    if device == "cuda" and torch.cuda.is_available() and torch.cuda.device_count() == 1:
        return "cuda:0"
    there = ["cpu"]
    there += ["cuda", *(f"cuda:{n}" for n in range(torch.cuda.device_count()))]
    there += ["mps"] if torch.backends.mps.is_available() else []
    if not torch.cuda.is_available():
        there.remove("cuda")
    if device not in there:
        raise InspectionError(f"This machine has no device '{device}'; it has: {', '.join(there)}.")
    return device


def chosen_dtype(dtype: str, device: str) -> str:
    """Return the number format that "auto" stands for on `device`, or `dtype` itself.

    Raises:
        InspectionError: there is no such format.
    """
    if dtype == "auto":
        if not device.startswith("cuda"):
            return "float32"
        # Cards before Ampere (T4, V100) only pretend to compute in bfloat16, and slowly.
        native = torch.cuda.is_bf16_supported(including_emulation=False)
        return "bfloat16" if native else "float16"
    if dtype not in DTYPES:
        raise InspectionError(f"There is no dtype '{dtype}'; there is: {', '.join(DTYPES)}.")
    return dtype


class NoRoomError(InspectionError):
    """The model does not fit into the free memory."""


def memory(device: str) -> tuple[int, int]:
    """Return free and total bytes of `device`; "cuda" without a number means all GPUs."""
    if not device.startswith("cuda"):
        main = psutil.virtual_memory()
        return main.available, main.total
    # What torch keeps for later use of its own counts as used, and could be had.
    torch.cuda.empty_cache()
    devices = [device] if ":" in device else range(torch.cuda.device_count())
    free, total = zip(*(torch.cuda.mem_get_info(one) for one in devices), strict=True)
    return sum(free), sum(total)


def _check_room(weights: Weights, source: str, device: str, dtype: str) -> bool:
    """Refuse what cannot fit; say whether the model must be spread over several devices."""
    wanted = int(weights.bytes_in(dtype) * WORKING_SHARE)
    free, _ = memory(device)
    if wanted > free:
        raise NoRoomError(
            f"'{source}' has {weights.parameters / 1e9:.2f} billion parameters; as {dtype} they "
            f"need about {wanted / 1e9:.1f} GB, and {device} has {free / 1e9:.1f} GB free. "
            "Choose a smaller model"
            + (", or bfloat16, which halves it." if dtype == "float32" else ".")
        )
    return device == "cuda" and wanted > torch.cuda.mem_get_info(0)[0]


def _tokenizer(weights: Weights, source: str) -> PreTrainedTokenizerBase:
    folder, inside = weights.folder, {"gguf_file": weights.gguf} if weights.gguf else {}
    # Without any of them transformers makes up an empty tokenizer for some families.
    if not inside and not any(any(folder.glob(pattern)) for pattern in VOCABULARIES):
        raise InspectionError(f"'{source}' has no tokenizer: no tokenizer.json in {folder}.")
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, **inside)
    except Exception as error:  # any broken file ends in a library's own error
        raise InspectionError(
            f"The tokenizer of '{source}' cannot be read: {type(error).__name__}: "
            f"{str(error).splitlines()[0][:200] if str(error) else 'no reason given'}."
        ) from error
    if not hasattr(tokenizer, "backend_tokenizer"):
        raise InspectionError(
            f"'{source}' has no fast tokenizer (tokenizer.json), which Vitrine needs to show how "
            "its text is cut."
        )
    return tokenizer


def _network(
    weights: Weights, source: str, device: str, dtype: str, spread: bool
) -> tuple[PreTrainedModel, Kind]:
    auto, kind = _CLASSES[weights.kind], weights.kind
    saved = str((weights.config.architectures or [""])[0])
    if kind == "headless" and saved.endswith("EncoderModel"):
        auto = AutoModelForTextEncoding
    arguments: dict[str, Any] = {
        "dtype": getattr(torch, dtype),
        "trust_remote_code": False,
        "output_loading_info": True,
        # Every family's own code attends: what is shown is what it computes.
        "attn_implementation": "eager",
    }
    arguments |= {"gguf_file": weights.gguf} if weights.gguf else {"use_safetensors": True}
    if device.startswith("cuda"):
        # Straight onto the card, not through a copy of the whole in main memory.
        arguments["device_map"] = "auto" if spread else {"": device}
    try:
        with building():
            network, info = auto.from_pretrained(weights.folder, **arguments)
    except torch.OutOfMemoryError:
        raise
    except Exception as error:  # any broken file ends in a library's own error
        raise InspectionError(
            f"The weights of '{source}' cannot be loaded: {type(error).__name__}: "
            f"{str(error).splitlines()[0][:200] if str(error) else 'no reason given'}."
        ) from error
    missing = sorted(name for name in info["missing_keys"] if "pooler" not in name)
    own = f"{network.base_model_prefix}."
    if missing and kind in ("causal", "masked") and not any(key.startswith(own) for key in missing):
        # Only the head is missing, which would be random: what lies below it is whole.
        network, kind, missing = network.base_model, "headless", []
    if missing:
        others = f" and {len(missing) - 1} more parts" if missing[1:] else ""
        raise InspectionError(
            f"'{source}' lacks weights for {missing[0]}{others}. They would be random, and "
            "nothing shown here may be invented. Choose a model that was "
            f"saved as {type(network).__name__}."
        )
    if not device.startswith("cuda"):
        network = network.to(device)
    return network, kind
