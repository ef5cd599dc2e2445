"""View: search sentences by meaning, and by words."""

from components.figures.embeddings.search import two_rankings
from components.figures.embeddings.search_tables import search_table
from components.inspection.embeddings.keywords import K1, B, by_words
from components.inspection.embeddings.search import by_meaning
from components.inspection.embeddings.sentences import embed
from components.inspection.errors import InspectionError
from components.lesson import Ask, Shown, View
from components.widgets.presets import examples
from pages.text.embeddings.code_search import search_code
from pages.text.embeddings.corpus import corpus, embedded, pooling
from pages.text.embeddings.encoder import offered
from pages.text.embeddings.hard_negatives import HARD_NEGATIVES
from pages.text.embeddings.pairs import PAIRS
from pages.text.embeddings.queries import FIRST
from pages.text.embeddings.search_words import EXAMPLES, expectation, firsts, predict
from pages.text.embeddings.unanswered import UNANSWERED


def show(ask: Ask) -> Shown:
    chosen = corpus(ask)
    query = ask.text("Query", "search", FIRST, most=300, wide=360)
    with ask.tucked("Settings"):
        most = ask.number("Hits shown", "hits", 1, 10, 4, hint="The first so many of each ranking.")
        way = pooling(ask)
    examples(ask, EXAMPLES)
    if not query.strip():
        raise InspectionError("There is nothing to search for: write a query.")
    offer = offered(ask)
    vectors = embedded(ask, chosen, way)
    asked = ask.inspect(embed, (query,), way)
    meant = by_meaning(vectors.vectors, asked.vectors[0])
    shared = ask.compute(by_words, chosen.sentences, query)
    rows = sorted(
        {*meant.order[:most].tolist(), *shared.order[:most].tolist()},
        key=meant.order.tolist().index,
    )
    return Shown(
        two_rankings(chosen.sentences, meant, shared, rows),
        alt=f"The sentences nearest to the query, the first at a cosine of {meant.scores.max():.2f}"
        f", beside those that share words with it: {len(shared.order):,}.",
        told="  \n".join(filter(None, (*firsts(chosen, meant, shared), offer.told))),
        checks=(*vectors.checks, *meant.checks, *shared.checks),
        table=lambda: search_table(chosen.sentences, meant, shared),
        code=search_code(ask, vectors, asked, chosen),
        read="A row for each sentence that is among the first of either ranking: its text (words "
        "of the query between ‹ ›), by meaning on the left, by words on the right, with its place "
        "and score. *By meaning*: the cosine of its vector with the query's. *By words*: BM25. "
        "Capitals and signs do not count; no word is left out, none is shortened, so *dog* is not "
        f"*dogs*.{offer.read}{expectation(ask)}",
        formula=r"\cos = \frac{s \cdot q}{\lVert s \rVert \lVert q \rVert}, \quad \text{BM25} = "
        r"\sum_{w} \ln\!\left(1 + \frac{N - n_w + \frac12}{n_w + \frac12}\right) "
        r"\frac{f_w}{f_w + k_1 (1 - b + b \, L / \bar L)}",
        symbols=f"s, q: vectors of sentence and query. N = {len(chosen.sentences):,} sentences, of "
        "which n_w have the query's word w; f_w: how often w stands in this one; L: its words, on "
        f"average L̄. k₁ = {K1}, b = {B}, as Lucene has them.",
        predict=predict(chosen, meant, shared, rows),
        tries="Ask with a word that stands in the sentence, then with another of the same meaning. "
        "Which ranking notices? Then ask for what no sentence answers.",
    )


VIEW = View(
    "Search by **meaning** ranks sentences by the angle between their vectors and the query's; "
    "search by **words** (BM25) counts which words they share. Ask, and compare.",
    show,
    further={
        "A question that nothing answers": UNANSWERED,
        "Two sentences in one pass": PAIRS,
        "Hard negatives": HARD_NEGATIVES,
    },
)
