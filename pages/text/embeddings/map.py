"""View: every token's vector on a map, beside its true neighbours."""

from components.figures.embeddings.token_map import map_table
from components.figures.visible import visible
from components.lesson import Ask, Predict, Shown, View
from components.widgets.markup import coded
from pages.text.embeddings import code_map
from pages.text.embeddings.map_asked import asked, the_map
from pages.text.embeddings.map_drawn import READ, draw, page_of, told_plainly
from pages.text.embeddings.map_limits import LIMITS
from pages.text.embeddings.map_methods import METHODS
from pages.text.embeddings.map_seeds import SEEDS

ANSWERS = ("fewer than 2", "2 to 4", "5 to 7", "8 or more")
EDGES = (2, 5, 8)


def show(ask: Ask) -> Shown:
    given = asked(ask)
    found = the_map(ask, given, lambda first: draw(ask, given, first, "before"))
    with ask.stage:
        draw(ask, given, found, "map")
    near, scores, chance = found.faithful.near, found.faithful.scores, found.faithful.chance
    kept, token = found.faithful.kept(given.chosen), coded(visible(given.token))
    waits = "" if found.settings == given.settings or found is not given.first else " (by PCA)"
    sampled = f"{len(found.ids):,} of {found.rows:,}" if len(found.ids) < found.rows else "all"
    mean = near * scores.kept
    return Shown(
        None,
        alt=told_plainly(found),
        told=f"Of the {near} points nearest to {token}{waits}, **{kept}** are among its {near} "
        f"nearest of all {found.width} numbers. This map of {sampled} tokens has a trustworthiness "
        f"of **{scores.trustworthiness:.2f}** and a continuity of **{scores.continuity:.2f}**; one "
        f"by chance {chance.trustworthiness:.2f} and {chance.continuity:.2f}.",
        checks=found.checks,
        table=lambda: map_table(found),
        code=code_map.reduced(ask.choice, found),
        page=lambda: page_of(given, found),
        read=READ.format(near=near, metric=found.settings.metric, asked=found.faithful.asked),
        formula=r"T(k) = 1 - \frac{2}{nk(2n - 3k - 1)} \sum_i \sum_{j \in U_i} (r(i, j) - k)",
        symbols=f"n is {len(found.ids):,} tokens, k {near} neighbours, U the neighbours in the "
        "picture that are no true ones, r(i, j) the place of j among all true neighbours of i. "
        "Continuity is the same with picture and truth exchanged.",
        predict=Predict(
            f"Of a token's {near} nearest points **in the picture**, how many are among its {near} "
            "true neighbours, on average?",
            ANSWERS,
            answer(mean),
            f"It is {mean:.1f} of {near}. {found.width} numbers do not fit into two: some true "
            "neighbours must be far apart, and strangers side by side.",
        )
        if near == 10
        else None,
        tries="Click on a point; follow its blue lines. Colour by *frequency*. In **Settings**, 2 "
        "neighbours, then 100. The same with PCA: which map would you trust?",
        facts={
            "method": found.settings.method,
            "settings": str(found.settings),
            "sample": f"{len(found.ids)} of {found.rows}",
            "trustworthiness": scores.trustworthiness,
            "continuity": scores.continuity,
            "neighbours kept": scores.kept,
        },
    )


def answer(kept: float) -> str:
    """Return which of `ANSWERS` is right.

    >>> answer(1.76), answer(2.0), answer(7.9), answer(8.0)
    ('fewer than 2', '2 to 4', '5 to 7', '8 or more')
    """
    return ANSWERS[sum(kept >= edge for edge in EDGES)]


VIEW = View(
    "Each token is a vector of many numbers. A **map** shows them in two, so it must lie "
    "somewhere: see where, beside the true neighbours.",
    show,
    further={
        "What the map cannot say": LIMITS,
        "Another seed": SEEDS,
        "PCA, t-SNE and UMAP": METHODS,
    },
)
