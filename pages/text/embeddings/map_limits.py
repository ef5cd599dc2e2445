"""A fold of the map: are tokens that lie far apart far apart?"""

from components.figures.embeddings.token_map import pairs_figure, pairs_table
from components.inspection.embeddings.faithful import PAIRS
from components.lesson import Ask, Predict, Shown, View
from pages.text.embeddings.map_asked import asked, the_map

ANSWERS = ("no order: about 0", "a weak order: 0.1 to 0.5", "a strong order: above 0.5")


def show(ask: Ask) -> Shown:
    given = asked(ask)
    found = the_map(ask, given, lambda _first: None)
    faithful, method = found.faithful, found.settings.method
    lost = faithful.near * (1 - faithful.scores.kept)
    return Shown(
        pairs_figure(faithful.distances, found.settings.metric),
        alt=f"Distances of pairs in truth and in the picture, rank correlation "
        f"{faithful.correlation:.2f}.",
        told=f"Over {PAIRS:,} pairs the order of distances in the picture agrees with the true one "
        f"by **{faithful.correlation:.2f}** (1: the same order, 0: none). Of a token's "
        f"{faithful.near} true neighbours {method} shows **{lost:.1f}** elsewhere. So this map "
        "cannot say how far two groups are apart, how large or how dense a group is, nor that an "
        "empty place is empty.",
        checks=faithful.checks,
        table=lambda: pairs_table(faithful.distances),
        read="A point is a pair of tokens: to the right how far the two are in truth, upwards how "
        "far in the picture. Were the map faithful, all would lie on one rising line. Where a "
        "column of points is tall, one and the same true distance is drawn short here, long there.",
        formula=r"\rho = \mathrm{corr}(\mathrm{rank}(d), \mathrm{rank}(\hat d))",
        symbols="d are the true distances, d with a hat those in the picture (Spearman's ρ).",
        predict=Predict(
            "Take two pairs of tokens. Is the pair that lies farther apart in the picture farther "
            "apart in truth? How strong is that order?",
            ANSWERS,
            answer(faithful.correlation),
            "UMAP and t-SNE care for neighbours and let go of the rest; PCA keeps large distances "
            "as far as two axes carry them.",
        ),
        tries="PCA above, then UMAP: which keeps far distances better, which near ones?",
        facts={"rank correlation": faithful.correlation},
    )


def answer(correlation: float) -> str:
    """Return which of `ANSWERS` is right.

    >>> [answer(each) for each in (0.02, 0.3, 0.8)] == list(ANSWERS)
    True
    """
    return ANSWERS[(correlation >= 0.1) + (correlation > 0.5)]


LIMITS = View(
    "Measured on **this** map: whether far apart in the picture is far apart in truth.", show
)
