"""Part of Sentences: the vectors of one sentence's tokens, and what each pooling takes of them."""

from components.figures.embeddings.sentences import token_map
from components.figures.embeddings.sentences_tables import token_table
from components.inspection.embeddings.pooling import EXPLAINED, WAYS
from components.inspection.embeddings.token_vectors import token_vectors
from components.lesson import Ask, Predict, Shown, View
from components.widgets.markup import coded
from pages.text.embeddings import corpus as corpora

ANSWERS = ("all of them", "the first token", "the last token")


def show(ask: Ask) -> Shown:
    corpus = corpora.corpus(ask)
    number = ask.number("Sentence", "one_sentence", 1, len(corpus.sentences), 1)
    found = ask.inspect(token_vectors, corpus.sentences[number - 1])
    longest = int(found.lengths.argmax())
    decoder = ask.facts.kind == "causal"
    return Shown(
        token_map(found, ("mean", "cls", "last")),
        alt=f"The vectors of {len(found.tokens)} tokens, and below them three pooled ones.",
        told=f"The longest vector is that of {coded(found.tokens[longest])}, "
        f"{found.lengths[longest]:.1f}; the shortest has {found.lengths.min():.1f}. In a mean, "
        "long ones count for more."
        + (" Only the first tokens are shown: the sentence is longer." if found.cut else ""),
        checks=found.checks,
        table=lambda: token_table(found),
        read="A row for each token: the first numbers of its vector after the last layer and the "
        "final norm. The rows below are the pooled vectors: the mean is paler than its tokens "
        "where they disagree, the others are copies of one row.",
        formula=r"\bar h = \frac{1}{n} \sum_{t=1}^{n} h_t",
        symbols=f"h_t: the vector of token t. Here n = {len(found.tokens)}.",
        predict=Predict(
            "Which tokens have read the whole sentence when the last layer is done?",
            ANSWERS,
            ANSWERS[2] if decoder else ANSWERS[0],
            f"In a decoder a token sees those before it, so only the last has read all; "
            f"{WAYS['cls']}, the first, has seen nothing but itself."
            if decoder
            else f"In an encoder each token sees all others; so {EXPLAINED['cls']}, may stand for "
            "the sentence.",
        ),
        tries="A longer sentence: does the mean get paler?",
    )


ONE_VECTOR = View("A sentence of n tokens leaves **n vectors**. Pooling makes one of them.", show)
