"""Catch attention's inside, for all families, without changing a bit of the output.

Every network is loaded with its family's own eager attention. Two doors lead inside:

- Families on transformers' AttentionInterface ask it, in each attention module, which function to
  call. While a reader records, the answer is that same function, watched: so its queries, keys
  and values are had by name, and a `SoftmaxTap` sees what goes into its softmax.
- The others (Falcon, BLOOM, MPT, GPT-J, ...) attend in the open; a tap watches the whole pass, and
  finds each softmax that stands between two products: queries times keys, weights times values.

What is caught goes to the sink of the reader's own context, so threads that share a network
do not see each other's passes.
"""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from transformers import AttentionInterface

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


@dataclass
class Attended:
    """One softmax between two products."""

    operands: tuple[Tensor, ...]
    """Of the product before it: queries and keys, transposed; empty if they are not laid out as
    [..., token, size] and [..., size, token] (XLNet's einsum)."""
    scores: Tensor
    weights: Tensor
    bare: Tensor | None = None
    """The scores that would have gone in, had queries times keys been 0: what was added."""
    products: int = 1
    """How many products went into the scores, where that was looked at."""
    values: Tensor | None = None
    output: Tensor | None = None


class SoftmaxTap(TorchFunctionMode):
    """Notes each softmax over the last axis that a product leads to.

    With `bare`, what lies between product and softmax is computed a second time beside the first,
    from a product of 0: that tells what is added to queries times keys, exactly.
    """

    def __init__(self, bare: bool = False) -> None:
        super().__init__()
        self.found: list[Attended] = []
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
        self.found.append(Attended(operands, scores, out, lanes.get(number), products))
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


@dataclass
class Caught:
    """The tensors of one attention sublayer, as the family shaped them; None: not to be seen."""

    place: Any
    """The block in which it was: stack, layer, number in the list of blocks; None outside."""
    module: nn.Module | None
    """The attention module, where the family names it: then keys are [..., token, size] and
    outputs [batch, token, head, size]; else keys lie transposed, and heads come first."""
    queries: Tensor | None
    keys: Tensor | None
    values: Tensor | None
    scores: Tensor
    weights: Tensor
    outputs: Tensor | None
    bare: Tensor | None = None
    products: int = 1
    stated: dict[str, float] = field(default_factory=dict)
    """The numbers that the family's function was given: "scaling", "softcap"."""


@dataclass
class Sink:
    """Where one reader's pass is collected."""

    bare: bool = False
    watching: bool = True
    """Attention is wanted."""
    place: Any = None
    """The block that is running: stack, layer, number in the list of blocks."""
    caught: list[Caught] = field(default_factory=list)
    whole: SoftmaxTap | None = None
    """Watches the whole pass, in families that do not ask the interface."""
    unseen: int = 0
    """Calls of an attention function in which no softmax was found."""

    def collect(self) -> None:
        """Take over what the tap of the whole pass has found in the block that is running."""
        if self.whole is None:
            return
        for each in self.whole.found:
            self.caught.append(_open(each, self.place))
        self.whole.found.clear()
        self.whole.clear()


SINK: Final[ContextVar[Sink | None]] = ContextVar("sink", default=None)


def _open(each: Attended, place: Any) -> Caught:
    query, key = each.operands if len(each.operands) == 2 else (None, None)
    return Caught(
        place,
        None,
        query,
        key,
        each.values,
        each.scores,
        each.weights,
        each.output,
        each.bare,
        each.products,
    )


def _watched(
    attend: Callable[..., tuple[Tensor, Tensor | None]],
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    *args: Any,
    **kwargs: Any,
) -> tuple[Tensor, Tensor | None]:
    """Attend as the family's own function does, and tell the reader's sink."""
    sink = SINK.get()
    if sink is None:
        return attend(module, query, key, value, *args, **kwargs)
    with SoftmaxTap(sink.bare) as tap:
        output, weights = attend(module, query, key, value, *args, **kwargs)
    if not tap.found:
        sink.unseen += 1
        return output, weights
    seen = tap.found[-1]
    numbers = ((name, kwargs.get(name)) for name in ("scaling", "softcap"))
    sink.caught.append(
        Caught(
            sink.place,
            module,
            query,
            key,
            value,
            seen.scores,
            seen.weights[..., : key.shape[-2]] if weights is None else weights,
            output,
            seen.bare,
            seen.products,
            {name: float(number) for name, number in numbers if isinstance(number, (int, float))},
        )
    )
    return output, weights


_own_answer = AttentionInterface.get_interface


def _answer(self: Any, attn_implementation: str, default: Callable[..., Any]) -> Callable[..., Any]:
    attend = _own_answer(self, attn_implementation, default)
    sink = SINK.get()
    return partial(_watched, attend) if sink is not None and sink.watching else attend


# The one place where all families ask which function attends. Whoever does not record is
# answered as ever.
AttentionInterface.get_interface = _answer  # type: ignore[method-assign]
