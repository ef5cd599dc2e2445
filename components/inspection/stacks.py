"""Where a network's blocks are: by its family's row, or found without one."""

from dataclasses import fields, replace
from typing import Any, Literal

from torch import nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from components.inspection.anatomy import Anatomy, StackName, StackParts, part
from components.inspection.errors import InspectionError
from components.inspection.families import row_of

_WAYS_INSIDE = {item.name for item in fields(StackParts)} - {"blocks", "final_norm", "projections"}


def anatomy_of(network: PreTrainedModel) -> Anatomy:
    """Return the row of `network`'s family if its modules are where that says, else what is found.

    Without a row, the blocks are the list of as many modules as the configuration has layers;
    whether it is a decoder or an encoder is a guess here, which `model.wrapped` measures.

    Raises:
        InspectionError: no blocks can be found.
    """
    row = row_of(network)
    if row is not None:
        there: dict[str, Any] = {
            name: parts if _leads_somewhere(parts, network.base_model) else None
            for name, parts in row.stacks.items()
        }
        # One stack of two may have been saved alone (T5EncoderModel).
        if any(there.values()) and (all(there.values()) or not network.config.is_encoder_decoder):
            if not network.config.is_encoder_decoder:
                there = {name: parts and _alone(parts) for name, parts in there.items()}
            table = _table(row.position_table, network.base_model)
            return replace(row, position_table=table, **there)
    return _found(network)


def blocks_of(network: PreTrainedModel, parts: StackParts) -> list[nn.Module]:
    """Return the blocks of one stack, from the first up (of ALBERT the one that it repeats)."""
    return list(part(network.base_model, parts.blocks).children())


def output_matrix(
    block: nn.Module, parts: StackParts, kind: Literal["self", "cross"] = "self"
) -> nn.Linear | Conv1D:
    """Return the matrix that mixes the outputs of a block's heads: a slice of its input each.

    Raises:
        InspectionError: the family has no row, or its projection is not one matrix.
    """
    attention = parts.cross_attention if kind == "cross" else parts.attention
    write = parts.cross_write if kind == "cross" else parts.attention_write
    if not attention or not write:
        raise InspectionError(
            "Vitrine does not know where this family keeps the matrix that mixes its heads' "
            "outputs, so what each head writes cannot be told."
        )
    written = part(block, write)
    if isinstance(written, (nn.Linear, Conv1D)):
        return written
    # A norm stands behind the projection, which is the attention module's last matrix then.
    matrices = [m for m in part(block, attention).modules() if isinstance(m, (nn.Linear, Conv1D))]
    if not matrices:
        raise InspectionError("No output projection was found in this network's attention.")
    return matrices[-1]


def _leads_somewhere(parts: StackParts, base: nn.Module) -> bool:
    try:
        for block in part(base, parts.blocks).children():
            for name in _WAYS_INSIDE:
                paths = getattr(parts, name) or ()
                for path in (paths,) if isinstance(paths, str) else paths:
                    part(block, path)
    except AttributeError:
        return False
    return True


def _alone(parts: StackParts) -> StackParts:
    """Return a stack that has no other to look at: its cross-attention is there, and never runs."""
    across = parts.cross_attention
    norms = tuple(norm for norm in parts.post_norms if across is None or across not in norm)
    return replace(parts, cross_attention=None, cross_write=None, post_norms=norms)


def _table(path: str | None, base: nn.Module) -> str | None:
    """Return the path of a position table, or of that of the decoder alone; None without one."""
    modules = dict(base.named_modules())
    paths = (path, path.replace("encoder.", "decoder.")) if path else ()
    return next((each for each in paths if each in modules), None)


def _found(network: PreTrainedModel) -> Anatomy:
    config, base = network.config, network.base_model
    if config.is_encoder_decoder:
        stacks: dict[StackName, Any] = {
            "encoder": network.get_encoder(),
            "decoder": network.get_decoder(),
        }
        ways = {name: _way_to(base, stack) for name, stack in stacks.items()}
        found = {
            name: _blocks_in(stack, ways[name], _layers(config, name))
            for name, stack in stacks.items()
        }
    else:
        # A language model of a family with pictures or sound keeps its own stack below.
        found = {"decoder": _blocks_in(base, "", _layers(config.get_text_config(), None))}
    lacking = [name for name, blocks in found.items() if blocks is None]
    if lacking:
        raise InspectionError(
            f"Vitrine cannot find the blocks of this network ({type(network).__name__}): it has no "
            "list of as many like modules as its configuration has layers. Choose a model that is "
            "built so, such as a GPT-2, Llama, Qwen or BERT."
        )
    parts: dict[str, Any] = {
        name: StackParts(str(blocks), "", (), "", "", None, None) for name, blocks in found.items()
    }
    return replace(Anatomy("unknown", named=False), **parts)


def _layers(config: Any, name: StackName | None) -> list[int]:
    """Return what the configuration may mean by the number of blocks, the likeliest first."""
    names = {
        "encoder": ("encoder_layers", "num_encoder_layers", "num_layers", "num_hidden_layers"),
        "decoder": ("decoder_layers", "num_decoder_layers", "num_layers", "num_hidden_layers"),
        None: ("num_hidden_layers", "num_layers", "n_layer", "decoder_layers", "encoder_layers"),
    }[name]
    stated = (getattr(config, each, None) for each in names)
    return [count for count in stated if isinstance(count, int)]


def _blocks_in(stack: nn.Module, way: str, layers: list[int]) -> str | None:
    """Return the path, from the base model, of the list of as many modules nearest to the top."""
    lists = [
        name
        for name, found in stack.named_modules()
        if isinstance(found, nn.ModuleList) and len(found) in layers
    ]
    # Lists of norms, or of one part of each block (XLM), may stand beside: that with attention in
    # it is meant, of several the largest.
    lists.sort(
        key=lambda name: (
            layers.index(len(stack.get_submodule(name))),  # type: ignore[arg-type]
            not _attends(stack.get_submodule(name)),
            name.count("."),
            -_weights(stack.get_submodule(name)),
        )
    )
    if not lists:
        return None
    return f"{way}.{lists[0]}" if way else lists[0]


def _attends(module: nn.Module) -> bool:
    return any("attention" in type(one).__name__.lower() for one in module.modules())


def _weights(module: nn.Module) -> int:
    return sum(weight.numel() for weight in module.parameters())


def _way_to(base: nn.Module, wanted: nn.Module) -> str:
    return next((name for name, module in base.named_modules() if module is wanted), "")
