"""How a network marks positions, in a sentence that says no more than was measured."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from components.inspection.model import Model
from components.inspection.positions.measured import (
    LayerCode,
    PositionCode,
    StackCode,
    position_code,
)

APART: Final = "in a way that Vitrine cannot take apart"


def sentence(code: PositionCode) -> str:
    """Return what the network does, with its name: "'gpt2' adds a vector ...".

    Of two stacks that do the same it is said once.
    """
    said = [_of_stack(stack, len(code.stacks) == 1) for stack in code.stacks]
    if len(set(said)) == 1:
        return f"'{code.name}' {said[0]}."
    told = "; ".join(f"its {s.name} {one}" for s, one in zip(code.stacks, said, strict=True))
    return f"Of '{code.name}', {told}."


def said(model: Model) -> str:
    """Return how `model` marks positions, as `sentence` says it."""
    return sentence(position_code(model))


def _of_stack(stack: StackCode, alone: bool) -> str:
    clauses = []
    if stack.added:
        clauses.append("adds a vector for its position to each token's embedding")
    clauses += _of_layers(stack)
    marked = bool(clauses)
    if stack.added is None:
        clauses.append("keeps what enters its first block in a form that Vitrine cannot read")
    if not marked and stack.added is False:
        clauses.append(_nothing(stack, alone))
    if stack.without_attention and stack.layers:
        clauses.append(
            f"has no attention that can be seen in {named(stack.without_attention)}, which may "
            "tell order in a way of their own"
        )
    return _joined(clauses)


def _of_layers(stack: StackCode) -> list[str]:
    said: dict[str, list[int]] = {}
    for each in stack.layers:
        for clause in _clauses(each):
            said.setdefault(clause, []).append(each.layer)
    silent = [each for each in stack.layers if not _clauses(each)]
    clauses = [
        clause + ("" if len(layers) == stack.blocks else f" in {named(layers)}")
        for clause, layers in said.items()
    ]
    if said and silent:
        sure = all(each.tells is False for each in silent)
        none = "none" if sure else "none that could be measured"
        there = named([each.layer for each in silent])
        clauses.append(f"marks {none}, over a dozen tokens, in the attention of {there}")
    return clauses


def _clauses(layer: LayerCode) -> list[str]:
    found = []
    if layer.turning == "turns":
        found.append("rotates its queries and keys by position (RoPE)")
    if layer.turning == "unclear":
        found.append(
            "is handed angles by which to turn, and does more with them than turn its queries and "
            f"keys, {APART},"
        )
    if layer.scaled and layer.turning != "unclear":
        found.append("makes its queries longer or shorter by their position")
    if layer.products > 1:
        found.append(
            f"adds up {layer.products} products of vectors in each score, which Vitrine cannot "
            "take apart,"
        )
    elif layer.bias is not None:
        found.append(
            {
                "linear": "takes off each score in proportion to the distance (ALiBi)",
                "by distance": "adds to each score a number for the distance, as T5's buckets do",
                "other": "adds to each score a number that depends on more than the distance",
            }[layer.bias.kind]
        )
    if layer.tells and not found:
        found.append(
            f"rotates its queries and keys by position, {APART},"
            if layer.rotated_keys
            else f"tells in its scores how far apart two tokens stand, {APART},"
        )
    return found


def _nothing(stack: StackCode, alone: bool) -> str:
    if not stack.layers:
        return "has no attention that can be seen, so how it tells positions is not known"
    if all(each.tells is False for each in stack.layers):
        only = ": only its causal mask tells order" if stack.name == "decoder" and alone else ""
        return f"marks no positions, over a dozen tokens{only}"
    return "marks no positions in its attention, as far as can be measured"


def named(layers: Sequence[int]) -> str:
    """Return "layer 3", or "layers 0 to 4 and 6".

    >>> named([3]), named([0, 1, 2, 3, 4, 6])
    ('layer 3', 'layers 0 to 4 and 6')
    """
    if len(layers) == 1:
        return f"layer {layers[0]}"
    runs = [[layer for _, layer in run] for _, run in groupby(enumerate(layers), _start_of_run)]
    parts = []
    for run in runs:
        if len(run) > 2:
            parts.append(f"{run[0]} to {run[-1]}")
        else:
            parts += [str(layer) for layer in run]
    return f"layers {', '.join(parts[:-1])} and {parts[-1]}" if parts[1:] else f"layers {parts[0]}"


def _start_of_run(counted: tuple[int, int]) -> int:
    return counted[1] - counted[0]


def _joined(parts: Iterable[str]) -> str:
    *most, last = parts
    before = ", ".join(part.rstrip(",") for part in most)
    return (f"{before}, and {last}" if most else last).rstrip(",")
