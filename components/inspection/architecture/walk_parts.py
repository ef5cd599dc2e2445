"""The parts of a first block's attention, as measured, to be walked through one by one."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Bool, Float32, Float64

from components.inspection.attention.projection import Projection, output_projection
from components.inspection.attention.scores import ScoreRule, score_rule
from components.inspection.embeddings.table import table_of
from components.inspection.errors import InspectionError
from components.inspection.machine.matching import weights_of
from components.inspection.machine.normed import Normed
from components.inspection.machine.opening import Opening, opening
from components.inspection.machine.projected import Name, rope_at, source_at
from components.inspection.model import Model
from components.inspection.positions.rotation import Rope

MOST_TOKENS: Final = 64


@dataclass(frozen=True, eq=False)
class Map:
    """One projection, cut into heads."""

    weight: Float64[np.ndarray, "head size width"]
    bias: Float64[np.ndarray, "head size"]


@dataclass(frozen=True, eq=False)
class Parts:
    """What the first block's attention is made of, and what it did with a text."""

    tokens: tuple[str, ...]
    embedded: tuple[int, int]
    """Tokens, and how wide the table is that they are looked up in."""
    entered: Float32[np.ndarray, "token width"]
    norm: Normed
    queries: Map
    keys: Map
    values: Map
    rope: Rope | None
    rule: ScoreRule
    visible: Bool[np.ndarray, "head query key"]
    projection: Projection
    weights: Float32[np.ndarray, "head query key"]
    """The network's own."""
    write: Float32[np.ndarray, "token width"]
    """The network's own."""
    dtype: str

    def normed(
        self, rows: Float64[np.ndarray, "token width"]
    ) -> Float64[np.ndarray, "token width"]:
        """Return what the norm before attention makes of `rows`, by its formula."""
        if self.norm.kind == "layer":
            rows = rows - rows.mean(-1, keepdims=True)
        scale = np.sqrt(np.square(rows).mean(-1, keepdims=True) + self.norm.epsilon)
        shift = 0.0 if self.norm.shift is None else self.norm.shift
        return np.asarray(rows / scale * self.norm.gain + shift)


def parts_of(model: Model, text: str) -> Parts:
    """Let `model` read `text`, and return the parts of its first block's attention.

    Raises:
        InspectionError: it is no decoder, or its block is built in another way.
    """
    if list(model.anatomy.stacks) != ["decoder"]:
        raise InspectionError(
            f"'{model.name}' is no decoder alone, and this walk is one through a causal mask. "
            "Choose a model that writes, such as storyteller, a GPT-2 or a Llama."
        )
    ids = model.encode(text)[:MOST_TOKENS]
    opened = opening(model, ids, None, "decoder", 0)
    one = opened.one
    norm, entered = _norm_before(opened), opened.entered
    writes = opened.read_by.attention_writes
    maps = [_map(opened, name) for name in ("queries", "keys", "values")]
    rule = score_rule(one)
    sink = one.scores.shape[-1] != one.weights.shape[-1]
    projection = output_projection(model, "decoder", 0, one.heads)
    rope, _ = rope_at(opened)
    queries, keys, values = maps
    why = (
        "no norm stands before its attention"
        if norm is None
        else "its queries, keys and values are no plain products with a matrix"
        if queries is None or keys is None or values is None
        else "it adds to its scores for the distance, and for masked pairs nobody knows what"
        if rule.biased or sink
        else "it norms what attention writes"
        if projection.norm is not None
        else "its stream is not known"
        if entered is None or writes is None
        else ""
    )
    if norm is None or queries is None or keys is None or values is None or why:
        raise InspectionError(
            f"The first block of '{model.name}' is built otherwise than this walk: {why}. Choose a "
            "model built like GPT-2, OPT or Llama; storyteller is one."
        )
    assert entered is not None and writes is not None
    return Parts(
        tokens=model.token_texts(ids),
        embedded=(len(ids), table_of(model, "input").shape[1]),
        entered=entered,
        norm=norm,
        queries=queries,
        keys=keys,
        values=values,
        rope=rope,
        rule=rule,
        visible=one.visible,
        projection=projection,
        weights=one.weights,
        write=writes[0],
        dtype=opened.dtype,
    )


def _norm_before(opened: Opening) -> Normed | None:
    return next((n for n in opened.norms(slice(None)) if n.where == "before attention"), None)


def _map(opened: Opening, name: Name) -> Map | None:
    """Return a projection's weights by head; None where it is more than one linear map."""
    source = source_at(opened, name)
    if source is None or source.maps is None or source.norm is not None:
        return None
    weights, biases = [], []
    for which, columns in zip(source.maps.which, source.maps.columns, strict=True):
        if len(set(which.tolist())) != 1:
            return None
        call = opened.trace.calls.get(source.maps.paths[int(which[0])])
        if call is None:
            return None
        weight, bias = weights_of(call.module, columns)
        weights.append(weight)
        biases.append(np.zeros(len(weight)) if bias is None else bias)
    return Map(
        np.stack(weights).astype(np.float64) * source.factor,
        np.stack(biases).astype(np.float64) * source.factor,
    )
