"""The shape to plan for: of the loaded model, or of one of which only config.json is read."""

import logging
from typing import Final

import torch
from transformers import AutoModelForCausalLM, PretrainedConfig, PreTrainedModel

from components.inspection.building import building
from components.inspection.errors import InspectionError
from components.inspection.kv_cache.dimensions import shape_of, shape_of_network
from components.inspection.kv_cache.shapes import Shape
from components.inspection.model import Model, first_number
from components.inspection.progress import Progress, silent
from components.inspection.running import RAISED
from components.inspection.sources import locate
from components.inspection.weights import config_of
from components.inspection.wrapping import stated_context

MOST_LAYERS: Final = 1_000
NO_CONTEXT: Final = 4_096
"""Stands in where a configuration states no limit (ALiBi)."""

log = logging.getLogger(__name__)


def loaded_shape(model: Model) -> Shape:
    """Return the dimensions of a loaded model.

    Raises:
        InspectionError: it writes no text, or keeps no cache that can be trusted.
    """
    return shape_of(model)


def described_shape(source: str, revision: str = "main", progress: Progress = silent) -> Shape:
    """Return the dimensions of a bundled, local or hub model, from its configuration alone.

    It is built on torch's meta device: shapes without numbers, in no memory.

    Raises:
        InspectionError: there is no such model, or it is no decoder that transformers knows.
    """
    source = source.strip()
    progress(0.0, f"Looking for {source}")
    config = config_of(locate(source, revision, progress, ("config.json",)), source)
    text = config.get_text_config(decoder=True)
    layers = first_number(text, "num_hidden_layers", "num_layers") or 0
    if layers > MOST_LAYERS:
        raise InspectionError(
            f"'{source}' has {layers:,} layers by its configuration; a plan is made for "
            f"{MOST_LAYERS:,} at most. Choose another model."
        )
    progress(0.2, "Building its shapes, without numbers")
    context = stated_context(text) or NO_CONTEXT
    return shape_of_network(_built(config, source), source, context, progress)


def _built(config: PretrainedConfig, source: str) -> PreTrainedModel:
    # The classes that are built from a configuration: the network of an encoder-decoder is none.
    try:
        with building(), torch.device("meta"):
            network: PreTrainedModel = AutoModelForCausalLM.from_config(
                config, trust_remote_code=False, attn_implementation="eager"
            )
    except RAISED as error:
        log.warning("'%s' cannot be built of its configuration", source, exc_info=True)
        raise InspectionError(
            f"The configuration of '{source}' is not that of a decoder that transformers can "
            f"build by itself ({type(error).__name__}). Choose a language model that continues a "
            "text, or one of the list."
        ) from error
    return network.eval()
