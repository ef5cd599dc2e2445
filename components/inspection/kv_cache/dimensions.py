"""Take the dimensions of a network: loaded, or built of a configuration without numbers."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from torch import nn
from transformers import PreTrainedModel

from components.inspection.checks import Check
from components.inspection.decoding import Decoder, require_writing
from components.inspection.errors import InspectionError
from components.inspection.kv_cache.blocks import block_weights, numbers_in_blocks
from components.inspection.kv_cache.counting import CacheLaw, counted
from components.inspection.kv_cache.held import cross_layers, kept_bytes, own_layers
from components.inspection.kv_cache.shapes import Shape
from components.inspection.model import Model, count_kv_heads, first_number
from components.inspection.premises import require
from components.inspection.probe import probe_ids
from components.inspection.progress import Progress, silent
from components.inspection.stacks import anatomy_of, blocks_of

STEPS: Final = 3
"""Tokens written behind the short text on which a law is held against the model's own cache."""


def shape_of(model: Model) -> Shape:
    """Take the dimensions of a loaded model, and hold its law against its own cache.

    Raises:
        InspectionError: it does not write on, or keeps no cache that can be trusted.
    """
    require_writing(model)
    require(model, "cache")
    if "kv shape" not in model.known:
        found = counted(model.network, model.name, model.context, model)
        blocks = blocks_of(model.network, model.anatomy.stacks["decoder"])
        shape = _shape(model.network, model.source, model.context, blocks, found)
        model.known["kv shape"] = replace(shape, checks=law_checks(model, shape))
    shape = model.known["kv shape"]
    assert isinstance(shape, Shape)
    return shape


def shape_of_network(
    network: PreTrainedModel, name: str, context: int, progress: Progress = silent
) -> Shape:
    """Take the dimensions of a network, of which only configuration and shapes are looked at.

    Raises:
        InspectionError: it has no decoder that grows a cache of keys and values.
    """
    if network.get_output_embeddings() is None:
        raise InspectionError(f"'{name}' writes no text, so it has no cache of keys and values.")
    parts = anatomy_of(network).decoder
    if parts is None:
        raise InspectionError(f"'{name}' has no decoder, so it keeps no keys and values.")
    found = counted(network, name, context, progress=progress)
    return _shape(network, name, context, blocks_of(network, parts), found)


def _shape(
    network: PreTrainedModel, name: str, context: int, blocks: Sequence[nn.Module], found: CacheLaw
) -> Shape:
    config = network.config.get_text_config(decoder=True)
    heads = first_number(config, "num_attention_heads", "decoder_attention_heads") or 1
    width = first_number(config, "hidden_size", "d_model") or 1
    size = first_number(config, "d_kv", "head_dim") or width // heads
    usual = next((law for law in found.laws if law.usual), None)
    called = found.called
    idle = [m for name, m in network.named_modules() if called is not None and name not in called]
    weights = block_weights(blocks, config, idle)
    mlp_width = first_number(
        config,
        "moe_intermediate_size",
        "intermediate_size",
        "n_inner",
        "ffn_dim",
        "d_ff",
        "decoder_ffn_dim",
    )
    return Shape(
        name=name,
        parameters=sum(weight.numel() for weight in network.parameters()),
        block_matrices=numbers_in_blocks(blocks),
        layers=len(blocks),
        heads=heads,
        kv_heads=count_kv_heads(config) if usual is None else usual.heads,
        own_kv_heads=count_kv_heads(config),
        head_size=size if usual is None else usual.key_size,
        width=width,
        attention_weights=tuple(each.attention for each in weights),
        mlp_weights=tuple(each.rest for each in weights),
        mlp_width=mlp_width or 4 * width,
        vocabulary=first_number(config, "vocab_size") or 0,
        context=context,
        cache=found.laws,
        cross_row=found.cross_row,
        lawless=found.lawless,
    )


def law_checks(model: Model, shape: Shape) -> tuple[Check, ...]:
    """Hold the law of `shape` against the model's own cache of a short text, step by step."""
    if shape.lawless:
        return ()
    decoder = Decoder(model, probe_ids(model)[:-STEPS])
    cache, off = decoder.new_cache(), 0.0
    for step, _ in enumerate(decoder.greedy(cache, STEPS + 1)):
        length = decoder.begin.shape[1] + step
        held = sum(kept_bytes(layer) for layer in own_layers(cache))
        off = max(off, abs(held - shape.cache_bytes(length, model.dtype.itemsize)))
    cross = sum(kept_bytes(layer) for layer in cross_layers(cache))
    read = decoder.read.shape[1] if decoder.two_stacks else 0
    off = max(off, abs(cross - shape.cross_row * read * model.dtype.itemsize))
    return (
        Check(
            "the model's own cache holds the bytes that were counted without numbers",
            off,
            0.0,
            "The bytes said here are not those that this model keeps.",
        ),
    )
