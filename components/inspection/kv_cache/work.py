"""How much there is to do: positions, floating-point operations, bytes.

Operations are counted by torch's own formulas (`torch.utils.flop_counter`) on real passes; a
formula for any shape stands beside them, and the two are compared.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from components.inspection.kv_cache.arithmetic import pass_operations, positions
from components.inspection.kv_cache.decoding import Decoding, self_layers
from components.inspection.kv_cache.shapes import shape_of
from components.inspection.kv_cache.timing import checked
from components.inspection.model import Model


@dataclass(frozen=True)
class Pass:
    """One forward pass and what it takes."""

    name: str
    positions: int
    """Tokens that go through the blocks."""
    read: int
    """Tokens whose keys and values are read, from the cache or just made."""
    operations: int
    """Floating-point operations of the matrix products; a multiplication and an addition are
    two. Counted by torch."""
    matrix_bytes: int
    """Bytes that go into and out of the matrix products: weights, keys, values, activations."""
    formula: int | None
    """Operations by the formula; None where there is none (two towers)."""
    weight_bytes: int
    """Bytes of all weights: read once in each pass, whatever it is for."""
    cache_bytes: int
    """Bytes of keys and values looked up in the cache."""


@dataclass(frozen=True)
class Work:
    """A prompt of some length and some new tokens."""

    start: int
    new: int
    with_cache: int
    """Positions computed in all steps."""
    without: int
    """The same without a cache."""
    passes: tuple[Pass, Pass, Pass]
    """Prefill; the last step with a cache; the same step without."""


class Counter(TorchDispatchMode):
    """Adds up operations and bytes of the matrix products of its own thread only."""

    def __init__(self) -> None:
        super().__init__()
        self.operations = self.bytes = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        packet = func._overloadpacket
        if packet is torch.ops.aten._grouped_mm:
            out = func(*args, **kwargs)
            self._count_experts(args[0], args[1], out)
            return out
        if packet not in flop_registry:
            with self:
                out = func.decompose(*args, **kwargs)
            return func(*args, **kwargs) if out is NotImplemented else out
        out = func(*args, **kwargs)
        self.operations += flop_registry[packet](*args, **kwargs, out_val=out)
        tensors = [each for each in (*args, *kwargs.values(), out) if isinstance(each, Tensor)]
        self.bytes += sum(each.numel() * each.element_size() for each in tensors)
        return out

    def _count_experts(self, rows: Tensor, matrices: Tensor, out: Tensor) -> None:
        # torch has no formula for it: each row [in] meets one of the matrices [expert, in, out].
        self.operations += 2 * rows.shape[0] * matrices.shape[1] * matrices.shape[2]
        met = min(rows.shape[0], matrices.shape[0])
        numbers = rows.numel() + matrices[0].numel() * met + out.numel()
        self.bytes += numbers * rows.element_size()


def work(model: Model, text: str, prompt: int, new: int) -> Work:
    """Count what it takes to write `new` tokens after `prompt` of them.

    Raises:
        InspectionError: as `timing.measure`.
    """
    decoding = Decoding(model, checked(model, text, prompt, new))
    start = decoding.begin.shape[1]
    filler = decoding.read.new_full((1, new - 1), int(decoding.read[0, 0]))
    everything = torch.cat([decoding.begin, filler], dim=1)
    end = everything.shape[1]
    cache = decoding.new_cache()
    with Counter() as prefill:
        decoding.prefill(cache)
    for place in range(new - 2):
        decoding.step(filler[:, place : place + 1], cache)
    kept = sum(layer.keys.nbytes + layer.values.nbytes for layer in self_layers(cache))
    with Counter() as step:
        decoding.step(filler[:, -1:], cache)
    with Counter() as again:
        decoding.without(everything)
    plain = model.kind == "causal"
    shape = shape_of(model)

    def one(name: str, counted: Counter, many: int, read: int, cached: int) -> Pass:
        return Pass(
            name=name,
            positions=many,
            read=read,
            operations=counted.operations,
            matrix_bytes=counted.bytes,
            formula=pass_operations(shape, many, read) if plain else None,
            weight_bytes=model.facts.weight_bytes,
            cache_bytes=cached,
        )

    return Work(
        start=start,
        new=new,
        with_cache=positions(start, new, "with"),
        without=positions(start, new, "without"),
        passes=(
            one("prefill", prefill, start, start, 0),
            one("a step with the cache", step, 1, end, kept),
            one("the same step without", again, end, end, 0),
        ),
    )
