"""What a finite audit may claim: sample sizes, certified thresholds and privacy bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from workbench.metrics.arrays import Floats, as_vector, require_fraction, require_level
from workbench.metrics.errors import Undefined
from workbench.metrics.statistics import clopper_pearson_upper

SMALLEST_ATTACK_GAP = 0.05  # our choice: below it a usage share is division by noise


@dataclass(frozen=True, slots=True)
class DistributionBand:
    """Share of values at or below each distinct point, and the limits of its band; (k,) each."""

    points: Floats
    share: Floats
    low: Floats
    high: Floats


def negatives_needed(fpr: float, level: float = 0.95) -> int:
    """Non-members without a single false positive needed to state a false positive rate <= fpr."""
    require_level(level)
    if not 0 < fpr < 1:
        raise ValueError(f"a false positive rate to certify lies between 0 and 1, got {fpr}")
    return math.ceil(math.log1p(-level) / math.log1p(-fpr))


def order_statistic_rank(n_non_members: int, fpr: float, level: float = 0.95) -> int:
    """Largest k such that a threshold at the k-th largest non-member score certifies `fpr`.

    Calling strictly larger scores members then has a true false positive rate <= fpr with
    confidence `level`, for any score distribution: that rate follows Beta(k, n + 1 - k).
    Undefined when there are too few non-members for any k.
    """
    needed = negatives_needed(fpr, level)
    # Beta(k, n + 1 - k) has its level-quantile <= fpr just if P(Bin(n, fpr) >= k) >= level,
    # which holds up to some k and for none above it
    at_least = special.bdtrc(np.arange(n_non_members), n_non_members, fpr)
    rank = int(np.count_nonzero(at_least >= level))
    if rank < 1:
        raise Undefined(
            f"{n_non_members} non-members cannot certify a false positive rate of {fpr:g}; "
            f"{needed} are needed."
        )
    return rank


def dkw_half_width(n: int, level: float = 0.95) -> float:
    """Half width of the band around an empirical distribution function of n values.

    Dvoretzky, Kiefer and Wolfowitz with the constant of Massart 1990.
    """
    require_level(level)
    if n < 1:
        raise Undefined("There are no values to compute from.")
    return math.sqrt(math.log(2 / (1 - level)) / (2 * n))


def distribution_band(values: ArrayLike, level: float = 0.95) -> DistributionBand:
    """The empirical distribution function of values (n,) in the band that holds the true one."""
    x = as_vector(values)
    half = dkw_half_width(len(x), level)
    points, counts = np.unique(x, return_counts=True)
    share = np.cumsum(counts) / len(x)
    return DistributionBand(
        points, share, np.maximum(share - half, 0.0), np.minimum(share + half, 1.0)
    )


def epsilon_lower_bound(
    true_positives: int,
    n_members: int,
    false_positives: int,
    n_non_members: int,
    *,
    delta: float = 1e-5,
    level: float = 0.95,
) -> float:
    """Largest epsilon that an attack with these counts refutes, at confidence `level`; 0 if none.

    Error region of Kairouz et al. 2015 (arXiv:1311.0776) with exact limits on both error rates,
    as in Nasr et al. 2021 (arXiv:2101.04535). The threshold must have been chosen on other data.
    Trials must be independent: over models for differential privacy; over rows of one model the
    result is only a population heuristic.
    """
    require_level(level)
    require_fraction(delta, "delta")
    one_sided = (1 + level) / 2
    fnr = clopper_pearson_upper(n_members - true_positives, n_members, one_sided)
    fpr = clopper_pearson_upper(false_positives, n_non_members, one_sided)
    pairs = ((1 - delta - fpr, fnr), (1 - delta - fnr, fpr))
    return max([0.0] + [math.log(kept / error) for kept, error in pairs if kept > 0])


def dataset_usage(flagged: float, tpr: float, fpr: float) -> float:
    """Share of a set that was used in training, from the share an attack flags; 0 to 1.

    (flagged - FPR) / (TPR - FPR), clamped; TPR and FPR of the attack must come from other models
    (Tong et al. 2025). Undefined when TPR - FPR is below 0.05.
    """
    for name, value in (("flagged", flagged), ("tpr", tpr), ("fpr", fpr)):
        require_fraction(value, name)
    if tpr - fpr < SMALLEST_ATTACK_GAP:
        raise Undefined(
            f"The attack hardly separates members from non-members (TPR {tpr:.3g}, FPR {fpr:.3g})."
        )
    return min(1.0, max(0.0, (flagged - fpr) / (tpr - fpr)))
