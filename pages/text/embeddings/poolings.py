"""Part of Sentences: the same sentences under each pooling."""

from components.figures.embeddings.sentences import pooling_panels
from components.figures.embeddings.sentences_tables import pooling_table
from components.inspection.embeddings.pooling import EXPLAINED, WAYS
from components.inspection.embeddings.similarity import under_each_pooling
from components.lesson import Ask, Predict, Shown, View
from components.widgets import running
from pages.text.embeddings import corpus as corpora

MOST = 400
"""Sentences of which each pair counts."""


def show(ask: Ask) -> Shown:
    corpus = corpora.corpus(ask)
    step = -(-len(corpus.sentences) // MOST)
    sentences = corpus.sentences[::step]
    kinds = None if corpus.kinds is None else corpus.kinds[::step]
    with running.started(ask, corpora.cost(ask, corpus), corpus.sentences) as inspect:
        found = inspect(under_each_pooling, sentences, kinds)
    known = [one for one in found if one.means.within is not None]
    best = max(known, key=lambda one: one.means.nearest or 0.0) if known else None
    names = tuple(WAYS[one.way] for one in found)
    return Shown(
        pooling_panels(found, kinds if known else None),
        alt=f"How often each cosine is there among {len(sentences):,} sentences, by pooling.",
        told="Share of sentences whose nearest other is of their own kind: "
        + ", ".join(f"{WAYS[one.way]} **{one.means.nearest:.0%}**" for one in known)
        + f", of {len(sentences):,}."
        if known
        else "Mean cosine of all pairs: "
        + ", ".join(f"{WAYS[one.way]} **{one.means.every:.2f}**" for one in found)
        + ".",
        unchecked="That a vector in a batch is that of the sentence alone is checked above.",
        table=lambda: pooling_table(found),
        read="Up: the share of all pairs of sentences with about this cosine. The farther apart "
        "the two colours stand, the more the vectors know of what a sentence is about.\n\n"
        + "\n".join(f"- **{WAYS[way]}**: {says}." for way, says in EXPLAINED.items()),
        predict=Predict(
            "Under which pooling is a sentence's nearest neighbour most often of its own kind?",
            names,
            WAYS[best.way],
            "A model uses what it was trained with. In a decoder the first token has seen nothing "
            "but itself: where all sentences begin with the same one, its vector is always the "
            "same.",
            before=pooling_panels(found, None),
        )
        if best is not None
        else None,
        tries="Choose a sentence encoder, and compare. Does the order of the poolings stay?",
    )


POOLINGS = View("Mean, first token or last: each makes another space of the same sentences.", show)
