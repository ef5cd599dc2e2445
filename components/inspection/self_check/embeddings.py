"""What the views of Embeddings ask of a model, each once: a part of the table."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from components.inspection.embeddings import labels
from components.inspection.embeddings.arithmetic import arithmetic
from components.inspection.embeddings.characteristic_words import characteristic_words
from components.inspection.embeddings.classifier import trained
from components.inspection.embeddings.clusters import clustered
from components.inspection.embeddings.concentration import concentration
from components.inspection.embeddings.geometry import angles, near
from components.inspection.embeddings.grade import against_kinds
from components.inspection.embeddings.in_context import word_in_context
from components.inspection.embeddings.keywords import by_words
from components.inspection.embeddings.labels import nearest_label
from components.inspection.embeddings.lengths import norms
from components.inspection.embeddings.lookup import look_up
from components.inspection.embeddings.maps import Settings
from components.inspection.embeddings.other_maps import other_seed
from components.inspection.embeddings.other_settings import by_size
from components.inspection.embeddings.padding import padding_sides
from components.inspection.embeddings.passes import passes
from components.inspection.embeddings.paths import paths
from components.inspection.embeddings.search import by_meaning
from components.inspection.embeddings.sentences import embed
from components.inspection.embeddings.similarity import similarity
from components.inspection.embeddings.threshold import spread
from components.inspection.embeddings.token_map import token_map
from components.inspection.embeddings.token_vectors import token_vectors
from components.inspection.model import Model

SENTENCES: Final = ("They liked to play in the garden.", "The play was wonderful.")
KINDS: Final = ("dog", "bread", "rain")
MANY: Final = tuple(
    f"{start} {kind}." for kind in KINDS for start in ("The", "I saw the", "Where is the", "No")
)
"""Sentences of three kinds, that clusters are looked for in."""
FEW: Final = 500
"""Tokens on a map."""


def _map(model: Model, _text: str) -> Any:
    """By PCA, for the same reason as `_clusters`."""
    found = token_map(model, "input", FEW, Settings("PCA"))
    return found, other_seed(model, "input", FEW, found.settings, found.places, 7)


def _clusters(model: Model, _text: str) -> Any:
    """Without UMAP, whose compiling takes longer than all else."""
    vectors = embed(model, MANY).vectors
    found = clustered(vectors, 2)
    return (
        found,
        characteristic_words(MANY, found.labels),
        against_kinds(found.labels, _kinds()),
        by_size(vectors, vectors, 2),
    )


def _sentences(model: Model, _text: str) -> Any:
    found = embed(model, SENTENCES)
    return found, similarity(found.vectors, SENTENCES, None)


def _search(model: Model, text: str) -> Any:
    vectors, query = embed(model, MANY).vectors, embed(model, (text,)).vectors[0]
    return by_meaning(vectors, query), by_words(MANY, text), passes(len(MANY))


def _spread(model: Model, text: str) -> Any:
    queries = embed(model, (text, *SENTENCES)).vectors
    return spread(embed(model, MANY).vectors, queries, (None, True, False))


def _labels(model: Model, _text: str) -> Any:
    found = nearest_label(embed(model, MANY).vectors, KINDS, embed(model, KINDS).vectors)
    return found, labels.graded(_kinds(), found.chosen.tolist(), len(KINDS))


def _classifier(model: Model, _text: str) -> Any:
    """On twice as many sentences, so that there is enough of each kind."""
    more = (*MANY, *(f"Why, {one[0].lower()}{one[1:]}" for one in MANY))
    return trained(embed(model, more).vectors, _kinds() * 2, 0.5, 1)


def _kinds() -> tuple[str, ...]:
    return tuple(kind for kind in KINDS for _ in range(len(MANY) // len(KINDS)))


EMBEDDINGS: Final[Mapping[str, Callable[[Model, str], Any]]] = {
    "Map": _map,
    "Look-up: a row": lambda model, text: look_up(model, text, 1),
    "Look-up: norms": lambda model, _text: norms(model),
    "Look-up: angles": lambda model, _text: angles(model),
    "Look-up: neighbours": lambda model, _text: near(model, "play"),
    "Look-up: dimensions": lambda model, _text: concentration(model),
    "Look-up: arithmetic": lambda model, _text: arithmetic(model, "Paris", "France", "Germany"),
    "In context": lambda model, _text: word_in_context(model, SENTENCES, "play"),
    "In context: trajectories": lambda model, _text: paths(model, SENTENCES, "play"),
    "Sentences": _sentences,
    "Sentences: one vector": lambda model, text: token_vectors(model, text),
    "Sentences: padding side": lambda model, _text: padding_sides(model, SENTENCES),
    "Search": _search,
    "Search: a question that nothing answers": _spread,
    "Labels": _labels,
    "Labels: a classifier": _classifier,
    "Clusters": _clusters,
}
"""By the name of the view: what it would get of a model."""
