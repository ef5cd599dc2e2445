"""One token again and again: whatever differs from place to place is a mark of position.

The same token at each place has the same vector, unless its position was added; the same query and
key have the same score, unless attention tells how far apart they stand.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor, nn

from components.inspection import rounding
from components.inspection.anatomy import StackName
from components.inspection.forward_pass import inputs_of, record
from components.inspection.model import Model
from components.inspection.positions.bias import DistanceBias, distance_bias
from components.inspection.positions.twin import Interception, Place, intercepted
from components.inspection.probe import probe_ids, probe_target
from components.inspection.recording import AttentionRecord
from components.inspection.running import NetworkError

STRIDE: Final = 4099
"""How far apart places are that are far apart: twelve reach past 45,000. Some families scale their
queries only beyond 8,192 positions."""
ROUNDINGS: Final = 8.0
"""Results that are rounded between a token's vector and what is compared: rows of one product may
be summed in different orders."""


@dataclass(frozen=True)
class Marks:
    """What differs from place to place where one token stands at all of them."""

    stream: bool | None
    """Whether the vectors that enter the block differ; None if they cannot be seen."""
    inner: bool | None
    """Whether those of other places than the first and the last differ: neighbours that are mixed
    in before the first block (MobileBERT) are missing at the ends only."""
    scores: bool | None
    """Whether a query's scores differ; None where `stream` does, since then they must."""
    rotated: bool
    """Keys differ from place to place, and are all as long: as a rotation leaves them."""
    bias: DistanceBias | None
    """What is added to the scores, queries times keys aside."""
    scaled: bool | None
    """Queries grow longer or shorter from place to place, at places far apart (Llama 4 scales them
    so); None where it cannot be told."""


def marks(model: Model, twin: Interception | None = None) -> dict[Place, Marks]:
    """Let `model` read one token at all places of a short text; say of each block what differs.

    A block that does not attend is told of too, its scores as None. With `twin`, which has been
    changed, it is that which reads.
    """
    ids, target = probe_ids(model), probe_target(model)
    one = ids[:1] * len(ids)
    again = None if target is None else list(target[:1]) * len(target)
    read = {name: each[0].tolist() for name, each in inputs_of(model, one, again).items()}
    # A decoder's start token stands before; only the places of the repeated token count.
    places = {
        name: np.array([place for place, token in enumerate(tokens) if token == tokens[-1]])
        for name, tokens in read.items()
    }
    entered: dict[Place, bool | None] = {}
    inner: dict[Place, bool | None] = {}
    changed = twin is not None
    twin = intercepted(model) if twin is None else twin
    usual = twin.on_entry

    def look(place: Place, block: nn.Module, args: Any, kwargs: Any) -> Any:
        tokens, there = len(read[place[0]]), places[place[0]]
        entered[place] = _differs(args, kwargs, tokens, there)
        inner[place] = _differs(args, kwargs, tokens, there[1:-1])
        return None if usual is None else usual(place, block, args, kwargs)

    twin.on_entry = look
    try:
        recording = record(twin.model, one, again, keep=["attention"], bare=True)
    finally:
        twin.on_entry = usual
    # Were positions added, or might they be, a table of them would end before places far apart.
    added = any(entered.get((name, 0)) is not False for name in places)
    far = {} if changed or added else _far_lengths(twin, one, again, places)
    attended: dict[Place, AttentionRecord] = {}
    for each in recording.attentions:
        if each.kind == "self":
            attended.setdefault((each.stack, each.layer), each)
    found = {}
    for place, stream in entered.items():
        one_layer = attended.get(place)
        scores, rotated, bias = None, False, None
        if one_layer is not None and stream is False:
            scores = _scores_differ(one_layer, places[place[0]])
            rotated = _keys_turn(one_layer, places[place[0]])
            bias = distance_bias(one_layer)
        scaled = far.get(place) if stream is False else None
        found[place] = Marks(stream, inner[place], scores, rotated, bias, scaled)
    return found


