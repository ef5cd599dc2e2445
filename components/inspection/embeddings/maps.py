"""Vectors brought down to two numbers each (or a few): PCA, UMAP and t-SNE, with a seed.

UMAP: McInnes, Healy and Melville, "UMAP: Uniform Manifold Approximation and Projection for
Dimension Reduction" (2018). t-SNE: van der Maaten and Hinton, "Visualizing Data using t-SNE"
(2008), begun from PCA. Neighbours are exact, so that a seed decides all of a map.
"""

from dataclasses import dataclass
from math import exp
from typing import Any, Final, Literal

import numpy as np
from jaxtyping import Float32
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from components.inspection.embeddings import layout
from components.inspection.embeddings.neighbours import Metric, directed, nearest, require_points
from components.inspection.embeddings.one_thread import one_thread
from components.inspection.errors import InspectionError
from components.inspection.progress import Progress, silent

Method = Literal["UMAP", "PCA", "t-SNE"]
MOST_POINTS: Final[dict[Method, int]] = {"PCA": 60_000, "UMAP": 20_000, "t-SNE": 5_000}
"""Points that each method takes: a minute or so on two cores."""
ROUNDS: Final = 200
"""Epochs of UMAP: in each, every edge of its graph is pulled as often as it is strong."""
STEPS: Final = 500
"""Steps of t-SNE's gradient descent, the first 250 of them with exaggerated attraction."""
_EXACT: Final = 1_024
"""Numbers of a vector up to which PCA takes apart the whole covariance."""
_FINE: Final = 2**26
"""Numbers up to which they are taken apart in float64."""
_FEW: Final = 500
"""So few points or numbers that PCA takes apart all of them."""


@dataclass(frozen=True)
class Settings:
    """What decides a map, beside the vectors."""

    method: Method = "UMAP"
    neighbours: int = 15
    """Of UMAP: how many of a point's nearest are tied to it, itself counted, as umap-learn does."""
    min_dist: float = 0.1
    """Of UMAP: how near points may lie in the picture, from 0 to 1."""
    metric: Metric = "cosine"
    """How far vectors are, for UMAP and t-SNE; PCA knows the Euclidean distance alone."""
    seed: int = 42
    perplexity: float = 30.0
    """Of t-SNE: about how many neighbours a point attends to."""
    components: int = 2
    """Numbers of each point; of t-SNE up to 3."""


def reduced(
    vectors: Float32[np.ndarray, "point width"], settings: Settings, progress: Progress = silent
) -> Float32[np.ndarray, "point component"]:
    """Return a few coordinates for each vector. The same settings always give the same ones.

    Raises:
        InspectionError: there are too few points, or too many, or some numbers are none.
    """
    require_points(vectors, settings.components + 2)
    most = MOST_POINTS[settings.method]
    if len(vectors) > most:
        raise InspectionError(
            f"{settings.method} is done here for up to {most:,} points, and there are "
            f"{len(vectors):,}. Take a sample, or another method."
        )
    progress(0.0, f"{settings.method} of {len(vectors):,} points")
    found = _METHODS[settings.method](vectors, settings, progress)
    progress(1.0, f"{settings.method} is done")
    return np.ascontiguousarray(found, dtype=np.float32)


def seconds(points: int, settings: Settings) -> float:
    """Return how long a map takes here, about, once UMAP is compiled: by the last one's pace."""
    return _PACE[settings.method] * _work(points, settings)


def compiled() -> bool:
    """Say whether UMAP has been used in this process, and so needs not be compiled."""
    return "compiled" in _KNOWN


_PACE: Final[dict[str, float]] = {"PCA": 1e-7, "UMAP": 1.3e-7, "t-SNE": 2.5e-4}
"""Seconds for each piece of `_work`: as on two usual cores, then as the last map took."""
_KNOWN: Final[set[str]] = set()
_LEAST: Final = 0.5
"""Seconds of a map from which its pace tells of the next."""


def _work(points: int, settings: Settings) -> float:
    """Return pieces of work: rounds over the edges, or points, of which each looks at a few."""
    if settings.method == "UMAP":
        return float(ROUNDS * points * min(settings.neighbours, points - 1))
    return float(points * STEPS / 50 if settings.method == "t-SNE" else points)


