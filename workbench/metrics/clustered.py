"""Intervals for rows that are not independent: several rows of one person, say.

Whole clusters are drawn with replacement (Davison and Hinkley 1997, section 3.8) with PCG64 and a
stored seed. With fewer than about ten clusters a percentile interval is too narrow; its method
names how many there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workbench.metrics.arrays import Floats, as_vector, require_fraction, require_level
from workbench.metrics.bootstrap import cluster_bootstrap
from workbench.metrics.errors import Undefined
from workbench.metrics.statistics import Interval, clopper_pearson

MOST_RESAMPLES, FEWEST_RESAMPLES = 2000, 400
_WORK = 20_000_000  # rows, or clusters, drawn in all resamples together
_CHUNK = 2_000_000  # numbers held at once; the draws of a seed depend on it
_IN_CACHE = 100_000  # numbers that one step works on

Codes = NDArray[np.int64]
Counts = NDArray[np.int32]  # half the bytes to move


@dataclass(frozen=True, slots=True)
class ClusteredMembership:
    """Intervals of the AUC, and of the true positive rate at each of the rates asked for."""

    auc: Interval
    tpr: tuple[Interval, ...]


def resamples_for(size: int) -> int:
    """How many resamples of `size` rows or clusters are worth their time."""
    return max(FEWEST_RESAMPLES, min(MOST_RESAMPLES, _WORK // max(1, size)))


def clustered_share(
    hits: ArrayLike, clusters: ArrayLike, *, level: float = 0.95, seed: int = 0
) -> Interval:
    """Interval of the share of hits (n,) of 0 and 1 when whole clusters (n,) are drawn.

    Where every row has the same answer, so has every resample. Then clusters are the trials: if
    none of c clusters broke the pattern, another does with a probability below the exact
    Clopper-Pearson limit for 0 of c. Undefined below two clusters.
    """
    x = as_vector(hits)
    n_clusters = len(np.unique(np.asarray(clusters)))
    interval = cluster_bootstrap(
        x, clusters, level=level, resamples=resamples_for(n_clusters), seed=seed
    )
    if np.ptp(x) == 0:
        return _unbroken(float(x[0]), n_clusters, level)
    return interval


def clustered_membership(
    members: ArrayLike,
    non_members: ArrayLike,
    member_clusters: ArrayLike,
    non_member_clusters: ArrayLike,
    rates: Sequence[float] = (),
    *,
    level: float = 0.95,
    resamples: int | None = None,
    seed: int = 0,
) -> ClusteredMembership:
    """Percentile intervals of the AUC and of TPR at the false positive `rates`, clusters drawn.

    Scores (m,) and (n,), larger is more member-like, ties one half. A cluster that has rows on
    both sides is drawn with all of them; clusters of members only, of non-members only and of
    both are drawn apart, so that no resample loses a side. A side of one single cluster cannot be
    resampled by clusters: its rows are drawn instead, and the interval is about that cluster.
    The scores are sorted once; each resample costs O(m + n). Undefined below two rows a side.
    """
    x, y = as_vector(members, "member scores"), as_vector(non_members, "non-member scores")
    require_level(level)
    for rate in rates:
        require_fraction(rate, "fpr")
    order = np.argsort(y)
    y, of_y = y[order], np.asarray(non_member_clusters)[order]
    codes, n_clusters = _codes(x, y, np.asarray(member_clusters), of_y)
    count = resamples or resamples_for(len(x) + len(y))
    is_member = np.arange(len(codes)) < len(x)
    ranking = _Ranking.of(x, y, codes)
    draws = _draws(codes, is_member, count, seed)
    found = np.concatenate([ranking.rates(times, rates) for times in draws])
    exact = ranking.rates(np.ones((1, int(codes.max()) + 1), dtype=np.int32), rates)[0]
    method = f"cluster-bootstrap of {n_clusters} B={count} PCG64 seed={seed}"
    auc_clusters = min(len(np.unique(codes[is_member])), len(np.unique(codes[~is_member])))
    tpr_clusters = len(np.unique(codes[is_member]))
    intervals = [
        _unbroken(float(value), auc_clusters if i == 0 else tpr_clusters, level)
        if np.ptp(replicates) == 0
        else _percentile(replicates, level, method)
        for i, (value, replicates) in enumerate(zip(exact, found.T, strict=True))
    ]
    return ClusteredMembership(intervals[0], tuple(intervals[1:]))


def _codes(
    x: Floats, y: Floats, of_x: NDArray[np.generic], of_y: NDArray[np.generic]
) -> tuple[Codes, int]:
    """Cluster of each row of both sides (m + n,), and how many clusters were given."""
    if of_x.shape != x.shape or of_y.shape != y.shape:
        raise ValueError("every score needs the id of its cluster")
    if min(len(x), len(y)) < 2:
        raise Undefined("Resampling needs two members and two non-members or more.")
    ids, codes = np.unique(np.concatenate([of_x, of_y]), return_inverse=True)
    codes = codes.astype(np.int64)
    for side in (slice(0, len(x)), slice(len(x), None)):
        if np.ptp(codes[side]) == 0:
            codes[side] = codes.max() + 1 + np.arange(len(codes[side]))
    return np.unique(codes, return_inverse=True)[1].astype(np.int64), len(ids)


def _draws(
    codes: Codes, is_member: NDArray[np.bool_], resamples: int, seed: int
) -> Iterator[Counts]:
    """How often each cluster is drawn, (b, clusters) a block."""
    generator = np.random.Generator(np.random.PCG64(seed))
    n = int(codes.max()) + 1
    sides = np.zeros(n, dtype=np.int64)
    sides[codes[is_member]] |= 1
    sides[codes[~is_member]] |= 2
    strata = [np.flatnonzero(sides == side) for side in (1, 2, 3)]
    block = max(1, _CHUNK // len(codes))
    at_once = max(1, _IN_CACHE // len(codes))
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        drawn = np.zeros((size, n), dtype=np.int32)
        for stratum in filter(len, strata):
            k = len(stratum)
            picks = generator.integers(0, k, size=(size, k)) + np.arange(size)[:, None] * k
            counts = np.bincount(picks.ravel(), minlength=size * k).reshape(size, k)
            drawn[:, stratum] = counts
        yield from (drawn[i : i + at_once] for i in range(0, size, at_once))


@dataclass(frozen=True, slots=True)
class _Ranking:
    """Clusters of the members (m,) and non-members (n,) in ascending order of their scores.

    `lower` and `upper` (m,) count the non-members below each member, and those not above it.
    """

    of_members: Codes
    of_non_members: Codes
    lower: NDArray[np.intp]
    upper: NDArray[np.intp]

    @classmethod
    def of(cls, x: Floats, y: Floats, codes: Codes) -> _Ranking:
        """`y` ascends; `codes` (m + n,) are those of x and y as they are given."""
        order = np.argsort(x)
        lower, upper = (np.searchsorted(y, x[order], side=side) for side in ("left", "right"))
        return cls(codes[: len(x)][order], codes[len(x) :], lower, upper)

    def rates(self, times: Counts, rates: Sequence[float]) -> Floats:
        """AUC, then the TPR at each rate, when clusters count `times` (b, clusters): (b, 1 + r)."""
        of_y = times.take(self.of_non_members, axis=1)
        below = np.zeros((len(times), of_y.shape[1] + 1), dtype=np.int32)
        np.cumsum(of_y, axis=1, out=below[:, 1:])
        of_x = times.take(self.of_members, axis=1).astype(np.float64)
        n_x, n_y = of_x.sum(axis=1), below[:, -1].astype(np.float64)
        lower, upper = below.take(self.lower, axis=1), below.take(self.upper, axis=1)
        columns = [np.einsum("ij,ij->i", of_x, (lower + upper).astype(np.float64))]
        columns[0] /= 2 * n_x * n_y
        for rate in rates:
            # a member is called one while the non-members with at least its score stay in the limit
            least = (n_y - np.floor(rate * n_y + 1e-9)).astype(np.int32)
            columns.append((of_x * (lower >= least[:, None])).sum(axis=1) / n_x)
        return np.column_stack(columns)


def _percentile(replicates: Floats, level: float, method: str) -> Interval:
    low, high = np.quantile(replicates, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high), method)


def _unbroken(value: float, n_clusters: int, level: float) -> Interval:
    broken = clopper_pearson(0, n_clusters, level).high
    low, high = max(0.0, value - broken), min(1.0, value + broken)
    return Interval(low, high, f"clopper-pearson of {n_clusters} clusters")
