"""Is a metric on the allowed side of a fixed limit?

Nothing shared is subtracted here, so the rows are a sample too: the metric's own uncertainty
over rows counts, unlike in a comparison of models measured on the same rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from workbench.audit.equivalence import standard_deviation
from workbench.audit.lookup import value_of
from workbench.audit.measured import LEVEL
from workbench.audit.subjects import is_by_subject
from workbench.core.metric_value import MetricValue
from workbench.metrics import Undefined
from workbench.metrics.statistics import clopper_pearson_lower, clopper_pearson_upper

_PROPORTION = ("wilson", "clopper-pearson")
_NORMAL = ("student-t", "delong-logit")
_CONFIDENCE = (*_NORMAL, "clopper-pearson-pairs")


@dataclass(frozen=True, slots=True)
class Limit:
    """`value` must not be exceeded (`upper`) or undercut, tested at one-sided level `alpha`."""

    value: float
    upper: bool
    alpha: float

    def allows(self, low: float, high: float) -> bool:
        return high <= self.value if self.upper else low >= self.value


@dataclass(frozen=True, slots=True)
class LimitTest:
    """The metric with its one-sided limits; `p_beyond` small means the limit is broken."""

    estimate: float
    low: float
    high: float
    within: bool
    p_beyond: float


def check_limit(metrics: Sequence[MetricValue], limit: Limit, resolution: float) -> LimitTest:
    """One metric of every seed of a candidate against a limit.

    Each seed is tested by itself where the metric has an interval of its own, and the worst
    decides: all must be within, and the smallest of k p-values counts k-fold (Bonferroni).
    Proportions use the exact binomial (Clopper and Pearson 1934), other intervals the normal
    distribution behind them, on the logit scale where they were made on it; where subjects share
    rows, nothing but the interval counts. A metric without an interval is tested by a t-interval
    over at least two models, else Undefined is raised.
    """
    tests = []
    for metric in metrics:
        interval = _stored_interval(metric)
        if _is_proportion(metric):
            tests.append(_proportion(metric, limit))
        elif interval is not None:
            tests.append(_from_interval(metric, interval, limit))
        else:
            return _over_seeds(metrics, limit, resolution)
    worst = min(tests, key=lambda test: test.p_beyond)
    return replace(
        worst,
        within=all(test.within for test in tests),
        p_beyond=min(1.0, worst.p_beyond * len(tests)),
    )


def _is_proportion(metric: MetricValue) -> bool:
    return metric.n > 0 and metric.ci_method in _PROPORTION


def _stored_interval(metric: MetricValue) -> tuple[float, float] | None:
    """The confidence interval of the metric; a range over rows or seeds is none."""
    if metric.ci_low is None or metric.ci_high is None:
        return None
    is_one = metric.ci_method in _CONFIDENCE or is_by_subject(metric.ci_method)
    return (metric.ci_low, metric.ci_high) if is_one else None


def _proportion(metric: MetricValue, limit: Limit) -> LimitTest:
    k, n, alpha = round(value_of(metric) * metric.n), metric.n, limit.alpha
    low, high = clopper_pearson_lower(k, n, 1 - alpha), clopper_pearson_upper(k, n, 1 - alpha)
    rate = min(max(limit.value, 0.0), 1.0)
    if limit.upper:
        p_beyond = float(special.bdtrc(k - 1, n, rate)) if k > 0 else 1.0
    else:
        p_beyond = float(special.bdtr(k, n, rate))
    return LimitTest(value_of(metric), low, high, limit.allows(low, high), p_beyond)


def _from_interval(metric: MetricValue, interval: tuple[float, float], limit: Limit) -> LimitTest:
    value, bound = value_of(metric), limit.value
    to_scale, from_scale = _same, _same
    if metric.ci_method.endswith("-logit"):
        to_scale, from_scale = _logit, _expit
    centre, width = float(to_scale(value)), float(to_scale(interval[1]) - to_scale(interval[0]))
    known = metric.ci_method in _NORMAL and np.isfinite(centre) and np.isfinite(width)
    if not known or width <= 0:
        return _interval_only(value, interval, limit)
    error = width / (2 * float(special.ndtri((1 + LEVEL) / 2)))
    reach = float(special.ndtri(1 - limit.alpha)) * error
    excess = centre - float(to_scale(bound))
    p_beyond = float(special.ndtr((-excess if limit.upper else excess) / error))
    low, high = float(from_scale(centre - reach)), float(from_scale(centre + reach))
    return LimitTest(value, low, high, limit.allows(low, high), p_beyond)


def _same(x: float) -> float:
    return x


def _logit(x: float) -> float:
    return float(special.logit(min(max(x, 0.0), 1.0)))


def _expit(x: float) -> float:
    return float(special.expit(x))


def _interval_only(value: float, interval: tuple[float, float], limit: Limit) -> LimitTest:
    """No distribution is known behind the interval: it lies beyond the limit or it does not."""
    low, high = interval
    level = (1 - LEVEL) / 2
    beyond = low > limit.value if limit.upper else high < limit.value
    within = limit.allows(low, high) and level <= limit.alpha
    return LimitTest(value, low, high, within, level if beyond else 1.0)


def _over_seeds(metrics: Sequence[MetricValue], limit: Limit, resolution: float) -> LimitTest:
    values = np.array([value_of(m) for m in metrics])
    if len(values) == 1:
        raise Undefined(
            "A metric without an interval of its own needs two different models to meet a limit."
        )
    error = standard_deviation(values, resolution) / np.sqrt(len(values))
    df, mean = len(values) - 1, float(values.mean())
    reach = float(special.stdtrit(df, 1 - limit.alpha)) * error
    excess = mean - limit.value if limit.upper else limit.value - mean
    low, high = mean - reach, mean + reach
    p_beyond = float(special.stdtr(df, -excess / error))
    return LimitTest(mean, low, high, limit.allows(low, high), p_beyond)
