"""A fold of the map: the same vectors by UMAP, with another seed."""

from dataclasses import replace

from components.figures.embeddings.inks import of_kinds
from components.figures.embeddings.token_map import seeds_figure, seeds_table
from components.figures.visible import visible
from components.inspection.embeddings.finding import first_token
from components.inspection.embeddings.maps import MOST_POINTS
from components.inspection.embeddings.other_maps import other_seed
from components.inspection.embeddings.token_map import token_map
from components.lesson import Ask, Predict, Shown, View
from components.widgets import running
from components.widgets.markup import coded
from pages.text.embeddings.map_asked import Layout, asked

ANSWERS = ("nearly none", "about half", "nearly all")


def show(ask: Ask) -> Shown:
    given = asked(ask)
    seed = ask.number("Other seed", "map_other_seed", 0, 999, 7)
    settings = replace(given.settings, method="UMAP")
    most = min(given.most, MOST_POINTS["UMAP"])
    cost = Layout(2 * min(len(given.first.ids), most), settings)
    with running.started(ask, cost, most, settings, seed) as inspect:
        one = inspect(token_map, given.which, most, settings)
        found = inspect(other_seed, given.which, most, settings, one.places, seed)
    same = len(one.ids) == len(given.first.ids)
    colour = given.colour if same else of_kinds(one.kinds)
    point = given.chosen if same else first_token(one, given.prompt)
    near = [int(each) for each in one.faithful.seen[point]]
    stays, moved = float(found.stays.mean()), float(found.moved.mean())
    return Shown(
        seeds_figure(found, one.tokens, colour, near, point),
        alt=f"Two maps of the same vectors; {stays:.0%} of picture neighbours stay.",
        told=f"Of {found.near} neighbours in the first picture **{found.near * stays:.1f}** are "
        f"neighbours in the second, on average; of {coded(visible(one.tokens[point]))}'s "
        f"{found.near * found.stays[point]:.0f}. Laid over one another as well as can be, points "
        f"lie **{moved:.2f}** from themselves, where their mean distance from the middle is 1.",
        checks=found.checks,
        table=lambda: seeds_table(found, one.tokens),
        read="Left and right the same vectors by UMAP, the right picture turned, mirrored and "
        "scaled to fit. The large orange ring is the token above, blue rings its nearest in the "
        "left picture: what comes along to the right is no chance of one seed.",
        formula=r"\min_{R,\,s} \sum_i \lVert x_i - s R y_i \rVert^2",
        symbols="x and y are the places in the two pictures, about their middles; R turns or "
        "mirrors, s scales (Procrustes).",
        predict=Predict(
            f"Another seed, the same vectors. How many of a token's {found.near} nearest in the "
            "picture stay its nearest?",
            ANSWERS,
            answer(stays),
            "A picture is one of many that fit the vectors about equally well. What holds in all "
            "of them may be believed.",
        ),
        tries="Several other seeds. Which groups are there each time? Then 100 neighbours above.",
        facts={"neighbours that stay": stays, "moved": moved},
    )


def answer(stays: float) -> str:
    """Return which of `ANSWERS` is right.

    >>> [answer(each) for each in (0.1, 0.45, 0.9)] == list(ANSWERS)
    True
    """
    return ANSWERS[(stays >= 0.2) + (stays > 0.75)]


SEEDS = View("UMAP begins with chance. What of the picture is the **seed's**?", show)
