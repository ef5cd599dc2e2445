"""A fold of Clusters: the words and the sentences of one of them."""

import numpy as np

from components.figures.embeddings.clusters import word_bars
from components.figures.embeddings.clusters_tables import word_table
from components.figures.visible import visible
from components.inspection.errors import InspectionError
from components.lesson import Ask, Shown, View
from components.widgets.markup import literal
from pages.text.embeddings.clusters_asked import asked

LISTED = 12
LONGEST = 300
"""Characters of a sentence that is listed, as in the book; the table above has it whole."""


def show(ask: Ask) -> Shown:
    seen = asked(ask)
    there = [*range(seen.found.count), *(label for label in seen.words.classes if label < 0)]
    names = {label: visible(seen.name(label)).replace("·", " ") for label in there}
    label = ask.choice_of("Cluster", "cluster", there, says=names)
    own = np.flatnonzero(seen.found.labels == label)
    firmest = own[np.argsort(-seen.found.membership[own], kind="stable")].tolist()
    texts = [seen.corpus.sentences[place] for place in firmest[:LISTED]]
    best = seen.words.of(label)
    if not best:
        raise InspectionError(
            "The sentences of this cluster have no word that counts. Choose another, or keep "
            "*Common words too*."
        )
    return Shown(
        word_bars(
            tuple(word.text for word in best),
            np.array([word.weight for word in best], np.float32),
            label,
        ),
        alt=f"The {len(best)} most characteristic words of one cluster, the first with a weight of "
        f"{best[0].weight:.3f}.",
        told=listed(texts, len(own), label),
        checks=seen.words.checks,
        table=lambda: word_table(seen.words),
        uncoded="The code above prints the words of every cluster.",
        read="A bar is how characteristic a word is of this cluster: frequent here, rare in the "
        "others (the formula stands under the map). The sentences are in the order of their "
        f"membership, the firmest first, and cut at {LONGEST} characters; the map's table has them "
        "whole, and all of them.",
        facts={"cluster": label},
    )


def listed(texts: list[str], many: int, label: int) -> str:
    """List the first sentences, each on a line."""
    what = "no cluster" if label < 0 else "this cluster"
    first = f"The first {len(texts)} of {many:,}" if many > len(texts) else f"All {many:,}"
    lines = [text if len(text) <= LONGEST else f"{text[:LONGEST]}…" for text in texts]
    return f"{first} sentences of {what}:\n\n" + "\n".join(f"- {literal(line)}" for line in lines)


ONE_CLUSTER = View("Which words set it apart, and what is said in it?", show)
