"""The matrices in each block, counted: those of attention, and those that one token meets."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from jaxtyping import Shaped
from torch import Tensor, nn
from transformers import PretrainedConfig

from components.inspection.model import first_number


@dataclass(frozen=True)
class BlockWeights:
    """Numbers in one block's matrices; norms, biases and tables of positions left out."""

    attention: int
    """Queries, keys, values and output, in as many matrices as the family makes of them."""
    rest: int
    """That one token meets in the others: of experts, those it is sent to."""


def block_weights(
    blocks: Sequence[nn.Module],
    config: PretrainedConfig,
    idle: Collection[nn.Module] = (),
) -> list[BlockWeights]:
    """Count the matrices of each block; `config` says to how many experts a token is sent.

    Attention in `idle` is left out: cross-attention of a decoder that was saved without its encoder
    is there, and never called.
    """
    experts = first_number(config, "num_experts", "num_local_experts", "n_routed_experts") or 1
    met = (first_number(config, "num_experts_per_tok") or 1) / experts
    found = []
    for block in blocks:
        parts = list(_attentions(block))
        attention, unused = (
            sum(_met(each, met) for part in some for each in _matrices(part))
            for some in (parts, [part for part in parts if part in idle])
        )
        whole = sum(_met(each, met) for each in _matrices(block))
        found.append(BlockWeights(int(attention - unused), int(whole - attention)))
    return found


def numbers_in_blocks(blocks: Sequence[nn.Module]) -> int:
    """Return the numbers in all blocks' matrices, every expert included; a shared matrix once."""
    different = {id(matrix): matrix for block in blocks for matrix in _matrices(block)}
    return sum(matrix.numel() for matrix in different.values())


def _attentions(block: nn.Module) -> Iterator[nn.Module]:
    """Yield the outermost modules of attention; in every family their class says so."""
    for child in block.children():
        if "attention" in type(child).__name__.lower():
            yield child
        else:
            yield from _attentions(child)


def _matrices(module: nn.Module) -> Iterator[Shaped[Tensor, "..."]]:
    for part in module.modules():
        if isinstance(part, (nn.Embedding, nn.Conv1d)):
            continue
        for name, weight in part.named_parameters(recurse=False):
            if "bias" not in name and weight.dim() in (2, 3):
                yield weight


def _met(matrix: Shaped[Tensor, "..."], share: float) -> float:
    # A tensor of three axes holds the matrices of all experts.
    return matrix.numel() * (share if matrix.dim() == 3 else 1.0)
