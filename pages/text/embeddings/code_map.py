"""Plain umap-learn and scikit-learn that give the places on the map of the table."""

from components.engine import ModelChoice
from components.inspection.catalogue import opening
from components.inspection.embeddings.maps import ROUNDS, STEPS
from components.inspection.embeddings.token_map import TokenMap

_TABLE = """import numpy as np
import torch
{imports}from transformers import {class_}

model = {class_}.from_pretrained({where}, dtype=torch.float32)
table = model.get_{which}_embeddings().weight.detach().numpy()
{sample}"""
_SAMPLE = """ids = np.sort(np.random.default_rng(0).choice(len(table), {most}, replace=False))
table = table[ids]
"""
_UMAP = """
warnings.simplefilter("ignore")  # no further points are placed on this map
{unit}found = NearestNeighbors(n_neighbors={others}, algorithm="brute").fit({seen})
distances, neighbours = found.kneighbors()  # of each, itself left out
distances = {far}
own = np.arange(len(table))[:, None]
places = umap.UMAP(
    n_neighbors={near},
    min_dist={min_dist},
    metric="{metric}",
    random_state={seed},
    n_epochs={rounds},
    n_jobs=1,
    precomputed_knn=(
        np.hstack([own, neighbours]).astype(np.int32),
        np.hstack([0 * own, distances]).astype(np.float32),
    ),
).fit_transform(table)
"""
_PCA = """
places = PCA(2, svd_solver="full").fit_transform(table.astype(np.float64))
"""
_TSNE = """
{unit}start = PCA(2, svd_solver="full").fit_transform(table.astype(np.float64))
start = (1e-4 * start / start[:, 0].std()).astype(np.float32)
places = TSNE(
    perplexity={perplexity}, init=start, max_iter={steps}, random_state={seed}, n_jobs=1
).fit_transform({seen})
"""
_UNIT = """unit = table / np.linalg.norm(table, axis=1, keepdims=True)
"""
_TRUST = """
print(places[:3])
print(round(trustworthiness(table, places, n_neighbors={k}, metric="{metric}"), 3))
"""


def reduced(choice: ModelChoice, found: TokenMap) -> str:
    """Return code that makes the map, and prints where its first tokens lie."""
    settings = found.settings
    cosine, near = settings.metric == "cosine", min(settings.neighbours, len(found.ids) - 1)
    imports = {
        "UMAP": "import umap\nimport warnings\nfrom sklearn.manifold import trustworthiness\n"
        "from sklearn.neighbors import NearestNeighbors\n",
        "PCA": "from sklearn.decomposition import PCA\n"
        "from sklearn.manifold import trustworthiness\n",
        "t-SNE": "from sklearn.decomposition import PCA\n"
        "from sklearn.manifold import TSNE, trustworthiness\n",
    }[settings.method]
    table = _TABLE.format(
        imports=imports,
        class_="AutoModel" if found.which == "input" else "AutoModelForCausalLM",
        where=opening(choice.source, choice.revision),
        which=found.which,
        sample=_SAMPLE.format(most=len(found.ids)) if len(found.ids) < found.rows else "",
    )
    made = {
        "UMAP": _UMAP.format(
            unit=_UNIT if cosine else "",
            seen="unit" if cosine else "table",
            far=f"distances.astype(np.float32){' ** 2 / 2' if cosine else ''}",
            others=near - 1,
            near=near,
            metric=settings.metric,
            min_dist=settings.min_dist,
            seed=settings.seed,
            rounds=ROUNDS,
        ),
        "PCA": _PCA,
        "t-SNE": _TSNE.format(
            unit=_UNIT if cosine else "",
            seen="unit" if cosine else "table",
            perplexity=min(settings.perplexity, (len(found.ids) - 1) / 3),
            steps=STEPS,
            seed=settings.seed,
        ),
    }[settings.method]
    return table + made + _TRUST.format(k=found.faithful.near, metric=settings.metric)
