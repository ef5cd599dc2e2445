"""What the page of the layers asks of a model, each once, on one text."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from components.inspection.anatomy import StackName
from components.inspection.layers.activations import activations
from components.inspection.layers.direct_attribution import direct_attribution
from components.inspection.layers.fact import ablated
from components.inspection.layers.logit_lens import logit_lens
from components.inspection.layers.logit_lens_followed import followed
from components.inspection.layers.neurons import neurons
from components.inspection.layers.norms_of_model import layer_norms
from components.inspection.layers.norms_read import read_by
from components.inspection.layers.placement import norm_placement
from components.inspection.layers.residual_stream import residual_stream
from components.inspection.layers.residual_stream_similarity import stream_similarity
from components.inspection.layers.score_parts import score_parts
from components.inspection.layers.score_parts_pairs import pairs
from components.inspection.layers.three_lenses import three_lenses
from components.inspection.layers.without_residual import without_residual
from components.inspection.model import Model

COLUMNS: Final = 16
"""Tokens that the logit lens looks at."""


def _stack(model: Model) -> StackName:
    """The stack that gives the answer."""
    return list(model.anatomy.stacks)[-1]


def _last_block(model: Model, text: str) -> tuple[StackName, int, int]:
    """The last block of that stack, and its last token."""
    read, stack = read_by(model, text), _stack(model)
    return stack, read.layers[stack] - 1, len(read.tokens[stack]) - 1


def _score(model: Model, text: str) -> Any:
    found = pairs(model, text)
    layer, head, key = found.home[found.place]
    return score_parts(model, text, found.stack, layer, head, found.place, key)


LAYERS: Final[Mapping[str, Callable[[Model, str], Any]]] = {
    "Logit lens": lambda model, text: logit_lens(model, text, columns=COLUMNS),
    "Followed tokens": lambda model, text: followed(model, text, None, 0, (0, 1)),
    "Three lenses": lambda model, text: three_lenses(model, text, None, 0),
    "Residual stream": lambda model, text: residual_stream(model, text, None, _stack(model)),
    "Similarity between layers": lambda model, text: stream_similarity(
        model, text, None, _stack(model)
    ),
    "Residual connections switched off": without_residual,
    "Direct attribution": direct_attribution,
    "A single logit": lambda model, text: direct_attribution(model, text, contrast=None),
    "MLP neurons": lambda model, text: neurons(model, text, None, "", "", 0),
    "Score by parts": _score,
    "Norms": lambda model, text: layer_norms(model, text, *_last_block(model, text)),
    "Where norms stand": lambda model, text: norm_placement(
        model, text, *_last_block(model, text)[:2]
    ),
    "Activations": lambda model, text: activations(model, text, *_last_block(model, text)[:2]),
    "Facts": ablated,
}
"""By what is shown: what it would get of a model."""
