"""Attention written with einsum, divided by the wrong root or by none: how flat, how peaked.

A weight laid out [head, width, size] has the width in the middle: code that takes
`weight.shape[1] ** 0.5` for the root of the head's size divides by the root of the width. Multi-
query code whose keys have one head for all is often written without any division.

Sources: Vaswani et al., "Attention Is All You Need" (2017), 3.2.1, for the division; Shazeer,
"Fast Transformer Decoding" (2019), for the einsums and for one key-value head.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final, Literal

import numpy as np
import torch
from jaxtyping import Float, Float32, Float64
from scipy.special import softmax
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from components.inspection import rounding
from components.inspection.attention.scores import score_rule, weights_allowed
from components.inspection.checks import Check, worst
from components.inspection.distribution import entropy_of
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.model import Model

WIDTH: Final = 512
SIZE: Final = 64
HEADS: Final = 8
MEMORY: Final = 32
"""Tokens that are attended to, where vectors are drawn."""
MOST_TOKENS: Final = 64
SAME: Final = "divided by √k, the einsums give what PyTorch's own attention gives"
OWN: Final = "divided by √k, the queries and keys give the model's own weights"

Sharing = Literal["one key head each", "one key head for all"]


@dataclass(frozen=True, eq=False)
class Divided:
    """One query token's attention, with its scores divided by each of three numbers."""

    width: int
    size: int
    keys: tuple[str, ...]
    """The tokens that are attended to."""
    divisors: tuple[float, float, float]
    """√k, √d, and 1."""
    weights: Float32[np.ndarray, "divisor head key"]
    """0 to 1: each row sums to 1."""
    spread: float
    """Standard deviation of the bare products, over heads and keys."""
    stages: tuple[tuple[str, float], ...]
    """The code's steps, and by how much of its largest number each is off, given what it should
    be given; 0 or a rounding but for the fault."""
    checks: tuple[Check, ...]

    @property
    def entropies(self) -> Float64[np.ndarray, "divisor head"]:
        """In bits: 0 is one token only, log2(keys) all alike."""
        return np.array([[entropy_of(row) for row in one] for one in self.weights])

    @property
    def most(self) -> float:
        """The entropy of equal weights."""
        return float(np.log2(len(self.keys)))


def drawn(sharing: Sharing, seed: int) -> Divided:
    """Attend with drawn vectors of 512 numbers, in 8 heads of 64.

    Weights are drawn with a variance of 1/512, so that queries and keys have numbers of about 1.
    """
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Float64[Tensor, "..."]:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    x, memory = normal(WIDTH), normal(MEMORY, WIDTH)
    to_query = normal(HEADS, WIDTH, SIZE) / sqrt(WIDTH)
    heads = HEADS if sharing == "one key head each" else 1
    to_key, to_value = (normal(heads, WIDTH, SIZE) / sqrt(WIDTH) for _ in range(2))
    query = torch.einsum("d,hdk->hk", x, to_query)
    if sharing == "one key head each":
        keys = torch.einsum("md,hdk->hmk", memory, to_key)
        values = torch.einsum("md,hdv->hmv", memory, to_value)
        products = torch.einsum("hk,hmk->hm", query, keys)
    else:
        keys = torch.einsum("md,dk->mk", memory, to_key[0])[None]
        values = torch.einsum("md,dv->mv", memory, to_value[0])[None]
        products = torch.einsum("hk,mk->hm", query, keys[0])
    divisors = (sqrt(SIZE), sqrt(WIDTH), 1.0)
    weights = np.stack([softmax(products.numpy() / each, axis=-1) for each in divisors])
    own = scaled_dot_product_attention(query[:, None], keys, values, enable_gqa=True)[:, 0]
    reached = values.expand(HEADS, -1, -1)
    return Divided(
        width=WIDTH,
        size=SIZE,
        keys=tuple(str(place) for place in range(MEMORY)),
        divisors=divisors,
        weights=weights.astype(np.float32),
        spread=float(products.std()),
        stages=_stages(sharing, x, memory, to_query, to_key, query, keys, products, divisors),
        checks=(_same(weights[0], reached, own),),
    )


