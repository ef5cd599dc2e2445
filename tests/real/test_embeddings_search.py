"""Search and labels with models that were trained: what the page says of them is so."""

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from components.inspection.embeddings.classifier import trained
from components.inspection.embeddings.labels import graded, nearest_label
from components.inspection.embeddings.search import by_meaning
from components.inspection.embeddings.sentences import SentenceVectors, embed
from components.inspection.embeddings.threshold import spread
from pages.text.embeddings.corpus import bundled
from pages.text.embeddings.hard_negatives import ANSWER, EASY, HARD, QUESTION
from pages.text.embeddings.labels_words import FORM
from pages.text.embeddings.queries import ANSWERED, FAR, NEAR

CHOSEN = bundled()
KINDS = tuple(sorted(set(CHOSEN.kinds)))


@pytest.fixture(scope="module")
def vectors(minilm) -> SentenceVectors:
    return embed(minilm, CHOSEN.sentences)


def test_an_encoder_finds_answers_that_share_no_word(minilm, vectors):
    queries = embed(minilm, tuple(ANSWERED)).vectors
    first = 0
    for query, right in zip(queries, ANSWERED.values(), strict=True):
        found = by_meaning(vectors.vectors, query)
        np.testing.assert_allclose(
            found.scores, cosine_similarity(vectors.vectors, query[None])[:, 0], atol=1e-6
        )
        assert all(check.holds for check in found.checks)
        first += CHOSEN.sentences[found.order[0]] in right
    assert first >= 5


def test_no_threshold_tells_a_boat_to_greece_from_what_is_answered(minilm, vectors):
    queries = (*ANSWERED, *NEAR, *FAR)
    answered = tuple(query in ANSWERED for query in queries)
    found = spread(vectors.vectors, embed(minilm, queries).vectors, answered)
    assert found.mistakes >= 1
    tops = dict(zip(queries, found.five[:, 4], strict=True))
    assert tops[NEAR[0]] > tops["Who purchased an instrument?"]
    assert max(tops[query] for query in FAR) < min(tops[query] for query in ANSWERED)


def test_a_hard_negative_is_nearer_than_an_easy_one_and_farther_than_the_answer(minilm):
    read = embed(minilm, (QUESTION, ANSWER, HARD, EASY)).vectors
    positive, hard, easy = by_meaning(read[1:], read[0]).scores
    assert positive > hard > easy + 0.5
    assert (positive, hard) == pytest.approx((0.880, 0.790), abs=0.005)


def test_labels_need_no_training_with_an_encoder(minilm, vectors):
    texts = tuple(FORM.format(kind) for kind in KINDS)
    found = nearest_label(vectors.vectors, KINDS, embed(minilm, texts).vectors)
    assert graded(CHOSEN.kinds, found.chosen.tolist(), len(KINDS)).accuracy > 0.9
    learned = trained(vectors.vectors, CHOSEN.kinds, 0.2, 1)
    assert learned.grade.accuracy > 0.95 > 0.5 > learned.baseline
    assert all(check.holds for check in (*found.checks, *learned.checks))


def test_a_decoder_of_text_is_no_encoder_of_sentences_and_still_counts_right(smollm2):
    some = tuple(CHOSEN.sentences[::6])
    kinds = tuple(CHOSEN.kinds[::6])
    read = embed(smollm2, some)
    found = nearest_label(read.vectors, KINDS, embed(smollm2, KINDS).vectors)
    assert graded(kinds, found.chosen.tolist(), len(KINDS)).accuracy < 0.7
    assert all(check.holds for check in (*read.checks, *found.checks))
