"""The tree of a network that is built of its configuration alone, on torch's meta device.

Shapes without numbers: no memory, no download, whatever the size.
"""

import json
import logging
import re
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import torch
from transformers import (
    CONFIG_MAPPING,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForSeq2SeqLM,
    AutoModelForSequenceClassification,
    PretrainedConfig,
    PreTrainedModel,
)
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
    MODEL_FOR_TEXT_ENCODING_MAPPING_NAMES,
    MODEL_MAPPING_NAMES,
)

from components.inspection.architecture.ledger_configs import CONFIGS
from components.inspection.architecture.module_tree import ModuleTree, tree_of
from components.inspection.building import building
from components.inspection.checks import Check
from components.inspection.configuration import read_config
from components.inspection.errors import InspectionError
from components.inspection.kv_cache.published import PUBLISHED
from components.inspection.running import RAISED
from components.inspection.stacks import anatomy_of
from components.inspection.weights import saved_as

MOST_CHARACTERS: Final = 20_000
"""Of a configuration that a reader pastes."""
MOST_LAYERS: Final = 250
"""Twice those of the deepest that is known."""
MOST_MODULES: Final = 10_000
MOST_PARAMETERS: Final = 10**14
MOST_LONG: Final = 10**8
"""No length, width or vocabulary is larger: the longest context is a tenth of it."""
MOST_ELSE: Final = 10**6
"""Nothing else that is counted is larger, such as classes, of which each gets a name."""
PASTED: Final = "the pasted configuration"
FORMATS: Final = ("float32", "bfloat16", "float16")

_HEADS: Final[dict[str, tuple[Any, Any]]] = {
    "ForCausalLM": (AutoModelForCausalLM, MODEL_FOR_CAUSAL_LM_MAPPING_NAMES),
    "LMHeadModel": (AutoModelForCausalLM, MODEL_FOR_CAUSAL_LM_MAPPING_NAMES),
    "ForMaskedLM": (AutoModelForMaskedLM, MODEL_FOR_MASKED_LM_MAPPING_NAMES),
    "ForConditionalGeneration": (
        AutoModelForSeq2SeqLM,
        MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES,
    ),
    "ForSequenceClassification": (
        AutoModelForSequenceClassification,
        MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
    ),
    "Model": (AutoModel, MODEL_MAPPING_NAMES),
}
"""By the end of the name of the class that was saved: what builds it, and for which families."""

_TEXT: Final = {
    *MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    *MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    *MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES,
    *MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
    *MODEL_FOR_TEXT_ENCODING_MAPPING_NAMES,
}
"""Families that read text. Some that look at pictures would fetch a part of theirs."""
_LONG: Final = re.compile(
    r"position|ctx|seq|length|vocab|window|token|theta|size|dim|embd|model|ff"
)
_DEPTH: Final = re.compile(r"(layers?|blocks?)$")

log = logging.getLogger(__name__)


def published_tree(name: str, dtype: str = "bfloat16") -> ModuleTree:
    """Build one of `CONFIGS` without numbers, in the number format `dtype`.

    >>> tree = published_tree("GPT-2")
    >>> tree.total, int(tree.bytes.sum())
    (124439808, 248879616)
    """
    tree = pasted_tree(json.dumps(CONFIGS[name]), dtype, name)
    if name not in PUBLISHED:
        return tree
    off = abs(tree.total - PUBLISHED[name].parameters)
    meaning = "A field of its configuration is missing here, or is another."
    check = Check("it has as many parameters as the model's makers published", off, 0.0, meaning)
    return replace(tree, checks=(*tree.checks, check))


def pasted_tree(text: str, dtype: str = "bfloat16", name: str = PASTED) -> ModuleTree:
    """Build the network that `text`, the JSON of a config.json, describes, without numbers.

    Raises:
        InspectionError: it is no JSON of a language model that transformers can build by itself,
            or a size in it is absurd.
    """
    config = _config(text, name)
    network = _built(config, name, dtype)
    try:
        anatomy = anatomy_of(network)
    except InspectionError:  # by class and name alone then
        anatomy = None
    tree = tree_of(network, anatomy, "config.json" if name == PASTED else name)
    if tree.total > MOST_PARAMETERS:
        raise InspectionError(
            f"{_told(name)} describes a network of {tree.total:.1e} parameters; none has "
            f"more than {MOST_PARAMETERS:.0e}. A size in it is wrong: correct it."
        )
    return tree


def _config(text: str, name: str) -> PretrainedConfig:
    if len(text) > MOST_CHARACTERS:
        raise InspectionError(
            f"This text has {len(text):,} characters; a config.json of up to "
            f"{MOST_CHARACTERS:,} is read. Paste only that file."
        )
    try:
        raw: Any = json.loads(text)
        family = raw["model_type"]
        unknown = family not in CONFIG_MAPPING
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InspectionError(
            "This is not a config.json: it has to be JSON, an object in braces, with a "
            '\'model_type\', such as {"model_type": "gpt2"}. Paste the whole file.'
        ) from None
    if unknown:
        raise InspectionError(
            f"transformers knows no family '{str(family)[:60]}' (the 'model_type'), and code from "
            "elsewhere is never run here. Paste the configuration of another model."
        )
    _require_sizes(raw, name)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "config.json").write_text(json.dumps(raw), encoding="utf-8")
        return read_config(Path(folder), name)


def _require_sizes(raw: dict[str, Any], name: str) -> None:
    waiting: list[tuple[str, Any]] = [("", raw)]
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend((str(inner), each) for inner, each in value.items())
        elif isinstance(value, list):
            waiting.extend((key, each) for each in value)
        elif isinstance(value, int) and not isinstance(value, bool):
            most = MOST_LONG if _LONG.search(key) else MOST_ELSE
            most = MOST_LAYERS if _DEPTH.search(key) else most
            if value > most:
                raise InspectionError(
                    f"{_told(name)} says {key[:60]} = {_short(value)}; no model has more than "
                    f"{most:,}. Correct it."
                )


def _short(value: int) -> str:
    return f"{value:,}" if value < 10**15 else "a number of more than 15 digits"


def _told(name: str) -> str:
    return name[0].upper() + name[1:]


def _built(config: PretrainedConfig, name: str, dtype: str) -> PreTrainedModel:
    saved, family = saved_as(config), config.model_type
    end = next((end for end in _HEADS if saved.endswith(end)), "")
    auto, families = _HEADS.get(end, (None, ()))
    if not saved:  # a plain configuration states no class
        auto, families = next(
            (each for each in _HEADS.values() if family in each[1]),
            (AutoModel, MODEL_MAPPING_NAMES),
        )
    if auto is None or family not in families or family not in _TEXT:
        raise InspectionError(
            f"{_told(name)} is of a {saved[:60] or family}: counted here are language models "
            "that continue a text, fill a mask, translate, classify a text, or give its hidden "
            "states. Paste the configuration of one of those."
        )
    try:
        with building(MOST_MODULES), torch.device("meta"):
            network: PreTrainedModel = auto.from_config(
                config, trust_remote_code=False, attn_implementation="eager"
            )
    except (*RAISED, ImportError, OverflowError) as error:
        log.warning("%s cannot be built", name, exc_info=True)
        said = next(iter(str(error).strip().splitlines()), type(error).__name__)[:160]
        raise InspectionError(
            f"transformers cannot build a network of {name} ({said}). Correct it, or paste that of "
            "another model."
        ) from error
    # Of `Module.to` and not transformers' own, which is typed for devices alone.
    shapes: PreTrainedModel = torch.nn.Module.to(network, getattr(torch, dtype))
    return shapes.eval()
