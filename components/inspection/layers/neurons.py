"""The neurons of one MLP: what each adds to a logit, and which tokens it promotes.

An MLP's write is a sum over its neurons, of each one's activation times its column of the last
matrix, and a bias (Geva et al., "Transformer Feed-Forward Layers Build Predictions by Promoting
Concepts in the Vocabulary Space", 2022).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from jaxtyping import Float32, Float64
from torch import Tensor

from components.inspection import rounding
from components.inspection.anatomy import part
from components.inspection.checks import Check
from components.inspection.embeddings.table import table_of
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.layers.direct_attribution import asked
from components.inspection.machine.matching import LINEAR, weights_of
from components.inspection.machine.push import require_sum
from components.inspection.machine.push_bounds import product_off
from components.inspection.machine.readout import FrozenNorm, frozen_norm, readout, together
from components.inspection.model import Model
from components.inspection.recording import StackRecord
from components.inspection.stacks import blocks_of

OPENED: Final = 12
"""Neurons whose tokens are looked up: those that add most, to either side."""
NAMED: Final = 8
"""Tokens that are told of each."""
SHARE: Final = 0.9
ROWS: Final = 8192
"""Rows of the unembedding that are multiplied at once."""
SUM: Final = "the neurons' terms and the bias sum to what their MLP adds"
TOKENS: Final = "what a neuron adds to the logits gives its term"


@dataclass(frozen=True, eq=False)
class Neuron:
    """One neuron at one token, and what its output vector does to the vocabulary."""

    number: int
    activation: float
    """What enters the MLP's last matrix."""
    term: float
    """What it adds to the logit of A less that of B, or to that of A."""
    promoted: tuple[tuple[str, float], ...]
    """The tokens whose logits it raises most here, the most first, and by how much: less the mean
    over the vocabulary, since what raises all logits alike changes no probability."""
    suppressed: tuple[tuple[str, float], ...]
    """Likewise those that it lowers most."""


@dataclass(frozen=True, eq=False)
class Neurons:
    """The neurons of one layer's MLP at one token."""

    layer: int
    place: int
    token: str
    answer: str
    contrast: str | None
    activations: Float32[np.ndarray, " neuron"]
    terms: Float32[np.ndarray, " neuron"]
    """In logits; with `bias` they sum to `total`."""
    bias: float
    total: float
    """What the MLP as a whole adds."""
    most: tuple[Neuron, ...]
    """Those with the largest terms, of either sign, the largest first."""
    checks: tuple[Check, ...]

    @property
    def carriers(self) -> int:
        """How many neurons, the largest first, hold 90% of the summed sizes of all terms."""
        return carriers(self.terms)


def carriers(terms: Float32[np.ndarray, " neuron"]) -> int:
    """Return how many terms, the largest first, hold 90% of their summed sizes.

    >>> carriers(np.array([8, -1, 0.5, 0.5], np.float32))
    2
    """
    sizes = np.sort(np.abs(terms.astype(np.float64)))[::-1]
    return int(np.searchsorted(np.cumsum(sizes), SHARE * sizes.sum())) + 1 if sizes.any() else 0


def neurons(
    model: Model,
    text: str,
    place: int | None,
    answer: str | int,
    contrast: str | int | None,
    layer: int,
) -> Neurons:
    """Return what each neuron of `layer`'s MLP adds to the logit that is asked about.

    The question is as in `direct_attribution`.

    Raises:
        InspectionError: the MLP has no neurons that can be told apart, or as
            `direct_attribution`.
    """
    read, there, place, toward, rather = asked(model, text, place, answer, contrast)
    require_sum(model, read.answers)
    recording = record(model, read.ids, read.target, keep=("residual", "mlp", "logits"))
    stack = recording.stack(read.answers)
    assert stack.residual is not None and recording.logits is not None  # the premise has seen them
    weight, bias = _last_matrix(model, stack, layer)
    norm = frozen_norm(model, model.anatomy.stacks[stack.name], stack.residual[-1], place)
    found = readout(model, norm, recording.logits[place], toward, rather)
    assert stack.mlp_activations is not None and stack.mlp_writes is not None
    hidden = stack.mlp_activations[layer][place]
    write = stack.mlp_writes[layer, place].astype(np.float64)
    rounding.require_numbers(hidden)
    terms = (hidden * (found.direction @ weight)).astype(np.float32)
    added, total = float(bias @ found.direction), float(write @ found.direction)
    order = np.argsort(-np.abs(terms), kind="stable")[:OPENED]
    most, tokens = _opened(
        model, norm, found.factor, weight, hidden, terms, order, [toward, rather]
    )
    off = product_off(
        np.abs(weight) @ np.abs(hidden) + np.abs(bias), len(hidden), write, model.facts.dtype
    )
    allowed = float(together(off * np.abs(found.direction)))
    allowed += rounding.unit("float32") * float(np.abs(terms).sum() + abs(added))
    error = abs(float(terms.sum(dtype=np.float64)) + added - total)
    meaning = "What a single neuron adds cannot be right here."
    return Neurons(
        layer=layer,
        place=place,
        token=there.tokens[place],
        answer=model.token_texts([toward])[0],
        contrast=None if rather is None else model.token_texts([rather])[0],
        activations=hidden,
        terms=terms,
        bias=added,
        total=total,
        most=most,
        checks=(Check(SUM, error, allowed, meaning), tokens),
    )


