"""Intervals and tests. `level` is two-sided coverage unless a docstring says otherwise."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from workbench.metrics.arrays import (
    Floats,
    as_vector,
    count_below,
    require_level,
    require_same_shape,
)
from workbench.metrics.errors import Undefined

EXACT_SIGN_FLIPS = 20  # pairs up to which all 2^n sign patterns are enumerated
EXACT_SIGNED_RANKS = 50  # pairs up to which the law of the rank sum is worked out
_ROUNDING = 1e-12  # differences that are equal on paper differ by this share of the values
_CHUNK = 4_000_000  # numbers drawn at once, to bound memory


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval and how it was made."""

    low: float
    high: float
    method: str


@dataclass(frozen=True, slots=True)
class TTest:
    """mean(x) - mean(y) with Student's t, its two-sided p-value and interval."""

    difference: float
    standard_error: float
    df: float
    t: float
    p_value: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class McNemar:
    """Two-sided p-values of McNemar's test on discordant counts."""

    exact: float
    mid_p: float


@dataclass(frozen=True, slots=True)
class SignFlip:
    """Two-sided sign-flip permutation test of paired differences."""

    mean: float
    p_value: float
    exact: bool


@dataclass(frozen=True, slots=True)
class SignedRank:
    """Two-sided signed rank test: sum of the ranks of the n non-zero differences above zero."""

    statistic: float
    n: int
    p_value: float
    exact: bool


def wilson(k: int, n: int, level: float = 0.95) -> Interval:
    """Score interval of a proportion k / n (Wilson 1927), for display."""
    _require_counts(k, n)
    z = _z(level)
    share, spread = k / n, z * z / n
    centre = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / n + spread / (4 * n))
    low = 0.0 if k == 0 else max(0.0, centre - half)
    high = 1.0 if k == n else min(1.0, centre + half)
    return Interval(low, high, "wilson")


def clopper_pearson(k: int, n: int, level: float = 0.95) -> Interval:
    """Exact interval of a proportion k / n (Clopper and Pearson 1934), for claims."""
    one_sided = (1 + level) / 2
    low = clopper_pearson_lower(k, n, one_sided)
    return Interval(low, clopper_pearson_upper(k, n, one_sided), "clopper-pearson")


def clopper_pearson_lower(k: int, n: int, level: float = 0.95) -> float:
    """One-sided exact lower limit: the proportion is at least this, at confidence `level`."""
    _require_counts(k, n)
    require_level(level)
    return 0.0 if k == 0 else float(special.betaincinv(k, n - k + 1, 1 - level))


def clopper_pearson_upper(k: int, n: int, level: float = 0.95) -> float:
    """One-sided exact upper limit: the proportion is at most this, at confidence `level`."""
    _require_counts(k, n)
    require_level(level)
    return 1.0 if k == n else float(special.betaincinv(k + 1, n - k, level))


def t_interval(values: ArrayLike, level: float = 0.95) -> Interval:
    """Student interval of the mean of (n,) values, n >= 2; zero width if all are equal."""
    x = as_vector(values)
    require_level(level)
    if len(x) < 2:
        raise Undefined("A t interval needs at least two values.")
    half = float(special.stdtrit(len(x) - 1, (1 + level) / 2)) * _standard_error(x)
    return Interval(float(x.mean()) - half, float(x.mean()) + half, "student-t")


def welch(x: ArrayLike, y: ArrayLike, level: float = 0.95) -> TTest:
    """Difference of two means with unequal variances (Welch 1947); (n,) and (m,), n, m >= 2.

    An equivalence test at alpha takes the interval of level 1 - 2 alpha. Undefined when neither
    sample varies.
    """
    a, b = as_vector(x), as_vector(y)
    require_level(level)
    if min(len(a), len(b)) < 2:
        raise Undefined("Welch's test needs at least two values on each side.")
    u, v = _standard_error(a) ** 2, _standard_error(b) ** 2
    if u + v == 0:
        raise Undefined("Neither sample varies, so their difference has no standard error.")
    # shares of the variance keep the degrees of freedom inside float64 for tiny variances
    share = u / (u + v)
    df = 1 / (share**2 / (len(a) - 1) + (1 - share) ** 2 / (len(b) - 1))
    return _t_test(float(a.mean() - b.mean()), math.sqrt(u + v), df, level, "welch-t")


def paired_t(x: ArrayLike, y: ArrayLike, level: float = 0.95) -> TTest:
    """Mean difference of pairs, such as two models of one seed; both (n,), n >= 2.

    Undefined when the differences do not vary.
    """
    a, b = as_vector(x), as_vector(y)
    require_same_shape(a, b)
    require_level(level)
    if len(a) < 2:
        raise Undefined("A paired t test needs at least two pairs.")
    d = a - b
    if np.ptp(d) <= _ROUNDING * max(np.abs(a).max(), np.abs(b).max()):
        raise Undefined("The paired differences do not vary, so they have no standard error.")
    return _t_test(float(d.mean()), _standard_error(d), len(d) - 1, level, "paired-t")


