"""Two one-sided tests: evidence that two means are the same up to a margin.

That a difference is not significant is no evidence of equivalence; a verdict rests on this test.
"""

from __future__ import annotations

from dataclasses import dataclass

from numpy.typing import ArrayLike
from scipy import special

from workbench.metrics.arrays import as_vector
from workbench.metrics.statistics import Interval, paired_t, welch

FEWEST_VALUES = 3  # two values that happen to be close would show a spread of nothing


@dataclass(frozen=True, slots=True)
class Equivalence:
    """mean(x) - mean(y), its (1 - 2 alpha) interval, and the larger of the two p-values.

    A p-value below alpha means that the interval lies inside the margin. `equivalent` also asks
    for three values on each side.
    """

    difference: float
    interval: Interval
    p_value: float
    equivalent: bool


def tost(
    x: ArrayLike, y: ArrayLike, margin: float, *, alpha: float = 0.05, paired: bool = False
) -> Equivalence:
    """Test |mean(x) - mean(y)| < margin (Schuirmann 1987) over (n,) and (m,) values.

    Welch's standard error, or that of the differences of pairs. Undefined with fewer than two
    values on a side, and when nothing varies.
    """
    if not margin > 0:
        raise ValueError(f"a margin must be positive, got {margin}")
    if not 0 < alpha < 0.5:
        raise ValueError(f"alpha must lie between 0 and 0.5, got {alpha}")
    a, b = as_vector(x), as_vector(y)
    test = (paired_t if paired else welch)(a, b, 1 - 2 * alpha)
    # the nearer end of the margin is the harder one to exclude
    excess = (abs(test.difference) - margin) / test.standard_error
    p_value = float(special.stdtr(test.df, excess))
    enough = min(len(a), len(b)) >= FEWEST_VALUES
    return Equivalence(test.difference, test.interval, p_value, enough and p_value < alpha)
