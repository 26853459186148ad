"""Bootstrap intervals. Rows are resampled with PCG64 and a stored seed, so they repeat exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from workbench.metrics.arrays import Floats, as_rows, as_vector, require_level
from workbench.metrics.errors import Undefined
from workbench.metrics.statistics import Interval

RESAMPLES = 10_000
STREAM_RESAMPLES = 1000
FEWEST_SEEDS = 5  # below it show the values, not an interval over them
Statistic = Callable[[Floats], Floats]  # samples (b, n, ...) -> one number each (b,)
_CHUNK = 4_000_000  # numbers held at once
_IN_CACHE = 250_000  # numbers that one step works on


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
    return _percentiles(replicates, level, _method("percentile", resamples, seed))


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
    index, sizes = _clusters(clusters, len(x))
    if len(sizes) < 2:
        raise Undefined("A cluster bootstrap needs at least two clusters.")
    sums = np.bincount(index, weights=x)
    replicates = np.concatenate(
        [
            sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
            for drawn in _draws(len(sizes), len(sizes), resamples, seed)
        ]
    )
    return _percentiles(replicates, level, _method("cluster", resamples, seed))


def hierarchical_bootstrap(
    values: ArrayLike,
    clusters: ArrayLike | None = None,
    *,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Percentile interval of the mean of values (training seeds, unlearning seeds, rows).

    Resamples training seeds, unlearning seeds within them, and rows, or whole clusters (rows,) of
    them. All models answer the same rows, so a resample draws one set of rows for all of them. One
    value per model is an array with one row. Undefined below five training seeds.
    """
    x = as_rows(values)
    require_level(level)
    if x.ndim != 3:
        raise ValueError(f"values need shape (training seeds, unlearning seeds, rows): {x.shape}")
    n_seeds, n_runs, n = x.shape
    if n_seeds < FEWEST_SEEDS:
        raise Undefined(
            f"An interval over seeds needs {FEWEST_SEEDS} of them, and there are {n_seeds}."
        )
    index, sizes = _clusters(np.arange(n) if clusters is None else clusters, n)
    k = len(sizes)
    sums = np.stack([np.bincount(index, weights=run, minlength=k) for run in x.reshape(-1, n)])
    generator = np.random.Generator(np.random.PCG64(seed))
    replicates = np.empty(resamples)
    block = max(1, _CHUNK // max(k, n_seeds * n_runs))
    for start in range(0, resamples, block):
        b = min(block, resamples - start)
        seeds = generator.integers(0, n_seeds, size=(b, n_seeds, 1))
        runs = generator.integers(0, n_runs, size=(b, n_seeds, n_runs))
        drawn = generator.integers(0, k, size=(b, k)) + k * np.arange(b)[:, None]
        times = np.bincount(drawn.ravel(), minlength=b * k).reshape(b, k)
        means = (times @ sums.T) / (times @ sizes)[:, None]
        chosen = np.take_along_axis(means, (seeds * n_runs + runs).reshape(b, -1), axis=1)
        replicates[start : start + b] = chosen.mean(axis=1)
    return _percentiles(replicates, level, _method("hierarchical", resamples, seed))


def poisson_bootstrap(
    chunks: Iterable[ArrayLike],
    *,
    level: float = 0.95,
    resamples: int = STREAM_RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Percentile interval of the mean of values that arrive in chunks (n,) and are not kept.

    Each value enters each resample a Poisson(1) number of times; how values are cut into chunks
    does not matter. For thousands of values or more.
    """
    require_level(level)
    generator = np.random.Generator(np.random.PCG64(seed))
    totals, counts = np.zeros(resamples), np.zeros(resamples)
    rows = max(1, _CHUNK // resamples)
    for chunk in chunks:
        x = as_vector(chunk)
        for start in range(0, len(x), rows):
            part = x[start : start + rows]
            times = generator.poisson(1.0, size=(len(part), resamples))
            totals += part @ times
            counts += times.sum(axis=0)
    if not counts.all():
        raise Undefined("There are too few values for a Poisson bootstrap.")
    return _percentiles(totals / counts, level, _method("poisson", resamples, seed))


def _clusters(clusters: ArrayLike, n: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The cluster of each row (n,) by number, and the rows of each cluster."""
    ids = np.asarray(clusters)
    if ids.shape != (n,):
        raise ValueError(f"{n} values and {ids.shape} cluster ids do not match")
    _, index, sizes = np.unique(ids, return_inverse=True, return_counts=True)
    return index, sizes


def _percentiles(replicates: Floats, level: float, method: str) -> Interval:
    tail = (1 - level) / 2
    low, high = np.quantile(replicates, [tail, 1 - tail])
    return Interval(float(low), float(high), method)


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
    block = max(1, _IN_CACHE // cost)  # the draws of a seed do not depend on it
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
