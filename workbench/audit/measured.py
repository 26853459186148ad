"""Metric rows with the version, unit and direction that the catalogue gives their name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from workbench.core.metric_value import MetricValue, not_computed
from workbench.core.vocabulary import Split
from workbench.metrics import Undefined
from workbench.metrics.catalogue import CATALOGUE
from workbench.metrics.statistics import Interval

LEVEL = 0.95  # of every interval stored with a metric


def measured(
    name: str,
    split: Split | None,
    compute: Callable[[], tuple[float, Interval | None, int]],
    *,
    group_key: str = "",
    reference: str = "",
) -> MetricValue:
    """The metric row for what `compute` returns: value, interval if it has one, and n.

    NOT_COMPUTED with its reason if `compute` raises Undefined.
    """
    card = CATALOGUE[name]
    try:
        value, interval, n = compute()
    except Undefined as fault:
        return not_computed(
            name,
            card.version,
            fault.reason,
            split=split,
            unit=card.unit,
            direction=card.direction,
            group_key=group_key,
            reference=reference,
        )
    return MetricValue(
        name=name,
        version=card.version,
        split=split,
        value=float(value),
        unit=card.unit,
        direction=card.direction,
        n=n,
        ci_low=interval.low if interval else None,
        ci_high=interval.high if interval else None,
        ci_method=interval.method if interval else "",
        group_key=group_key,
        reference=reference,
    )


def median_over_rows(of_rows: Sequence[Callable[[], float]]) -> tuple[float, Interval, int]:
    """Median over the rows whose value is defined, the interquartile range, and how many.

    The range shows how rows differ, not how sure the median is. Undefined if no row has a value,
    with the reason of the last.
    """
    if not of_rows:
        raise Undefined("No rows were explained.")
    values, undefined = [], ""
    for of_row in of_rows:
        try:
            values.append(of_row())
        except Undefined as fault:
            undefined = fault.reason
    if not values:
        raise Undefined(undefined)
    low, middle, high = (float(q) for q in np.quantile(values, [0.25, 0.5, 0.75]))
    method = f"interquartile range of {len(values)} of {len(of_rows)} rows"
    return middle, Interval(low, high, method), len(values)
