"""What kind of head is it? Named by a probe of random tokens, measured on any text.

A name read off a sentence would be that of the sentence: in a text in which words happen to be
repeated, many a head seems to be one for repetitions.

Previous-token, duplicate-token and induction heads, and the probe of repeated random tokens:
Elhage et al., "A Mathematical Framework for Transformer Circuits" (2021) and Olsson et al.,
"In-context Learning and Induction Heads" (2022). First-token sinks: Xiao et al., "Efficient
Streaming Language Models with Attention Sinks" (2023).
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from jaxtyping import Bool, Float, Float32, Int64
from numpy.typing import NDArray

from components.inspection.attention.maps import AttentionMaps, Group, attention_maps, require_group
from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.probe import drawn, start_of

Pattern = Literal["previous", "first", "self", "duplicate", "induction"]
Kind = Literal["previous", "first", "self", "duplicate", "induction", "diffuse", "mixed"]
NAMES: Final[dict[Kind, str]] = {
    "previous": "previous token",
    "first": "first-token sink",
    "self": "itself",
    "duplicate": "duplicate token",
    "induction": "induction",
    "diffuse": "diffuse",
    "mixed": "mixed",
}
ENOUGH: Final = 0.4
"""A head is named after a pattern that gets at least this share of its attention."""
SPREAD: Final = 0.75
"""... or called diffuse if its entropy reaches this share of what is possible."""
PROBE: Final = 20
"""Random tokens in the probe, which is read twice over."""
SEED: Final = 0


@dataclass(frozen=True, eq=False)
class HeadScores:
    """For each head of one group, where its attention went on one text.

    Shares are means over the readers that had a choice: those that
    could read more than one token, and have such a place to read (for "duplicate" and
    "induction", those whose token had occurred before). NaN where there was no such reader.
    """

    shares: dict[Pattern, Float32[np.ndarray, "layer head"]]
    """0 to 1: the share given to the token before, to the first token, to itself, to earlier
    tokens that are the same, and to the tokens that came right after those."""
    counted: dict[Pattern, Int64[np.ndarray, " layer"]]
    """Over how many query tokens each share is a mean: a share over two tells little."""
    entropy: Float32[np.ndarray, "layer head"]
    """In bits: 0 looks at one token, log2(n) at n tokens alike."""
    spread: Float32[np.ndarray, "layer head"]
    """0 to 1: the entropy over the most that the mask allows."""
    distance: Float32[np.ndarray, "layer head"]
    """Mean distance to what is read, in tokens back (negative: ahead). NaN in cross-attention,
    whose two sides do not count alike."""

    def kinds(self) -> tuple[tuple[Kind, ...], ...]:
        """Name each head by its strongest pattern, [layer][head].

        "induction" is asked before "duplicate", and both before the places, since they are the
        rarer finds: whatever a random head does, it does not do that.
        """
        layers, heads = self.entropy.shape
        return tuple(
            tuple(self._kind(layer, head) for head in range(heads)) for layer in range(layers)
        )

    def _kind(self, layer: int, head: int) -> Kind:
        rare: tuple[Pattern, ...] = ("induction", "duplicate")
        for names in (rare, ("previous", "first", "self")):
            best = max(names, key=lambda name: np.nan_to_num(self.shares[name][layer, head]))
            if np.nan_to_num(self.shares[best][layer, head]) >= ENOUGH:
                return best
        return "diffuse" if self.spread[layer, head] >= SPREAD else "mixed"


def head_scores(maps: AttentionMaps) -> HeadScores:
    """Measure every head of `maps`."""
    weights, visible = maps.weights, maps.visible
    readers, read = weights.shape[-2:]
    crossing = maps.group == "cross"
    choice = visible.sum(-1) > 1
    """[layer, reader]: could read more than one token."""
    rows, columns = np.arange(readers)[:, None], np.arange(read)[None, :]
    places: dict[Pattern, NDArray[np.bool_]] = {
        "previous": columns == rows - 1,
        "first": np.broadcast_to(columns == 0, (readers, read)),
        "self": columns == rows,
        "duplicate": np.zeros((readers, read), bool),
        "induction": np.zeros((readers, read), bool),
    }
    if crossing:
        # The same place in another text is not "itself".
        for name in ("previous", "self"):
            places[name] = np.zeros((readers, read), bool)
    else:
        ids = np.array(maps.reader_ids)
        same = (ids[:, None] == ids[None, :]) & (columns < rows)
        places["duplicate"] = same
        # The token after an earlier twin; the reader's own place is not "after" it.
        places["induction"][:, 1:] = same[:, :-1]
        places["induction"] &= columns < rows
    shares = {
        name: _mean(
            (weights * place).sum(-1),
            choice & place.any(-1),
        )
        for name, place in places.items()
    }
    bits = np.where(weights > 0, -weights * np.log2(np.maximum(weights, 1e-45)), 0).sum(-1)
    most = np.log2(np.maximum(visible.sum(-1), 2))[:, None, :]
    back = (rows - columns).astype(np.float32)
    return HeadScores(
        shares=shares,
        counted={name: (choice & place.any(-1)).sum(-1) for name, place in places.items()},
        entropy=_mean(bits, choice),
        spread=_mean(bits / most, choice),
        distance=_mean((weights * back).sum(-1), choice, known=not crossing),
    )


def _mean(
    values: Float[np.ndarray, "layer head query"],
    counted: Bool[np.ndarray, "layer query"],
    known: bool = True,
) -> Float32[np.ndarray, "layer head"]:
    """Return the mean of `values` over the query tokens that are `counted`."""
    number = counted.sum(-1)[:, None]
    total = (values * counted[:, None, :]).sum(-1)
    fits = (number > 0) & known
    return np.where(fits, total / np.maximum(number, 1), np.nan).astype(np.float32)


@dataclass(frozen=True, eq=False)
class ProbeResult:
    """The heads measured on random tokens, said twice."""

    maps: AttentionMaps
    """The weights on the probe."""
    scores: HeadScores
    repeats: int
    """Number of random tokens, each said twice."""


def probe_heads(model: Model, group: Group) -> ProbeResult:
    """Let `model` read random tokens twice over, and measure its heads on that.

    In random tokens nothing can be guessed from meaning: a head that goes back to what followed
    last time does so because of the repetition alone.

    Raises:
        InspectionError: the model's context is shorter than the probe, or it lacks the group.
    """
    require_group(model, group)
    repeats = min(PROBE, (model.context - 4) // 2)
    if repeats < 4:
        raise InspectionError(
            f"The probe needs a context of at least 12 tokens; '{model.name}' reads "
            f"{model.context}."
        )
    once = drawn(model, repeats, SEED)
    ids = [*start_of(model), *once, *once]
    target = [*once, *once] if len(model.anatomy.stacks) == 2 else None
    maps = attention_maps(model, ids, target, group)
    return ProbeResult(maps, head_scores(maps), repeats)
