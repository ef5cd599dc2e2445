"""What parts a transformer has, and the form in which they are named.

Paths are relative to `network.base_model` (for a tower) or to one block (for its parts), so a
row serves a family's language model and its classifiers alike. A path names the module whose
*output* is meant, except `mlp_down`, whose *input* is the MLP's activation.
"""

from dataclasses import dataclass
from typing import Literal

from torch import nn

Position = Literal["rope", "learned", "alibi", "relative", "sinusoidal", "unknown"]
StackName = Literal["encoder", "decoder"]


@dataclass(frozen=True)
class StackParts:
    """One stack of blocks."""

    blocks: str
    attention: str
    projections: tuple[str, ...]
    """Queries, keys and values; a single name where one matrix makes all three."""
    attention_write: str
    """What is added to the residual stream for attention."""
    mlp_write: str
    mlp_down: str | None
    final_norm: str | None
    cross_attention: str | None = None
    cross_write: str | None = None
    post_norms: tuple[str, ...] = ()
    """Norms that each sum of stream and write goes through (BERT), in order; empty where the
    writes are added to an un-normed stream."""


@dataclass(frozen=True)
class Anatomy:
    """The map of one family."""

    position: Position
    decoder: StackParts | None = None
    encoder: StackParts | None = None
    position_table: str | None = None
    reserved_positions: int = 0
    """Rows of the position table that no token can have."""

    named: bool = True
    """It is a row of the table; else only blocks and attention were found."""

    @property
    def stacks(self) -> dict[StackName, StackParts]:
        """The towers there are, in the order in which they run."""
        both: dict[StackName, StackParts | None] = {
            "encoder": self.encoder,
            "decoder": self.decoder,
        }
        return {name: parts for name, parts in both.items() if parts is not None}


def part(root: nn.Module, path: str) -> nn.Module:
    """Return the module at `path` below `root`."""
    return root.get_submodule(path)
