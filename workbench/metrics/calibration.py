"""Whether stated confidence matches how often the model is right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from workbench.metrics.arrays import (
    Floats,
    Integers,
    as_logits,
    as_targets,
    as_vector,
    require_fraction,
    require_same_shape,
)
from workbench.metrics.bootstrap import RESAMPLES, percentile_bootstrap
from workbench.metrics.scores import cross_entropy, log_probabilities, max_confidence
from workbench.metrics.statistics import Interval


@dataclass(frozen=True, slots=True)
class Reliability:
    """The non-empty bins of a reliability diagram: rows, mean confidence and accuracy of each."""

    n: Integers
    confidence: Floats
    accuracy: Floats

    @property
    def expected_error(self) -> float:
        """Mean over rows of |accuracy - confidence| of their bin."""
        gaps = np.abs(self.accuracy - self.confidence)
        return float((self.n * gaps).sum() / self.n.sum())

    @property
    def largest_error(self) -> float:
        return float(np.abs(self.accuracy - self.confidence).max())


def expected_calibration_error(
    logits: ArrayLike, targets: ArrayLike, bins: int = 15, *, equal_mass: bool = False
) -> float:
    """ECE of the top-1 confidence (Guo et al. 2017, arXiv:1706.04599); logits (n, C), 0 is best.

    Biased upwards for few rows: give it with its interval.
    """
    z = as_logits(logits)
    y = as_targets(targets, z)
    right = z.argmax(axis=1) == y
    return reliability(max_confidence(z), right, bins, equal_mass=equal_mass).expected_error


def calibration_error_interval(
    logits: ArrayLike,
    targets: ArrayLike,
    bins: int = 15,
    *,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Percentile bootstrap interval of the equal-width ECE over rows."""
    z = as_logits(logits)
    y = as_targets(targets, z)
    conf = max_confidence(z)
    excess = (z.argmax(axis=1) == y) - conf
    rows = np.column_stack([_equal_width_bin(conf, bins), excess])

    def calibration_errors(samples: Floats) -> Floats:
        b, n = samples.shape[:2]
        cell = samples[..., 0].astype(np.int64) + bins * np.arange(b)[:, None]
        sums = np.bincount(cell.ravel(), weights=samples[..., 1].ravel(), minlength=b * bins)
        return np.asarray(np.abs(sums.reshape(b, bins)).sum(axis=1) / n)

    return percentile_bootstrap(
        rows, calibration_errors, level=level, resamples=resamples, seed=seed
    )


def reliability(
    confidence: ArrayLike, correct: ArrayLike, bins: int = 15, *, equal_mass: bool = False
) -> Reliability:
    """Bin rows by confidence (n,): equal widths (lo, hi], or equal counts with ties kept together.

    `correct` (n,) is 1 or True where the prediction was right.
    """
    conf, right = as_vector(confidence, "confidences"), as_vector(correct, "correctness flags")
    require_same_shape(conf, right)
    require_fraction(float(conf.min()), "confidence")
    require_fraction(float(conf.max()), "confidence")
    _require_bins(bins)
    if equal_mass:
        rows_below = np.searchsorted(np.sort(conf), conf)
        index = rows_below * bins // len(conf)
    else:
        index = _equal_width_bin(conf, bins)
    n = np.bincount(index, minlength=bins)
    used = n > 0
    n = n[used]
    return Reliability(
        n=n,
        confidence=np.bincount(index, weights=conf, minlength=bins)[used] / n,
        accuracy=np.bincount(index, weights=right, minlength=bins)[used] / n,
    )


def nll(logits: ArrayLike, targets: ArrayLike) -> float:
    """Mean negative log-likelihood of the labels, in nats."""
    return float(cross_entropy(logits, targets).mean())


def brier(logits: ArrayLike, targets: ArrayLike) -> float:
    """Mean over rows of sum_i (p_i - [i = y])^2, 0 to 2 (Brier 1950, multi-class form)."""
    z = as_logits(logits)
    y = as_targets(targets, z)
    p = np.exp(log_probabilities(z))
    p[np.arange(len(z)), y] -= 1.0
    return float(np.square(p).sum(axis=1).mean())


def _equal_width_bin(conf: Floats, bins: int) -> Integers:
    _require_bins(bins)
    edges = np.linspace(0.0, 1.0, bins + 1)
    return np.maximum(np.searchsorted(edges, conf, side="left") - 1, 0)


def _require_bins(bins: int) -> None:
    if bins < 1:
        raise ValueError(f"at least one bin is needed, got {bins}")
