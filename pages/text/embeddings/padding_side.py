"""Part of Sentences: padding on the right or on the left, read rightly and wrongly."""

from components.figures.embeddings.sentences import padding_bars
from components.figures.embeddings.sentences_tables import padding_table
from components.inspection.embeddings.padding import MOST_SENTENCES, PaddingSides, padding_sides
from components.lesson import Ask, Predict, Shown, View
from components.widgets import running
from components.widgets.markup import literal
from pages.text.embeddings import corpus as corpora

ANSWERS = ("the word before the padding", "the padding")
MOST_LOOKED_THROUGH = 200


def show(ask: Ask) -> Shown:
    corpus = corpora.corpus(ask)
    sentences = corpus.sentences[:: -(-len(corpus.sentences) // MOST_LOOKED_THROUGH)]
    with running.started(ask, corpora.cost(ask, corpus), corpus.sentences) as inspect:
        found: PaddingSides = inspect(padding_sides, sentences)
    worst = max(found.sides, key=lambda side: side.apart)
    return Shown(
        padding_bars(found),
        alt=f"How far {len(found.sides)} ways to pad lead from the sentence alone; most "
        f"{worst.apart:.2g}.",
        told=f"{len(found.tokens)} sentences of {min(found.tokens)} to {max(found.tokens)} tokens, "
        f"read together. Farthest from the sentence alone: *{worst.name}*, {worst.apart:.2g}. "
        + literal(found.said),
        checks=found.checks,
        table=lambda: padding_table(found),
        read=f"Up to {MOST_SENTENCES} sentences of different lengths are filled up to one length "
        "and read together, in each way; each is read alone, too. A bar is the largest 1 − cosine "
        "of a sentence's two vectors: 0 is the same. Green: as it should be. Without a mask a "
        "decoder's real tokens stay as they are, since padding on the right comes after them; an "
        "encoder reads it. On the left, positions that are counted from the padding shift every "
        "token: that harms a model with a table of positions, and not one that turns by distances.",
        predict=Predict(
            "Padded on the right, the last **place** is read (`[:, -1]`). Whose vector is it, for "
            "all but the longest sentence?",
            ANSWERS,
            ANSWERS[1] if found.sides[1].apart > 10 * found.sides[0].apart else ANSWERS[0],
            f"It is {found.sides[1].apart:.2g} away from the sentence's own, where the last real "
            f"token's is {found.sides[0].apart:.1g}. Read at each text's length less one, or pad "
            "on the left.",
        ),
        tries="A model with learned positions (GPT-2, BERT) and one with rotary ones (Llama): "
        "which minds padding on the left?",
    )


PADDING_SIDE = View(
    "Sentences of different lengths are filled up to be read together. **Which side** is filled, "
    "and what is masked, decides whether the vectors stay those of the sentences.",
    show,
)
