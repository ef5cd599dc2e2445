"""What is said of labels: which were taken, and the question."""

import numpy as np

from components.figures.embeddings.labels import counts_map
from components.inspection.embeddings.labels import Graded, Labelled
from components.lesson import Predict
from components.widgets.markup import literal

WORD, PHRASE = "the word", "a phrase"
FORM = "A sentence about {}."
ANSWERS = ("less than a third", "a third to two thirds", "more than two thirds")
READ_COUNTS = (
    "A row for each known kind, a column for each label: how many of the kind took the label, "
    "colored by their share. On the diagonal is what is right."
)
READ_COSINES = (
    "A row for each of the first sentences, a column for each label: the cosine of their vectors. "
    "✓ is the label taken. The table has all sentences."
)
SOURCE = (
    "A book's example has two labels, *A negative review* and *A positive review*, for reviews of "
    "films: F1 0.78, with its model and its data, not these."
)


def told(labels: tuple[str, ...], found: Labelled, grade: Graded | None, unknown: bool) -> str:
    taken = np.bincount(found.chosen, minlength=len(labels))
    if grade is None:
        said = "; ".join(
            f"{literal(label)} {count:,}" for label, count in zip(labels, taken, strict=True)
        )
        why = (
            "No kinds of these sentences are known, so nothing can be graded or learned."
            if unknown
            else "There are not as many labels as kinds, so none is right or wrong."
        )
        return f"Taken: {said}. {why}"
    return (
        f"**{grade.right:,} of {grade.of:,}** sentences took their kind's label, "
        f"**{grade.accuracy:.1%}** (95% interval {grade.low:.1%} to {grade.high:.1%}), without one "
        f"labelled example; by chance it would be {1 / len(labels):.1%}."
    )


def predict(grade: Graded) -> Predict:
    right = ANSWERS[(grade.accuracy >= 1 / 3) + (grade.accuracy > 2 / 3)]
    sizes = grade.counts.sum(1, keepdims=True)
    return Predict(
        f"No sentence was labelled: the model reads the {len(grade.kinds)} labels as it reads "
        "sentences. How many sentences take the label of their kind?",
        ANSWERS,
        right,
        f"{grade.accuracy:.1%}. This is called *zero-shot*: the words of a label are all that is "
        "known of it, so it works as well as the model knows what they mean.",
        before=counts_map(grade.kinds, ("sentences",), sizes, "before any label is taken"),
    )
