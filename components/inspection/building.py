"""Networks are built here, one at a time, without a word to the rest of the process.

While transformers builds a network it sets torch's default dtype for the whole process, and a few
other switches; another reader's pass would compute in another format meanwhile. Here the default is
changed for the building thread alone.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final
from unittest import mock

import torch
from torch.nn.modules.module import register_module_module_registration_hook
from torch.overrides import TorchFunctionMode
from transformers import PretrainedConfig, PreTrainedModel, modeling_utils

from components.inspection.errors import InspectionError

_ONE_AT_A_TIME: Final = threading.RLock()
"""Of two networks built at once, one was left with its tied weights untied."""
MOST_MODULES: Final = 200_000
"""Parts of the largest network that is built, where nothing says how many there should be."""
_MAKES: Final[set[Callable[..., Any]]] = {
    torch.empty,
    torch.zeros,
    torch.ones,
    torch.full,
    torch.rand,
    torch.randn,
    torch.tensor,
    torch.linspace,
    torch.logspace,
    torch.arange,
    torch.eye,
    torch.empty_strided,
    torch.as_tensor,
}
"""What makes a tensor of the default dtype unless it is told another."""


class _DefaultDtype(TorchFunctionMode):
    """Does for this thread what `torch.set_default_dtype` does for all."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        if func in _MAKES and kwargs.get("dtype") is None and isinstance(out, torch.Tensor):
            given = args[0] if args else kwargs.get("data")
            # A tensor that is handed on keeps its own dtype; numbers are made into the default.
            if out.dtype == torch.float32 and not isinstance(given, torch.Tensor):
                return out.to(self.dtype)
        return out


@contextmanager
def _default_dtype(dtype: torch.dtype, _class_name: str | None = None) -> Iterator[None]:
    with _DefaultDtype(dtype):
        yield


@contextmanager
def building(most: int = MOST_MODULES) -> Iterator[None]:
    """Let networks be built inside, by this thread alone, of at most so many modules.

    Raises:
        InspectionError: there would be more. A configuration may ask for a million layers, and
            building them would take hours in which nobody else could load a model.
    """
    with (
        _ONE_AT_A_TIME,
        mock.patch.object(modeling_utils, "local_torch_dtype", _default_dtype),
        _at_most(most),
    ):
        yield


@contextmanager
def _at_most(most: int) -> Iterator[None]:
    mine, made = threading.get_ident(), 0

    def count(*_parts: Any) -> None:
        nonlocal made
        if threading.get_ident() == mine:
            made += 1
        if made > most:
            raise InspectionError(
                f"The configuration asks for a network of more than {most:,} modules, which is "
                "many times what belongs to these weights: some number in it is wrong. Fetch the "
                "model again, or choose another."
            )

    hook = register_module_module_registration_hook(count)
    try:
        yield
    finally:
        hook.remove()


def on_meta(kind: type[PreTrainedModel], config: PretrainedConfig) -> PreTrainedModel:
    """Build a network of shapes without numbers, which takes no memory."""
    with building(), torch.device("meta"):
        return kind(config).eval()
