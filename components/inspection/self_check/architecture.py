"""What the page of the architecture asks of a model, each once, on one text."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from components.inspection.architecture import conv1d, einsum_bug
from components.inspection.architecture.block_style import block_style
from components.inspection.architecture.look_up import entering, product_of_one_hot
from components.inspection.architecture.module_tree import module_tree
from components.inspection.architecture.shapes import shapes
from components.inspection.architecture.walk_through import walked
from components.inspection.architecture.work import operations
from components.inspection.model import Model

TARGET: Final = "a"
"""What the decoder of an encoder-decoder has written."""


def _shapes(model: Model, text: str) -> Any:
    return shapes(model, text, TARGET if len(model.anatomy.stacks) == 2 else None)


def _conv1d(model: Model, text: str) -> Any:
    maps = conv1d.conv1ds(model)
    return [conv1d.of_the_model(model, text, path) for path in maps] or conv1d.drawn(0)


ARCHITECTURE: Final[Mapping[str, Callable[[Model, str], Any]]] = {
    "Ledger": lambda model, _text: module_tree(model),
    "Ledger: operations": operations,
    "Shapes": _shapes,
    "Look-up": entering,
    "Look-up as a product": product_of_one_hot,
    "Side by side": lambda model, _text: block_style(model),
    "Norm and mask": walked,
    "Which root?": lambda model, text: einsum_bug.of_the_model(model, text, 0),
    "Conv1D": _conv1d,
}
"""By what is shown: what it would get of a model."""