def signed_rank(differences: ArrayLike) -> SignedRank:
    """Test that paired differences (n,) are symmetric about 0, by their ranks (Wilcoxon 1945).

    Zeros are dropped and ties share ranks. Exact up to 50 non-zero pairs, also with ties; normal
    approximation beyond.
    """
    d = as_vector(differences, "differences")
    d = d[d != 0]
    size = np.abs(d)
    ranks = count_below(size, size) + 0.5
    statistic = float(ranks[d > 0].sum())
    if len(d) > EXACT_SIGNED_RANKS:
        # each rank counts with chance one half, whatever the ties
        z = (statistic - ranks.sum() / 2) / (math.sqrt(float(ranks @ ranks)) / 2)
        return SignedRank(statistic, len(d), float(2 * special.ndtr(-abs(z))), exact=False)
    # in halves, the resolution of tied ranks, so that sums are indices
    law = np.ones(1)
    for rank in np.rint(2 * ranks).astype(np.int64):
        law = (np.pad(law, (0, rank)) + np.pad(law, (rank, 0))) / 2
    at = round(2 * statistic)
    tail = min(float(law[: at + 1].sum()), float(law[at:].sum()))
    return SignedRank(statistic, len(d), min(1.0, 2 * tail), exact=True)


def mcnemar(b: int, c: int) -> McNemar:
    """Paired change of two proportions from the discordant counts b and c (McNemar 1947).

    Exact binomial and mid-p (Fagerland et al. 2013). Both are 1 without discordant pairs.
    """
    if min(b, c) < 0:
        raise ValueError(f"counts cannot be negative, got {b} and {c}")
    if b + c == 0:
        return McNemar(exact=1.0, mid_p=1.0)
    k, n = min(b, c), b + c
    tail = 2 * float(special.bdtr(k, n, 0.5))
    mid_p = tail - math.comb(n, k) / 2**n
    return McNemar(exact=min(1.0, tail), mid_p=min(1.0, mid_p))


def sign_flip(differences: ArrayLike, resamples: int = 100_000, seed: int = 0) -> SignFlip:
    """Test that paired differences (n,) are symmetric about 0.

    All sign patterns up to 20 non-zero pairs, else `resamples` random ones with the (b + 1) /
    (B + 1) rule (Phipson and Smyth 2010).
    """
    d = as_vector(differences, "differences")
    mean = float(d.mean())
    d = d[d != 0]
    observed = abs(d.sum())
    tolerance = 1e-12 * np.abs(d).sum()  # equal sums differ in the last bits by summing order
    if len(d) <= EXACT_SIGN_FLIPS:
        sums = np.zeros(1)
        for value in d:
            sums = np.concatenate([sums + value, sums - value])
        return SignFlip(mean, float((np.abs(sums) >= observed - tolerance).mean()), exact=True)
    generator = np.random.Generator(np.random.PCG64(seed))
    extreme, rows = 0, max(1, _CHUNK // len(d))
    for start in range(0, resamples, rows):
        size = (min(rows, resamples - start), len(d))
        signs = generator.integers(0, 2, size=size, dtype=np.int8) * 2.0 - 1.0
        extreme += int((np.abs(signs @ d) >= observed - tolerance).sum())
    return SignFlip(mean, (extreme + 1) / (resamples + 1), exact=False)


def holm(p_values: ArrayLike) -> Floats:
    """Holm 1979 adjusted p-values (n,), in the order given: controls any false rejection."""
    p, order = _sorted_p(p_values)
    n = len(p)
    adjusted = np.minimum(np.maximum.accumulate(p * np.arange(n, 0, -1)), 1.0)
    return _unsorted(adjusted, order)


def benjamini_hochberg(p_values: ArrayLike) -> Floats:
    """Benjamini and Hochberg 1995 adjusted p-values (n,), in the order given."""
    p, order = _sorted_p(p_values)
    n = len(p)
    scaled = p * (n / np.arange(1, n + 1))
    adjusted = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return _unsorted(adjusted, order)


def _sorted_p(p_values: ArrayLike) -> tuple[Floats, NDArray[np.intp]]:
    p = as_vector(p_values, "p-values")
    if p.min() < 0 or p.max() > 1:
        raise ValueError("p-values must lie between 0 and 1")
    order = np.argsort(p, kind="stable")
    return p[order], order


def _unsorted(values: Floats, order: NDArray[np.intp]) -> Floats:
    out = np.empty_like(values)
    out[order] = values
    return out


def _t_test(difference: float, error: float, df: float, level: float, method: str) -> TTest:
    t = difference / error
    half = float(special.stdtrit(df, (1 + level) / 2)) * error
    return TTest(
        difference=difference,
        standard_error=error,
        df=df,
        t=t,
        p_value=float(2 * special.stdtr(df, -abs(t))),
        interval=Interval(difference - half, difference + half, method),
    )


def _standard_error(x: Floats) -> float:
    # equal values must give exactly 0, which the rounded mean would spoil
    return 0.0 if np.ptp(x) == 0 else float(x.std(ddof=1)) / math.sqrt(len(x))


def _z(level: float) -> float:
    require_level(level)
    return float(special.ndtri((1 + level) / 2))


def _require_counts(k: int, n: int) -> None:
    if n == 0:
        raise Undefined("There are no rows to compute from.")
    if not 0 <= k <= n:
        raise ValueError(f"{k} of {n} is not a proportion")
