"""Membership inference from scores. Members are the positives; a larger score is more member-like.

A row counts as called a member when its score is strictly above the threshold. An AUC below 0.5
is leakage too: read its distance from the AUC of retrained models, not its size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from workbench.metrics.arrays import (
    Floats,
    as_vector,
    count_below,
    require_fraction,
    require_level,
    require_same_shape,
)
from workbench.metrics.errors import Undefined
from workbench.metrics.statistics import Interval, clopper_pearson


@dataclass(frozen=True, slots=True)
class TprAtFpr:
    """True positive rate at the threshold that keeps the false positive rate in its limit.

    `fpr` is the rate reached on the non-members given; `k` members are above `threshold`.
    """

    tpr: float
    threshold: float
    fpr: float
    interval: Interval
    k: int


@dataclass(frozen=True, slots=True)
class AucDifference:
    """AUC of a minus AUC of b on the same rows, with the paired DeLong test."""

    difference: float
    standard_error: float
    z: float
    p_value: float
    interval: Interval


def auc(members: ArrayLike, non_members: ArrayLike) -> float:
    """Probability that a member scores above a non-member, ties one half; (m,) and (n,) scores.

    Mann and Whitney 1947. Undefined when a side is empty or a score is NaN or infinite.
    """
    return float(_placements(*_both_sides(members, non_members))[0].mean())


def delong_variance(members: ArrayLike, non_members: ArrayLike) -> float:
    """Variance of the AUC (DeLong et al. 1988) by mid-ranks (Sun and Xu 2014), O(N log N)."""
    return _variance(*_placements(*_both_sides(members, non_members)))


def delong_interval(
    members: ArrayLike, non_members: ArrayLike, level: float = 0.95
) -> tuple[float, Interval]:
    """AUC and its DeLong interval on the logit scale, so that it stays inside (0, 1).

    Where that variance is 0 (AUC of exactly 0 or 1, or all scores equal) the interval comes from
    min(m, n) disjoint member and non-member pairs, which are independent trials: if none of k
    pairs broke the pattern, a pair breaks it with a probability below the exact Clopper-Pearson
    limit for 0 of k. Undefined below two rows a side.
    """
    x, y = _both_sides(members, non_members)
    require_level(level)
    by_member, by_non_member = _placements(x, y)
    area = float(by_member.mean())
    variance = _variance(by_member, by_non_member)
    if variance == 0 or area in (0.0, 1.0):
        broken = clopper_pearson(0, min(len(x), len(y)), level).high
        if area not in (0.0, 1.0):
            broken /= 2  # a tied pair counts one half, so breaking a tie moves the AUC by one half
        low, high = max(0.0, area - broken), min(1.0, area + broken)
        return area, Interval(low, high, "clopper-pearson-pairs")
    z = float(special.ndtri((1 + level) / 2))
    centre, half = special.logit(area), z * math.sqrt(variance) / (area * (1 - area))
    low, high = float(special.expit(centre - half)), float(special.expit(centre + half))
    return area, Interval(low, high, "delong-logit")


def paired_delong(
    members_a: ArrayLike,
    non_members_a: ArrayLike,
    members_b: ArrayLike,
    non_members_b: ArrayLike,
    level: float = 0.95,
) -> AucDifference:
    """Compare two attacks, or two models, on the same rows in the same order.

    Identical rankings give p = 1. Undefined when the AUCs differ but their variance is 0, as for
    a perfect attack against a perfectly reversed one.
    """
    require_level(level)
    x_a, y_a = _both_sides(members_a, non_members_a)
    x_b, y_b = _both_sides(members_b, non_members_b)
    require_same_shape(x_a, x_b)
    require_same_shape(y_a, y_b)
    a, b = _placements(x_a, y_a), _placements(x_b, y_b)
    difference = float(a[0].mean() - b[0].mean())
    # the variance of differenced placements equals var a + var b - 2 cov, without cancellation
    variance = _variance(a[0] - b[0], a[1] - b[1])
    if variance == 0:
        if difference != 0:
            raise Undefined("The two AUCs differ, but their difference has no variance.")
        return AucDifference(0.0, 0.0, 0.0, 1.0, Interval(0.0, 0.0, "delong-paired"))
    error = math.sqrt(variance)
    z = difference / error
    half = float(special.ndtri((1 + level) / 2)) * error
    return AucDifference(
        difference=difference,
        standard_error=error,
        z=z,
        p_value=float(2 * special.ndtr(-abs(z))),
        interval=Interval(difference - half, difference + half, "delong-paired"),
    )


def roc_curve(members: ArrayLike, non_members: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Points (fpr, tpr, thresholds) from (0, 0) to (1, 1), one per distinct score and -inf last.

    A point counts the scores strictly above its threshold; tied scores are passed together.
    """
    x, y = _both_sides(members, non_members)
    thresholds = np.append(np.unique(np.concatenate([x, y]))[::-1], -np.inf)
    return _share_above(y, thresholds), _share_above(x, thresholds), thresholds


def tpr_at_fpr(
    members: ArrayLike, non_members: ArrayLike, fpr: float, level: float = 0.95
) -> TprAtFpr:
    """Largest true positive rate with an empirical false positive rate <= fpr.

    Never interpolated. Threshold and rate come from the same non-members, so this is an empirical
    figure; `bounds.order_statistic_rank` gives a certified threshold. The interval is
    Clopper-Pearson over members. Carlini et al. 2022 (arXiv:2112.03570).
    """
    x, y = _both_sides(members, non_members)
    require_fraction(fpr, "fpr")
    allowed = round(fpr * len(y))
    if allowed / len(y) > fpr:
        allowed -= 1
    # any lower threshold would let one more non-member through
    threshold = float(np.sort(y)[::-1][allowed]) if allowed < len(y) else -math.inf
    k = int((x > threshold).sum())
    return TprAtFpr(
        tpr=k / len(x),
        threshold=threshold,
        fpr=int((y > threshold).sum()) / len(y),
        interval=clopper_pearson(k, len(x), level),
        k=k,
    )


def advantage(members: ArrayLike, non_members: ArrayLike) -> float:
    """Largest TPR - FPR over thresholds (Yeom et al. 2018, arXiv:1709.01604).

    The threshold is chosen on the rows it is judged on, so this is biased upwards.
    """
    fpr, tpr, _ = roc_curve(members, non_members)
    return float((tpr - fpr).max())


def _both_sides(members: ArrayLike, non_members: ArrayLike) -> tuple[Floats, Floats]:
    return as_vector(members, "member scores"), as_vector(non_members, "non-member scores")


def _placements(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Share of non-members below each member (m,), and of members above each non-member (n,)."""
    return count_below(y, x) / len(y), 1 - count_below(x, y) / len(x)


def _variance(by_member: Floats, by_non_member: Floats) -> float:
    m, n = len(by_member), len(by_non_member)
    if min(m, n) < 2:
        raise Undefined("The variance of an AUC needs two members and two non-members or more.")
    return float(by_member.var(ddof=1)) / m + float(by_non_member.var(ddof=1)) / n


def _share_above(scores: Floats, thresholds: Floats) -> Floats:
    above = len(scores) - np.searchsorted(np.sort(scores), thresholds, side="right")
    return above / len(scores)
