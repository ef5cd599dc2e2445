"""A fold of the map: three methods on the same tokens, and chance."""

from components.figures.embeddings.token_map import scores_figure, scores_table
from components.inspection.embeddings.maps import Settings
from components.inspection.embeddings.other_maps import COMPARED, every_method
from components.lesson import Ask, Predict, Shown, View
from components.widgets import running
from pages.text.embeddings.map_asked import METHODS as NAMES
from pages.text.embeddings.map_asked import Layout, asked


def show(ask: Ask) -> Shown:
    given = asked(ask)
    cost = Layout(min(len(given.first.ids), COMPARED), Settings("t-SNE"))
    plain = Settings(metric=given.settings.metric)
    with running.started(ask, cost, given.which, given.most, plain) as inspect:
        found = inspect(every_method, given.which, given.most, plain)
    scores = [(name, found.found[name].scores) for name in NAMES]
    best = max(scores, key=lambda each: each[1].kept)[0]
    near = found.found["PCA"].near
    rows = [*scores, ("chance", found.found["PCA"].chance)]
    return Shown(
        scores_figure(rows),
        alt=f"Trustworthiness and continuity of three methods; {best} keeps most neighbours.",
        told=f"{found.points:,} of the tokens, by each method with its usual settings. "
        + ", ".join(f"{name} keeps **{near * each.kept:.1f}** of {near}" for name, each in scores)
        + f" neighbours; chance {near * rows[-1][1].kept:.1f}.",
        checks=found.checks,
        table=lambda: scores_table(rows),
        read="Of each method: how far neighbours in the picture are true (blue), true neighbours "
        "are near in the picture (green), and which share of the neighbours is right (orange). "
        "Chance is PCA's map with its points shuffled: about 0.5 for the first two.",
        predict=Predict(
            "Which method keeps most true neighbours?",
            NAMES,
            best,
            "PCA keeps the two directions along which all tokens differ most, and neighbours only "
            "by the way; t-SNE and UMAP are made for neighbours, at the price of distances.",
        ),
        tries="*euclidean* instead of *cosine* in the settings above. A model that was never "
        "trained: is there anything to keep?",
        facts={name: each.kept for name, each in rows},
    )


METHODS = View("The same tokens by three methods: which picture lies least?", show)
