"""Why does it look there? One attention score, split by what earlier parts wrote at both tokens.

A score before the softmax is a product of a query and a key, and each is, with the norms' scales
held, a sum over all that was written to the stream at its token. So the score is a sum over pairs:
what one part wrote at the query token met what another wrote at the key token (Elhage et al., "A
Mathematical Framework for Transformer Circuits", 2021: the QK circuit, and K- and Q-composition).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float32, Float64

from components.inspection import rounding
from components.inspection.anatomy import StackName
from components.inspection.attention.scores import ROUNDINGS
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.layers.direct_attribution import Part
from components.inspection.layers.score_parts_side import Side, side
from components.inspection.layers.score_parts_written import parts_before, written_at
from components.inspection.machine.attended import Attended, attended
from components.inspection.machine.opening import Opening, checked, opening
from components.inspection.machine.reading import reading
from components.inspection.model import Model
from components.inspection.premises import require

PARTS: Final = "the parts sum to the score"
KINDS: Final = {
    "embedding": "the embedding",
    "head": "earlier attention",
    "attention": "earlier attention",
    "cross-attention": "earlier attention",
    "MLP": "earlier MLPs",
    "biases": "the biases",
}
"""What kinds of parts are called together."""


@dataclass(frozen=True, eq=False)
class ScoreParts:
    """One score of one head, split by what was written at its query token and its key token."""

    tokens: tuple[str, ...]
    layer: int
    head: int
    query: int
    key: int
    parts: tuple[Part, ...]
    """What wrote before this layer, from the embedding up; the biases last."""
    matrix: Float32[np.ndarray, "part part"]
    """[query side, key side]: what the first wrote at the query token times what the second wrote
    at the key token; all sum to `score`."""
    score: float
    """Scale × query · key as recorded: before a cap, and without what is added for positions."""
    position_bias: float
    """What ALiBi or T5's table adds to it; 0 without them."""
    cap: float | None
    weight: float
    """0 to 1: the attention weight that it led to."""
    scores: Float32[np.ndarray, " key"]
    """Of all key tokens of this query token, as they go into the softmax; NaN where hidden."""
    said: str
    """Why attention is not split into heads, if it is not."""
    checks: tuple[Check, ...]

    @property
    def largest(self) -> tuple[int, int]:
        """Which pair of parts adds most to the score, of either sign."""
        row, column = np.unravel_index(int(np.abs(self.matrix).argmax()), self.matrix.shape)
        return int(row), int(column)

    @property
    def by_kind(self) -> dict[str, float]:
        """What each kind of part that wrote anything adds on the query's side."""
        sums: dict[str, float] = {}
        for part, row in zip(self.parts, self.matrix, strict=True):
            name = KINDS[part.kind]
            if row.any() or name in sums:
                sums[name] = sums.get(name, 0.0) + float(row.sum())
        return sums


def score_parts(
    model: Model,
    text: str,
    stack: StackName,
    layer: int,
    head: int,
    query: int,
    key: int,
    by_head: bool = True,
) -> ScoreParts:
    """Return the score of one head for a query and a key token, split into what was written before.

    `by_head`: attention of earlier layers by its heads, where each one's write is known.

    Raises:
        InspectionError: there is no such score, it cannot be split in this network, or the mask
            hides the key token.
    """
    require(model, "stream")
    if layer > 0 and model.anatomy.stacks[stack].post_norms:
        raise InspectionError(
            f"'{model.name}' norms its stream behind each sum: above layer 0 the norms have mixed "
            "what was written, so its scores cannot be split. Choose layer 0, or a model that "
            "norms what its parts read, as GPT-2, Llama and T5 do."
        )
    read = reading(model, text)
    opened = opening(model, read.ids, read.target, stack, layer)
    checked(opened, head, query)
    found, content = _content(opened, head, query, key)
    parts, said = parts_before(opened, by_head)
    sides = _sides(opened, head, (query, key), parts)
    assert found.scale is not None
    matrix = found.scale * sides[0].rows @ sides[1].rows.T
    bias = 0.0 if found.bias is None else float(found.bias[0, key])
    score, off = _recorded(opened, found, head, query, key, bias)
    total = float(matrix.sum())
    allowed = _allowed(found, sides, content, opened.dtype) + off
    allowed += rounding.unit("float32") * float(np.abs(matrix).sum())
    meaning = "A part is missing or counted twice, or something else is done on the way."
    return ScoreParts(
        tokens=opened.read_by.tokens,
        layer=layer,
        head=head,
        query=query,
        key=key,
        parts=parts,
        matrix=matrix.astype(np.float32),
        score=score,
        position_bias=bias,
        cap=found.cap,
        weight=float(found.weights[0, key]),
        scores=np.where(found.visible[0], found.scores[0], np.nan).astype(np.float32),
        said=said,
        checks=(Check(PARTS, abs(total - score), allowed, meaning), *found.checks[:1]),
    )