def _far_lengths(
    twin: Interception,
    ids: list[int],
    target: list[int] | None,
    places: dict[StackName, Int64[np.ndarray, " _place"]],
) -> dict[Place, bool]:
    """Say of each layer whether queries of one token are of different lengths at places far apart.

    Empty for a network that cannot be told where its tokens stand, or has no places so far on.
    """
    if not twin.model.takes("position_ids") or twin.kept or target is not None:
        return {}
    entered: dict[Place, bool | None] = {}

    def look(place: Place, _block: nn.Module, args: Any, kwargs: Any) -> None:
        entered[place] = _differs(args, kwargs, len(ids), places[place[0]])

    def apart(_module: nn.Module, args: Any, kwargs: Any) -> tuple[Any, Any]:
        stands = STRIDE * torch.arange(len(ids), device=twin.model.device)[None]
        return args, kwargs | {"position_ids": stands}

    twin.on_entry = look
    twin.model.network.register_forward_pre_hook(apart, with_kwargs=True)
    try:
        recording = record(twin.model, ids, keep=["attention"])
    except NetworkError:
        return {}
    found: dict[Place, bool] = {}
    for each in recording.attentions:
        place: Place = (each.stack, each.layer)
        if each.kind == "self" and each.queries is not None and entered.get(place) is False:
            lengths = np.linalg.norm(each.queries.astype(np.float64), axis=-1)
            allowed = ROUNDINGS * rounding.unit(each.dtype) * lengths.max(initial=0.0)
            found.setdefault(place, bool(np.ptp(lengths, axis=1).max() > 2 * allowed))
    return found


def _differs(
    args: Any, kwargs: Any, tokens: int, places: Int64[np.ndarray, " place"]
) -> bool | None:
    """Say whether the rows at `places` differ; None if there is not one axis of `tokens` tokens."""
    values = (*args, *kwargs.values())
    hidden = next((v for v in values if isinstance(v, Tensor) and v.is_floating_point()), None)
    if hidden is None or (axes := list(hidden.shape[:-1])).count(tokens) != 1:
        return None
    rows = hidden.movedim(axes.index(tokens), 0).reshape(tokens, -1)[places.tolist()].cpu().double()
    unit = rounding.unit(str(hidden.dtype).removeprefix("torch."))
    allowed = ROUNDINGS * unit * float(rows.abs().max())
    return bool((rows - rows[:1]).abs().max() > allowed)


def _scores_differ(one: AttentionRecord, places: Int64[np.ndarray, " place"]) -> bool:
    seen = one.visible[:, places][:, :, places]
    scores = one.scores[:, places][:, :, places].astype(np.float64)
    size, sizes = 1, np.abs(np.where(seen, scores, 0.0)).max()
    if one.queries is not None and one.keys is not None:
        size = one.queries.shape[-1]
        lengths = [np.linalg.norm(v, axis=-1).max() for v in (one.queries, one.keys)]
        sizes = max(sizes, lengths[0] * lengths[1] * one.stated.get("scaling", size**-0.5))
    allowed = (3 * ROUNDINGS * rounding.unit(one.dtype) + rounding.summed(size)) * sizes
    high = np.where(seen, scores, -np.inf).max(-1)
    low = np.where(seen, scores, np.inf).min(-1)
    some = seen.any(-1)
    return bool((high[some] - low[some] > allowed).any())


def _keys_turn(one: AttentionRecord, places: Int64[np.ndarray, " place"]) -> bool:
    if one.keys is None or one.keys.shape[1] < len(places):
        return False
    keys = one.keys[:, places].astype(np.float64)
    lengths = np.linalg.norm(keys, axis=-1)
    unit = 3 * ROUNDINGS * rounding.unit(one.dtype)
    even = float(np.ptp(lengths, axis=1).max()) <= unit * float(lengths.max(initial=0.0))
    return even and float(np.abs(keys - keys[:, :1]).max()) > unit * float(np.abs(keys).max())