def _timed(settings: Settings, points: int, began: float) -> None:
    took = layout.now() - began
    if took > _LEAST:
        _PACE[settings.method] = took / _work(points, settings)


def _pca(
    vectors: Float32[np.ndarray, "point width"], settings: Settings, _progress: Progress
) -> Any:
    points, width = vectors.shape
    fine = vectors.astype(np.float64) if vectors.size <= _FINE else vectors
    found = np.zeros((points, settings.components))
    there = min(settings.components, points, width)
    # The whole covariance, or Lanczos' method to the last digit: the usual, randomized one is
    # inexact where many axes are about equally long, and those of embeddings are.
    solver = "covariance_eigh" if width <= _EXACT else "arpack"
    if min(points, width) <= max(_FEW, there):
        solver = "full"
    # Of equal points none varies.
    with np.errstate(invalid="ignore", divide="ignore"), one_thread():
        pca = PCA(there, svd_solver=solver, random_state=settings.seed)
        found[:, :there] = pca.fit_transform(fine)
    return found


def _umap(
    vectors: Float32[np.ndarray, "point width"], settings: Settings, progress: Progress
) -> Any:
    # umap-learn counts a point among its own neighbours, and puts it first.
    others = min(settings.neighbours, len(vectors) - 1) - 1
    near, far = nearest(vectors, others, settings.metric, progress)
    own = np.arange(len(vectors), dtype=np.int32)[:, None]
    knn = (np.hstack([own, near]), np.hstack([np.zeros_like(own, np.float32), far]), None)
    return layout.run("UMAP", _laid_out, vectors, knn, settings, progress=progress)


def _laid_out(vectors: Any, knn: tuple[Any, Any, Any], settings: Settings, told: Any) -> Any:
    told.say(0.0, "UMAP begins" if compiled() else "Compiling UMAP, once")
    from umap import UMAP  # not before: importing takes seconds, and compiles a part of it

    told.say(0.0, told.phrase)
    told.rounds, warm, began = ROUNDS, compiled(), layout.now()
    # A bar that never shows itself, and asks `told` after each round whether it should.
    tells = {"disable": False, "delay": 1e9, "miniters": told}
    found = UMAP(
        n_neighbors=knn[0].shape[1],
        min_dist=settings.min_dist,
        n_components=settings.components,
        metric=settings.metric,
        random_state=settings.seed,
        n_epochs=ROUNDS,
        n_jobs=1,
        precomputed_knn=knn,
        disconnection_distance=np.inf,
        tqdm_kwds=tells,
    ).fit_transform(vectors)
    _KNOWN.add("compiled")
    if warm:
        _timed(settings, len(vectors), began)
    return found


def _tsne(
    vectors: Float32[np.ndarray, "point width"], settings: Settings, progress: Progress
) -> Any:
    # Of vectors of one length the squared Euclidean distance is twice the cosine distance.
    seen = directed(vectors) if settings.metric == "cosine" else vectors
    start = _pca(vectors, settings, progress)
    spread = start[:, 0].std()
    start = (1e-4 * start / (spread or 1.0)).astype(np.float32)
    about, began = max(seconds(len(vectors), settings), 0.1), layout.now()

    def tell(_share: float, _phrase: str) -> None:
        # It says nothing of itself before its end: told is the clock.
        took = layout.now() - began
        progress(1 - exp(-2 * took / about), f"t-SNE: {took:.0f} s of about {about:.0f}")

    found = layout.run("t-SNE", _descended, seen, start, settings, progress=tell)
    _timed(settings, len(vectors), began)
    return found


def _descended(vectors: Any, start: Any, settings: Settings, _told: Any) -> Any:
    return TSNE(
        settings.components,
        perplexity=min(settings.perplexity, (len(vectors) - 1) / 3),
        init=start,
        max_iter=STEPS,
        random_state=settings.seed,
        n_jobs=1,
    ).fit_transform(vectors)


_METHODS: Final = {"PCA": _pca, "UMAP": _umap, "t-SNE": _tsne}