def _content(opened: Opening, head: int, query: int, key: int) -> tuple[Attended, np.ndarray]:
    """Return the head's attention at the query token, and its query and key as recorded.

    Raises:
        InspectionError: the score is not one product, or the key token is hidden.
    """
    if not 0 <= key < len(opened.keys):
        raise InspectionError(f"There is no key token {key}: there are {len(opened.keys)}.")
    found = attended(opened, head, slice(query, query + 1))
    if found.scale is None or found.queries is None or found.keys is None:
        raise InspectionError(" ".join(found.unknown[:1]) or "These scores cannot be split.")
    if not found.visible[0, key]:
        raise InspectionError(
            f"The mask hides “{opened.keys[key]}” from “{opened.keys[query]}”, so this pair has no "
            "score. Choose a key token that the query token may attend to."
        )
    return found, np.stack([found.queries[0], found.keys[key]]).astype(np.float64)


def _sides(
    opened: Opening, head: int, places: tuple[int, int], parts: tuple[Part, ...]
) -> tuple[Side, Side]:
    query, key = (written_at(opened, place, parts) for place in places)
    return (
        side(opened, "queries", head, query),
        side(opened, "keys", opened.one.kv_head(head), key),
    )


def _recorded(
    opened: Opening, found: Attended, head: int, query: int, key: int, bias: float
) -> tuple[float, float]:
    """Return the score before cap and bias, and how far rounding behind q · k may have moved it.

    Raises:
        InspectionError: a cap has flattened it.
    """
    raw, score = float(opened.one.scores[head, query, key]), float(found.scores[0, key])
    content = score - bias
    met = abs(raw) + abs(score) + abs(bias) + abs(score - raw)
    off = ROUNDINGS * rounding.unit(opened.dtype) * met
    if found.cap is None:
        return content, off
    if abs(content) + off >= found.cap:
        raise InspectionError(
            f"The cap of ±{found.cap:g} has flattened this score to {content:.4g}, so what it was "
            "before cannot be told closely enough. Choose another pair of tokens."
        )
    before = found.cap * float(np.arctanh(content / found.cap))
    farther = found.cap * float(np.arctanh((abs(content) + off) / found.cap))
    return before, farther - abs(before)


def _allowed(
    found: Attended,
    sides: tuple[Side, Side],
    content: Float64[np.ndarray, "side size"],
    dtype: str,
) -> float:
    """Return how far scale × q · k may be from that of the parts' sums.

    q · k − Q · K = (q − Q) · k + Q · (k − K), where Q and K are the sums; and the product itself
    is summed in float32 or, in part, in the model's format.
    """
    scale, (query, key) = abs(found.scale or 0.0), content
    moved = abs(sides[0].rounded @ key) + abs(sides[0].whole @ sides[1].rounded)
    share = rounding.unit(dtype) + rounding.summed(content.shape[1])
    return float(scale * (moved + share * (np.abs(query) @ np.abs(key))))
