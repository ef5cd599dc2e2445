"""What the views of clusters ask for: sentences, their vectors, UMAP's settings, and clusters."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from components.engine import ModelChoice
from components.figures.embeddings.clusters import name_of
from components.inspection.embeddings import maps
from components.inspection.embeddings.characteristic_words import (
    CharacteristicWords,
    characteristic_words,
)
from components.inspection.embeddings.clusters import Clusters, clustered, flattened
from components.inspection.embeddings.neighbours import Metric
from components.inspection.embeddings.sentences import SentenceVectors
from components.lesson import Ask
from components.widgets import running
from components.widgets.presets import button
from pages.text.embeddings.corpus import Corpus, corpus, embedded, pooling
from pages.text.embeddings.encoder import Offer, offered

BOOK: Final = {
    "cluster_neighbours": 15,
    "components": 5,
    "cluster_min_dist": 0.0,
    "cluster_metric": "cosine",
    "cluster_seed": 42,
    "least": 50,
}
"""What is usual: a book's settings for 44,949 abstracts; of neighbours, UMAP's own."""
DRAWN: Final = 0.3
"""The least min_dist of the map that is drawn, where 0 would put many sentences on one dot."""
METRICS: Final[tuple[Metric, ...]] = ("cosine", "euclidean")


@dataclass(frozen=True)
class Reductions:
    """What UMAP takes, so many times."""

    points: int
    settings: tuple[maps.Settings, ...]

    def __str__(self) -> str:
        """Say it in a line of Markdown."""
        return f"UMAP of **{self.points:,}** sentences, {len(self.settings)} times"

    def seconds(self, _choice: ModelChoice, *_again: int) -> float:
        """Return how long it takes here, by the pace of the last."""
        return sum(maps.seconds(self.points, each) for each in self.settings)


@dataclass(frozen=True, eq=False)
class Asked:
    """The sentences, and the clusters that were found."""

    corpus: Corpus
    vectors: SentenceVectors
    settings: maps.Settings
    """Of the reduction that is clustered."""
    cost: Reductions
    places: NDArray[np.float32]
    """Of each sentence, as it is clustered: [sentence, component]."""
    drawn: NDArray[np.float32]
    """Of each sentence, as it is drawn: [sentence, 2]."""
    found: Clusters
    words: CharacteristicWords
    common: bool
    """English words such as "the" count, too."""
    offer: Offer
    """What is said of a model that was not made to embed sentences."""

    @property
    def names(self) -> tuple[str, ...]:
        """What each cluster is called: its number and its first words."""
        return tuple(self.name(label) for label in range(self.found.count))

    def name(self, label: int) -> str:
        """Return what one cluster is called."""
        return name_of(label, [word.text for word in self.words.of(label)])


def asked(ask: Ask) -> Asked:
    """Ask for everything above; what is asked for twice is asked and computed once.

    Raises:
        Later: something takes long, and has not been started.
        InspectionError: there is nothing to be told apart.
    """
    chosen = corpus(ask)
    way = pooling(ask)
    many = len(chosen.sentences)
    hint = "Smaller groups than this are noise, or part of a larger one. Only HDBSCAN runs again."
    top = max(2, min(many // 2, 200))
    usual = max(2, min(top, max(5, min(many // 24, 50))))
    least = int(ask.slider("Least sentences of a cluster", "least", 2, top, usual, hint=hint))
    with ask.tucked("Settings"):
        settings = settings_of(ask)
        common = ask.toggle("Common words too", "common_words", hint="Such as “the”, in English.")
    offer = offered(ask)
    vectors = embedded(ask, chosen, way)
    flat = replace(settings, components=2, min_dist=max(DRAWN, settings.min_dist))
    cost = Reductions(many, (settings, flat))
    with running.computing(ask, cost, vectors.sentences, vectors.pooling, settings) as compute:
        places = compute(flattened, vectors.vectors, vectors.sentences, settings)
        drawn = compute(flattened, vectors.vectors, vectors.sentences, flat)
    found = ask.compute(clustered, places, least)
    words = ask.compute(characteristic_words, vectors.sentences, found.labels, 10, common)
    return Asked(chosen, vectors, settings, cost, places, drawn, found, words, common, offer)


def settings_of(ask: Ask) -> maps.Settings:
    """Ask for the settings of UMAP."""
    neighbours = ask.number(
        "Neighbours",
        "cluster_neighbours",
        2,
        100,
        15,
        hint="Few: small groups count. Many: large ones.",
    )
    components = ask.number(
        "Components",
        "components",
        2,
        10,
        5,
        hint="Numbers of each sentence that are clustered.",
    )
    min_dist = ask.real(
        "min_dist",
        "cluster_min_dist",
        0,
        0.99,
        0,
        hint="How near points may come. 0: dense clusters.",
    )
    metric = ask.choice_of("Metric", "cluster_metric", METRICS)
    seed = ask.number("Seed", "cluster_seed", 0, 9999, 42)
    button(ask, "A book's settings", BOOK)
    return maps.Settings(
        neighbours=neighbours,
        min_dist=min_dist,
        metric=metric,
        seed=seed,
        components=components,
    )
