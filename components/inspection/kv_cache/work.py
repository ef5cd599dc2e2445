"""How much there is to do: positions, floating-point operations, bytes.

Operations are counted by torch's own formulas (`torch.utils.flop_counter`) on real passes; a
formula for any shape stands beside them, and the two are compared.
"""

from dataclasses import dataclass
from typing import Any, Final

import torch
from jaxtyping import Float, Shaped
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from components.inspection.checks import Check
from components.inspection.decoding import Decoder
from components.inspection.errors import InspectionError
from components.inspection.kv_cache.arithmetic import Shares, pass_operations, positions, shares
from components.inspection.kv_cache.asking import checked
from components.inspection.kv_cache.dimensions import shape_of
from components.inspection.kv_cache.held import kept_bytes, own_layers
from components.inspection.kv_cache.shapes import unusual
from components.inspection.model import Model

_READ_BEFORE: Final = (
    "an encoder has read the text before, and the decoder attends to its keys and values as well"
)


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
    weight_bytes: int
    """Those of them that are weights; of experts, those that were met."""
    cache_bytes: int
    """Bytes of keys and values looked up in the cache."""
    formula: int | None
    """Operations by the formula; None where there is none."""


@dataclass(frozen=True)
class Work:
    """A prompt of some length and some new tokens."""

    prompt: int
    """Tokens that prefill reads."""
    start: int
    """Positions that the decoder holds after it: `prompt`, or 1 of two stacks."""
    new: int
    with_cache: int
    """Positions computed in all steps."""
    without: int
    """The same without a cache."""
    passes: tuple[Pass, Pass, Pass]
    """Prefill; the last step with a cache; the same step without."""
    claimed: bool
    """The family's row in the table is one for which the formula is said to hold."""
    no_formula: str
    """Why there is none; empty where there is one."""
    experts: bool
    """Products of experts are among them, for which torch has no formula of its own."""

    @property
    def checks(self) -> tuple[Check, ...]:
        """The formula against what torch counted; only reported where nothing is claimed of this
        family and the two differ."""
        off = [abs(one.operations - one.formula) for one in self.passes if one.formula is not None]
        if not off:
            return ()
        claimed = self.claimed or not any(off)
        return (
            Check(
                "torch counts the operations that the formula says"
                if claimed
                else "operations beside those of the formula, which this family computes as well",
                float(max(off)),
                0.0 if claimed else None,
                "The formula leaves out or adds something that this model computes.",
            ),
        )


class Counter(TorchDispatchMode):
    """Adds up operations and bytes of the matrix products of its own thread only."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.operations = self.bytes = self.weight_bytes = 0
        self.experts = False
        self._weights = {_storage(weight) for weight in model.network.parameters()}

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
        for tensor in tensors:
            self._add(tensor.numel() * tensor.element_size(), _storage(tensor) in self._weights)
        return out

    def _count_experts(
        self,
        rows: Float[Tensor, "row inputs"],
        matrices: Float[Tensor, "expert inputs outputs"],
        out: Float[Tensor, "row outputs"],
    ) -> None:
        # torch has no formula for it: each row meets one of the matrices.
        self.experts = True
        self.operations += 2 * rows.shape[0] * matrices.shape[1] * matrices.shape[2]
        met = min(rows.shape[0], matrices.shape[0])
        self._add(matrices[0].numel() * met * matrices.element_size(), weights=True)
        self._add((rows.numel() + out.numel()) * rows.element_size(), weights=False)

    def _add(self, count: int, weights: bool) -> None:
        self.bytes += count
        self.weight_bytes += count if weights else 0


def _storage(tensor: Shaped[Tensor, "..."]) -> tuple[torch.device, int]:
    return tensor.device, tensor.untyped_storage().data_ptr()


def work(model: Model, text: str, prompt: int, new: int) -> Work:
    """Count what it takes to write `new` tokens after `prompt` of them.

    Raises:
        InspectionError: as `asking.checked`.
    """
    decoder = Decoder(model, checked(model, text, prompt, new))
    shape, start = shape_of(model), decoder.begin.shape[1]
    filler = decoder.begin[:, :1]
    end = start + new - 1
    everything = torch.cat([decoder.begin, filler.expand(-1, new - 1)], dim=1)
    cache = decoder.new_cache()
    with Counter(model) as prefill:
        decoder.prefill(cache)
    for past in range(start, end - 1):
        decoder.step(filler, cache, past)
    held = sum(kept_bytes(layer) for layer in own_layers(cache))
    with Counter(model) as step:
        decoder.step(filler, cache, end - 1)
    with Counter(model) as again:
        decoder.without(everything)

    def one(name: str, counted: Counter, many: int, read: int, cached: int) -> Pass:
        return Pass(
            name=name,
            positions=many,
            read=read,
            operations=counted.operations,
            matrix_bytes=counted.bytes,
            weight_bytes=counted.weight_bytes,
            cache_bytes=cached,
            formula=None if decoder.two_stacks else pass_operations(shape, many, read),
        )

    return Work(
        prompt=prompt,
        start=start,
        new=new,
        with_cache=positions(start, new, "with"),
        without=positions(start, new, "without"),
        passes=(
            one("prefill", prefill, start, start, 0),
            one("a step with the cache", step, 1, end, held),
            one("the same step without", again, end, end, 0),
        ),
        claimed=model.anatomy.named,
        no_formula=_READ_BEFORE if decoder.two_stacks else unusual(shape),
        experts=prefill.experts,
    )


def counted_shares(model: Model, text: str, longest: int) -> Shares:
    """Do as `arithmetic.shares` for a loaded model, if torch counts on it what the formula says.

    Raises:
        InspectionError: it does not, or there is no formula.
    """
    shape = shape_of(model)
    found = work(model, text, 4, 3)
    unsure = found.no_formula or next((str(check) for check in found.checks if not check.holds), "")
    if unsure:
        raise InspectionError(
            f"For '{shape.name}' this cannot be said by the formula ({unsure}). Choose another "
            "model in the list."
        )
    return shares(shape, longest)
