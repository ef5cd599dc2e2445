"""What the tests of this folder read, and how they look into a network without Vitrine."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from components.inspection.forward_pass import arguments_of, inputs_of
from components.inspection.model import Model
from components.inspection.stacks import blocks_of
from tests import tiny

TEXT = "an old castle"
TARGET = "all of it"
DTYPES = ("float32", "float16", "bfloat16")
CASES = [
    (family, stack, kind)
    for family, (_, _, task, _) in tiny.FAMILIES.items()
    for stack, kind in (
        (("encoder", "self"), ("decoder", "self"), ("decoder", "cross"))
        if task == "seq2seq"
        else ((("decoder" if task == "causal" else "encoder"), "self"),)
    )
]
"""Each family, stack and kind of attention of `tests.tiny`."""


def target_of(model: Model) -> str | None:
    return TARGET if len(model.anatomy.stacks) == 2 else None


def kept(opening: Callable[..., Any]) -> Callable[..., Any]:
    """Return `opening`, which reads a text once for all the numbers that are asked of it."""
    found: dict[Any, Any] = {}

    def once(
        model: Model, text: Any, target: Any, stack: str, layer: int, *more: Any, **how: Any
    ) -> Any:
        key = (id(model), text, target, stack, layer, more, tuple(how.items()))
        if key not in found:
            found[key] = opening(model, text, target, stack, layer, *more, **how)
        return found[key]

    return once


def flowed(
    model: Model, stack: str, layer: int, paths: Sequence[str], text: str = TEXT
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return what each of a block's modules was given and gave, by hooks of the test's own."""
    parts = model.anatomy.stacks[stack]  # type: ignore[index]
    block = blocks_of(model.network, parts)[layer]
    found: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    handles = []
    for path in paths:

        def keep(_module: Any, args: Any, output: Any, path: str = path) -> None:
            output = output[0] if isinstance(output, tuple) else output
            found[path] = tuple(  # type: ignore[assignment]
                one.detach().float().reshape(-1, one.shape[-1]).numpy().copy()
                for one in (args[0], output)
            )

        handles.append(block.get_submodule(path).register_forward_hook(keep))
    with torch.no_grad():
        model.network(**arguments_of(model, inputs_of(model, text, target_of(model))))
    for handle in handles:
        handle.remove()
    return found
