"""A fold of Clusters: known kinds against clusters, and the grade."""

import numpy as np

from components.figures.embeddings.clusters import kinds_map
from components.figures.embeddings.clusters_tables import kind_table
from components.inspection.embeddings.grade import Grade
from components.inspection.errors import InspectionError
from components.lesson import Ask, Predict, Shown, View
from pages.text.embeddings import clusters_words as words
from pages.text.embeddings.clusters_asked import asked


def show(ask: Ask) -> Shown:
    seen = asked(ask)
    found = words.grade(ask, seen)
    if found is None:
        raise InspectionError(
            "Of these sentences nobody has said what kinds they are, so clusters cannot be graded. "
            "Choose the bundled set."
        )
    return Shown(
        kinds_map(found.table, found.kinds, names_of(found)),
        alt=f"Sentences of {len(found.kinds)} kinds in {words.clusters(seen.found.count)}; "
        f"adjusted Rand index {found.rand:.2f}.",
        told=words.graded(found),
        checks=found.checks,
        table=lambda: kind_table(found),
        uncoded="`sklearn.metrics.adjusted_rand_score(kinds, labels)`, with the labels that the "
        "code above finds.",
        read="A row is a kind, a column a cluster; a cell says how many sentences are in both. "
        "Were the clusters the kinds, each row and each column would have one full cell.",
        formula=r"\frac{\sum_{ij}\binom{n_{ij}}{2} - E}{\frac{1}{2}\left(\sum_i\binom{a_i}{2} + "
        r"\sum_j\binom{b_j}{2}\right) - E} \qquad E = "
        r"\frac{\sum_i\binom{a_i}{2}\sum_j\binom{b_j}{2}}{\binom{n}{2}}",
        symbols="The adjusted Rand index: of n sentences it counts the pairs that are together in "
        "both. n with i and j is a cell, a its row's sum, b its column's, E what chance would "
        "give. Noise counts as one more cluster, unless it is left out.",
        predict=question(found),
        tries="Another pooling, or another model: does the index rise? Then other *Neighbours*.",
        facts={"adjusted Rand index": found.rand, "without noise": found.rand_without_noise},
    )


def question(found: Grade) -> Predict | None:
    """Ask how many clusters hold one kind alone."""
    inside = found.table[:, [label >= 0 for label in found.clusters]]
    if not inside.size:
        return None
    alone = int(((inside > 0).sum(0) == 1).sum())
    answers = ("none", "some", "all")
    return Predict(
        "How many of the clusters hold sentences of one kind alone?",
        answers,
        answers[int(alone > 0) + int(alone == inside.shape[1])],
        f"{alone} of {inside.shape[1]}. A cluster of several kinds was made by something else than "
        "what the sentences are about: their form, their length, a word.",
        kinds_map(np.zeros_like(found.table), found.kinds, names_of(found)),
    )


def names_of(found: Grade) -> tuple[str, ...]:
    """Return what the columns are called."""
    return tuple("noise" if label < 0 else str(label) for label in found.clusters)


KINDS_AND_CLUSTERS = View(
    "The bundled sentences are of known kinds, so the clustering can be **graded**.", show
)
