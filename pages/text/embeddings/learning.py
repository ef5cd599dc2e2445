"""Fold: the score by the number of sentences learned from."""

from components.figures.embeddings.labels import learning_curve
from components.figures.embeddings.search_tables import curve_table
from components.inspection.embeddings.classifier import SHARES, SPLITS, Curve, curve
from components.lesson import Ask, Predict, Shown, View
from components.widgets import running
from components.widgets.markup import literal
from pages.text.embeddings.fits import Fits
from pages.text.embeddings.trained_classifier import labelled

ANSWERS = ("fewer than 1 in 10", "1 to 5 in 10", "more, or it never does")


def show(ask: Ask) -> Shown:
    _, kinds, vectors = labelled(ask)
    seed = ask.number("Seed of the divisions", "curve_seed", 0, 99, 1)
    cost = Fits(len(kinds), vectors.vectors.shape[1], len(set(kinds)), SPLITS * len(SHARES))
    with running.computing(ask, cost, "curve", vectors.sentences, seed) as compute:
        found: Curve = compute(curve, vectors.vectors, kinds, seed)
    means = found.scores.mean(1)
    usual = max(sorted(set(kinds)), key=kinds.count)
    baseline = kinds.count(usual) / len(kinds)
    enough = [int(size) for size, mean in zip(found.sizes, means, strict=True) if mean >= 0.9]
    return Shown(
        learning_curve(found.sizes, found.scores, baseline, usual, found.held),
        alt=f"Learned from {found.sizes[0]} sentences {means[0]:.0%} are right, from "
        f"{found.sizes[-1]} {means[-1]:.0%}.",
        told=f"From **{found.sizes[0]}** labelled sentences, {means[0]:.1%} of {found.held} held "
        f"out are right; from **{found.sizes[-1]}**, {means[-1]:.1%}. Always "
        f"“{literal(usual)}”: {baseline:.1%}.",
        unchecked="Each point is a score of classifiers trained as above, whose checks stand there;"
        " nothing says what it should be.",
        table=lambda: curve_table(found),
        read=f"Each size is tried {SPLITS} times, with other sentences; the line is their mean, "
        "the band spans them all. For each time the same fifth is held out for all sizes.",
        predict=Predict(
            "What part of the sentences must be labelled for **90%** right?",
            ANSWERS,
            _answer(enough[0] / len(kinds) if enough else 1.0),
            f"The first size with 90% right is {enough[0]} of {len(kinds)}."
            if enough
            else "None of these sizes gets there.",
        ),
        tries="Look at the same curve with another model. Which needs fewer labels?",
    )


def _answer(share: float) -> str:
    """Return which answer a share of the sentences is.

    >>> _answer(0.05), _answer(0.1), _answer(0.7)
    ('fewer than 1 in 10', '1 to 5 in 10', 'more, or it never does')
    """
    return ANSWERS[(share >= 0.1) + (share > 0.5)]


LEARNING = View(
    "Labels cost work. How does the score on sentences held out grow with the number of sentences "
    "learned from?",
    show,
)
