"""Load a model: bundled, from a folder, or from the hub; refuse before loading what cannot fit."""

import threading
from pathlib import Path
from typing import Any, Final

import psutil
import torch
from transformers import (
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForSeq2SeqLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils.logging import disable_progress_bar

from components.inspection import hub, tap
from components.inspection.anatomy import FAMILIES, anatomy_of
from components.inspection.catalogue import BUNDLED_FOLDER, bundled
from components.inspection.errors import InspectionError
from components.inspection.model import Kind, Model
from components.inspection.progress import Progress, silent
from components.inspection.weights import Weights, weigh

# Vitrine shows its own progress.
disable_progress_bar()

DTYPES: Final = ("float32", "bfloat16", "float16")
WORKING_SHARE: Final = 1.2
"""Loading and running takes about a fifth more than the weights."""
LONGEST: Final = 1_000_000
"""Stands in where a model states no limit on its context."""
LONGEST_NAME: Final = 1_000
"""Characters of a hub id or a path."""
VOCABULARIES: Final = ("tokenizer.json", "vocab.*", "*.model", "*.spm", "tekken.json")
"""Files of which a tokenizer needs at least one."""

_ONE_AT_A_TIME: Final = threading.Lock()
"""transformers sets switches of the whole process while it loads: of two models loaded at once,
one was left with its tied weights untied."""

_CLASSES: Final[dict[Kind, Any]] = {
    "causal": AutoModelForCausalLM,
    "masked": AutoModelForMaskedLM,
    "seq2seq": AutoModelForSeq2SeqLM,
    "classifier": AutoModelForSequenceClassification,
}


def load_model(
    source: str,
    device: str = "auto",
    dtype: str = "auto",
    revision: str = "main",
    progress: Progress = silent,
) -> Model:
    """Load the model called `source` in eval mode, its weights frozen.

    `source` is a bundled name, a folder, or a hub id; `device` "auto" (cuda, else mps, else
    cpu), or a torch device; `dtype` "auto" (bfloat16 on cuda, else float32) or one of `DTYPES`.
    A model too large for one GPU is spread over what there is by accelerate. Only safetensors
    are read, and no code from a repository is run.

    Raises:
        InspectionError: it cannot be found, read, or held in memory.
    """
    device = chosen_device(device)
    dtype = chosen_dtype(dtype, device)
    source = source.strip()
    progress(0.0, f"Looking for {source}")
    folder = locate(source, revision, progress)
    weights = weigh(folder, source)
    spread = _check_room(weights, source, device, dtype)
    progress(0.7, f"Loading {weights.bytes_in(dtype) / 1e6:,.0f} MB of weights")
    tokenizer = _tokenizer(folder, source)
    network = _network(weights, source, device, dtype, spread)
    progress(1.0, "Ready")
    return Model(
        source=source,
        revision=revision,
        kind=weights.kind,
        network=network,
        tokenizer=tokenizer,
        anatomy=anatomy_of(network),
        context=context_length(network, tokenizer),
        watched=type(network)._can_set_attn_implementation(),
    )


def locate(source: str, revision: str = "main", progress: Progress = silent) -> Path:
    """Return the folder that holds `source`, fetching it from the hub if need be.

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
    folder = _folder(source)
    if folder is not None:
        return folder
    if source.startswith((".", "/", "~", "\\")) or source[1:3] == ":\\":
        raise InspectionError(f"There is no folder {source} on the machine that runs Vitrine.")
    return hub.fetch(source, revision, hub.MODEL_FILES, progress)


def _folder(source: str) -> Path | None:
    try:
        folder = Path(source).expanduser()
        return folder if folder.is_dir() else None
    except (OSError, RuntimeError):  # a part of it is too long, or "~nobody" has no home
        return None


def chosen_device(device: str = "auto") -> str:
    """Return the torch device that "auto" stands for here, or `device` itself if it exists.

    Raises:
        InspectionError: this machine has no such device.
    """
    if device == "auto":
        if torch.cuda.is_available():
            return "cuda"
        return "mps" if torch.backends.mps.is_available() else "cpu"
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
        return "bfloat16" if device.startswith("cuda") else "float32"
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


def _tokenizer(folder: Path, source: str) -> PreTrainedTokenizerBase:
    # Without any of them transformers makes up an empty tokenizer for some families.
    if not any(any(folder.glob(pattern)) for pattern in VOCABULARIES):
        raise InspectionError(f"'{source}' has no tokenizer: no tokenizer.json in {folder}.")
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
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
) -> PreTrainedModel:
    auto = _CLASSES[weights.kind]
    arguments: dict[str, Any] = {
        "dtype": getattr(torch, dtype),
        "trust_remote_code": False,
        "use_safetensors": True,
        "output_loading_info": True,
        "device_map": "auto" if spread else None,
    }
    concrete = auto._model_mapping[type(weights.config)]
    concrete = concrete[0] if isinstance(concrete, tuple) else concrete
    way = tap.NAME if concrete._can_set_attn_implementation() else "eager"
    try:
        with _ONE_AT_A_TIME:
            network, info = auto.from_pretrained(
                weights.folder, attn_implementation=way, **arguments
            )
    except Exception as error:  # any broken file ends in a library's own error
        raise InspectionError(
            f"The weights of '{source}' cannot be loaded: {type(error).__name__}: "
            f"{str(error).splitlines()[0][:200] if str(error) else 'no reason given'}."
        ) from error
    missing = sorted(info["missing_keys"])
    if missing:
        others = f" and {len(missing) - 1} more parts" if missing[1:] else ""
        raise InspectionError(
            f"'{source}' lacks weights for {missing[0]}{others}. They would be random, and "
            "nothing shown here may be invented. Choose a model that was "
            f"saved as {concrete.__name__}."
        )
    if not spread:
        network = network.to(device)
    return network.eval().requires_grad_(False)


def context_length(network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> int:
    """Return how many tokens the model reads at most, by its configuration."""
    config = network.config.get_text_config()
    names = ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length")
    stated = [getattr(config, name, None) for name in names]
    # XLNet states -1 for "no limit".
    limit = next((int(value) for value in stated if value and value > 0), None)
    if limit is None:
        limit = min(int(tokenizer.model_max_length), LONGEST)
    family = FAMILIES.get(config.model_type)
    return limit - (family.reserved_positions if family else 0)
