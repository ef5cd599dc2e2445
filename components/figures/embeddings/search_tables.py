"""The numbers of search, labels and classifier as tables."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from components.inspection.embeddings.classifier import Curve, Trained
from components.inspection.embeddings.keywords import ByWords
from components.inspection.embeddings.labels import Labelled
from components.inspection.embeddings.passes import Passes
from components.inspection.embeddings.search import ByMeaning
from components.inspection.embeddings.threshold import Spread


def search_table(sentences: Sequence[str], meant: ByMeaning, shared: ByWords) -> pd.DataFrame:
    """Return all sentences, the nearest first, with place and score in both rankings."""
    rank = {int(at): place for place, at in enumerate(shared.order, 1)}
    return pd.DataFrame(
        {
            "by meaning": np.arange(1, len(sentences) + 1),
            "cosine": meant.scores[meant.order],
            "by words": pd.array([rank.get(int(at)) for at in meant.order], "Int64"),
            "BM25": shared.scores[meant.order],
            "sentence": [sentences[at] for at in meant.order],
        }
    )


def spread_table(
    queries: Sequence[str],
    answered: Sequence[bool | None],
    found: Spread,
    sentences: Sequence[str],
) -> pd.DataFrame:
    """Return a row for each query: whether it is answered, its cosines, the nearest sentence."""
    names = {True: "yes", False: "no", None: ""}
    table = pd.DataFrame(
        found.five, columns=["smallest", "lower quartile", "median", "upper quartile", "nearest"]
    )
    table.insert(0, "query", list(queries))
    table.insert(1, "answered", [names[each] for each in answered])
    table["nearest sentence"] = [sentences[at] for at in found.nearest]
    return table


def cosine_table(texts: Sequence[str], cosines: np.ndarray) -> pd.DataFrame:
    """Return the cosine of each of a few sentences."""
    return pd.DataFrame({"sentence": list(texts), "cosine": cosines})


def pass_table(found: Passes, single: float, double: float) -> pd.DataFrame:
    """Return passes and seconds of both ways; a pass takes `single`, or over a pair `double`."""
    return pd.DataFrame(
        {
            "sentences": found.numbers,
            "passes one by one": found.numbers,
            "passes in pairs": found.crossed.astype(np.int64),
            "seconds one by one": found.numbers * single,
            "seconds in pairs": found.crossed * double,
        }
    )


def label_table(
    sentences: Sequence[str], kinds: Sequence[str] | None, found: Labelled
) -> pd.DataFrame:
    """Return a row for each sentence: its label, its kind where known, and all cosines."""
    table = pd.DataFrame(found.scores, columns=[f"cosine: {label}" for label in found.labels])
    table.insert(0, "sentence", list(sentences))
    table.insert(1, "label", [found.labels[at] for at in found.chosen])
    if kinds is not None:
        table.insert(1, "kind", list(kinds))
    return table


def trained_table(sentences: Sequence[str], kinds: Sequence[str], found: Trained) -> pd.DataFrame:
    """Return a row for each sentence held out: kind, prediction and probabilities."""
    table = pd.DataFrame(found.shares, columns=[f"probability: {kind}" for kind in found.kinds])
    table.insert(0, "sentence", [sentences[at] for at in found.held])
    table.insert(1, "kind", [kinds[at] for at in found.held])
    table.insert(2, "predicted", [found.kinds[at] for at in found.predicted])
    return table


def curve_table(found: Curve) -> pd.DataFrame:
    """Return a row for each number of sentences learned from."""
    table = pd.DataFrame({"learned from": found.sizes, "mean right": found.scores.mean(1)})
    for trial in range(found.scores.shape[1]):
        table[f"right, division {trial + 1}"] = found.scores[:, trial]
    return table
