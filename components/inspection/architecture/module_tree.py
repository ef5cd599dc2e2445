"""A network's tree of modules, counted: which weights lie where, and which part of it that is.

A module's own weights are those that it holds itself; what lies below it is counted there. A matrix
that two modules share is counted at the first of them, as `network.parameters()` meets it.
"""

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float64
from torch import nn
from transformers import PretrainedConfig, PreTrainedModel

from components.inspection import rounding
from components.inspection.anatomy import Anatomy
from components.inspection.architecture.ledger_parts import PARTS, Part, Parts
from components.inspection.checks import Check
from components.inspection.model import Model, first_number

_EXPERT: Final = re.compile(r"(^|\.)experts\.\d+(\.|$)")


@dataclass(frozen=True)
class Row:
    """One module."""

    path: str
    """Its name in the network; empty for the network itself."""
    parent: int
    """The row of the module that it lies in; -1 for the network itself."""
    kind: str
    """Its class."""
    part: Part
    shapes: tuple[tuple[int, ...], ...]
    """Of its own weights, those among them that are counted elsewhere too."""
    parameters: int
    """Numbers in its own weights that are counted here."""
    bytes: int
    """That those take in memory."""
    counted_at: str = ""
    """Where a weight of its own is counted instead, because two modules share it."""
    met: float = 1.0
    """The share of its own weights that one token meets: below 1 where a router chooses."""


@dataclass(frozen=True, eq=False)
class ModuleTree:
    """All modules of a network, each after the one that it lies in."""

    name: str
    rows: tuple[Row, ...]
    blocks: tuple[str, ...]
    """Paths of the blocks, of all stacks; none where they were not found."""
    checks: tuple[Check, ...]

    @property
    def parameters(self) -> Float64[np.ndarray, " row"]:
        """Of each module's own weights; exact below 2^53."""
        return np.array([row.parameters for row in self.rows], dtype=np.float64)

    @property
    def bytes(self) -> Float64[np.ndarray, " row"]:
        """That each module's own weights take."""
        return np.array([row.bytes for row in self.rows], dtype=np.float64)

    @property
    def total(self) -> int:
        """All parameters; a matrix that is used twice counts once."""
        return sum(row.parameters for row in self.rows)

    @property
    def met(self) -> int:
        """Parameters less those of the experts that one token is not sent to."""
        return sum(round(row.parameters * row.met) for row in self.rows)

    @property
    def shared(self) -> tuple[Row, ...]:
        """Modules with a weight that is counted elsewhere."""
        return tuple(row for row in self.rows if row.counted_at)


def module_tree(model: Model) -> ModuleTree:
    """Take the tree of a loaded model, and hold its sums against the model's own counts."""
    facts = model.facts
    return tree_of(model.network, model.anatomy, model.name, (facts.parameters, facts.weight_bytes))


def tree_of(
    network: PreTrainedModel,
    anatomy: Anatomy | None,
    name: str,
    counted: tuple[int, int] | None = None,
) -> ModuleTree:
    """Take the tree of a network, which may be one of shapes without numbers.

    `counted` are parameters and bytes that somebody else has counted.
    """
    met = share_met(network.config)
    modules = dict(network.named_modules())
    place = {path: number for number, path in enumerate(modules)}
    parts = Parts(network, anatomy, modules)
    first: dict[int, str] = {}
    rows: list[Row] = []
    for path, module in modules.items():
        own = dict(module.named_parameters(recurse=False, remove_duplicate=False))
        there = [first[id(one)] for one in own.values() if id(one) in first]
        here = [one for one in own.values() if id(one) not in first]
        for key, one in own.items():
            first.setdefault(id(one), f"{path}.{key}".strip("."))
        rows.append(
            Row(
                path=path,
                parent=place[path.rpartition(".")[0]] if path else -1,
                kind=type(module).__name__,
                part=parts.of(path),
                shapes=tuple(tuple(one.shape) for one in own.values()),
                parameters=sum(one.numel() for one in here),
                bytes=sum(one.numel() * one.element_size() for one in here),
                counted_at=there[0] if there else "",
                met=met if _of_expert(path, module) else 1.0,
            )
        )
    found = tuple(rows)
    return ModuleTree(name, found, tuple(parts.blocks), sums(network, found, counted))


def sums(
    network: PreTrainedModel, rows: tuple[Row, ...], counted: tuple[int, int] | None
) -> tuple[Check, ...]:
    """Hold the sums over all modules against what the network, and whoever has `counted`, say."""
    parameters, size = (sum(getattr(row, what) for row in rows) for what in ("parameters", "bytes"))
    own = np.array([network.num_parameters(), *(counted or ())[:1]], dtype=np.float64)
    stored = {id(one): one.numel() * one.element_size() for one in network.parameters()}
    weighed = np.array([sum(stored.values()), *(counted or ())[1:]], dtype=np.float64)
    return (
        rounding.compared(
            "the modules' parameters sum to what the network counts",
            np.full(len(own), parameters, dtype=np.float64),
            own,
            0.0,
            "A weight is missing from the tree, or stands in it twice.",
        ),
        rounding.compared(
            "the modules' bytes sum to what the weights take",
            np.full(len(weighed), size, dtype=np.float64),
            weighed,
            0.0,
            "A weight is missing from the tree, or stands in it twice.",
        ),
    )


def shares(rows: tuple[Row, ...], values: Float64[np.ndarray, " row"]) -> dict[Part, float]:
    """Return each part's share of the sum of `values`, the largest first; none that has none."""
    whole = float(values.sum()) or 1.0
    of = {
        part: sum(value for row, value in zip(rows, values, strict=True) if row.part == part)
        for part in PARTS
    }
    large = sorted(
        ((part, float(value) / whole) for part, value in of.items()), key=lambda x: -x[1]
    )
    return {part: share for part, share in large if share > 0}


def share_met(config: PretrainedConfig) -> float:
    """Return the share of its experts that a router sends a token to; 1 without a router."""
    text = config.get_text_config()
    every = first_number(text, "num_local_experts", "num_experts", "n_routed_experts")
    some = first_number(text, "num_experts_per_tok", "num_experts_per_token", "top_k_experts")
    return min(some / every, 1.0) if every and some else 1.0


def _of_expert(path: str, module: nn.Module) -> bool:
    """Say whether a module's weights are of experts: three axes in one tensor, or a module each."""
    fused = any(one.dim() == 3 for one in module.parameters(recurse=False))
    return (fused and not isinstance(module, nn.Conv1d)) or bool(_EXPERT.search(path))
