"""Names for the axes of a tensor, and whether one name has one length."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from components.inspection.anatomy import StackName
from components.inspection.checks import Check

ONE: Final = "axes of one name have one length in all tensors"
IN_A_BLOCK: Final = ("head", "kv head", "head size", "value size", "neuron", "expert")
"""What each block may have another number of."""


@dataclass(frozen=True)
class Axis:
    """One axis of a tensor."""

    name: str
    """"query token", "head size"; where two lie in one, "batch × head"."""
    counts: str
    """What it counts: of "query token" and "key token" both tokens."""
    length: int


@dataclass(frozen=True)
class Lengths:
    """How many tokens each stack reads."""

    tokens: dict[StackName, int]

    @property
    def two(self) -> bool:
        """There are an encoder and a decoder."""
        return len(self.tokens) == 2


def named(
    shape: tuple[int, ...], names: str, stack: StackName, lengths: Lengths
) -> tuple[Axis, ...]:
    """Return the axes of a tensor; `names` are those it has where none lie in one.

    >>> [axis.name for axis in named((4, 6), "batch, head, token", "decoder", Lengths({}))]
    ['batch × head', 'token']
    """
    given = names.split(", ")
    while len(given) > max(len(shape), 1):
        given = [f"{given[0]} × {given[1]}", *given[2:]]
    given = ["group"] * (len(shape) - len(given)) + given
    return tuple(
        Axis(_spoken(name, stack, lengths), _counted(name, stack, lengths), length)
        for name, length in zip(given, shape, strict=True)
    )


def one_length(
    tensors: Iterable[tuple[StackName, int | None, tuple[Axis, ...]]],
) -> Check:
    """Compare the lengths of all axes that count the same thing.

    Blocks may differ in heads and neurons, an encoder and a decoder in all but the tokens that one
    reads of the other.
    """
    found: dict[tuple[object, ...], set[int]] = defaultdict(set)
    for stack, layer, axes in tensors:
        for axis in axes:
            inside = axis.counts in IN_A_BLOCK
            of_all = axis.counts.endswith("token")
            place = (None,) if of_all else (stack, layer) if inside else (stack,)
            if axis.counts:
                found[(axis.counts, *place)].add(axis.length)
    apart = max((max(each) - min(each) for each in found.values()), default=0)
    return Check(ONE, float(apart), 0.0, "An axis is not what its name says.")


def _spoken(name: str, stack: StackName, lengths: Lengths) -> str:
    return name if lengths.two else name.replace("encoder ", "")


def _counted(name: str, stack: StackName, lengths: Lengths) -> str:
    last = name.split(" × ")[-1]  # the batch holds one text: what lies in one with it is counted
    if "sink" in last or last == "group":
        return ""
    if "token" not in last:
        return last
    if not lengths.two:
        return "token"
    return f"{'encoder' if 'encoder' in last else stack} token"
