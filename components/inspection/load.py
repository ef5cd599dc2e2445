"""Load a model: bundled, from a folder, a file or the hub; refuse first what cannot fit."""

import logging
from typing import Any, Final

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

from components.inspection import hub
from components.inspection.building import MOST_MODULES, building
from components.inspection.devices import (
    NoRoomError,
    chosen_device,
    chosen_dtype,
    memory,
    ran_out,
)
from components.inspection.errors import InspectionError
from components.inspection.model import Kind, Model
from components.inspection.offers import Offer
from components.inspection.progress import Progress, silent
from components.inspection.running import RAISED, NetworkError
from components.inspection.sources import on_this_machine
from components.inspection.stored import (
    check_shapes,
    check_tables,
    described,
    left_out,
    most_modules,
)
from components.inspection.weights import Weights, bytes_in, saved_as, weigh
from components.inspection.wrapping import wrapped

log = logging.getLogger(__name__)
# Vitrine shows its own progress.
disable_progress_bar()

WORKING_SHARE: Final = 1.2
"""Loading and running takes about a fifth more than the weights."""
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
    computes with, else float32) or one of `devices.DTYPES`. A model too large for one GPU is spread
    over all by accelerate. Only safetensors and GGUF are read, and no repository's code is run.

    Raises:
        InspectionError: it cannot be found, read, or held in memory.
    """
    device = chosen_device(device)
    dtype = chosen_dtype(dtype, device)
    source = source.strip()
    progress(0.0, f"Looking for {source}")
    here = on_this_machine(source)
    if here is None:

        def fits(offer: Offer) -> None:
            _room_for(offer.fewest_numbers, source, device, dtype, "at least ")

        here = hub.fetch(source, revision, hub.MODEL_FILES, progress, fits)
    weights = weigh(here, source)
    spread = _check_room(weights, source, device, dtype)
    progress(0.7, f"Loading {weights.bytes_in(dtype) / 1e6:,.0f} MB of weights")
    tokenizer = _tokenizer(weights, source)
    network, kind = _network(weights, source, device, dtype, spread)
    model = _shown(network, tokenizer, kind, source, revision, weights.quantized)
    progress(1.0, "Ready")
    return model


def _check_room(weights: Weights, source: str, device: str, dtype: str) -> bool:
    """Refuse what cannot fit; say whether the model must be spread over several devices."""
    wanted = _room_for(weights.parameters, source, device, dtype)
    return device == "cuda" and wanted > torch.cuda.mem_get_info(0)[0]


def _room_for(parameters: int, source: str, device: str, dtype: str, about: str = "") -> int:
    """Return how many bytes so many parameters need.

    Raises:
        NoRoomError: there are not so many free.
    """
    wanted = int(bytes_in(dtype, parameters) * WORKING_SHARE)
    free, _ = memory(device)
    if wanted > free:
        raise NoRoomError(
            f"'{source}' has {about}{parameters / 1e9:.2f} billion parameters; as {dtype} they "
            f"need about {wanted / 1e9:.1f} GB, and {device} has {free / 1e9:.1f} GB free. "
            "Choose a smaller model"
            + (", or bfloat16, which halves it." if dtype == "float32" else ".")
        )
    return wanted


def _shown(network: PreTrainedModel, *further: Any) -> Model:
    try:
        return wrapped(network, *further)
    except NetworkError as error:
        raise InspectionError(
            f"The network that the configuration of '{further[2]}' describes fails at a short "
            f"text: {_first_line(error.__cause__ or error)}. One of its numbers is wrong, or it is "
            "built in a way that is not known here. Fetch the model again, or choose another."
        ) from error
    except RAISED as error:
        if ran_out(error):
            raise
        log.warning("%s cannot be shown", type(network).__name__, exc_info=True)
        raise InspectionError(
            f"Vitrine cannot look into '{further[2]}', a {type(network).__name__}: a short text "
            f"put through it ends in {type(error).__name__}: {_first_line(error)}. It is built in "
            "a way that is not known here. Choose another model."
        ) from error


def _why(error: Exception) -> str:
    said = _first_line(error)
    if "ignore_mismatched_sizes" in said:  # of a part that is put together from several stored ones
        return "some parts have other sizes in the one than in the other"
    return f"{said.removesuffix('.')} ({type(error).__name__})"


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0][:200] if str(error) else "no reason given"


def _tokenizer(weights: Weights, source: str) -> PreTrainedTokenizerBase:
    folder, inside = weights.folder, {"gguf_file": weights.gguf} if weights.gguf else {}
    # Without any of them transformers makes up an empty tokenizer for some families.
    if not inside and not any(any(folder.glob(pattern)) for pattern in VOCABULARIES):
        raise InspectionError(f"'{source}' has no tokenizer: no tokenizer.json in {folder}.")
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, **inside)
    except Exception as error:  # any broken file ends in a library's own error
        # Not what the library says of the file, which quotes it; only which package it lacks.
        reason = _first_line(error) if isinstance(error, ImportError) else type(error).__name__
        raise InspectionError(
            f"The tokenizer of '{source}' cannot be read ({reason}). Its tokenizer.json or its "
            "tokenizer_config.json is damaged: fetch the model again, or choose another."
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
    if kind == "headless" and saved_as(weights.config).endswith("EncoderModel"):
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
    if weights.shapes:
        sketch = described(auto, weights.config, weights.shapes)
        if sketch is not None:
            check_shapes(sketch, weights.shapes, source)
            check_tables(sketch, source)
    try:
        with building(most_modules(weights.shapes) if weights.shapes else MOST_MODULES):
            network, info = auto.from_pretrained(weights.folder, **arguments)
    except InspectionError:
        raise
    except Exception as error:  # any broken file ends in a library's own error
        if ran_out(error):
            raise
        raise InspectionError(
            f"transformers cannot build '{source}' of its config.json and its weights: "
            f"{_why(error)}. Fetch the model again, or choose another."
        ) from error
    unused = left_out(network, info["unexpected_keys"])
    if unused:
        others = f" and {len(unused) - 1} more parts" if unused[1:] else ""
        raise InspectionError(
            f"The weights of '{source}' hold {unused[0]}{others}, which the network of its "
            "config.json leaves out: it would compute something else than the model that was "
            "saved. Fetch the model again, or correct the number of layers in that file."
        )
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
