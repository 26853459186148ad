"""Bootstrap intervals. Rows are resampled with PCG64 and a stored seed, so they repeat exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from workbench.metrics.arrays import Floats, as_rows, as_vector, require_level
from workbench.metrics.errors import Undefined
from workbench.metrics.statistics import Interval

RESAMPLES = 10_000
Statistic = Callable[[Floats], Floats]  # samples (b, n, ...) -> one number each (b,)
_CHUNK = 4_000_000  # numbers held at once


def mean_of_rows(samples: Floats) -> Floats:
    """The default statistic: mean over the rows of each sample, (b, n) -> (b,)."""
    return np.asarray(samples.mean(axis=1))


def percentile_bootstrap(
    values: ArrayLike,
    statistic: Statistic = mean_of_rows,
    *,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Percentile interval of `statistic` over rows of values (n, ...) (Efron 1979)."""
    rows = _rows(values, level)
    replicates = _replicates(rows, statistic, resamples, seed)
    tail = (1 - level) / 2
    low, high = np.quantile(replicates, [tail, 1 - tail])
    return Interval(float(low), float(high), _method("percentile", resamples, seed))


def bca_bootstrap(
    values: ArrayLike,
    statistic: Statistic = mean_of_rows,
    *,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Bias-corrected and accelerated interval (Efron 1987) over rows of values (n, ...).

    The jackknife inside costs O(n^2) in time. Undefined when every resample falls on one side of
    the estimate, as for a maximum.
    """
    rows = _rows(values, level)
    replicates = _replicates(rows, statistic, resamples, seed)
    estimate = statistic(rows[None])[0]
    below = (replicates < estimate).mean() + 0.5 * (replicates == estimate).mean()
    if not 0 < below < 1:
        raise Undefined("Every bootstrap resample falls on one side of the estimate.")
    bias, acceleration = float(special.ndtri(below)), jackknife_acceleration(rows, statistic)
    z = special.ndtri([(1 - level) / 2, (1 + level) / 2]) + bias
    low, high = np.quantile(replicates, special.ndtr(bias + z / (1 - acceleration * z)))
    return Interval(float(low), float(high), _method("bca", resamples, seed))


def jackknife_acceleration(values: ArrayLike, statistic: Statistic = mean_of_rows) -> float:
    """Acceleration of BCa from leave-one-out values, 0 if these do not vary."""
    rows = as_rows(values)
    n = len(rows)
    if n < 2:
        raise Undefined("The jackknife needs at least two values.")
    left_out = np.concatenate([statistic(rows[index]) for index in _leave_one_out(rows)])
    if np.ptp(left_out) == 0:
        return 0.0
    d = left_out.mean() - left_out
    d /= np.abs(d).max()
    return float((d**3).sum() / (6 * (d**2).sum() ** 1.5))


def cluster_bootstrap(
    values: ArrayLike,
    clusters: ArrayLike,
    *,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Percentile interval of the mean of values (n,) when whole clusters (n,) are resampled.

    For rows that are not independent, such as several of one person. Proportions are means of
    0 and 1. Needs at least two clusters.
    """
    x = as_vector(values)
    require_level(level)
    ids = np.asarray(clusters)
    if ids.shape != x.shape:
        raise ValueError(f"{x.shape} values and {ids.shape} cluster ids do not match")
    _, index, sizes = np.unique(ids, return_inverse=True, return_counts=True)
    if len(sizes) < 2:
        raise Undefined("A cluster bootstrap needs at least two clusters.")
    sums = np.bincount(index, weights=x)
    replicates = np.concatenate(
        [
            sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
            for drawn in _draws(len(sizes), len(sizes), resamples, seed)
        ]
    )
    tail = (1 - level) / 2
    low, high = np.quantile(replicates, [tail, 1 - tail])
    return Interval(float(low), float(high), _method("cluster", resamples, seed))


def _rows(values: ArrayLike, level: float) -> Floats:
    rows = as_rows(values)
    require_level(level)
    if len(rows) < 2:
        raise Undefined("A bootstrap needs at least two values.")
    return rows


def _replicates(rows: Floats, statistic: Statistic, resamples: int, seed: int) -> Floats:
    draws = _draws(len(rows), rows.size, resamples, seed)
    replicates = np.concatenate([statistic(rows[drawn]) for drawn in draws])
    if not np.isfinite(replicates).all():
        raise Undefined("The statistic has no finite value on some bootstrap resamples.")
    return replicates


def _draws(n: int, cost: int, resamples: int, seed: int) -> Iterator[NDArray[np.int64]]:
    generator = np.random.Generator(np.random.PCG64(seed))
    block = max(1, _CHUNK // cost)
    for start in range(0, resamples, block):
        yield generator.integers(0, n, size=(min(block, resamples - start), n))


def _leave_one_out(rows: Floats) -> Iterator[NDArray[np.int64]]:
    n = len(rows)
    block = max(1, _CHUNK // rows.size)
    kept = np.arange(n - 1)
    for start in range(0, n, block):
        left = np.arange(start, min(start + block, n))[:, None]
        yield kept + (kept >= left)


def _method(name: str, resamples: int, seed: int) -> str:
    return f"{name}-bootstrap B={resamples} PCG64 seed={seed}"
