"""Kind: each sentence takes the label whose own vector is nearest."""

from components.figures.embeddings.labels import cosines_map, counts_map
from components.figures.embeddings.search_tables import label_table
from components.inspection.embeddings.labels import (
    graded,
    nearest_label,
    read_labels,
)
from components.inspection.embeddings.sentences import embed
from components.lesson import Ask, Shown, View
from pages.text.embeddings.code_search import labels_code
from pages.text.embeddings.corpus import bundled, corpus, embedded, pooling
from pages.text.embeddings.encoder import offered
from pages.text.embeddings.labels_words import (
    FORM,
    PHRASE,
    READ_COSINES,
    READ_COUNTS,
    SOURCE,
    WORD,
    predict,
    told,
)

ROWS = 16
"""Sentences in the figure where no kinds are known."""


def show(ask: Ask) -> Shown:
    chosen = corpus(ask)
    kinds = tuple(sorted(set(chosen.kinds or bundled().kinds or ())))
    hint = "One a line. Where kinds are known, the label on a line stands for the kind there."
    labels = read_labels(
        ask.text("Labels", "labels", "\n".join(kinds), lines=3, most=2000, wide=190, hint=hint)
    )
    with ask.tucked("Settings"):
        form = ask.choice_of("Read as", "form", (WORD, PHRASE), PHRASE, hint=f"A phrase: {FORM}")
        way = pooling(ask)
    texts = tuple(FORM.format(label) if form == PHRASE else label for label in labels)
    offer = offered(ask)
    vectors = embedded(ask, chosen, way)
    meanings = ask.inspect(embed, texts, way)
    found = nearest_label(vectors.vectors, labels, meanings.vectors)
    grade = graded(chosen.kinds, found.chosen.tolist(), len(labels)) if chosen.kinds else None
    comparable = grade is not None and len(labels) == len(grade.kinds)
    return Shown(
        counts_map(grade.kinds, labels, grade.counts, "label taken")
        if grade
        else cosines_map(
            chosen.sentences[:ROWS],
            labels,
            found.scores[:ROWS],
            tuple(found.chosen[:ROWS].tolist()),
        ),
        alt=f"Which of {len(labels)} labels {len(chosen.sentences):,} sentences took"
        + (f": {grade.accuracy:.0%} took their kind's." if grade and comparable else "."),
        told=told(labels, found, grade if comparable else None, chosen.kinds is None)
        + (f"  \n{offer.told}" if offer.told else ""),
        checks=(*vectors.checks, *found.checks, *(grade.checks if grade else ())),
        table=lambda: label_table(chosen.sentences, chosen.kinds, found),
        code=labels_code(ask, vectors, meanings, chosen, labels),
        read=(READ_COUNTS if grade else READ_COSINES) + f"\n\n{SOURCE}{offer.read}",
        formula=r"\text{label}(s) = \arg\max_{l} \cos(s, l)",
        symbols="s is a sentence's vector, l the vector of a label, made as the sentences' are.",
        predict=predict(grade) if grade and comparable else None,
        tries="Read the labels as words, then as phrases (in *Settings*): does the score change? "
        "Replace *illness* by *hospital*, or *money* by *shopping*.",
    )


NEAREST_LABEL = View(
    "Nothing is trained: a **label** is read like a sentence, and each sentence takes the label "
    "whose vector is nearest. Change the labels and watch.",
    show,
)
