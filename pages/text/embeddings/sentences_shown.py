"""Which sentences stand in the table of cosines, and how far the code reads them."""

from components.inspection.embeddings.own_encoder import own_encoder
from components.inspection.embeddings.sentences import SentenceVectors
from components.inspection.embeddings.similarity import chosen
from components.lesson import Ask
from pages.text.embeddings.corpus import Corpus


def shown_places(ask: Ask, corpus: Corpus) -> list[int]:
    """Ask which sentences stand in the table."""
    count = len(corpus.sentences)
    if corpus.kinds is not None:
        each = ask.number("Of each kind", "of_each_kind", 1, 5, 3)
        return chosen(corpus.kinds, count, each)
    places = chosen(None, count, 0)
    if count > len(places):
        first = ask.number("From sentence", "from_sentence", 1, count - len(places) + 1, 1)
        places = [place + first - 1 for place in places]
    return places


def longest(ask: Ask, found: SentenceVectors) -> int:
    """Return to how many tokens the code cuts."""
    stated = ask.consult(own_encoder).longest or ask.facts.context
    return int(found.tokens.max()) if found.cut.any() else min(stated, ask.facts.context)
