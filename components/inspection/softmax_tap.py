"""Follow what leads to a softmax: which product its scores come from, and what is added to it.

All functions of torch pass by `SoftmaxTap` while it is entered; it changes none of their results.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

_SOFTMAX: Final = {torch.softmax, nn.functional.softmax, Tensor.softmax}
_PRODUCT: Final = {
    torch.matmul,
    Tensor.matmul,
    Tensor.__matmul__,
    torch.bmm,
    Tensor.bmm,
    torch.baddbmm,
    Tensor.baddbmm,
    torch.einsum,
}
_WATCHED: Final = _SOFTMAX | _PRODUCT


@dataclass
class SoftmaxCall:
    """One softmax between two products."""

    operands: tuple[Float[Tensor, "..."], ...]
    """Of the product before it: queries and keys, transposed; empty if they are not laid out as
    [..., query, size] and [..., size, key] (XLNet's einsum)."""
    scores: Float[Tensor, "... query key_or_sink"]
    """What goes in."""
    weights: Float[Tensor, "... query _key"]
    """0 to 1: what comes out, and is multiplied with the values."""
    bare: Float[Tensor, "... query key_or_sink"] | None = None
    """The scores that would have gone in, had queries times keys been 0: what was added."""
    products: int = 1
    """How many products went into the scores, where that was looked at."""
    values: Float[Tensor, "..."] | None = None
    """What the weights are multiplied with."""
    output: Float[Tensor, "..."] | None = None
    """That product."""


class SoftmaxTap(TorchFunctionMode):
    """Notes each softmax over the last axis that a product leads to.

    With `bare`, what lies between product and softmax is computed a second time beside the first,
    from a product of 0: that tells what is added to queries times keys, exactly.
    """

    def __init__(self, bare: bool = False) -> None:
        super().__init__()
        self.found: list[SoftmaxCall] = []
        self._bare = bare
        self._products: list[tuple[tuple[Tensor, ...], Tensor, frozenset[int]]] = []
        # By the id of a tensor: the tensor (which keeps the id alive), and for each product that
        # it comes from what it would be if that product were 0.
        self._lanes: dict[int, tuple[Tensor, dict[int, Any]]] = {}

    def clear(self) -> None:
        """Forget what led nowhere: another block begins."""
        self._products, self._lanes = [], {}

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if not self._lanes and func not in _WATCHED:
            return func(*args, **kwargs)
        if func in _SOFTMAX:
            args, kwargs = self._rounded(args, kwargs)
        beside = self._beside(func, args, kwargs) if self._lanes else {}
        out = func(*args, **kwargs)
        if func in _SOFTMAX:
            self._softmax(args, kwargs, out)
        elif func in _PRODUCT:
            self._product(func, (*args, *kwargs.values()), out, frozenset(beside))
            if self._bare:
                beside[len(self._products) - 1] = _without(func, args, kwargs, out)
        if beside:
            self._follow(args[0] if _in_place(func) else out, beside)
        return out

    def _product(
        self, func: Any, operands: tuple[Any, ...], out: Tensor, came_from: frozenset[int]
    ) -> None:
        tensors = tuple(one for one in operands if isinstance(one, Tensor))
        plain = () if func is torch.einsum else tensors[-2:]
        self._products.append((plain, out, came_from))
        last = self.found[-1] if self.found else None
        if last is not None and last.output is None and tensors:
            first = tensors[0] if func is torch.einsum else tensors[-2]
            if (
                first.numel() == last.weights.numel()
                and first.shape[-2:] == last.weights.shape[-2:]
            ):
                # What is multiplied counts: a float32 softmax is rounded to another format first.
                last.weights, last.values, last.output = first, tensors[-1], out
                if func is torch.einsum:
                    last.values = last.output = None

    def _rounded(self, args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Round the scores to the format asked for first, as the softmax itself would."""
        wanted = kwargs.get("dtype")
        if not args or wanted is None or wanted.itemsize >= args[0].dtype.itemsize:
            return args, kwargs
        scores = args[0].to(wanted)
        beside = self._lanes.get(id(args[0]), (None, {}))[1]
        self._follow(scores, {lane: other.to(wanted) for lane, other in beside.items()})
        return (scores, *args[1:]), kwargs

    def _softmax(self, args: Any, kwargs: dict[str, Any], out: Tensor) -> None:
        scores = args[0] if args else kwargs["input"]
        axis = kwargs.get("dim", args[1] if len(args) > 1 else None)
        if scores.dim() not in (3, 4) or axis not in (-1, scores.dim() - 1):
            return
        lanes = self._lanes.get(id(scores), (scores, {}))[1]
        before = [
            (number, operands, came_from)
            for number, (operands, product, came_from) in enumerate(self._products)
            # A learned sink may have been put beside the scores of the tokens.
            if product.dim() in (3, 4)
            and product.shape[-2] == scores.shape[-2]
            and 0 <= scores.shape[-1] - product.shape[-1] <= 1
            and product[..., 0].numel() == scores[..., 0].numel()
            and (number in lanes or not self._bare)
        ]
        if not before:
            return
        number, operands, came_from = before[0]
        # Projections may be products too: what queries and keys come from does not count.
        products = len(lanes.keys() - came_from) or 1
        self.found.append(SoftmaxCall(operands, scores, out, lanes.get(number), products))
        self.clear()

    def _beside(self, func: Any, args: Any, kwargs: dict[str, Any]) -> dict[int, Any]:
        """Run `func` again for each product that its arguments come from, as if that were 0."""
        if func in _SOFTMAX:
            return {}
        known: set[int] = set()
        _map(lambda one: known.update(self._lanes.get(id(one), (one, {}))[1]), (args, kwargs))
        found: dict[int, Any] = {}
        for lane in known:

            def other(one: Tensor, lane: int = lane) -> Any:
                return self._lanes.get(id(one), (one, {}))[1].get(lane, one)

            instead, options = _map(other, (args, kwargs))
            if _in_place(func) and instead[0] is args[0]:
                instead = (args[0].clone(), *instead[1:])
            out = func(*instead, **options)
            found[lane] = instead[0] if _in_place(func) else out
        return found

    def _follow(self, out: Any, beside: dict[int, Any]) -> None:
        if isinstance(out, Tensor):
            if out.is_floating_point():
                self._lanes[id(out)] = (out, beside)
        elif isinstance(out, (tuple, list)):
            for place, one in enumerate(out):
                self._follow(one, {lane: other[place] for lane, other in beside.items()})


def _in_place(func: Any) -> bool:
    """Say whether `func` changes its first argument (add_, __iadd__, __setitem__)."""
    name = getattr(func, "__name__", "")
    return (
        name == "__setitem__"
        or (name.startswith("__i") and name not in ("__invert__", "__int__", "__index__"))
        or (name.endswith("_") and not name.endswith("__"))
    )


def _without(func: Any, args: Any, kwargs: dict[str, Any], out: Tensor) -> Tensor:
    if func in (torch.baddbmm, Tensor.baddbmm):
        # What it adds to the product stays (BLOOM adds its distances here).
        nothing = [torch.zeros_like(args[1]), args[2]] if len(args) > 2 else []
        named = dict(kwargs)
        if not nothing:
            named["batch1"] = torch.zeros_like(named["batch1"])
        return func(args[0], *nothing, *args[3:], **named)
    return torch.zeros_like(out)


def _map(change: Callable[[Tensor], Any], value: Any) -> Any:
    """Return `value` with each tensor in it changed, in tuples, lists and dicts."""
    if isinstance(value, Tensor):
        return change(value)
    if isinstance(value, dict):
        return {key: _map(change, one) for key, one in value.items()}
    if type(value) in (tuple, list):
        return type(value)(_map(change, one) for one in value)
    return value
