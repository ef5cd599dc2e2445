"""Catch attention's inside, for all families, without changing a bit of the output.

Two doors, both of which run the family's own eager code:

- Families on transformers' AttentionInterface are loaded with the implementation `NAME`, which
  calls the eager function that the family's file defines, while a `SoftmaxTap` watches.
- The others (Falcon, BLOOM, MPT, GPT-J, ...) are loaded eager; the tap watches the whole pass,
  and forward hooks on their attention modules say whose softmax it was.

What is caught goes to the sink of the reader's own context, so threads that share a network
do not see each other's passes.
"""

import sys
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import eager_mask

NAME: Final = "vitrine"

_SOFTMAX: Final = {torch.softmax, nn.functional.softmax, Tensor.softmax}
_PRODUCT: Final = {
    torch.matmul,
    Tensor.matmul,
    Tensor.__matmul__,
    torch.bmm,
    Tensor.bmm,
    torch.baddbmm,
    Tensor.baddbmm,
}


class SoftmaxTap(TorchFunctionMode):
    """Notes each softmax (input, output) and each matrix product (operands, output)."""

    def __init__(self) -> None:
        super().__init__()
        self.softmax: tuple[Tensor, Tensor] | None = None
        self.before: tuple[Any, ...] = ()
        self.after: tuple[Any, ...] = ()
        self.output: Tensor | None = None

    def clear(self) -> None:
        """Forget what was seen: another attention sublayer begins."""
        self.softmax, self.before, self.after, self.output = None, (), (), None

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        if func in _SOFTMAX:
            self.softmax = (args[0], out)
        elif func in _PRODUCT:
            operands = args if args else tuple((kwargs or {}).values())
            if self.softmax is None:
                self.before = (*operands, *(kwargs or {}).values()) if args else operands
            elif not self.after:
                self.after, self.output = operands, out
        return out


@dataclass
class Caught:
    """The tensors of one attention sublayer, as the family shaped them."""

    module: nn.Module
    queries: Tensor
    keys: Tensor
    values: Tensor
    scores: Tensor
    weights: Tensor
    outputs: Tensor


@dataclass
class Sink:
    """Where one reader's pass is collected."""

    caught: list[Caught] = field(default_factory=list)
    tap: SoftmaxTap | None = None


SINK: Final[ContextVar[Sink | None]] = ContextVar("sink", default=None)


def watched_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    **kwargs: Any,
) -> tuple[Tensor, Tensor | None]:
    """Attend as the family's own eager function does, and tell the reader's sink."""
    eager = sys.modules[type(module).__module__].eager_attention_forward
    sink = SINK.get()
    if sink is None:
        return eager(module, query, key, value, attention_mask, **kwargs)
    with SoftmaxTap() as tap:
        output, weights = eager(module, query, key, value, attention_mask, **kwargs)
    assert tap.softmax is not None, f"{type(module).__name__} attended without a softmax"
    sink.caught.append(
        # `output` is [batch, reader, head, size]; heads come first everywhere else.
        Caught(module, query, key, value, tap.softmax[0], weights, output.transpose(1, 2))
    )
    return output, weights


AttentionInterface.register(NAME, watched_attention)
# Without a mask function of the same name the mask would silently be None.
AttentionMaskInterface.register(NAME, eager_mask)


def begin_legacy(sink: Sink) -> None:
    """A sublayer of a family without the interface begins: look at its products only."""
    if sink.tap is not None:
        sink.tap.clear()


def end_legacy(sink: Sink, module: nn.Module) -> None:
    """It ended: the product before its softmax was q @ k, the one after it weights @ v."""
    tap = sink.tap
    if tap is None or tap.softmax is None or tap.output is None:
        return
    query, key = [t for t in tap.before if isinstance(t, Tensor)][-2:]
    scores, weights = tap.softmax
    value = tap.after[1]
    sink.caught.append(
        Caught(module, query, key.transpose(-1, -2), value, scores, weights, tap.output)
    )
