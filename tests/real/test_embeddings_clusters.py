"""Clusters of the bundled sentences by trained models: a sentence encoder finds their kinds."""

import numpy as np
import pytest

from components.inspection.embeddings import maps
from components.inspection.embeddings.characteristic_words import characteristic_words
from components.inspection.embeddings.clusters import clustered, flattened
from components.inspection.embeddings.grade import against_kinds
from components.inspection.embeddings.other_settings import by_seed
from components.inspection.embeddings.sentences import embed
from pages.text.embeddings.corpus import bundled

SETTINGS = maps.Settings(components=5, min_dist=0.0)
LEAST = 15


@pytest.fixture(scope="module")
def of_minilm(minilm):
    corpus = bundled()
    vectors = embed(minilm, corpus.sentences).vectors
    return corpus, vectors, flattened(vectors, corpus.sentences, SETTINGS)


def test_a_sentence_encoder_finds_the_kinds_whatever_the_seed(of_minilm):
    corpus, vectors, places = of_minilm
    found = clustered(places, LEAST)
    grade = against_kinds(found.labels, corpus.kinds)
    assert grade.rand > 0.75 and grade.rand_without_noise > 0.85
    assert 6 <= found.count <= 10 and found.noise < 0.2
    first = against_kinds(found.labels, tuple(one.split()[0] for one in corpus.sentences))
    assert first.rand < 0.2, "it does not go by how a sentence begins"
    seeds = by_seed(places, vectors, corpus.sentences, SETTINGS, LEAST, 2)
    assert seeds.agreement.min() > 0.7 and seeds.rounded > 0.7
    checks = (*found.checks, *grade.checks, *seeds.checks)
    assert {check.verdict for check in checks} == {"holds"}


def test_the_words_of_a_cluster_are_of_its_kind(of_minilm):
    corpus, _, places = of_minilm
    found = clustered(places, LEAST)
    words = characteristic_words(corpus.sentences, found.labels, common=False)
    kinds = np.array(corpus.kinds)
    best = {}
    for label in range(found.count):
        own, times = np.unique(kinds[found.labels == label], return_counts=True)
        best[own[times.argmax()]] = {word.text for word in words.of(label)}
    assert {"doctor", "nurse"} <= best["illness"]
    assert "rain" in best["weather"] and "coins" in best["money"]


def test_a_decoder_that_was_never_trained_for_it_finds_many_of_them(smollm2):
    corpus = bundled()
    vectors = embed(smollm2, corpus.sentences).vectors
    found = clustered(flattened(vectors, corpus.sentences, SETTINGS), LEAST)
    assert against_kinds(found.labels, corpus.kinds).rand > 0.6
