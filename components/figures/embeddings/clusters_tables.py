"""The numbers of the clusters' figures as tables."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.inspection.embeddings.characteristic_words import CharacteristicWords
from components.inspection.embeddings.clusters import Clusters
from components.inspection.embeddings.grade import Grade
from components.inspection.embeddings.other_settings import BySeed, BySize


def sentence_table(
    sentences: Sequence[str],
    kinds: Sequence[str] | None,
    found: Clusters,
    places: NDArray[np.float32],
) -> pd.DataFrame:
    """Return a row for each sentence: its kind, if known, its cluster (-1: noise), how firmly it
    belongs to it, and where it stands on the map."""
    table = pd.DataFrame({"sentence": list(sentences)})
    if kinds is not None:
        table["kind"] = list(kinds)
    table["cluster"], table["membership"] = found.labels, found.membership
    table["x"], table["y"] = places[:, 0], places[:, 1]
    return table


def word_table(words: CharacteristicWords) -> pd.DataFrame:
    """Return a row for each characteristic word of each cluster (-1: noise)."""
    rows = [
        (label, one.text, one.weight, one.times, one.of)
        for label, own in zip(words.classes, words.words, strict=True)
        for one in own
    ]
    return pd.DataFrame(
        rows, columns=["cluster", "word", "c-TF-IDF", "times in the cluster", "times in all"]
    )


def kind_table(found: Grade) -> pd.DataFrame:
    """Return a row for each kind: how many of its sentences are in each cluster."""
    names = ["noise" if label < 0 else f"cluster {label}" for label in found.clusters]
    table = pd.DataFrame(found.table, columns=names)
    table.insert(0, "kind", list(found.kinds))
    return table


def size_table(found: BySize) -> pd.DataFrame:
    """Return a row for each least size of a cluster, both ways."""
    columns: dict[str, object] = {"least sentences of a cluster": found.sizes}
    for way, name in enumerate(("after UMAP", "whole vectors")):
        columns[f"clusters, {name}"] = found.count[way]
        columns[f"noise, {name}"] = found.noise[way]
        if not np.isnan(found.rand).all():
            columns[f"adjusted Rand index, {name}"] = found.rand[way]
    return pd.DataFrame(columns)


def seed_table(found: BySeed) -> pd.DataFrame:
    """Return a row for each seed: clusters, noise, and how well it agrees with each other seed."""
    table = pd.DataFrame({"seed": found.seeds, "clusters": found.count, "noise": found.noise})
    for column, seed in enumerate(found.seeds):
        table[f"agreement with {seed}"] = found.agreement[:, column]
    return table
