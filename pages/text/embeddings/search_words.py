"""What is said of a search: what comes first, the question, and examples."""

from components.figures.embeddings.search import ordinal, two_rankings
from components.inspection.embeddings.keywords import ByWords, by_words
from components.inspection.embeddings.own_encoder import own_encoder
from components.inspection.embeddings.search import ByMeaning
from components.inspection.embeddings.threshold import Spread
from components.lesson import Ask, Predict
from pages.text.embeddings.corpus import BUNDLED, Corpus
from pages.text.embeddings.queries import ANSWERED, FAR, FIRST, NEAR, in_bold

EXAMPLES = {
    what: {"corpus": BUNDLED, "search": query}
    for query, what in (
        (FIRST, "Other words, same meaning"),
        ("When does the boat to Poland leave?", "A rare name"),
        ("Which reptile gave birth?", "A class for its member"),
        (NEAR[0], "Nearly answered"),
        (FAR[0], "Not answered at all"),
    )
}
ANSWERS = ("the same sentence", "another one", "none at all")


def firsts(chosen: Corpus, meant: ByMeaning, shared: ByWords) -> tuple[str, str]:
    """Say what comes first in each ranking, and where it stands in the other."""
    first = int(meant.order[0])
    nearest = in_bold(chosen.sentences[first], shared.known)
    found = shared.order.tolist()
    other = (
        f"{ordinal(found.index(first) + 1)} by words" if first in found else "not found by words"
    )
    said = f"First by meaning: {nearest} ({meant.scores[first]:.3f}; {other})."
    if not found:
        return said, "By words nothing is found: no sentence has any word of the query."
    there = ordinal(meant.order.tolist().index(found[0]) + 1)
    words = in_bold(chosen.sentences[found[0]], shared.known)
    return said, f"First by words: {words} ({shared.scores[found[0]]:.2f}; {there} by meaning)."


def predict(chosen: Corpus, meant: ByMeaning, shared: ByWords, rows: list[int]) -> Predict:
    found = shared.order.tolist()
    same = bool(found) and found[0] == int(meant.order[0])
    return Predict(
        "Here is the ranking by meaning. Which sentence comes first by the query's **words**?",
        ANSWERS,
        ANSWERS[0] if same else ANSWERS[1 if found else 2],
        f"{len(found):,} of {len(chosen.sentences):,} sentences have a word of the query. A vector "
        "knows no words, and words no meaning: search engines often use both, then let a slower "
        "model sort the first hits anew (*reranking*).",
        before=two_rankings(
            chosen.sentences, meant, shared, meant.order[: len(rows)].tolist(), both=False
        ),
    )


def unanswered_told(
    chosen: Corpus, queries: tuple[str, ...], answered: tuple[bool | None, ...], found: Spread
) -> str:
    at = next(place for place, query in enumerate(queries) if query in FAR)
    nearest = in_bold(chosen.sentences[int(found.nearest[at])], ())
    said = f"“{queries[at]}” finds, too: {nearest} ({found.five[at, 4]:.3f})."
    if True in answered:
        counted = sum(each is not None for each in answered)
        said += (
            f" The best threshold for these {counted} questions, {found.threshold:.3f}, is wrong "
            f"about **{found.mistakes}** of them."
        )
    return said


def answers_first(ask: Ask, chosen: Corpus, queries: tuple[str, ...], found: Spread) -> str:
    """Say how many of the answered questions find an answer first, by meaning and by words."""
    meaning = sum(
        chosen.sentences[int(found.nearest[queries.index(query)])] in right
        for query, right in ANSWERED.items()
    )
    words = 0
    for query, right in ANSWERED.items():
        order = ask.compute(by_words, chosen.sentences, query).order
        words += len(order) > 0 and chosen.sentences[int(order[0])] in right
    return (
        f"Of {len(ANSWERED)} questions that the set answers, the answer comes first for "
        f"**{meaning}** by meaning and for **{words}** by words."
    )


def expectation(ask: Ask) -> str:
    """Say what to expect of a model that was not made for sentences; nothing of one that was."""
    if ask.consult(own_encoder).pooling is not None:
        return ""
    return (
        " Whether sentences are near here for like meaning or for like form is not known before: "
        "*A question that nothing answers*, below, counts it."
    )
