"""The corpus: the mix of documents, and what is held out of training.

A document is held out by the combinations in it (these two names, this name with this object, this
object in this place, this country in this template, ...). Some combinations, chosen by a hash,
never occur in training; every held-out document has at least one. A whole document is written first
and then kept or dropped, so its cost is that of the unrestricted grammar.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

from components.teaching_models.grammar.facts import (
    common_knowledge,
    geography,
    opposites,
    plurals,
    verb_forms,
)
from components.teaching_models.grammar.sentences import agreement, indirect_object, review
from components.teaching_models.grammar.sequences import (
    arithmetic,
    calendar,
    code,
    counting,
    repeated_words,
)
from components.teaching_models.grammar.stories import story
from components.teaching_models.pen import Pen
from components.teaching_models.words import NAMES, OBJECTS, PLACES

Writer = Callable[[Pen], str]

MIX: dict[str, tuple[Writer, float]] = {
    "story": (story, 0.34),
    "indirect object": (indirect_object, 0.14),
    "geography": (geography, 0.10),
    "agreement": (agreement, 0.09),
    "counting": (counting, 0.07),
    "calendar": (calendar, 0.05),
    "repeated words": (repeated_words, 0.04),
    "review": (review, 0.05),
    "opposites": (opposites, 0.03),
    "verb forms": (verb_forms, 0.03),
    "plurals": (plurals, 0.01),
    "common knowledge": (common_knowledge, 0.02),
    "arithmetic": (arithmetic, 0.02),
    "code": (code, 0.01),
}
"""Each kind of document: who writes it, and its share of all documents (the shares sum to 1)."""

HELD_OUT_SHARES = {"names": 0.05, "name+object": 0.03, "object+place": 0.02}
"""Share of the combinations of a kind that training never sees."""
OTHER_HELD_OUT_SHARE = 0.08
"""The same, for the kinds that are not listed."""

_ROLE_OF_WORD = {
    **{str(name): ("name", str(name)) for name in NAMES},
    **{form: ("object", noun.word) for noun in OBJECTS for form in (noun.word, noun.plural)},
    **{form: ("place", noun.word) for noun in PLACES for form in (noun.word, noun.plural)},
}
_WORD = re.compile(r"[A-Za-z]+")


@dataclass(frozen=True)
class Document:
    """A text of the grammar and what it cost to write."""

    kind: str
    text: str
    cost: float
    """Nats: negative log probability of the choices that led to the text, the kind included."""
    combinations: frozenset[str]
    """Everything that the text brings together, each as "kind: part + part"."""

    @property
    def held_out(self) -> bool:
        """Whether training must not see it."""
        return any(map(is_held_out, self.combinations))


def is_held_out(combination: str) -> bool:
    """Say whether training never sees the combination: by its hash, the same on every machine."""
    kind = combination.partition(":")[0]
    digest = hashlib.blake2b(combination.encode(), digest_size=8).digest()
    share = HELD_OUT_SHARES.get(kind, OTHER_HELD_OUT_SHARE)
    return int.from_bytes(digest, "big") < share * 2**64


def word_combinations(text: str) -> set[str]:
    """Return which names, objects and places a text brings together, whatever their grammar.

    >>> sorted(word_combinations("Mary gave John two keys."))
    ['name+object: John + key', 'name+object: Mary + key', 'names: John + Mary']
    """
    found: dict[str, set[str]] = {"name": set(), "object": set(), "place": set()}
    for word in _WORD.findall(text):
        if word in _ROLE_OF_WORD:
            role, lemma = _ROLE_OF_WORD[word]
            found[role].add(lemma)
    names, objects, places = (sorted(found[role]) for role in ("name", "object", "place"))
    pairs = {f"names: {first} + {second}" for first, second in combinations(names, 2)}
    pairs |= {f"name+object: {name} + {thing}" for name in names for thing in objects}
    pairs |= {f"object+place: {thing} + {place}" for thing in objects for place in places}
    return pairs


def write_document(pen: Pen, kind: str | None = None) -> Document:
    """Write one document of the grammar, of the given kind or of one chosen by the mix."""
    pen.restart()
    if kind is None:
        kind = pen.weighted(list(MIX), [share for _, share in MIX.values()])
    text = MIX[kind][0](pen)
    together = frozenset(pen.combinations() | word_combinations(text))
    return Document(kind, text, pen.cost, together)


def documents(seed: int, held_out: bool = False, kind: str | None = None) -> Iterator[Document]:
    """Yield documents without end: those for training, or those held out of it."""
    pen = Pen(seed)
    while True:
        document = write_document(pen, kind)
        if document.held_out == held_out:
            yield document
