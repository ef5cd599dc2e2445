"""What a measured rotation is called: its type, base and trained length."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float32

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.model import Model
from components.inspection.positions.rotation import Rope


def labelled(model: Model, layer: int, rope: Rope, uncertain: float) -> Rope:
    """Return `rope` with what `model`'s configuration says of the rotation of `layer`.

    The frequencies are measured, and stay as they are; a base that does not fit them is not taken.
    Where none is stated, the base is the one that the frequencies tell, of three or more pairs:
    two fit any formula.
    """
    config = model.network.config.get_text_config()
    stated = _parameters(config, layer)
    kind = str(stated.get("rope_type", "default"))
    bases = [stated.get("rope_theta"), _base(rope) if rope.pairs > 2 else None]
    if not stated:
        bases.append(10_000.0)  # RoFormer's own, where a configuration has no word for it (GPT-J)
    known = [float(base) for base in bases if base and math.isfinite(base)]
    context = int(stated.get("original_max_position_embeddings") or model.context)
    if kind == "default":
        for base in known:
            found = replace(rope, kind=kind, theta=base, context=context)
            if formula_check(found, uncertain).holds:
                return found
        return replace(rope, kind="unknown", context=context)
    return replace(rope, kind=kind, theta=known[0] if known else math.nan, context=context)


def formula_check(rope: Rope, uncertain: float) -> Check:
    """Compare the frequencies with RoFormer's formula, base^(-2i/d).

    A power is computed in float32: by as much as its exponent times ln(base) is rounded, and a
    few roundings more. A network that keeps its frequencies in 16 bits has rounded them again.
    """
    exact = rope.theta ** (-2 * np.arange(rope.pairs) / rope.rotated)
    share = (8 + 2 * math.log(rope.theta)) * rounding.unit("float32") + kept_in(rope)
    return rounding.compared(
        "the frequencies are those of the formula",
        rope.frequencies,
        exact,
        share * exact + uncertain,
        "The base that is shown is not the one by which this network turns.",
    )


def kept_in(rope: Rope) -> float:
    """Return by what share frequencies were rounded if they are kept in 16 bits, else 0."""
    for dtype in ("bfloat16", "float16"):
        kept = _in(rope.frequencies, dtype)
        off = np.abs(kept - rope.frequencies)
        if (off <= 4 * rounding.unit("float32") * rope.frequencies).all():
            return rounding.unit(dtype)
    return 0.0


def _in(numbers: Float32[np.ndarray, " pair"], dtype: str) -> Float32[np.ndarray, " pair"]:
    import torch

    tensor = torch.from_numpy(np.ascontiguousarray(numbers))
    return tensor.to(getattr(torch, dtype)).float().numpy()


def _base(rope: Rope) -> float:
    """Return the base that the slowest pair tells."""
    if not rope.frequencies.all():
        return math.nan
    last = rope.pairs - 1
    return float(rope.frequencies[last] ** (-rope.rotated / (2 * last)))


def _parameters(config: Any, layer: int) -> Mapping[str, Any]:
    """Return transformers' `rope_parameters` for `layer`; empty where there are none."""
    parameters = getattr(config, "rope_parameters", None) or {}
    types = getattr(config, "layer_types", None) or []
    own = parameters.get(types[layer]) if layer < len(types) else None
    return own if isinstance(own, Mapping) else parameters