def _same(
    weights: Float64[np.ndarray, "head key"],
    values: Float64[Tensor, "head key size"],
    own: Float64[Tensor, "head size"],
) -> Check:
    """Compare weights times values with what PyTorch's function gives for the same vectors."""
    reached = values.numpy()
    sizes = np.einsum("hm,hmv->hv", weights, np.abs(reached))
    # Products of queries and keys are at most some tens: so much a weight is off, and 64 sums.
    share = rounding.EXPONENTIAL * rounding.summed(SIZE + MEMORY, "float64")
    ours = np.einsum("hm,hmv->hv", weights, reached)
    return rounding.compared(
        SAME, ours, own.numpy(), share * sizes, "The einsums, or the division, are wrong."
    )


def _stages(
    sharing: Sharing,
    x: Float64[Tensor, " width"],
    memory: Float64[Tensor, "key width"],
    to_query: Float64[Tensor, "head width size"],
    to_key: Float64[Tensor, "kv_head width size"],
    query: Float64[Tensor, "head size"],
    keys: Float64[Tensor, "kv_head key size"],
    products: Float64[Tensor, "head key"],
    divisors: Sequence[float],
) -> tuple[tuple[str, float], ...]:
    """Compare each step of the code with the same by plain matrix products."""
    wrong = divisors[1] if sharing == "one key head each" else divisors[2]
    plain = query @ keys.transpose(-1, -2) if len(keys) == 1 else keys @ query[..., None]
    right = plain.reshape(products.shape)
    return (
        ("queries", _off(query, x @ to_query)),
        ("keys", _off(keys, memory @ to_key)),
        ("products", _off(products, right)),
        ("division", _off(products / wrong, products / sqrt(query.shape[-1]))),
    )


def _off(found: Float[Tensor, "*axes"], right: Float[Tensor, "*axes"]) -> float:
    return float((found - right).abs().max() / right.abs().max())


def of_the_model(model: Model, text: str, layer: int) -> Divided:
    """Attend with the last token's recorded queries, and all keys, of one layer of `model`.

    Raises:
        InspectionError: the queries and keys are not known, the layer does not attend, or the model
            itself does not divide by √k.
    """
    ids = model.encode(text)[:MOST_TOKENS]
    stack = next(iter(model.anatomy.stacks))
    target: list[int] | None = [] if len(model.anatomy.stacks) == 2 else None
    recording = record(model, ids, target, keep=("attention",), bare=True)
    one = next((each for each in recording.of(stack) if each.layer == layer), None)
    if one is None:
        raise InspectionError(
            f"Layer {layer} of '{model.name}' has no attention that can be seen. Choose another."
        )
    vectors, rule = one.understood(), score_rule(one)
    size, sink = vectors.queries.shape[-1], one.scores.shape[-1] != one.weights.shape[-1]
    if abs(rule.scale * sqrt(size) - 1) > 1e-3 or rule.cap or rule.biased or sink:
        raise InspectionError(
            f"'{model.name}' does not simply divide its products of queries and keys by "
            f"√{size}: it multiplies them by {rule.scale:.3g} (some families put the division into "
            "the query), caps them or adds to them. Take drawn vectors, or another model."
        )
    query, last = vectors.queries[:, -1].astype(np.float64), len(ids) - 1
    keys = one.for_heads(vectors.keys).astype(np.float64)
    seen = one.visible[:, last]
    products = np.einsum("hk,hmk->hm", query, keys)
    divisors = (1 / rule.scale, sqrt(model.facts.width), 1.0)
    hidden = np.where(seen, 0.0, -np.inf)
    weights = np.stack([softmax(products / each + hidden, axis=-1) for each in divisors])
    row = slice(last, last + 1)
    checks = [
        rounding.compared(
            OWN,
            one.weights[head, row].astype(np.float64),
            weights[0][head, None],
            weights_allowed(one, rule, head, row, weights[0][head, None]),
            "The division, or the mask, is another than is shown.",
        )
        for head in range(one.heads)
    ]
    return Divided(
        width=model.facts.width,
        size=size,
        keys=model.token_texts(ids),
        divisors=divisors,
        weights=weights.astype(np.float32),
        spread=float(products[seen].std()),
        stages=(),
        checks=(worst(checks, OWN),),
    )
