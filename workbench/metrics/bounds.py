"""What a finite audit may claim: sample sizes, certified thresholds and privacy bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from workbench.metrics.arrays import Floats, as_vector, require_fraction, require_level
from workbench.metrics.errors import Undefined
from workbench.metrics.statistics import Interval, clopper_pearson_upper
from workbench.metrics.unseen import highest_rate_unseen, perfect_attack_epsilon, trials_needed

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
    return trials_needed(fpr, level)


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
    require_fraction(delta, "delta")
    fpr, fnr = _error_limits(true_positives, n_members, false_positives, n_non_members, level)
    pairs = ((1 - delta - fpr, fnr), (1 - delta - fnr, fpr))
    return max([0.0] + [math.log(kept / error) for kept, error in pairs if kept > 0])


def largest_certifiable_epsilon(
    n_members: int, n_non_members: int, *, delta: float = 1e-5, level: float = 0.95
) -> float:
    """Epsilon that a perfect attack would refute with so many rows; more is an artefact."""
    return perfect_attack_epsilon(n_members, n_non_members, delta=delta, level=level)


def undetected_tpr_limit(n_members: int, level: float = 0.95) -> float:
    """Upper limit of the true positive rate after not one of n members was detected."""
    return highest_rate_unseen(n_members, level)


def gaussian_mu_lower_bound(
    true_positives: int,
    n_members: int,
    false_positives: int,
    n_non_members: int,
    *,
    level: float = 0.95,
) -> float:
    """Largest mu of Gaussian differential privacy that an attack refutes; 0 if none.

    inverse-Phi(1 - FPR) - inverse-Phi(FNR) at exact limits of both error rates. It assumes that
    the trade-off of the errors is that of two normals of unit variance (Dong et al. 2022,
    arXiv:1905.02383; Nasr et al. 2023, arXiv:2302.07956), and is often tighter for it; say so
    with the number. Threshold and trials as for `epsilon_lower_bound`.
    """
    fpr, fnr = _error_limits(true_positives, n_members, false_positives, n_non_members, level)
    if fpr == 1 or fnr == 1:
        return 0.0
    return max(0.0, -float(special.ndtri(fpr)) - float(special.ndtri(fnr)))


def gaussian_epsilon(mu: float, delta: float = 1e-5) -> float:
    """Smallest epsilon for which mu-Gaussian privacy is (epsilon, delta)-differential privacy.

    The root of delta = Phi(-epsilon / mu + mu / 2) - e^epsilon Phi(-epsilon / mu - mu / 2).
    """
    from scipy import optimize  # slow to import, and seldom needed

    if not 0 < delta < 1:
        raise ValueError(f"delta lies between 0 and 1, got {delta}")
    if not 0 <= mu < math.inf:
        raise ValueError(f"mu is a finite number from 0 on, got {mu}")
    if mu == 0:
        return 0.0

    def excess(epsilon: float) -> float:
        first = float(special.log_ndtr(mu / 2 - epsilon / mu))
        second = epsilon + float(special.log_ndtr(-mu / 2 - epsilon / mu))
        return math.exp(first) - math.exp(second) - delta

    if excess(0.0) <= 0:
        return 0.0
    highest = 1.0
    while excess(highest) > 0:
        highest *= 2
    return float(optimize.brentq(excess, 0.0, highest, xtol=1e-12))


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


def dataset_usage_interval(
    flagged: tuple[int, int],
    true_positives: tuple[int, int],
    false_positives: tuple[int, int],
    level: float = 0.95,
) -> Interval:
    """Interval of `dataset_usage` from counts (k, n): of the set, and of known members and others.

    Delta method with the variance of each rate taken at (k + 1) / (n + 2), so that a rate of 0
    or 1 is not thought certain; cut to 0..1, so that no width means that rates from elsewhere do
    not fit this set. Undefined when TPR - FPR is below 0.05.
    """
    require_level(level)
    counts = (flagged, true_positives, false_positives)
    for k, n in counts:
        if n == 0:
            raise Undefined("There are no rows to compute from.")
        if not 0 <= k <= n:
            raise ValueError(f"{k} of {n} is not a proportion")
    share, tpr, fpr = (k / n for k, n in counts)
    dataset_usage(share, tpr, fpr)
    centre = (share - fpr) / (tpr - fpr)
    smoothed = [((k + 1) / (n + 2), n) for k, n in counts]
    of_share, of_tpr, of_fpr = (rate * (1 - rate) / n for rate, n in smoothed)
    variance = of_share + centre**2 * of_tpr + (1 - centre) ** 2 * of_fpr
    half = float(special.ndtri((1 + level) / 2)) * math.sqrt(variance) / (tpr - fpr)
    low, high = (min(1.0, max(0.0, limit)) for limit in (centre - half, centre + half))
    return Interval(low, high, "delta")


def _error_limits(
    true_positives: int, n_members: int, false_positives: int, n_non_members: int, level: float
) -> tuple[float, float]:
    """Upper limits of FPR and FNR that hold together at confidence `level` (Bonferroni)."""
    require_level(level)
    one_sided = (1 + level) / 2
    fnr = clopper_pearson_upper(n_members - true_positives, n_members, one_sided)
    return clopper_pearson_upper(false_positives, n_non_members, one_sided), fnr
