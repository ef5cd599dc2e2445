"""Kind: logistic regression on the vectors, graded on sentences held out."""

from components.figures.embeddings.labels import counts_map
from components.figures.embeddings.search_tables import trained_table
from components.inspection.embeddings.classifier import STRENGTH, Trained, trained
from components.inspection.embeddings.labels import graded, nearest_label
from components.inspection.embeddings.sentences import SentenceVectors, embed
from components.inspection.errors import InspectionError
from components.lesson import Ask, Predict, Shown, View
from components.widgets import running
from components.widgets.markup import literal
from pages.text.embeddings.code_search import trained_code
from pages.text.embeddings.corpus import Corpus, corpus, embedded, pooling
from pages.text.embeddings.fits import Fits
from pages.text.embeddings.labels_words import FORM

ANSWERS = ("yes", "no")


def labelled(ask: Ask) -> tuple[Corpus, tuple[str, ...], SentenceVectors]:
    """Ask for sentences; return them, their kinds, and their vectors.

    Raises:
        InspectionError: their kinds are not known.
        Later: reading them takes long, and has not been started.
    """
    chosen = corpus(ask)
    if chosen.kinds is None:
        raise InspectionError(
            "A classifier learns from sentences whose kinds are known, and of these they are not. "
            "Choose the bundled set, or label yours by the nearest label."
        )
    return chosen, chosen.kinds, embedded(ask, chosen)


def show(ask: Ask) -> Shown:
    chosen, kinds, vectors = labelled(ask)
    share = ask.slider("Learned from, %", "train", 5, 90, 50, step=5)
    seed = ask.number("Seed", "split", 0, 99, 1, hint="Another seed draws other sentences.")
    cost = Fits(len(kinds), vectors.vectors.shape[1], len(set(kinds)), 1)
    with running.computing(ask, cost, "trained", vectors.sentences, share, seed) as compute:
        found: Trained = compute(trained, vectors.vectors, kinds, share / 100, seed)
    texts = tuple(FORM.format(kind) for kind in found.kinds)
    meanings = ask.inspect(embed, texts, pooling(ask)).vectors
    free = nearest_label(vectors.vectors[found.held], found.kinds, meanings)
    beside = graded([kinds[at] for at in found.held], free.chosen.tolist(), len(found.kinds))
    grade = found.grade
    return Shown(
        counts_map(grade.kinds, found.kinds, grade.counts, "kind predicted"),
        alt=f"Kinds predicted of {grade.of:,} sentences held out: {grade.accuracy:.1%} right.",
        told=f"**{grade.right:,} of {grade.of:,}** sentences held out are right, "
        f"**{grade.accuracy:.1%}** (95% interval {grade.low:.1%} to {grade.high:.1%}); of the "
        f"{len(found.train):,} learned from, {found.learned:.1%}. Always "
        f"“{literal(found.usual)}” would be right for {found.baseline:.1%}, the nearest label for "
        f"{beside.accuracy:.1%}." + (f" {found.said}" if found.said else ""),
        checks=(*vectors.checks, *found.checks),
        table=lambda: trained_table(chosen.sentences, kinds, found),
        code=trained_code(ask, vectors, chosen, len(found.train), seed),
        read="A row for each known kind of the sentences held out, a column for each predicted: "
        "how many, colored by their share of the kind. On the diagonal is what is right. Each kind "
        "has the same share in both parts. The bundled set comes from few templates, so those held "
        "out are much like those learned from: expect less of other texts.",
        formula=r"p = \text{softmax}(W z + b), \quad z = \frac{x - \mu}{\sigma}",
        symbols=f"x: a sentence's vector of {vectors.vectors.shape[1]} numbers; μ, σ: their mean "
        "and spread in training; W, b: learned, with large weights held back "
        f"(C = {STRENGTH:g}); p: a probability for each of {len(found.kinds)} kinds.",
        predict=Predict(
            f"{len(found.train):,} labelled sentences are learned from. Does that beat the nearest "
            "label, which needs none?",
            ANSWERS,
            "yes" if grade.right > beside.right else "no",
            f"On the same {grade.of:,} sentences: {grade.accuracy:.1%} against "
            f"{beside.accuracy:.1%}. The network is the same in both; only one layer was trained.",
            before=counts_map(
                grade.kinds, ("sentences",), grade.counts.sum(1, keepdims=True), "held out"
            ),
        ),
        tries="Learn from 5%: are those learned from still all right, and those held out? Change "
        "the seed, and compare with the interval.",
    )


TRAINED = View(
    "The network stays as it is; one layer of weights learns the kinds from the **vectors** of "
    "some sentences (logistic regression), and is graded on the others.",
    show,
)
