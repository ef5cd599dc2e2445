"""How queries and keys become scores: one factor, perhaps a cap, and what is added.

Families write the factor in many ways: as an attribute, in the configuration, into the query (OPT),
or not at all (T5, GPT-Neo). So it is not looked up but measured: the scores that would be there
without queries and keys are known (`AttentionRecord.bare`), and the rest is a factor times q . k.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.recording import HIDDEN, AttentionRecord

NEAR = 1e-2
"""A factor measured within this share of a usual one is taken for it, if it fits as well."""
ROUNDINGS = 8.0
"""Results that are rounded on the way: the product, the factor, the cap's three steps, the bias,
mask, and the row's largest score, which some families take off."""


@dataclass(frozen=True, eq=False)
class ScoreRule:
    """score = cap(scale x q . k) + bias + mask, for one attention sublayer."""

    scale: float
    """Factor on q . k: 1 / sqrt(size) in most families."""
    cap: float | None
    """Scores of contents are squeezed to cap x tanh(score / cap) (Gemma 2)."""
    shift: Float32[np.ndarray, "#head query 1"]
    """What the family takes off each row before the softmax, which changes no weight (GPT-OSS: the
    row's largest score); else 0."""
    bias: Float32[np.ndarray, "#head query key"]
    """What is added for positions (ALiBi, T5); 0 where masked."""
    check: Check

    @property
    def biased(self) -> bool:
        """Something is added to the scores of contents."""
        return bool(np.abs(self.bias).max(initial=0.0) > 0)

    def of_content(self, dots: Float[np.ndarray, "*axes key"]) -> Float64[np.ndarray, "*axes key"]:
        """Return the scores of contents for products of queries and keys."""
        return _capped(np.asarray(dots, np.float64) * self.scale, self.cap)


def score_rule(one: AttentionRecord) -> ScoreRule:
    """Measure how the scores of one sublayer, recorded with `bare`, come from queries and keys.

    Raises:
        InspectionError: queries and keys are not understood, or other products are added to theirs.
    """
    vectors = one.understood()
    if one.bare is None or one.products != 1:
        raise InspectionError(
            f"In layer {one.layer} a score is not one product of a query and a key: "
            f"{one.products} products are added up (DeBERTa, for one, adds products with vectors "
            "for the distance). Its steps cannot be told as q · k; the weights are right."
        )
    queries = vectors.queries.astype(np.float64)
    keys = one.for_heads(vectors.keys).astype(np.float64).transpose(0, 2, 1)
    dots, sizes = queries @ keys, np.abs(queries) @ np.abs(keys)
    tokens = one.weights.shape[-1]
    scores, bare = one.scores[..., :tokens].astype(np.float64), one.bare[..., :tokens]
    seen = one.visible & (bare > HIDDEN)
    # A learned sink stands in a column of its own. A family that takes off each row its largest
    # score (which changes no weight) takes it off there too: so the sink tells by how much.
    sink = one.scores[..., tokens : tokens + 1].astype(np.float64)
    bare_sink = one.bare[..., tokens : tokens + 1].astype(np.float64)
    moved = sink - bare_sink if sink.size else np.zeros((1, 1, 1))
    content = np.zeros_like(scores)
    np.subtract(scores - np.broadcast_to(moved, scores.shape), bare, out=content, where=seen)
    # What was rounded on the way, before the row's largest score was taken off.
    met = np.abs(scores) + np.abs(np.where(seen, bare, 0.0))
    met += (np.abs(sink) + np.abs(bare_sink)) if sink.size else 0.0
    scale, cap, check = _fitting(one, content, dots, sizes, met, bare, seen)
    if np.isnan(scores).any():  # which are not among those that are `seen`
        check = replace(check, error=float("nan"), meaning=rounding.NO_NUMBERS)
    bias = np.where(seen, bare.astype(np.float64), 0.0)
    shift = np.zeros((*scores.shape[:2], 1))
    if _shifted(one):
        shift = -_row_largest(_capped(dots * scale, cap) + bias, seen)
    elif sink.size:
        against = np.where(seen, bare - bare_sink, -np.inf)
        level = -against.max(axis=(1, 2), keepdims=True)  # the sink itself, before any shift
        bias, shift = np.where(seen, against + level, 0.0), sink - level
    return ScoreRule(scale, cap, shift.astype(np.float32), bias.astype(np.float32), check)


def _shifted(one: AttentionRecord) -> bool:
    """Say whether the family took off each row its largest score, with no sink that tells of it."""
    return one.scores.shape == one.weights.shape and not one.scores.max(-1).any()


def _row_largest(
    scores: Float64[np.ndarray, "head query key"], seen: Bool[np.ndarray, "head query key"]
) -> Float64[np.ndarray, "head query 1"]:
    return np.where(seen, scores, -np.inf).max(-1, keepdims=True, initial=-1e30)


def _capped(
    scores: Float64[np.ndarray, "*axes"], cap: float | None
) -> Float64[np.ndarray, "*axes"]:
    return cap * np.tanh(scores / cap) if cap else scores


