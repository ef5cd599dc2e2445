"""What the view of sentences says of its numbers, and what it asks."""

import numpy as np

from components.figures.embeddings.sentences import similarity_map
from components.inspection.embeddings.pooling import EXPLAINED, WAYS, Way
from components.inspection.embeddings.sentences import SentenceVectors
from components.inspection.embeddings.similarity import Pooled, Similarity
from components.lesson import Predict
from components.widgets.markup import literal
from pages.text.embeddings.corpus import EXAMPLE, YOURS

EXAMPLES = {
    "A cat, a feline and a car": {"corpus": YOURS, "sentences": EXAMPLE},
    "The same words, another order": {
        "corpus": YOURS,
        "sentences": "The dog bit the man.\nThe man bit the dog.\nThe man was bitten by the dog.",
    },
    "No is a small word": {
        "corpus": YOURS,
        "sentences": "The soup was good.\nThe soup was not good.\nThe soup was bad.\n"
        "I enjoyed the soup.",
    },
}
APART = ("below 0.2", "0.2 to 0.6", "above 0.6")
MOST_ASKED = 4
"""Sentences among which the nearest is asked for."""


def found_in(table: Similarity, found: SentenceVectors, everywhere: float) -> str:
    """Say which two are nearest and farthest, and how alike any two of all are."""
    count = len(found.sentences)
    said = f"Any two of the {count:,} sentences have a cosine of **{everywhere:.2f}** on average."
    if everywhere > 0.6:
        said += " All point nearly the same way, so a high cosine says little here."
    if table.kinds is None and len(table.sentences) > 2:
        near, far = table.extreme(True), table.extreme(False)
        said += f" Nearest are {_pair(table, near)}, farthest {_pair(table, far)}."
    return said


def under_each(each: tuple[Pooled, ...]) -> str:
    """Say how far kinds stand apart under each pooling; without kinds, how alike all are."""
    known = [one for one in each if one.means.within is not None]
    if not known:
        listed = ", ".join(f"{WAYS[one.way]} {one.means.every:.2f}" for one in each)
        return f"Of those shown, by pooling: {listed}."
    listed = ", ".join(
        f"{WAYS[one.way]} **{one.means.within:.2f}** against {one.means.between:.2f}"
        for one in known
    )
    return f"Mean cosine within a kind against between kinds, of those shown: {listed}."


def predict(table: Similarity, each: tuple[Pooled, ...], way: Way) -> Predict | None:
    """Ask what another pooling would show, or which sentence is nearest to the first."""
    other = next(one for one in each if one.way == ("mean" if way == "cls" else "cls"))
    between, within = other.means.between, other.means.within
    if between is not None and within is not None:
        right = APART[0] if between < 0.2 else APART[1] if between < 0.6 else APART[2]
        first = EXPLAINED[other.way].partition(",")[0]
        return Predict(
            f"Were **{first}** to stand for each sentence ({WAYS[other.way]}), what would be the "
            "mean cosine of two about **different** things?",
            APART,
            right,
            f"It is **{between:.2f}**; of two about the same thing {within:.2f}. What tells kinds "
            "apart is the difference, not the number: in many models all vectors share a direction "
            "(*anisotropy*).",
            before=similarity_map(table),
        )
    if len(table.sentences) < 3:
        return None
    others = table.cosines[0, 1:MOST_ASKED]
    answers = tuple(f"number {place + 2}" for place in range(len(others)))
    nearest = int(np.argmax(others))
    sentence = literal(table.sentences[nearest + 1][:80])
    return Predict(
        "Which of the next sentences is nearest to the first for this model?",
        answers,
        answers[nearest],
        f"Number {nearest + 2}, “{sentence}”, at a cosine of {others[nearest]:.2f}.",
        before=similarity_map(table, hidden=True),
    )


def told_of(found: SentenceVectors) -> str:
    """Say what was cut, and what the model's folder states that is not done."""
    said = [literal(found.said)] if found.said else []
    if found.cut.any():
        said.append(
            f"**{int(found.cut.sum()):,}** sentences are longer than what is read of one: "
            f"{int(found.tokens.max())} tokens."
        )
    return " ".join(said)


def _pair(table: Similarity, places: tuple[int, int]) -> str:
    one, other = places
    return f"{one + 1} and {other + 1} ({table.cosines[one, other]:.2f})"
