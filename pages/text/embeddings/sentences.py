"""View: one vector for each sentence, and how alike any two are."""

from components.figures.embeddings.sentences import similarity_map
from components.figures.embeddings.sentences_tables import similarity_table
from components.inspection.embeddings.pooling import EXPLAINED
from components.inspection.embeddings.similarity import (
    mean_cosine,
    similarity,
    under_each_pooling,
)
from components.lesson import Ask, Shown, View
from components.widgets import running
from components.widgets.presets import examples
from pages.text.embeddings import corpus as corpora
from pages.text.embeddings.code_sentences import similarity_code
from pages.text.embeddings.encoder import offered
from pages.text.embeddings.one_vector import ONE_VECTOR
from pages.text.embeddings.padding_side import PADDING_SIDE
from pages.text.embeddings.poolings import POOLINGS
from pages.text.embeddings.sentences_shown import longest, shown_places
from pages.text.embeddings.sentences_words import (
    EXAMPLES,
    found_in,
    predict,
    told_of,
    under_each,
)

MOST_IN_CODE = 6


def show(ask: Ask) -> Shown:
    corpus = corpora.corpus(ask)
    way = corpora.pooling(ask)
    places = shown_places(ask, corpus)
    examples(ask, EXAMPLES)
    offer = offered(ask)
    found = corpora.embedded(ask, corpus, way)
    sentences = tuple(corpus.sentences[place] for place in places)
    kinds = None if corpus.kinds is None else tuple(corpus.kinds[place] for place in places)
    table = similarity(found.vectors[places], sentences, kinds)
    with running.started(ask, corpora.cost(ask, corpus), corpus.sentences) as inspect:
        each = inspect(under_each_pooling, sentences, kinds)
    everywhere = mean_cosine(found.vectors)
    return Shown(
        similarity_map(table),
        alt=f"Cosines of {len(sentences)} sentences; on average {table.means.every:.2f}.",
        told="  \n".join(
            filter(
                None,
                (found_in(table, found, everywhere), under_each(each), told_of(found), offer.told),
            )
        ),
        checks=(*found.checks, *table.checks),
        table=lambda: similarity_table(table),
        code=similarity_code(
            ask, sentences[:MOST_IN_CODE], found.pooling, found.normalised, longest(ask, found)
        ),
        read="A row and a column for each sentence; a cell is the cosine of their two vectors: 1 "
        "is the same direction, 0 a right angle. The diagonal is a sentence with itself. Colours "
        "go from the lowest to the highest cosine of two different sentences, so that blocks show "
        f"even where all are near 1. Here a sentence's vector is {EXPLAINED[found.pooling]}"
        + (", brought to length 1." if found.normalised else ".")
        + offer.read,
        formula=r"\cos(a, b) = \frac{a \cdot b}{\lVert a \rVert \, \lVert b \rVert}",
        symbols="a and b are the vectors of two sentences, of "
        f"{found.vectors.shape[1]:,} numbers each.",
        predict=predict(table, each, found.pooling),
        tries="Write two sentences with the same words and another meaning, and two with other "
        "words and the same meaning. Which pair is nearer? Then change the pooling.",
        facts={"pooling": found.pooling, "normalised": found.normalised, "corpus": corpus.name},
    )


VIEW = View(
    "A model makes a vector for each **token**. Pooled into one, they stand for the **sentence**, "
    "and the angle between two says how alike they are to this model.",
    show,
    further={
        "Poolings compared": POOLINGS,
        "From tokens to one vector": ONE_VECTOR,
        "Padding side": PADDING_SIDE,
    },
)
