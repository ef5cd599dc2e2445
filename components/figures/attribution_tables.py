"""What the attribution page shows, as tables."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.inspection.attribution.agreement import Agreement
from components.inspection.attribution.catalogue import METHODS
from components.inspection.attribution.digits import written
from components.inspection.attribution.faithfulness import Curves, area
from components.inspection.attribution.features import Features
from components.inspection.attribution.phrase import PhraseAttribution
from components.inspection.attribution.result import Attribution


def scores(found: Sequence[Attribution], unit: str) -> pd.DataFrame:
    """Return a row for each `unit`; for each method its scores, and their errors if any."""
    free = found[0].features.free
    columns: dict[str, Any] = {unit: [found[0].features.texts[place] for place in free]}
    for each in found:
        title = METHODS[each.method].title
        columns[title] = each.scores[free].astype(float)
        if each.errors is not None:
            columns[f"{title}, standard error"] = each.errors[free].astype(float)
    return pd.DataFrame(columns)


def shares(
    features: Features, rankings: Mapping[str, NDArray[np.float32]], unit: str
) -> pd.DataFrame:
    """Return a row for each `unit` that is scored, a column for each ranking [unit]."""
    return pd.DataFrame(
        {unit: [features.texts[place] for place in features.free]}
        | {name: row[features.free].astype(float) for name, row in rankings.items()}
    )


def completeness(found: Sequence[Attribution]) -> pd.DataFrame:
    """Return a row for each method: what its scores sum to, and what they should."""
    rows = []
    for each in found:
        method = METHODS[each.method]
        rows.append(
            {
                "method": method.title,
                "sum of scores": f"{each.total:+.4f}" if method.signed else "no sign",
                "change": f"{each.change:+.4f}",
                "convergence delta": written(each.gap) if method.signed else "",
                "completeness": method.complete,
                "forward passes": each.forwards,
                "with backward": each.backwards,
            }
        )
    return pd.DataFrame(rows)


def correlations(found: Agreement) -> pd.DataFrame:
    """Return the rank correlations, a row and a column for each ranking."""
    table = pd.DataFrame(found.correlation.astype(float), columns=list(found.names))
    table.insert(0, "method", list(found.names))
    return table


def points(curves: Curves, unit: str) -> pd.DataFrame:
    """Return a row for each point of each curve."""
    return pd.DataFrame(
        {"ranking": name, "curve": kind, f"{unit}s": int(count), "target": float(value)}
        for kind, values in (("deletion", curves.deletion), ("insertion", curves.insertion))
        for name, curve in zip(curves.names, values, strict=True)
        for count, value in zip(curves.removed, curve, strict=True)
    )


def areas(curves: Curves) -> pd.DataFrame:
    """Return a row for each ranking and one for random orders, the best deletion first."""
    random = [
        float(area(each, curves.removed).mean())
        for each in (curves.random_deletion, curves.random_insertion)
    ]
    return pd.DataFrame(
        {
            "ranking": [*curves.names, "random orders, mean"],
            "deletion AUC": [*curves.deletion_area.astype(float), random[0]],
            "insertion AUC": [*curves.insertion_area.astype(float), random[1]],
            "beats": [*[f"{share:.0%} of random orders" for share in curves.beaten], ""],
        }
    ).sort_values("deletion AUC")


def sequence(found: PhraseAttribution) -> pd.DataFrame:
    """Return a row for each token of the prompt, a column for each token of the sequence."""
    table = pd.DataFrame({"token": found.tokens})
    for place, token in enumerate(found.phrase):
        table[f"{place} {token}"] = found.scores[place].astype(float)
        if found.errors is not None:
            table[f"{place} {token}, standard error"] = found.errors[place].astype(float)
    table["whole sequence"] = found.whole.astype(float)
    return table
