"""What is said of a real query and key: what was checked, and what the formula's letters are."""

import numpy as np
from numpy.typing import NDArray

from components.inspection.positions.rotation import rotated
from components.inspection.positions.spectrum import spectrum
from components.inspection.positions.vectors import RotatedVectors
from components.lesson import Ask
from components.widgets.markup import literal


def stays(vectors: RotatedVectors, query: NDArray[np.float32], key: NDArray[np.float32]) -> bool:
    """Say whether the score stays when both go 1,000 positions on, but for rounded angles."""
    rope = vectors.rope
    near, far = (
        rotated(query, np.float32(m + 3), rope) @ rotated(key, np.float32(m), rope)
        for m in (0, 1000)
    )
    size = float(np.linalg.norm(query) * np.linalg.norm(key)) * rope.scaling**2
    return bool(abs(far - near) <= 1e-3 * size)


def apart(ask: Ask, vectors: RotatedVectors) -> str:
    """Say what was checked, and what is apart in this model."""
    rope, found = vectors.rope, ask.inspect(spectrum)
    heads, tokens = vectors.queries.shape[0], len(vectors.tokens)
    said = f"The rotation is checked for all {heads} heads and {tokens} tokens of this layer. " + (
        "With one pair there is only one way to pair."
        if rope.pairs == 1
        else f"Pairs formed the other way would be off by {vectors.other_error:.2g}."
    )
    if rope.direction < 0:
        said += " This family turns the other way round: from a pair's second number to its first."
    partly = sum(map(len, found.layers)) < ask.facts.layers
    return f"{said} {literal(found.says)}" if partly else said


def symbols(vectors: RotatedVectors) -> str:
    rope = vectors.rope
    return (
        "m and n are the positions of query and key, R rotates pair i by m θᵢ, φᵢ is the angle "
        f"from k to q before, s = {vectors.scale:.4g}, as measured"
        + (
            f"; here the base b (“rope_theta”) is {rope.theta:,.0f}, d = {rope.rotated}. "
            if rope.kind == "default"
            else f". The θᵢ are those that this layer was handed ({rope.kind}). "
        )
        + (f"This model caps its scores afterwards, at ±{vectors.cap:g}. " if vectors.cap else "")
        + "RoPE adds nothing to the embeddings: it rotates queries and keys, in each layer anew."
    )
