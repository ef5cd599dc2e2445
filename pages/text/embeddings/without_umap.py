"""A fold of Clusters: HDBSCAN on the whole vectors, and how the least size decides."""

from dataclasses import dataclass

from components.engine import ModelChoice
from components.figures.embeddings.clusters import size_lines
from components.figures.embeddings.clusters_tables import size_table
from components.inspection.embeddings.other_settings import BySize, by_size, sizes_of
from components.lesson import Ask, Predict, Shown, View
from components.widgets import running
from pages.text.embeddings.clusters_asked import asked

SECONDS = 8e-8
"""For each pair of sentences and each size that is tried."""


@dataclass(frozen=True)
class Searches:
    """So many runs of HDBSCAN over all distances."""

    sentences: int
    runs: int

    def __str__(self) -> str:
        """Say it in a line of Markdown."""
        return f"**{self.runs}** runs of HDBSCAN on {self.sentences:,} sentences"

    def seconds(self, _choice: ModelChoice, *_again: int) -> float:
        """Return about how long it takes."""
        return SECONDS * self.sentences**2 * self.runs


def show(ask: Ask) -> Shown:
    seen = asked(ask)
    kinds, least = seen.corpus.kinds or (), seen.found.least
    cost = Searches(len(seen.places), len(sizes_of(least, len(seen.places))))
    sign = ("sizes", seen.vectors.sentences, seen.vectors.pooling, seen.settings)
    with running.computing(ask, cost, *sign) as compute:
        found: BySize = compute(by_size, seen.places, seen.vectors.vectors, least, kinds)
    column = found.sizes.index(least)
    (after, whole), (noise, more) = found.count[:, column], found.noise[:, column]
    graded = ""
    if kinds:
        first, second = found.rand[:, column]
        graded = f" Against the known kinds: {first:.2f} with UMAP, {second:.2f} without."
    return Shown(
        size_lines(found, len(set(kinds))),
        alt=f"Clusters and noise by least size: at {least}, {after} clusters after UMAP and "
        f"{whole} on the whole vectors.",
        told=f"At {least} sentences or more: **{after}** clusters and {noise:.0%} noise after "
        f"UMAP, **{whole}** and {more:.0%} on all {seen.vectors.vectors.shape[1]:,} numbers."
        f"{graded}",
        checks=found.checks,
        table=lambda: size_table(found),
        uncoded="The code above, with `vectors` of length 1 in place of `places`.",
        read="Both axes of the upper part go in powers of ten; a line ends where there is no "
        "cluster. Solid: HDBSCAN after UMAP. Dashed: on the whole vectors, each made 1 long. The "
        "dotted line is the number of known kinds. In many dimensions all distances become alike "
        "and nothing is dense, so more is noise; UMAP pulls near sentences together, and it also "
        "makes clusters of what is none.\n\n" + running.told(ask, cost),
        predict=Predict(
            f"The same sentences **without** UMAP, {least} or more to a cluster: how much is "
            "noise?",
            ("less", "as much", "more"),
            ("less", "as much", "more")[int(more >= noise) + int(more > noise)],
            f"{more:.0%} without UMAP, {noise:.0%} with it. Neither is the truth: the number of "
            "clusters follows the settings.",
            size_lines(found, 0, whole=False),
        ),
        tries="Where do both lines meet the dotted one? Would you have known without it?",
    )


WITHOUT_UMAP = View(
    "How many clusters there are depends on how small one may be, and on UMAP. Both are "
    "**choices**.",
    show,
)
