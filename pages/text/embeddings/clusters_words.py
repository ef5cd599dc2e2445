"""What is said of clusters, with their numbers."""

from typing import Final

from components.inspection.embeddings.clusters import Clusters
from components.inspection.embeddings.grade import Grade, against_kinds
from components.lesson import Ask
from pages.text.embeddings.clusters_asked import Asked

READ: Final = (
    "A point is a sentence; point at it to read it. Colour and shape are its cluster, whose "
    "three most characteristic words stand above it; small grey points are noise. Only that points "
    "lie **close** tells something: how large a cluster is drawn, and how far from others, does "
    "not.\n\n"
    "The clusters are **not** found on this map: HDBSCAN reads the sentences in as many numbers "
    "as *Components* says; the map is another UMAP, to two, with a min_dist of 0.3 or more so that "
    "points do not hide each other. So a cluster may look torn here.\n\n"
    "Noise has the label -1. Who counts the different labels counts it too: a book's 156 labels "
    "of 44,949 abstracts are 155 clusters."
)


def clusters(count: int) -> str:
    """Write a number of clusters.

    >>> clusters(1), clusters(0), clusters(12)
    ('1 cluster', 'no cluster', '12 clusters')
    """
    return f"{count or 'no'} cluster{'' if count in (0, 1) else 's'}"


def counted(found: Clusters) -> str:
    """Say how many clusters there are, why it is not the number of labels, and what is noise."""
    many = len(found.labels)
    noise = round(found.noise * many)
    if not found.count:
        return (
            f"**No cluster**: nowhere do {found.least} sentences lie denser than the rest. Ask for "
            "smaller clusters."
        )
    if not noise:
        return f"**{clusters(found.count).capitalize()}**, and no noise: all {many:,} are in one."
    return (
        f"**{clusters(found.count).capitalize()}.** There are {found.count + 1} different labels, "
        f"but -1 is that of noise, and noise is no cluster: **{noise:,} of {many:,}** sentences "
        f"({found.noise:.0%}) are in none."
    )


def grade(ask: Ask, seen: Asked) -> Grade | None:
    """Return the grade of the clusters, where the kinds are known."""
    if seen.corpus.kinds is None:
        return None
    return ask.compute(against_kinds, seen.found.labels, seen.corpus.kinds)


def graded(found: Grade | None) -> str:
    """Say how well clusters fit the known kinds."""
    if found is None:
        return ""
    said = f"Against the {len(found.kinds)} known kinds the adjusted Rand index is "
    said += f"**{found.rand:.2f}**"
    if found.kept == 1 or not found.kept:
        return said + "."
    return f"{said}, and {found.rand_without_noise:.2f} without the noise."


def compared(ask: Ask, seen: Asked, found: Grade | None) -> str:
    """Say whether sentences are together that are about the same, or that begin alike."""
    if found is None:
        return ""
    first = tuple(sentence.split()[0] for sentence in seen.corpus.sentences)
    alike = ask.compute(against_kinds, seen.found.labels, first).rand
    because = ("they are about the same", "they begin alike")
    more, less = because if found.rand >= alike else because[::-1]
    return (
        f" Against the first words of the sentences it is {alike:.2f}: they are together because "
        f"{more}, more than because {less}."
    )
