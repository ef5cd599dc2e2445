"""View: clusters of sentences, found by UMAP and HDBSCAN, which nobody told how many there are."""

from components.figures.embeddings.clusters import cluster_map
from components.figures.embeddings.clusters_tables import sentence_table
from components.lesson import Ask, Predict, Shown, View
from components.widgets import running
from pages.text.embeddings import clusters_words as words
from pages.text.embeddings.clusters_asked import Asked, asked
from pages.text.embeddings.code_clusters import cluster_code
from pages.text.embeddings.kinds_and_clusters import KINDS_AND_CLUSTERS
from pages.text.embeddings.one_cluster import ONE_CLUSTER
from pages.text.embeddings.other_seeds import OTHER_SEEDS
from pages.text.embeddings.sentences_words import told_of
from pages.text.embeddings.without_umap import WITHOUT_UMAP


def show(ask: Ask) -> Shown:
    seen = asked(ask)
    found, chosen = seen.found, seen.corpus
    grade = words.grade(ask, seen)
    said = f"{words.counted(found)} {words.graded(grade)}{words.compared(ask, seen, grade)}"
    return Shown(
        cluster_map(seen.drawn, found.labels, chosen.sentences, seen.names),
        alt=f"A map of {len(chosen.sentences):,} sentences, in {words.clusters(found.count)}.",
        told="  \n".join(filter(None, (said, told_of(seen.vectors), seen.offer.told))),
        checks=(*found.checks, *seen.words.checks, *seen.vectors.checks),
        table=lambda: sentence_table(chosen.sentences, chosen.kinds, found, seen.drawn),
        code=cluster_code(ask, seen),
        read=f"{words.READ}{seen.offer.read}\n\n{running.told(ask, seen.cost)}",
        formula=r"W_{x,c} = \mathrm{tf}_{x,c} \, \ln\!\left(1 + \frac{A}{f_x}\right)",
        symbols="How characteristic word x is of cluster c (class-based TF-IDF): tf is its share "
        "of the cluster's words, f how often it stands in all sentences, A the mean number of "
        f"words of a cluster, here {seen.words.mean_length:.1f}. Noise counts as a cluster here.",
        predict=question(seen),
        tries="Slide *Least sentences of a cluster*: UMAP does not run again. Keep *Common words "
        "too*: which clusters are of one form, not of one subject? Then open *Other seeds*.",
        facts={"clusters": found.count, "noise": found.noise, "settings": str(seen.settings)},
    )


def question(seen: Asked) -> Predict:
    """Ask for the number of clusters, of known kinds; else for the share of noise."""
    found, kinds = seen.found, seen.corpus.kinds
    before = cluster_map(seen.drawn, found.labels, seen.corpus.sentences, (), False)
    if kinds is not None:
        many = len(set(kinds))
        answers = (f"fewer than {many}", f"{many}", f"more than {many}")
        return Predict(
            f"The sentences are of **{many} kinds**; nobody tells HDBSCAN. How many clusters does "
            f"it find, of {found.least} sentences or more?",
            answers,
            answers[(found.count >= many) + (found.count > many)],
            f"With these settings {words.clusters(found.count)}. That is no property of the "
            "sentences alone: model, UMAP's settings and the least size decide too.",
            before,
        )
    shares = ("none", "less than a third", "a third or more")
    return Predict(
        "How many of the sentences belong to **no** cluster?",
        shares,
        shares[(found.noise > 0) + (found.noise >= 1 / 3)],
        f"It is {found.noise:.0%}. HDBSCAN leaves out what is in no dense part. In a book's run it "
        "was 32% of 44,949.",
        before,
    )


VIEW = View(
    "**Groups that nobody named.** UMAP brings each sentence's vector down to a few numbers; "
    "HDBSCAN finds where sentences lie densely. What lies between is **noise**.",
    show,
    further={
        "One cluster": ONE_CLUSTER,
        "Known kinds against clusters": KINDS_AND_CLUSTERS,
        "Other seeds": OTHER_SEEDS,
        "Clustering without UMAP": WITHOUT_UMAP,
    },
)
