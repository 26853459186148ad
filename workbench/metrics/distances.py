"""How far apart two models answer on the same rows, and how far apart two samples of scores are.

Functions of two sets of logits, (n, C) each, return one float64 per row unless said otherwise;
take the mean for the distance over a split. Classes are summed over, never averaged, so that
adding a class nobody predicts changes nothing.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from workbench.metrics.accuracy import prediction_shares
from workbench.metrics.arrays import (
    LARGEST,
    Floats,
    as_labels,
    as_rows,
    as_vector,
    require_level,
    require_same_shape,
    row_blocks,
)
from workbench.metrics.bounds import dkw_half_width
from workbench.metrics.errors import Undefined
from workbench.metrics.scores import log_probabilities
from workbench.metrics.statistics import Interval

LN2 = math.log(2.0)
_TEMPORARIES = 8  # matrices as large as one of log-probabilities that a formula holds at once
FEWEST_INITIALISATIONS = 5  # random models differ, so one of them says little


@dataclass(frozen=True, slots=True)
class KolmogorovSmirnov:
    """Largest distance between two empirical distribution functions, and its p-value."""

    statistic: float
    p_value: float


@dataclass(frozen=True, slots=True)
class ZeroRetrainForgetting:
    """Mean and standard deviation of the score over `n` freshly initialised models."""

    mean: float
    standard_deviation: float
    n: int


@dataclass(frozen=True, slots=True)
class Churn:
    """Predictions that changed between two models on the same `n` rows, as counts.

    negative: right before and wrong after; positive: wrong before and right after. The two are
    the discordant counts of McNemar's test.
    """

    n: int
    changed: int
    negative: int
    positive: int

    @property
    def rate(self) -> float:
        return self.changed / self.n

    @property
    def negative_rate(self) -> float:
        return self.negative / self.n

    @property
    def positive_rate(self) -> float:
        return self.positive / self.n


def js_divergence(logits_p: ArrayLike, logits_q: ArrayLike) -> Floats:
    """Jensen-Shannon divergence in nats, 0 to ln 2 (Lin 1991), (n,)."""
    return js_from_log_probabilities(*_log_probability_pair(logits_p, logits_q))


def js_from_log_probabilities(log_p: Floats, log_q: Floats) -> Floats:
    """The same from log-probabilities (n, C); minus infinity stands for a probability of 0."""
    out = np.empty(len(log_p))
    for block in row_blocks(len(out), _TEMPORARIES * log_p.shape[1]):
        out[block] = _js(log_p[block], log_q[block])
    return out


def kl_divergence(logits_p: ArrayLike, logits_q: ArrayLike) -> Floats:
    """Kullback-Leibler divergence sum p ln(p / q) in nats, (n,). Not symmetric."""
    log_p, log_q = _log_probability_pair(logits_p, logits_q)
    return np.asarray(np.maximum((np.exp(log_p) * (log_p - log_q)).sum(axis=1), 0.0))


def symmetric_kl(logits_p: ArrayLike, logits_q: ArrayLike) -> Floats:
    """KL(P || Q) + KL(Q || P) in nats (Jeffreys 1946), (n,). Some codes report half of it."""
    log_p, log_q = _log_probability_pair(logits_p, logits_q)
    return np.asarray(((np.exp(log_p) - np.exp(log_q)) * (log_p - log_q)).sum(axis=1))


def total_variation(logits_p: ArrayLike, logits_q: ArrayLike) -> Floats:
    """Half the L1 distance of the two class distributions, 0 to 1, (n,)."""
    log_p, log_q = _log_probability_pair(logits_p, logits_q)
    return np.asarray(0.5 * np.abs(np.exp(log_p) - np.exp(log_q)).sum(axis=1))


def activation_distance(logits_p: ArrayLike, logits_q: ArrayLike) -> Floats:
    """L2 distance of the two class distributions, 0 to sqrt 2, (n,).

    Golatkar et al. 2020 (arXiv:1911.04933), Chundawat et al. 2023 (arXiv:2205.08096); published
    values are the mean over rows, some the root of the mean square.
    """
    return activation_from_log_probabilities(*_log_probability_pair(logits_p, logits_q))


def activation_from_log_probabilities(log_p: Floats, log_q: Floats) -> Floats:
    """The same from log-probabilities (n, C)."""
    out = np.empty(len(log_p))
    for block in row_blocks(len(out), _TEMPORARIES * log_p.shape[1]):
        out[block] = np.linalg.norm(np.exp(log_p[block]) - np.exp(log_q[block]), axis=1)
    return out


def rms_activation_distance(logits_p: ArrayLike, logits_q: ArrayLike) -> float:
    """Root of the mean over rows of the squared activation distance, never below its mean."""
    rows = activation_distance(logits_p, logits_q)
    return math.sqrt(float(np.square(rows).mean()))


def relative_activation_distance(activations: ArrayLike, reference: ArrayLike) -> Floats:
    """||a - a_ref|| / ||a_ref|| of the activations of one layer, (n, ...) each, per row (n,).

    0 is best and there is no upper end. Undefined when the reference does not respond to a row.
    """
    a, b = as_rows(activations, "activations"), as_rows(reference, "reference activations")
    require_same_shape(a, b)
    a, b = a.reshape(len(a), -1), b.reshape(len(b), -1)
    size = np.linalg.norm(b, axis=1)
    silent = int(np.count_nonzero(size == 0))
    if silent:
        raise Undefined(f"The reference activations vanish on {silent} of {len(b)} rows.")
    return np.asarray(np.linalg.norm(a - b, axis=1) / size)


def zero_retrain_forgetting(logits: ArrayLike, random_logits: ArrayLike) -> float:
    """1 minus the mean Jensen-Shannon divergence in bits to a freshly initialised model, 0 to 1.

    Chundawat et al. 2023 (arXiv:2205.08096). The target is the value of the retrained model, not
    1. Values from code that averages over classes are too close to 1 and cannot be compared.
    """
    return float(1 - js_divergence(logits, random_logits).mean() / LN2)


def zero_retrain_forgetting_over(
    logits: ArrayLike, initialisations: Iterable[ArrayLike]
) -> ZeroRetrainForgetting:
    """The same, averaged over the logits of at least five freshly initialised models."""
    values = np.array([zero_retrain_forgetting(logits, random) for random in initialisations])
    if len(values) < FEWEST_INITIALISATIONS:
        raise Undefined(
            f"Forgetting against random models needs {FEWEST_INITIALISATIONS} of them, "
            f"and there are {len(values)}."
        )
    return ZeroRetrainForgetting(float(values.mean()), float(values.std(ddof=1)), len(values))


def kolmogorov_smirnov_distance(a: ArrayLike, b: ArrayLike) -> float:
    """Largest gap between the empirical distribution functions of (n,) and (m,) scores, 0 to 1."""
    x, y = np.sort(as_vector(a, "scores")), np.sort(as_vector(b, "scores"))
    places = np.concatenate([x, y])
    below = (np.searchsorted(one, places, side="right") / len(one) for one in (x, y))
    return float(np.abs(np.subtract(*below)).max())


def kolmogorov_smirnov(a: ArrayLike, b: ArrayLike) -> KolmogorovSmirnov:
    """Two-sample test of two sets of scores, (n,) and (m,); exact p-value up to 10,000 each."""
    from scipy import stats  # slow to import, and seldom needed

    x, y = as_vector(a, "scores"), as_vector(b, "scores")
    with warnings.catch_warnings(action="ignore", category=RuntimeWarning):
        result = stats.ks_2samp(x, y, method="auto")  # says so where exactness is beyond float64
    return KolmogorovSmirnov(float(result.statistic), float(result.pvalue))


def kolmogorov_smirnov_interval(a: ArrayLike, b: ArrayLike, level: float = 0.95) -> Interval:
    """Interval of the true largest distance between the two distribution functions.

    Each sample keeps its Dvoretzky-Kiefer-Wolfowitz band at half the error, so it also holds for
    two models scored on the same rows, for which the p-value is not exact. Conservative.
    """
    x, y = as_vector(a, "scores"), as_vector(b, "scores")
    require_level(level)
    each = (1 + level) / 2
    half = dkw_half_width(len(x), each) + dkw_half_width(len(y), each)
    distance = kolmogorov_smirnov_distance(x, y)
    return Interval(max(0.0, distance - half), min(1.0, distance + half), "dkw")


def wasserstein(a: ArrayLike, b: ArrayLike) -> float:
    """Wasserstein-1 distance of two sets of scores, in their unit."""
    from scipy import stats

    return float(stats.wasserstein_distance(as_vector(a, "scores"), as_vector(b, "scores")))


def energy_distance(a: ArrayLike, b: ArrayLike) -> float:
    """sqrt(2 E|A - B| - E|A - A'| - E|B - B'|) of two sets of scores (Szekely and Rizzo 2013).

    The root of that difference, in the root of the unit of the scores; some report the square.
    """
    from scipy import stats

    return float(stats.energy_distance(as_vector(a, "scores"), as_vector(b, "scores")))


def confusion_shift(predicted_a: ArrayLike, predicted_b: ArrayLike, n_classes: int) -> float:
    """Total variation distance of the predicted labels of two models over the same rows, 0 to 1.

    Where the rows of a forgotten class go. Both (n,) integers.
    """
    a, b = as_labels(predicted_a), as_labels(predicted_b)
    require_same_shape(a, b)
    shares_a, shares_b = prediction_shares(a, n_classes), prediction_shares(b, n_classes)
    return float(0.5 * np.abs(shares_a - shares_b).sum())


def prediction_agreement(predicted_a: ArrayLike, predicted_b: ArrayLike) -> float:
    """Share of rows given the same label by both models. Both (n,) integers."""
    a, b = as_labels(predicted_a), as_labels(predicted_b)
    require_same_shape(a, b)
    return float((a == b).mean())


def churn(predicted_before: ArrayLike, predicted_after: ArrayLike, targets: ArrayLike) -> Churn:
    """Changed predictions (Milani Fard et al. 2016) and flips (Yan et al. 2021, arXiv:2011.09161).

    All (n,) integers.
    """
    before, after, truth = (as_labels(x) for x in (predicted_before, predicted_after, targets))
    require_same_shape(before, after)
    require_same_shape(before, truth)
    right_before, right_after = before == truth, after == truth
    return Churn(
        n=len(truth),
        changed=int((before != after).sum()),
        negative=int((right_before & ~right_after).sum()),
        positive=int((~right_before & right_after).sum()),
    )


def _log_probability_pair(logits_p: ArrayLike, logits_q: ArrayLike) -> tuple[Floats, Floats]:
    log_p, log_q = log_probabilities(logits_p), log_probabilities(logits_q)
    require_same_shape(log_p, log_q)
    return log_p, log_q


def _js(log_p: Floats, log_q: Floats) -> Floats:
    log_p, log_q = np.maximum(log_p, -LARGEST), np.maximum(log_q, -LARGEST)
    ratio = log_q - log_p
    terms = np.exp(log_p) * (LN2 - np.logaddexp(0.0, ratio))
    terms += np.exp(log_q) * (LN2 - np.logaddexp(0.0, -ratio))
    return np.asarray(np.clip(0.5 * terms.sum(axis=1), 0.0, LN2))
