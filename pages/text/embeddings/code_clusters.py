"""Plain transformers, UMAP and scikit-learn that find the clusters of a view."""

from components.inspection.embeddings.maps import ROUNDS
from components.lesson import Ask
from pages.text.embeddings.clusters_asked import Asked
from pages.text.embeddings.code_search import sentence_lines, vector_lines


def cluster_code(ask: Ask, seen: Asked) -> str:
    """Return code that prints the number of clusters, the noise, and each cluster's words."""
    settings, common = seen.settings, "None" if seen.common else '"english"'
    return f"""import numpy as np
from sklearn.cluster import HDBSCAN
from sklearn.feature_extraction.text import CountVectorizer
from umap import UMAP
{vector_lines(ask, seen.vectors)}
{sentence_lines(seen.corpus)}
vectors = torch.stack([vector(one) for one in sentences]).numpy()
places = UMAP(
    n_neighbors={min(settings.neighbours, len(seen.places) - 1)}, \
n_components={settings.components}, min_dist={settings.min_dist:g},
    metric={settings.metric!r}, random_state={settings.seed}, n_epochs={ROUNDS}, n_jobs=1,
).fit_transform(vectors)
labels = HDBSCAN(min_cluster_size={seen.found.least}, copy=True).fit_predict(places)
# -1 is the label of noise, which is no cluster. UMAP magnifies roundings: vectors read in batches
# may already give somewhat other clusters.
print("clusters:", len(set(labels) - {{-1}}), "noise:", (labels == -1).mean())

classes = sorted(set(labels))
texts = [" ".join(s for s, own in zip(sentences, labels) if own == label) for label in classes]
counter = CountVectorizer(stop_words={common})
counts = counter.fit_transform(texts).toarray()
share = counts / counts.sum(1, keepdims=True).clip(1)
weights = share * np.log(1 + counts.sum(1).mean() / counts.sum(0))
for label, row in zip(classes, weights):
    print(label, *counter.get_feature_names_out()[np.argsort(-row)[:3]])
"""
