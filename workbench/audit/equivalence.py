"""Is a candidate the same as the retrained band, or beyond a margin from it?

The unit of analysis is the seed, conditional on the rows: every model is measured on the same
forget and test rows, so the error of having drawn these rows and not others is shared by both
sides and cancels in the difference. What is left is how much models differ from seed to seed.
Several seeds of a candidate start from one original model, so what is found is about that model.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from workbench.metrics import Undefined

Values = NDArray[np.float64]
_ROUNDING = 1e-9  # sums of logarithms that are equal on paper differ in the last digits


@dataclass(frozen=True, slots=True)
class Sample:
    """One value per seed. `at_cap` marks measurements that stopped at a cap: true value >= it."""

    values: tuple[float, ...]
    at_cap: tuple[bool, ...]

    @classmethod
    def of(cls, values: Sequence[float], at_cap: Sequence[bool] | None = None) -> Sample:
        return cls(tuple(values), tuple(at_cap) if at_cap else (False,) * len(values))


@dataclass(frozen=True, slots=True)
class Margin:
    """What counts as equal.

    `size` is in units of the metric, or a factor above 1 if `ratio`. `resolution` is half of the
    smallest step the metric can make (half a row of a fraction, half an optimiser step), 0 for a
    continuous metric: no spread between seeds is taken to be smaller than it.
    """

    size: float
    alpha: float
    ratio: bool = False
    resolution: float = 0.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """Candidate minus band (candidate over band for a ratio), with its (1 - 2 alpha) interval.

    `p_beyond` is the p-value of the hypothesis that the true difference is within the margin:
    small means it is beyond. `note` says what is special about the estimate, in a full sentence.
    """

    estimate: float
    low: float | None
    high: float | None
    within: bool
    p_beyond: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Spread:
    standard_error: float
    df: float

    def half_width(self, alpha: float) -> float:
        return float(special.stdtrit(self.df, 1 - alpha)) * self.standard_error

    def tail(self, excess: float) -> float:
        """P(T > excess / standard error)."""
        return float(special.stdtr(self.df, -excess / self.standard_error))


def compare_with_band(candidate: Sample, band: Sample, margin: Margin) -> Comparison:
    """Equivalence (two one-sided tests, Schuirmann 1987) and its converse, on one metric.

    The candidate is `within` if the (1 - 2 alpha) t-interval of the difference of the means lies
    inside (-margin, margin). It is beyond the margin as far as `p_beyond` is small: the p-value
    of the interval hypothesis (Hodges and Lehmann 1954), which adds both tails and so keeps its
    level even where the margin is small against the noise.

    One candidate value is judged as one more draw with the spread of the band, standard error
    s_band sqrt(1 + 1/R) with R - 1 degrees of freedom. Two or more are judged with both the
    pooled and the Welch standard error, and the less favourable of the two counts.

    Raises Undefined if the values allow no comparison.
    """
    if any(candidate.at_cap) or any(band.at_cap):
        return _compare_at_cap(candidate, band, margin)
    x, y = _scaled(candidate, margin), _scaled(band, margin)
    delta, limit = float(x.mean() - y.mean()), _half(margin)
    spreads = _spreads(x, y, margin)
    half_width = max(spread.half_width(margin.alpha) for spread in spreads)
    low, high = delta - half_width, delta + half_width
    p_beyond = max(
        spread.tail(abs(delta) - limit) + spread.tail(abs(delta) + limit) for spread in spreads
    )
    return Comparison(
        estimate=_reported(delta, margin),
        low=_reported(low, margin),
        high=_reported(high, margin),
        within=-limit < low and high < limit,
        p_beyond=min(1.0, p_beyond),
    )


def standard_deviation(values: Values, resolution: float) -> float:
    """Sample standard deviation, no smaller than `resolution`. Undefined if both are zero."""
    spread = 0.0 if np.ptp(values) == 0 else float(values.std(ddof=1))
    deviation = max(spread, resolution)
    if deviation == 0:
        raise Undefined("The models do not differ at all in this metric, so its noise is unknown.")
    return deviation


def rank_test(low: Values, high: Values) -> float:
    """Exact one-sided p-value that `low` (k,) lies below `high` (r,) (Mann and Whitney 1947).

    The smallest possible one is 1 / C(k + r, k). Ties count against `low` being below, which
    errs on the safe side.
    """
    k, r = len(low), len(high)
    inversions = int((low[:, None] >= high[None, :] - _ROUNDING).sum())
    extreme = sum(_orders_by_inversions(k, r, inversions))
    return extreme / math.comb(k + r, k)


def _compare_at_cap(candidate: Sample, band: Sample, margin: Margin) -> Comparison:
    if any(candidate.at_cap) and any(band.at_cap):
        reached = (
            "The candidate and every retrained model"
            if all(candidate.at_cap) and all(band.at_cap)
            else "Some values of the candidate and some of the retrained models"
        )
        raise Undefined(
            f"{reached} reached the cap, so how far apart they are is unknown: "
            "raise 'relearn_cap' under 'recovery' in a new plan."
        )
    x, y = _scaled(candidate, margin), _scaled(band, margin)
    delta, limit = float(x.mean() - y.mean()), _half(margin)
    if any(candidate.at_cap):
        # The candidate's own spread is cut off by the cap, so the band's stands for both.
        spread = _draws_like_band(x, y, margin)
        return Comparison(
            estimate=_reported(delta, margin),
            low=_reported(delta - spread.half_width(margin.alpha), margin),
            high=None,
            within=False,
            p_beyond=spread.tail(delta - limit),
            note="The candidate reached the cap and the retrained models did not, so the "
            "estimate is a lower bound.",
        )
    # Neither mean nor spread of the band is known, but its order is: a rank test against the
    # candidate moved up by the margin. A cap below that is not known to be above it.
    return Comparison(
        estimate=_reported(delta, margin),
        low=None,
        high=None,
        within=False,
        p_beyond=rank_test(x + limit, y),
        note="Retrained models reached the cap and the candidate did not, so the estimate is an "
        "upper bound; an exact rank test stands in for the t-test.",
    )


def _scaled(sample: Sample, margin: Margin) -> Values:
    values = np.asarray(sample.values, dtype=np.float64)
    if not margin.ratio:
        return values
    values = np.maximum(values, margin.resolution)
    if (values <= 0).any():
        raise Undefined("A ratio needs values above zero.")
    return np.asarray(np.log(values), dtype=np.float64)


def _half(margin: Margin) -> float:
    return float(np.log(margin.size)) if margin.ratio else margin.size


def _reported(difference: float, margin: Margin) -> float:
    # e^700 is near the largest float64: no interval leaves what a project file can hold
    return float(np.exp(min(difference, 700.0))) if margin.ratio else difference


def _deviation(values: Values, margin: Margin) -> float:
    # On the log scale a step of the metric is that step relative to the value.
    level = float(np.exp(values.mean())) if margin.ratio else 1.0
    return standard_deviation(values, margin.resolution / level)


def _draws_like_band(x: Values, y: Values, margin: Margin) -> _Spread:
    standard_error = _deviation(y, margin) * np.sqrt(1 / len(x) + 1 / len(y))
    return _Spread(float(standard_error), len(y) - 1)


def _spreads(x: Values, y: Values, margin: Margin) -> tuple[_Spread, ...]:
    if len(x) == 1:
        return (_draws_like_band(x, y, margin),)
    k, r = len(x), len(y)
    var_x, var_y = _deviation(x, margin) ** 2, _deviation(y, margin) ** 2
    pooled = ((k - 1) * var_x + (r - 1) * var_y) / (k + r - 2)
    a, b = var_x / k, var_y / r
    welch_df = (a + b) ** 2 / (a**2 / (k - 1) + b**2 / (r - 1))
    return (
        _Spread(float(np.sqrt(pooled * (1 / k + 1 / r))), k + r - 2),
        _Spread(float(np.sqrt(a + b)), welch_df),
    )


def _orders_by_inversions(k: int, r: int, most: int) -> list[int]:
    """Of the C(k + r, k) orders of two samples, how many have 0, 1, ..., `most` inversions.

    These are the coefficients of the product of (1 - q^(r+i)) / (1 - q^i) over i = 1..k.
    """
    orders = [1] + [0] * most
    for i in range(1, k + 1):
        for power in range(most, r + i - 1, -1):
            orders[power] -= orders[power - r - i]
        for power in range(i, most + 1):
            orders[power] += orders[power - i]
    return orders
