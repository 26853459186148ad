"""How alike two representations of the same rows are, and how one arranges its rows.

Features are (n, ...) and flattened to (n, d). Informative only: similarities are carried by the
directions of largest variance, and independently trained models differ too, so read every value
beside that of two retrained models.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from workbench.metrics.arrays import Floats, Integers, as_labels, as_rows
from workbench.metrics.errors import Undefined

NEIGHBOURS = 15
_LARGEST_FEATURE = 1e50  # sums of fourth powers of anything larger would leave float64
_ROUNDING = 1e-12
_BANDWIDTH_ROWS = 2000  # rows the median distance is taken over
_CHUNK = 4_000_000  # numbers held at once, to bound memory


def linear_cka(x: ArrayLike, y: ArrayLike) -> float:
    """Centred kernel alignment ||X'Y||^2 / (||X'X|| ||Y'Y||) of centred features, 0 to 1.

    Kornblith et al. 2019 (arXiv:1905.00414). Too high when there are fewer rows than features:
    `unbiased_cka` corrects that.
    """
    a, b = _centred_pair(x, y)
    return _alignment(_gram_product(a, b), _gram_product(a, a), _gram_product(b, b))


def unbiased_hsic(x: ArrayLike, y: ArrayLike) -> float:
    """HSIC_1 of Song et al. 2012 with linear kernels: dependence of features (n, d) and (n, e).

    0 on average for independent features, and so below 0 at times. Needs four rows. Memory does
    not grow as n^2.
    """
    return _hsic(*_centred_pair(x, y))


def unbiased_cka(x: ArrayLike, y: ArrayLike) -> float:
    """Centred kernel alignment from unbiased HSIC, -1 to 1. Needs four rows."""
    return minibatch_cka([(x, y)])


def minibatch_cka(batches: Iterable[tuple[ArrayLike, ArrayLike]]) -> float:
    """Unbiased alignment with HSIC summed over batches of the same rows in two models, -1 to 1.

    Nguyen et al. 2021 (arXiv:2010.15327). Close to the value over all rows at once, whatever the
    batch size; a batch needs four rows and counts the same whatever its size.
    """
    terms = []
    for x, y in batches:
        a, b = _centred_pair(x, y)
        terms.append((_hsic(a, b), _hsic(a, a), _hsic(b, b)))
    if not terms:
        raise Undefined("There are no features to compute from.")
    xy, xx, yy = (math.fsum(term) for term in zip(*terms, strict=True))
    return _alignment(xy, xx, yy)


def mmd_squared(
    x: ArrayLike, y: ArrayLike, bandwidth: float | None = None, *, seed: int = 0
) -> float:
    """Unbiased squared maximum mean discrepancy of two sets of rows, (n, d) and (m, d).

    Gretton et al. 2012, kernel exp(-||a - b||^2 / (2 bandwidth^2)); about 0, and below it at
    times, for rows of one law. The default bandwidth is the median distance between two of at
    most 2000 rows of both sets together, drawn with `seed`. O(n^2) time, bounded memory.
    """
    a, b = _as_features(x), _as_features(y)
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"features of different widths: {a.shape[1]} and {b.shape[1]}")
    n, m = len(a), len(b)
    if min(n, m) < 2:
        raise Undefined("A discrepancy needs at least two rows on each side.")
    sigma = median_distance(np.concatenate([a, b]), seed=seed) if bandwidth is None else bandwidth
    if not sigma > 0:
        raise ValueError(f"the bandwidth must be positive, got {sigma}")
    a, b = a / sigma, b / sigma
    # every row has kernel 1 with itself, which the unbiased mean leaves out
    within_a = (_kernel_sum(a, a) - n) / (n * (n - 1))
    within_b = (_kernel_sum(b, b) - m) / (m * (m - 1))
    return within_a + within_b - 2 * _kernel_sum(a, b) / (n * m)


def median_distance(features: ArrayLike, *, seed: int = 0) -> float:
    """Median Euclidean distance between two of at most 2000 rows, drawn with `seed`."""
    from scipy.spatial import distance  # slow to import, and seldom needed

    rows = _as_features(features)
    if len(rows) > _BANDWIDTH_ROWS:
        generator = np.random.Generator(np.random.PCG64(seed))
        rows = rows[generator.choice(len(rows), _BANDWIDTH_ROWS, replace=False)]
    if len(rows) < 2:
        raise Undefined("A distance needs at least two rows.")
    median = float(np.median(distance.pdist(rows)))
    if median == 0:
        raise Undefined("Most rows have the same features, so their distances set no scale.")
    return median


def silhouette(features: ArrayLike, labels: ArrayLike) -> Floats:
    """Silhouette of each row among labelled groups, -1 to 1 (Rousseeuw 1987), (n,).

    Needs at least two groups, and fewer groups than rows. O(n^2) time.
    """
    from sklearn import metrics  # slow to import, and seldom needed

    rows, groups = _labelled(features, labels)
    if not 2 <= len(np.unique(groups)) < len(rows):
        raise Undefined("A silhouette needs at least two groups, and fewer groups than rows.")
    return np.asarray(metrics.silhouette_samples(rows, groups), dtype=np.float64)


def neighbour_purity(features: ArrayLike, labels: ArrayLike, k: int = NEIGHBOURS) -> Floats:
    """Share of the k nearest other rows that have the label of the row, (n,)."""
    from sklearn import neighbors

    rows, groups = _labelled(features, labels)
    if k < 1:
        raise ValueError(f"at least one neighbour is needed, got {k}")
    if len(rows) <= k:
        raise Undefined(f"{len(rows)} rows do not have {k} neighbours each.")
    nearest = neighbors.NearestNeighbors(n_neighbors=k).fit(rows).kneighbors(return_distance=False)
    return np.asarray((groups[nearest] == groups[:, None]).mean(axis=1))


def _as_features(values: ArrayLike) -> Floats:
    rows = as_rows(values, "features")
    if rows.ndim < 2:
        raise ValueError(f"features need shape (rows, features), got {rows.shape}")
    if np.abs(rows).max() > _LARGEST_FEATURE:
        raise Undefined("Some features are too large to compute with.")
    return rows.reshape(len(rows), -1)


def _labelled(features: ArrayLike, labels: ArrayLike) -> tuple[Floats, Integers]:
    rows, groups = _as_features(features), as_labels(labels)
    if len(rows) != len(groups):
        raise ValueError(f"{len(groups)} labels do not fit {len(rows)} rows of features")
    return rows, groups


def _centred_pair(x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    a, b = _as_features(x), _as_features(y)
    if len(a) != len(b):
        raise ValueError(f"features of different rows: {len(a)} and {len(b)}")
    return _centred(a), _centred(b)


def _centred(rows: Floats) -> Floats:
    centred = rows - rows.mean(axis=0)
    centred[:, np.ptp(rows, axis=0) == 0] = 0.0  # which the rounded mean would spoil
    return np.asarray(centred)


def _gram_product(a: Floats, b: Floats) -> float:
    """||A'B||_F^2, which is tr(K L) of the Gram matrices K = AA' and L = BB'."""
    (n, p), q = a.shape, b.shape[1]
    if p * q <= n * (p + q):
        columns = max(1, _CHUNK // q)
        pieces = (a[:, i : i + columns].T @ b for i in range(0, p, columns))
        return math.fsum(float(np.square(piece).sum()) for piece in pieces)
    rows = max(1, _CHUNK // n)
    parts = (slice(i, i + rows) for i in range(0, n, rows))
    return math.fsum(float(((a[part] @ a.T) * (b[part] @ b.T)).sum()) for part in parts)


def _hsic(a: Floats, b: Floats) -> float:
    """HSIC_1 of centred features, for which the sums over a Gram matrix are minus its trace."""
    n = len(a)
    if n < 4:
        raise Undefined(f"An unbiased dependence needs at least four rows, and there are {n}.")
    k, m = np.square(a).sum(axis=1), np.square(b).sum(axis=1)
    product, diagonal = _gram_product(a, b), float(k @ m)
    traces = float(k.sum() * m.sum()) / ((n - 1) * (n - 2))
    total = product - diagonal * n / (n - 2) + traces
    if abs(total) <= _ROUNDING * (product + diagonal + traces):
        return 0.0
    return total / (n * (n - 3))


def _alignment(xy: float, xx: float, yy: float) -> float:
    if min(xx, yy) <= 0:
        raise Undefined("The features of one side do not vary, so nothing can be aligned.")
    return min(1.0, max(-1.0, xy / (math.sqrt(xx) * math.sqrt(yy))))


def _kernel_sum(a: Floats, b: Floats) -> float:
    from scipy.spatial import distance

    rows = max(1, _CHUNK // len(b))
    pieces = (distance.cdist(a[i : i + rows], b, "sqeuclidean") for i in range(0, len(a), rows))
    return math.fsum(float(np.exp(-piece / 2).sum()) for piece in pieces)
