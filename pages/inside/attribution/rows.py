"""Rankings beside each other: attention in three forms, and a method's scores."""

from dataclasses import dataclass

import numpy as np

from components.inspection.attribution.agreement import FEWEST, agreement
from components.inspection.attribution.attention_rows import AttentionRows, attention_rows
from components.inspection.attribution.catalogue import METHODS
from components.inspection.attribution.result import Attribution
from components.lesson import Ask
from pages.inside.attribution.attributed import by_one_method


@dataclass(frozen=True, eq=False)
class Rows:
    """The rankings that stand above each other."""

    names: tuple[str, ...]
    short: tuple[str, ...]
    scores: np.ndarray
    """[ranking, unit]; NaN for those that are not scored."""
    attention: AttentionRows
    place: int
    """Of the chosen layer among those that attend."""
    found: Attribution
    unit: str

    @property
    def shares(self) -> np.ndarray:
        """[ranking, unit]: the sizes, which sum to 1 in each ranking; 0 for those not scored."""
        sizes = np.abs(np.nan_to_num(self.scores))
        return sizes / np.maximum(sizes.sum(1, keepdims=True), 1e-12)

    @property
    def signs(self) -> np.ndarray:
        """[ranking, unit]: -1 or 1 for scores that have a sign, else 0."""
        signs = np.zeros_like(self.scores)
        if METHODS[self.found.method].signed:
            signs[-1] = np.where(np.nan_to_num(self.scores[-1]) < 0, -1, 1)
        return signs


def rows_of(ask: Ask) -> Rows:
    """Ask for a layer and a method; return three forms of attention, and the scores."""
    asked = by_one_method(ask)
    [found], question = asked.found, asked.question
    attention = ask.inspect(attention_rows, question.text, question.unit)
    layers = attention.numbers
    hint = "As the network counts its blocks. Rollout runs through all of them."
    layer = ask.choice_of("Attention layer", "layer", layers, layers[-1], hint=hint)
    place = layers.index(layer)
    strips = {("attention", f"Attention of layer {layer}"): attention.raw[place]}
    if attention.value_weighted is not None:
        name = f"The same, weighted by the values (layer {layer})"
        strips["value-weighted", name] = attention.value_weighted[place]
    strips["rollout", f"Rollout through layers {layers[0]} to {layers[-1]}"] = attention.rollout
    strips["attribution", METHODS[found.method].title] = found.scores
    scores = np.stack(list(strips.values()))
    scores[:, np.array(found.features.fixed)] = np.nan
    short, names = zip(*strips, strict=True)
    return Rows(names, short, scores, attention, place, found, question.unit)


def correlated(ask: Ask, rows: Rows) -> float | None:
    """Return the rank correlation of attention and attribution, if there is one."""
    found = ask.compute(agreement, rows.names, rows.scores, "strength")
    value = float(found.correlation[0, -1])
    return None if found.pieces < FEWEST or np.isnan(value) else value


def few(rows: Rows) -> str:
    """Say why nothing can be ranked."""
    return (
        f"A longer prompt: a rank correlation needs at least {FEWEST} {rows.unit}s, not all alike; "
        f"there are {len(rows.found.features.free)}."
    )
