"""Whether inputs made up from a model come nearer to its forget rows than chance would have it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.distance import cdist
from scipy.special import gammaln

from workbench.metrics.arrays import Floats, as_rows
from workbench.metrics.errors import Undefined


def nearness_gains(made: ArrayLike, forget: ArrayLike, others: ArrayLike) -> Floats:
    """By how many standard deviations each made-up input is nearer to the forget rows: (r,).

    made (r, ...), forget (m, ...) and others (k, ...) are inputs, the others non-members of the
    same class. For each input, the distance to its nearest other row minus that to its nearest
    forget row, over the standard deviation of its distances to all of them. The larger set counts
    by its expected nearest row among as many rows as the smaller has, since more rows are nearer
    by their number alone: over all ways to divide the rows the mean is exactly 0. (Own measure.)

    Undefined without rows on both sides, below three in all, or if all are equally far.
    """
    x = _flat(made, "inversions")
    near, far = _flat(forget, "forget rows"), _flat(others, "non-member rows")
    size = min(len(near), len(far))
    if len(near) + len(far) < 3:
        raise Undefined("Two rows are too few to tell how distances vary.")
    if not x.shape[1] == near.shape[1] == far.shape[1]:
        raise ValueError(f"inputs of {x.shape[1]}, {near.shape[1]} and {far.shape[1]} values")
    to_near, to_far = cdist(x, near), cdist(x, far)
    every = np.concatenate([to_near, to_far], axis=1)
    spread = every.std(axis=1, ddof=1)
    if (np.ptp(every, axis=1) == 0).any():
        raise Undefined("All rows are equally far from the inversion.")
    gains: Floats = (expected_minimum(to_far, size) - expected_minimum(to_near, size)) / spread
    return gains


def expected_minimum(values: ArrayLike, size: int) -> Floats:
    """Mean minimum over all subsets of `size` of the n values in each row: (r, n) -> (r,).

    The i-th smallest is the minimum of C(n - i, size - 1) of the C(n, size) subsets.
    """
    ordered = np.sort(as_rows(values), axis=1)
    n = ordered.shape[1]
    if not 1 <= size <= n:
        raise ValueError(f"no subset of {size} of {n} values")
    left = n - np.arange(1, n - size + 2)  # values larger than the i-th, at least size - 1
    log_share = _log_choose(left, size - 1) - _log_choose(n, size)
    minimum: Floats = ordered[:, : n - size + 1] @ np.exp(log_share)
    return minimum


def _log_choose(n: ArrayLike, k: int) -> Floats:
    of = np.asarray(n, dtype=np.float64)
    return np.asarray(gammaln(of + 1) - gammaln(k + 1) - gammaln(of - k + 1))


def _flat(values: ArrayLike, name: str) -> Floats:
    rows = as_rows(values, name)
    return rows.reshape(len(rows), -1)
