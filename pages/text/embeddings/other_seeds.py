"""A fold of Clusters: the same with other seeds of UMAP, and after one more rounding."""

from dataclasses import replace

import numpy as np

from components.figures.embeddings.clusters import seed_map
from components.figures.embeddings.clusters_tables import seed_table
from components.inspection.embeddings.other_settings import BySeed, by_seed
from components.lesson import Ask, Predict, Shown, View
from components.widgets import running
from pages.text.embeddings.clusters_asked import Reductions, asked

SEEDS = 3


def show(ask: Ask) -> Shown:
    seen = asked(ask)
    given = (seen.places, seen.vectors.vectors, seen.vectors.sentences, seen.settings)
    settings = tuple(replace(seen.settings, seed=seen.settings.seed + n) for n in range(SEEDS + 1))
    cost = Reductions(len(seen.vectors.sentences), settings)
    sign = ("seeds", seen.vectors.sentences, seen.vectors.pooling, seen.settings)
    with running.computing(ask, cost, *sign) as compute:
        found: BySeed = compute(by_seed, *given, seen.found.least, SEEDS)
    apart = found.agreement[np.triu_indices(SEEDS, 1)]
    right = answer(float(apart.min()))
    return Shown(
        seed_map(found),
        alt=f"How well clusterings with {SEEDS} seeds agree: {apart.min():.2f} to "
        f"{apart.max():.2f}.",
        told=f"With seeds {', '.join(map(str, found.seeds))} there are "
        f"**{', '.join(map(str, found.count))}** clusters, and two of these clusterings agree to "
        f"**{apart.min():.2f}** at least. With the same seed, but each number of the vectors "
        f"rounded once more (the 7th digit): **{found.rounded:.2f}**. With the sentences read from "
        f"last to first by HDBSCAN: {found.reversed:.2f}.",
        checks=found.checks,
        table=lambda: seed_table(found),
        uncoded="The code above, with another `random_state`.",
        read="A cell compares the clusterings of two seeds: adjusted Rand index, 1 where they are "
        "the same, about 0 where they have nothing in common. A **seed makes a result repeatable, "
        "not right**: where another seed, or a digit that means nothing, gives other clusters, the "
        f"sentences do not have them.\n\n{running.told(ask, cost)}",
        predict=Predict(
            "Only the seed of UMAP changes. How alike are the clusters?",
            ANSWERS,
            right,
            f"The least agreement of two seeds is {apart.min():.2f}. UMAP starts from lots and "
            "draws lots; where sentences lie in clear groups, the groups come back all the same.",
            seed_map(replace(found, agreement=np.eye(SEEDS, dtype=np.float32))),
        ),
        tries="A sentence encoder, or larger *Neighbours*: do seeds agree better?",
        facts={"rounded once more": found.rounded, "read from the last": found.reversed},
    )


ANSWERS = ("the same", "nearly (0.9 or more)", "partly", "hardly (below 0.5)")


def answer(least: float) -> str:
    """Return which of `ANSWERS` is right of the least agreement.

    >>> answer(1.0), answer(0.93), answer(0.7), answer(0.2)
    ('the same', 'nearly (0.9 or more)', 'partly', 'hardly (below 0.5)')
    """
    return ANSWERS[int(least < 1) + int(least < 0.9) + int(least < 0.5)]


OTHER_SEEDS = View(
    "A seed makes UMAP repeatable. Are these clusters those of the sentences, or of the seed?", show
)
