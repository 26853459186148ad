"""What a plan can detect or show, before it is run. Pure arithmetic on sizes; no data.

`power` is the chance of success and 1 - `level` the error of the test that is planned.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from workbench.metrics.arrays import require_level
from workbench.metrics.errors import Undefined

POWER = 0.8
_GRID = 4000  # quantiles of the standard deviation that the power is averaged over


def detectable_tpr(
    n_members: int, fpr: float, *, power: float = POWER, level: float = 0.95
) -> float:
    """Smallest true positive rate that is found to exceed `fpr` with probability `power`.

    Exact one-sided binomial test of n members at a threshold whose false positive rate is `fpr`.
    Undefined if even all members detected would prove nothing.
    """
    _require_shares(power=power, fpr=fpr)
    require_level(level)
    if n_members < 1:
        raise Undefined("There are no members to detect.")
    counts = np.arange(1, n_members + 1)
    significant = np.flatnonzero(special.bdtrc(counts - 1, n_members, fpr) <= 1 - level)
    if not significant.size:
        raise Undefined(
            f"{n_members} members cannot show a true positive rate above {fpr:g}, "
            "even if all are detected."
        )
    k = int(counts[significant[0]])
    return float(special.betaincinv(k, n_members - k + 1, power))


def detectable_auc_gap(
    n_members: int, n_non_members: int, *, power: float = POWER, level: float = 0.95
) -> float:
    """Smallest |AUC - 0.5| that a two-sided test finds with probability `power`.

    Normal approximation: the exact variance without a gap (m + n + 1) / (12 m n), and that of
    Hanley and McNeil 1982 with one. Undefined if even an AUC of 1 would not be found, by it or by
    the exact rank test.
    """
    from scipy import optimize  # slow to import, and seldom needed

    _require_shares(power=power)
    require_level(level)
    m, n = n_members, n_non_members
    if min(m, n) < 1:
        raise Undefined("There are no members or no non-members.")
    at_chance = math.sqrt((m + n + 1) / (12 * m * n))
    reach = float(special.ndtri((1 + level) / 2)) * at_chance
    z = float(special.ndtri(power))

    def missing(gap: float) -> float:
        return reach + z * math.sqrt(_hanley_mcneil(0.5 + gap, m, n)) - gap

    log_orders = float(special.gammaln(m + n + 1) - special.gammaln(m + 1) - special.gammaln(n + 1))
    if missing(0.5) >= 0 or math.log(2) - log_orders > math.log1p(-level):
        raise Undefined(f"{m} members and {n} non-members cannot show any AUC to be off 0.5.")
    return 0.0 if missing(0.0) <= 0 else float(optimize.brentq(missing, 0.0, 0.5))


def equivalence_sample_size(
    rate: float, margin: float, *, power: float = POWER, level: float = 0.95
) -> int:
    """Rows of each of two groups to show two equal proportions equivalent within +-margin.

    Two one-sided z-tests at 1 - level each (Schuirmann 1987), true difference 0:
    2 p (1 - p) ((z_level + z_(1 + power) / 2) / margin)^2.
    """
    _require_shares(power=power, rate=rate, margin=margin)
    require_level(level)
    z = float(special.ndtri(level) + special.ndtri((1 + power) / 2))
    return math.ceil(2 * rate * (1 - rate) * (z / margin) ** 2)


def provable_margin(
    n_candidate: int,
    n_reference: int,
    spread: float,
    *,
    power: float = POWER,
    level: float = 0.95,
) -> float:
    """Smallest margin within which equal means are shown equivalent with probability `power`.

    `spread` is the standard deviation of a metric between seeds, and the margin is in its units.
    Two one-sided t-tests at 1 - level each, with the pooled deviation of n_candidate + n_reference
    models: the exact power, averaged over what deviation will be seen. One candidate is judged by
    the deviation of the references alone. Undefined with fewer than three references.
    """
    from scipy import optimize

    _require_shares(power=power)
    require_level(level)
    if n_candidate < 1 or n_reference < 3:
        raise Undefined("Equivalence needs a candidate and at least three retrained models.")
    if not 0 < spread < math.inf:
        raise Undefined("The models do not differ in this metric, so its noise is unknown.")
    freedom = n_candidate + n_reference - 2
    quantiles = (np.arange(_GRID) + 0.5) / _GRID
    seen = np.sqrt(2 * special.gammaincinv(freedom / 2, quantiles) / freedom)  # in true deviations
    half_widths = float(special.stdtrit(freedom, level)) * seen

    def missing(margin: float) -> float:
        within = 2 * special.ndtr(margin - half_widths) - 1
        return power - float(np.maximum(within, 0).mean())

    in_errors = float(optimize.brentq(missing, 0.0, half_widths[-1] + 40))
    return in_errors * spread * math.sqrt(1 / n_candidate + 1 / n_reference)


def _hanley_mcneil(area: float, m: int, n: int) -> float:
    two_members, two_others = area / (2 - area), 2 * area**2 / (1 + area)
    extra = (m - 1) * (two_members - area**2) + (n - 1) * (two_others - area**2)
    return max(0.0, (area * (1 - area) + extra) / (m * n))


def _require_shares(**values: float) -> None:
    for name, value in values.items():
        if not 0 < value < 1:
            raise ValueError(f"{name} lies between 0 and 1, got {value}")
