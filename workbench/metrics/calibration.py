"""Whether stated confidence matches how often the model is right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from workbench.metrics.arrays import (
    Floats,
    Integers,
    as_any_logits,
    as_logits,
    as_targets,
    as_vector,
    require_fraction,
    require_level,
    require_same_shape,
)
from workbench.metrics.bootstrap import RESAMPLES, percentile_bootstrap
from workbench.metrics.scores import cross_entropy, log_probabilities, max_confidence
from workbench.metrics.statistics import Interval

FLOOR_RESAMPLES = 1000
_CHUNK = 4_000_000  # numbers drawn at once, to bound memory


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


@dataclass(frozen=True, slots=True)
class CalibrationFloor:
    """The ECE a perfectly calibrated model would show on as many rows: mean and range."""

    mean: float
    interval: Interval


def expected_calibration_error(
    logits: ArrayLike, targets: ArrayLike, bins: int = 15, *, equal_mass: bool = False
) -> float:
    """ECE of the top-1 confidence (Guo et al. 2017, arXiv:1706.04599); logits (n, C), 0 is best.

    Biased upwards for few rows: give it with its interval and its floor.
    """
    return _top_class_reliability(logits, targets, bins, equal_mass).expected_error


def maximum_calibration_error(
    logits: ArrayLike, targets: ArrayLike, bins: int = 15, *, equal_mass: bool = False
) -> float:
    """MCE of the top-1 confidence: the gap of the worst bin, however few rows are in it."""
    return _top_class_reliability(logits, targets, bins, equal_mass).largest_error


def classwise_calibration_error(
    logits: ArrayLike, targets: ArrayLike, bins: int = 15, *, equal_mass: bool = False
) -> float:
    """Mean over the classes of the ECE of p_c as the chance of class c; logits (n, C), 0 is best.

    Kull et al. 2019 (arXiv:1910.12656). Not comparable between different numbers of classes: rare
    classes have small probabilities and so small gaps.
    """
    z = as_logits(logits)
    y = as_targets(targets, z)
    p = np.minimum(np.exp(log_probabilities(z)), 1.0)
    errors = [
        reliability(p[:, c], y == c, bins, equal_mass=equal_mass).expected_error
        for c in range(z.shape[1])
    ]
    return float(np.mean(errors))


def calibration_error_floor(
    logits: ArrayLike,
    bins: int = 15,
    *,
    equal_mass: bool = False,
    level: float = 0.95,
    resamples: int = FLOOR_RESAMPLES,
    seed: int = 0,
) -> CalibrationFloor:
    """ECE of the same confidences with labels drawn from the model's own probabilities.

    Consistency resampling (Broecker and Smith 2007) over fixed rows. An observed ECE inside the
    interval gives no evidence of miscalibration. O(n) per resample.
    """
    conf = max_confidence(logits)
    require_level(level)
    index = _bin_index(conf, bins, equal_mass)
    generator = np.random.Generator(np.random.PCG64(seed))
    n, errors = len(conf), np.empty(resamples)
    block = max(1, _CHUNK // n)
    for start in range(0, resamples, block):
        b = min(block, resamples - start)
        excess = (generator.random((b, n)) < conf) - conf
        errors[start : start + b] = _absolute_bin_sums(np.tile(index, (b, 1)), excess, bins) / n
    tail = (1 - level) / 2
    low, high = np.quantile(errors, [tail, 1 - tail])
    method = f"consistency-resampling B={resamples} PCG64 seed={seed}"
    return CalibrationFloor(float(errors.mean()), Interval(float(low), float(high), method))


def calibration_error_interval(
    logits: ArrayLike,
    targets: ArrayLike,
    bins: int = 15,
    *,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Percentile bootstrap interval of the equal-width ECE over rows.

    Covers errors that are large beside their floor. The bias of the error counts twice, so near
    the floor the interval lies above the truth at any number of rows: it never holds 0, and may
    not hold the error itself. Read `calibration_error_floor` there.
    """
    z = as_logits(logits)
    y = as_targets(targets, z)
    conf = max_confidence(z)
    excess = (z.argmax(axis=1) == y) - conf
    rows = np.column_stack([_equal_width_bin(conf, bins), excess])

    def calibration_errors(samples: Floats) -> Floats:
        index = samples[..., 0].astype(np.int64)
        return np.asarray(_absolute_bin_sums(index, samples[..., 1], bins) / samples.shape[1])

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
    index = _bin_index(conf, bins, equal_mass)
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
    p = np.exp(log_probabilities(logits))
    y = as_targets(targets, p)
    p[np.arange(len(p)), y] -= 1.0
    return float(np.square(p).sum(axis=1).mean())


def _top_class_reliability(
    logits: ArrayLike, targets: ArrayLike, bins: int, equal_mass: bool
) -> Reliability:
    z = as_any_logits(logits)
    right = z.argmax(axis=1) == as_targets(targets, z)
    return reliability(max_confidence(z), right, bins, equal_mass=equal_mass)


def _absolute_bin_sums(index: Integers, excess: Floats, bins: int) -> Floats:
    """Sum over bins of |sum of the excess inside|, for each of b samples: (b, n) twice -> (b,)."""
    b = len(index)
    cell = index + bins * np.arange(b)[:, None]
    sums = np.bincount(cell.ravel(), weights=excess.ravel(), minlength=b * bins)
    return np.asarray(np.abs(sums.reshape(b, bins)).sum(axis=1))


def _bin_index(conf: Floats, bins: int, equal_mass: bool) -> Integers:
    if not equal_mass:
        return _equal_width_bin(conf, bins)
    _require_bins(bins)
    rows_below = np.searchsorted(np.sort(conf), conf)
    return np.asarray(rows_below * bins // len(conf), dtype=np.int64)


def _equal_width_bin(conf: Floats, bins: int) -> Integers:
    _require_bins(bins)
    edges = np.linspace(0.0, 1.0, bins + 1)
    return np.maximum(np.searchsorted(edges, conf, side="left") - 1, 0)


def _require_bins(bins: int) -> None:
    if bins < 1:
        raise ValueError(f"at least one bin is needed, got {bins}")