def _last_matrix(
    model: Model, stack: StackRecord, layer: int
) -> tuple[Float64[np.ndarray, "width neuron"], Float64[np.ndarray, " width"]]:
    """Return the matrix from a layer's neurons to the stream, and its bias.

    Raises:
        InspectionError: there is no such layer, or its neurons do not write to the stream by one.
    """
    parts = model.anatomy.stacks[stack.name]
    blocks, layers = blocks_of(model.network, parts), len(stack.mlp_writes)  # type: ignore[arg-type]
    if not 0 <= layer < layers:
        raise InspectionError(f"There is no layer {layer}: there are layers 0 to {layers - 1}.")
    known = stack.mlp_activations
    down = part(blocks[layer % len(blocks)], parts.mlp_down) if parts.mlp_down else None
    if known is None or len(known) != layers or not isinstance(down, LINEAR):
        raise InspectionError(
            f"The neurons of '{model.name}' cannot be told apart: its MLP is a mixture of experts, "
            "in which each token has neurons of its own, or Vitrine does not know its last matrix. "
            "Choose a model with one MLP in each block, such as storyteller."
        )
    if not f"{parts.mlp_down}.".startswith(f"{parts.mlp_write}."):
        raise InspectionError(
            f"In '{model.name}' a norm stands between the neurons and the stream: it mixes what "
            "they wrote, so only the MLP as a whole can be told. Choose a model without one, such "
            "as storyteller."
        )
    weight, bias = weights_of(down, list(range(stack.mlp_writes.shape[-1])))  # type: ignore[union-attr]
    added = np.zeros(len(weight)) if bias is None else bias.astype(np.float64)
    return weight.astype(np.float64), added


def _opened(
    model: Model,
    norm: FrozenNorm,
    factor: float,
    weight: Float64[np.ndarray, "width neuron"],
    hidden: Float32[np.ndarray, " neuron"],
    terms: Float32[np.ndarray, " neuron"],
    order: np.ndarray,
    compared: list[int | None],
) -> tuple[tuple[Neuron, ...], Check]:
    """Return some neurons with the tokens of each, and whether those give its term too."""
    vectors = weight[:, order] * hidden[order]
    if norm.kind == "layer":
        vectors = vectors - vectors.mean(0)
    vectors *= factor * norm.scale * norm.gain[:, None]
    table = table_of(model, "output")
    effects = _times(table, vectors)
    pair = [one for one in compared if one is not None]
    signs = np.array([1.0, -1.0])[: len(pair)]
    rows = np.abs(table[pair].cpu().double().numpy())
    sizes = (rows @ np.abs(vectors)).sum(0)
    share = rounding.summed(len(vectors)) + 2 * rounding.unit("float32")
    check = rounding.compared(
        TOKENS,
        signs @ effects[pair].astype(np.float64),
        terms[order],
        share * sizes + rounding.unit("float32") * np.abs(terms[order]),
        "The tokens that are named are not those that this neuron's vector stands for.",
    )
    effects = effects - effects.mean(0)
    found = []
    for column, number in enumerate(order.tolist()):
        ranked = np.argsort(-effects[:, column], kind="stable")
        ends = ranked[:NAMED].tolist(), ranked[::-1][:NAMED].tolist()
        high, low = (
            tuple(zip(model.token_texts(ids), map(float, effects[ids, column]), strict=True))
            for ids in ends
        )
        found.append(Neuron(number, float(hidden[number]), float(terms[number]), high, low))
    return tuple(found), check


def _times(
    table: Tensor, vectors: Float64[np.ndarray, "width neuron"]
) -> Float32[np.ndarray, "token neuron"]:
    """Return the unembedding times vectors, in float32 and a piece at a time."""
    given = torch.from_numpy(vectors).float()
    with torch.no_grad():
        pieces = [
            table[start : start + ROWS].cpu().float() @ given
            for start in range(0, len(table), ROWS)
        ]
    return torch.cat(pieces).numpy()
