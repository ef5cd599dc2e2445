"""Catch attention's inside, for all families, without changing a bit of the output.

Every network is loaded with its family's own eager attention. Two doors lead inside:

- Families on transformers' AttentionInterface ask it, in each attention module, which function to
  call. While a reader records, the answer is that same function, watched: so its queries, keys
  and values are had by name, and a `SoftmaxTap` sees what goes into its softmax.
- The others (Falcon, BLOOM, MPT, GPT-J, ...) attend in the open; a tap watches the whole pass, and
  finds each softmax that stands between two products: queries times keys, weights times values.

What is caught goes to the collector of the reader's own context, so threads that share a network
do not see each other's passes.
"""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from jaxtyping import Float
from torch import Tensor, nn
from transformers import AttentionInterface

from components.inspection.softmax_tap import SoftmaxCall, SoftmaxTap


@dataclass
class AttentionCapture:
    """The tensors of one attention sublayer, as the family shaped them; None: not to be seen.

    The leading axes are batch and head, or the two in one.
    """

    place: Any
    """The block in which it was: stack, layer, number in the list of blocks; None outside."""
    module: nn.Module | None
    """The attention module, where the family names it: then keys are [..., key, size] and outputs
    [batch, query, head, size]; else keys lie transposed, and heads come first."""
    queries: Float[Tensor, "... query size"] | None
    keys: Float[Tensor, "... _ _"] | None
    values: Float[Tensor, "... key value_size"] | None
    scores: Float[Tensor, "... query key_or_sink"]
    """What goes into the softmax."""
    weights: Float[Tensor, "... query key"]
    """0 to 1: what comes out of it, for the tokens."""
    outputs: Float[Tensor, "..."] | None
    """Weights @ values."""
    bare: Float[Tensor, "... query key_or_sink"] | None = None
    """The scores had queries times keys been 0; None unless asked for."""
    products: int = 1
    """How many products of vectors make up the scores, where `bare` was asked for."""
    stated: dict[str, float] = field(default_factory=dict)
    """The numbers that the family's function was given: "scaling", "softcap"."""


@dataclass
class Collector:
    """Where one reader's pass is collected."""

    bare: bool = False
    watching: bool = True
    """Attention is wanted."""
    place: Any = None
    """The block that is running: stack, layer, number in the list of blocks."""
    caught: list[AttentionCapture] = field(default_factory=list)
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


COLLECTOR: Final[ContextVar[Collector | None]] = ContextVar("collector", default=None)


def _open(each: SoftmaxCall, place: Any) -> AttentionCapture:
    query, key = each.operands if len(each.operands) == 2 else (None, None)
    return AttentionCapture(
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
    query: Float[Tensor, "... query size"],
    key: Float[Tensor, "... key size"],
    value: Float[Tensor, "... key value_size"],
    *args: Any,
    **kwargs: Any,
) -> tuple[Tensor, Tensor | None]:
    """Attend as the family's own function does, and tell the reader's collector."""
    collector = COLLECTOR.get()
    if collector is None:
        return attend(module, query, key, value, *args, **kwargs)
    with SoftmaxTap(collector.bare) as tap:
        output, weights = attend(module, query, key, value, *args, **kwargs)
    if not tap.found:
        collector.unseen += 1
        return output, weights
    seen = tap.found[-1]
    numbers = ((name, kwargs.get(name)) for name in ("scaling", "softcap"))
    collector.caught.append(
        AttentionCapture(
            collector.place,
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
    collector = COLLECTOR.get()
    return partial(_watched, attend) if collector is not None and collector.watching else attend


# The one place where all families ask which function attends. Whoever does not record is
# answered as ever.
AttentionInterface.get_interface = _answer  # type: ignore[method-assign]
