"""Fold: every question finds something; does its nearness tell whether it is an answer?"""

from components.figures.embeddings.search import spreads
from components.figures.embeddings.search_tables import spread_table
from components.inspection.embeddings.sentences import embed
from components.inspection.embeddings.threshold import Spread, spread
from components.lesson import Ask, Predict, Shown, View
from pages.text.embeddings.corpus import THE_SET, corpus, embedded, pooling
from pages.text.embeddings.encoder import offered
from pages.text.embeddings.queries import ANSWERED, FAR, FIRST, NEAR
from pages.text.embeddings.search_words import answers_first, unanswered_told

NAMED = {"own": "your query", "answered": "answered", "unanswered": "not answered"}


def show(ask: Ask) -> Shown:
    chosen = corpus(ask)
    own = ask.text("Query", "search", FIRST, most=300).strip() or FIRST
    # What the reader's own sentences answer is not known.
    known = chosen.name == THE_SET
    others = {query: True for query in ANSWERED if known}
    others |= dict.fromkeys((*NEAR, *FAR) if known else FAR, False)
    queries = (own, *(query for query in others if query != own))
    answered = (others.get(own), *(others[query] for query in queries[1:]))
    way, offer = pooling(ask), offered(ask)
    vectors = embedded(ask, chosen, way)
    found = spread(vectors.vectors, ask.inspect(embed, queries, way).vectors, answered)
    groups = ("own", *("answered" if yes else "unanswered" for yes in answered[1:]))
    tops = found.five[:, 4]
    best, least = _apart(found, answered)
    crossed = known and best >= least
    return Shown(
        spreads(queries, groups, found.five, NAMED),
        alt=f"Where the cosines of {len(queries)} queries with {len(chosen.sentences):,} sentences "
        f"lie; the nearest at {tops.min():.2f} to {tops.max():.2f}.",
        told=unanswered_told(chosen, queries, answered, found)
        + (f"  \n{answers_first(ask, chosen, queries, found)}" if known else "")
        + (f"  \n{offer.told}" if offer.told else ""),
        checks=found.checks,
        table=lambda: spread_table(queries, answered, found, chosen.sentences),
        read="A row for each query: the thin line spans its cosines from the smallest on, the box "
        "holds the middle half, the diamond is the nearest sentence. The color says whether any "
        "sentence answers the query.",
        predict=Predict(
            "Is the nearest sentence of each **answered** question nearer than that of every "
            "question that **nothing** answers?",
            ("yes", "no"),
            "no" if crossed else "yes",
            f"The farthest answered one is at {least:.3f}, the nearest unanswered one at {best:.3f}"
            ". "
            + (
                "A threshold between them would hold only for these few."
                if not crossed
                else "Whatever threshold is set, it lets some through or turns some away."
            ),
        )
        if known
        else None,
        tries="Ask for the boat to **Greece**: no sentence knows of it, and how near is the "
        "nearest? Ask the same of the boat to **Poland**.",
    )


def _apart(found: Spread, answered: tuple[bool | None, ...]) -> tuple[float, float]:
    """Return how near the nearest comes that answers nothing, and the farthest that does."""
    tops = found.five[:, 4]
    none = [float(top) for top, yes in zip(tops, answered, strict=True) if yes is False]
    some = [float(top) for top, yes in zip(tops, answered, strict=True) if yes]
    return max(none), min(some, default=1.0)


UNANSWERED = View(
    "Some sentence is always nearest. Here are questions that the sentences answer, and questions "
    "that they do not: is there a threshold between them?",
    show,
)
