"""Stored arrays, reduced to what a figure can show: ROC curves, histograms, thinned series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.metrics.membership import roc_curve

Values = NDArray[np.float64]

_POINTS = 160
_DIGITS = 6


def thin_roc(members: Values, non_members: Values) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """False- and true-positive rates (k,), k <= 160: corners evenly spread over log FPR.

    Every kept point is a true point of the empirical curve; none is interpolated.
    """
    fpr, tpr, _ = roc_curve(members, non_members)
    keep = np.arange(len(fpr))
    if len(keep) > _POINTS:
        floor = 1.0 / len(non_members)
        spread = np.log(np.maximum(fpr, floor / 2)) / np.log(floor / 2)
        by_rate = np.searchsorted(-spread, np.linspace(-1, 0, _POINTS // 2), side="right") - 1
        by_hit = np.searchsorted(tpr, np.linspace(0, 1, _POINTS // 2 - 2))
        ends = (0, len(fpr) - 1)
        keep = np.unique(np.clip(np.concatenate([by_rate, by_hit, ends]), 0, len(fpr) - 1))
    return rounded(fpr[keep]), rounded(tpr[keep])


def shares(values: Values, edges: Sequence[float]) -> tuple[float, ...]:
    """Share of rows per bin; what lies outside is counted in the outermost bins."""
    inside = np.clip(values, edges[0], edges[-1])
    counts, _ = np.histogram(inside, bins=np.asarray(edges))
    return rounded(counts / max(len(values), 1))


def thin_series(points: Values) -> tuple[tuple[float, ...], tuple[float | None, ...]]:
    """(k, 2) seconds and values to at most 160 points, ends kept; non-finite values to None."""
    keep = np.unique(np.linspace(0, len(points) - 1, min(len(points), _POINTS)).round().astype(int))
    seconds, values = points[keep].T if len(points) else (np.empty(0), np.empty(0))
    finite = tuple(v if np.isfinite(v) else None for v in values.tolist())
    return rounded(seconds), tuple(None if v is None else _significant(v) for v in finite)


def rounded(values: NDArray[Any]) -> tuple[float, ...]:
    return tuple(_significant(float(value)) for value in values)


def _significant(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