def _fitting(
    one: AttentionRecord,
    content: Float64[np.ndarray, "head query key"],
    dots: Float64[np.ndarray, "head query key"],
    sizes: Float64[np.ndarray, "head query key"],
    met: Float64[np.ndarray, "head query key"],
    bare: Float32[np.ndarray, "#head query key"],
    seen: Bool[np.ndarray, "head query key"],
) -> tuple[float, float | None, Check]:
    """Return the factor and the cap that give the scores back, and how well they do."""
    size = one.understood().queries.shape[-1]
    stated, cap = one.stated.get("scaling"), one.stated.get("softcap")
    shifted = _shifted(one)
    measured = _slope(dots, content, seen, by_row=shifted) or size**-0.5
    usual = [*([] if stated is None else [stated]), size**-0.5, 1.0, size**-0.5 / (one.layer + 1)]
    # Under a cap, small scores tell the factor, which the largest would hide.
    candidates = usual if cap else [u for u in usual if abs(u - measured) <= NEAR * abs(u)]
    unit, gamma = rounding.unit(one.dtype), rounding.summed(size)
    found = []
    for scale in [*candidates, measured]:
        for tried in (cap, None) if cap else (None,):
            ours = _capped(dots * scale, tried)
            terms = sizes * abs(scale)
            if shifted:
                largest = _row_largest(ours + bare, seen)
                ours, terms = ours - largest, terms + np.abs(largest)
            # Products are summed in float32; a GPU may round partial sums to the model's format.
            allowed = ROUNDINGS * unit * (np.abs(ours) + met) + (unit + gamma) * terms
            check = rounding.compared(
                "scores are query · key × scale, and what is added for positions",
                content[seen],
                ours[seen],
                allowed[seen],
                "The factor, the cap or the bias of this network is another than shown.",
            )
            if check.holds:
                return scale, tried, check
            found.append((scale, tried, check))
    return min(found, key=lambda each: each[2].error)


def _slope(
    dots: Float64[np.ndarray, "head query key"],
    content: Float64[np.ndarray, "head query key"],
    seen: Bool[np.ndarray, "head query key"],
    by_row: bool,
) -> float:
    """Return the factor from products to scores by least squares; `by_row` up to a number a row."""
    x, y = np.where(seen, dots, 0.0), np.where(seen, content, 0.0)
    if by_row:
        count = np.maximum(seen.sum(-1, keepdims=True), 1)
        x = np.where(seen, x - x.sum(-1, keepdims=True) / count, 0.0)
        y = np.where(seen, y - y.sum(-1, keepdims=True) / count, 0.0)
    square = float((x * x).sum())
    return float((x * y).sum()) / square if square else 0.0


def weights_allowed(
    one: AttentionRecord,
    rule: ScoreRule,
    head: int,
    rows: slice,
    found: Float64[np.ndarray, "row key"],
) -> Float64[np.ndarray, "row key"]:
    """Return how far rounding may put one head's recorded weights from `found`, our own softmax.

    A weight changes by no more than itself times what its score and the mean score are off.
    """
    vectors, unit, tokens = one.understood(), rounding.unit(one.dtype), one.weights.shape[-1]
    queries = vectors.queries[head, rows].astype(np.float64)
    keys = vectors.keys[one.kv_head(head)].astype(np.float64)
    visible, shift = one.visible[head, rows], np.zeros((*one.scores.shape[:2], 1)) + rule.shift
    sinks = np.abs(one.scores[head, rows, tokens:] - shift[head, rows])
    # What is met on the way: the product, with the bias, and with both taken off again.
    met = np.abs(queries @ keys.T * rule.scale) + 3 * np.abs(rule.bias[head, rows])
    met = np.concatenate([np.where(visible, met, 0.0), sinks], axis=1)
    terms = np.where(visible, np.abs(queries) @ np.abs(keys).T, 0.0) * abs(rule.scale)
    off = ROUNDINGS * unit * met.max(-1, keepdims=True)
    off += (unit + rounding.summed(queries.shape[1])) * terms.max(-1, keepdims=True)
    allowed = rounding.of_softmax(met.shape[1], one.dtype, found) + 2 * off * found * (1 - found)
    return np.where(visible, allowed, 0.0)


@dataclass(frozen=True)
class ScoreFormula:
    """How a model's scores come about, for a formula."""

    formula: str
    """In LaTeX: the score of query token i and key token j."""
    symbols: str
    """What the symbols stand for, in a sentence."""
    scale: float
    divides: bool
    """The factor is 1 / sqrt(size), as in the paper."""


def rule_in_words(model: Model, group: str) -> ScoreFormula:
    """Say how the scores of `model` come about, as measured in the first layer that attends so.

    Raises:
        InspectionError: they are not one product, one factor, a cap and a bias.
    """
    # Imported here: that premise itself measures by `score_rule`.
    from components.inspection.premises import require
    from components.inspection.premises.recorded import probed

    require(model, "scores")
    kind = "cross" if group == "cross" else "self"
    stack = "decoder" if group == "cross" else group
    one = next((a for a in probed(model).attentions if (a.stack, a.kind) == (stack, kind)), None)
    if one is None:
        raise InspectionError(f"'{model.name}' has no {group} attention.")
    rule, size = score_rule(one), one.understood().queries.shape[-1]
    divides = abs(rule.scale * size**0.5 - 1) < NEAR
    product = r"\frac{q_i \cdot k_j}{\sqrt d}" if divides else r"q_i \cdot k_j"
    if not divides and abs(rule.scale - 1) > 1e-6:
        product = rf"{rule.scale:.4g}\; q_i \cdot k_j"
    words = ["q is the query of token i, k the key of token j"]
    if divides:
        words.append(f"d = {size} the number of entries in each")
    elif abs(rule.scale - 1) <= 1e-6:
        words.append("this model does not divide by √d")
    if rule.cap:
        product = rf"{rule.cap:g}\tanh\frac{{{product}}}{{{rule.cap:g}}}"
        words.append(f"scores are capped at ±{rule.cap:g}")
    if rule.biased:
        product += r" + b_{ij}"
        words.append("b what this model adds for the two positions")
    if one.scores.shape[-1] > one.weights.shape[-1]:
        words.append("a learned sink takes part in the softmax and is no token")
    return ScoreFormula(product, f"{'; '.join(words)}. Measured.", rule.scale, divides)
