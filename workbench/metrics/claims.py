"""Membership claims that hold for rows never seen, and the strongest that given sets permit.

`membership.tpr_at_fpr` describes the rows at hand. Here the false positive rate is a statement
about the law they come from: non-members must be independent draws from that of the forget set.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from workbench.metrics.arrays import as_vector
from workbench.metrics.bounds import (
    largest_certifiable_epsilon,
    negatives_needed,
    order_statistic_rank,
    undetected_tpr_limit,
)
from workbench.metrics.errors import Undefined
from workbench.metrics.membership import tpr_at_fpr
from workbench.metrics.power import detectable_tpr
from workbench.metrics.sampling import random_halves
from workbench.metrics.statistics import Interval, clopper_pearson, clopper_pearson_upper

RATES = (0.1, 0.01, 0.001)


@dataclass(frozen=True, slots=True)
class CertifiedTpr:
    """`k` of `n` members lie strictly above a threshold whose true FPR is at most `fpr`.

    The threshold is the `rank`-th largest non-member score. FPR limit and TPR interval each hold
    at the confidence asked for, not both together.
    """

    tpr: float
    interval: Interval
    k: int
    n: int
    threshold: float
    fpr: float
    rank: int


@dataclass(frozen=True, slots=True)
class SplitTpr:
    """TPR at a threshold from one half of the non-members, with the FPR measured on the other.

    `fpr_limit` is a one-sided upper limit; the interval of the FPR is two-sided.
    """

    tpr: float
    interval: Interval
    threshold: float
    fpr: float
    fpr_interval: Interval
    fpr_limit: float


@dataclass(frozen=True, slots=True)
class RateClaim:
    """Whether a false positive rate can be certified, and what could then be seen.

    `rank` is that of the threshold, None if there are fewer non-members than the `needed`.
    `detectable_tpr` is the smallest TPR found above the rate with power 0.8, None if none is.
    """

    fpr: float
    needed: int
    rank: int | None
    detectable_tpr: float | None


@dataclass(frozen=True, slots=True)
class StrongestClaim:
    """Limits on what sets of these sizes can show, at confidence `level`, whatever the scores.

    `smallest_fpr` is the least that can be certified; `undetected_tpr` the upper limit of the TPR
    if no member is detected; `largest_epsilon` what a perfect attack would refute at `delta`.
    """

    n_members: int
    n_non_members: int
    level: float
    delta: float
    smallest_fpr: float
    rates: tuple[RateClaim, ...]
    undetected_tpr: float
    largest_epsilon: float


def certified_tpr(
    members: ArrayLike, non_members: ArrayLike, fpr: float, level: float = 0.95
) -> CertifiedTpr:
    """TPR with an honest threshold, for any distribution of scores; ties count as not detected.

    Undefined when there are too few non-members to certify `fpr`.
    """
    x, y = as_vector(members, "member scores"), as_vector(non_members, "non-member scores")
    rank = order_statistic_rank(len(y), fpr, level)
    threshold = float(np.partition(y, len(y) - rank)[len(y) - rank])
    k = int((x > threshold).sum())
    return CertifiedTpr(
        tpr=k / len(x),
        interval=clopper_pearson(k, len(x), level),
        k=k,
        n=len(x),
        threshold=threshold,
        fpr=fpr,
        rank=rank,
    )


def split_tpr(
    members: ArrayLike, non_members: ArrayLike, fpr: float, *, level: float = 0.95, seed: int = 0
) -> SplitTpr:
    """TPR with a threshold of empirical FPR <= fpr on a random half of the non-members.

    Weaker than `certified_tpr`, as the FPR aimed at may be missed, but by a measured amount.
    """
    y = as_vector(non_members, "non-member scores")
    if len(y) < 2:
        raise Undefined("Splitting the non-members needs two of them or more.")
    first, second = random_halves(len(y), seed)
    chosen = tpr_at_fpr(members, y[first], fpr, level)
    false, n = int((y[second] > chosen.threshold).sum()), len(second)
    return SplitTpr(
        tpr=chosen.tpr,
        interval=chosen.interval,
        threshold=chosen.threshold,
        fpr=false / n,
        fpr_interval=clopper_pearson(false, n, level),
        fpr_limit=clopper_pearson_upper(false, n, level),
    )


def strongest_claim(
    n_members: int, n_non_members: int, *, delta: float = 1e-5, level: float = 0.95
) -> StrongestClaim:
    """What a membership audit of so many rows can claim at best, shown before it is run."""
    if min(n_members, n_non_members) < 1:
        raise Undefined("A claim needs at least one member and one non-member.")
    return StrongestClaim(
        n_members=n_members,
        n_non_members=n_non_members,
        level=level,
        delta=delta,
        smallest_fpr=clopper_pearson_upper(0, n_non_members, level),
        rates=tuple(_rate_claim(n_members, n_non_members, fpr, level) for fpr in RATES),
        undetected_tpr=undetected_tpr_limit(n_members, level),
        largest_epsilon=largest_certifiable_epsilon(
            n_members, n_non_members, delta=delta, level=level
        ),
    )


def _rate_claim(n_members: int, n_non_members: int, fpr: float, level: float) -> RateClaim:
    needed = negatives_needed(fpr, level)
    try:
        rank = order_statistic_rank(n_non_members, fpr, level)
    except Undefined:
        return RateClaim(fpr, needed, rank=None, detectable_tpr=None)
    try:
        visible = detectable_tpr(n_members, fpr, level=level)
    except Undefined:
        visible = None
    return RateClaim(fpr, needed, rank, visible)
