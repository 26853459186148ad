"""How far apart two models answer on the same rows, and how far apart two samples of scores are.

Functions of two sets of logits, (n, C) each, return one float64 per row; take the mean for the
distance over a split. Classes are summed over, never averaged, so that adding a class nobody
predicts changes nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from workbench.metrics.arrays import (
    LARGEST,
    Floats,
    as_labels,
    as_vector,
    require_same_shape,
)
from workbench.metrics.scores import log_probabilities

LN2 = math.log(2.0)


@dataclass(frozen=True, slots=True)
class KolmogorovSmirnov:
    """Largest distance between two empirical distribution functions, and its p-value."""

    statistic: float
    p_value: float


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
    log_p, log_q = np.maximum(log_p, -LARGEST), np.maximum(log_q, -LARGEST)
    ratio = log_q - log_p
    terms = np.exp(log_p) * (LN2 - np.logaddexp(0.0, ratio))
    terms += np.exp(log_q) * (LN2 - np.logaddexp(0.0, -ratio))
    return np.asarray(np.clip(0.5 * terms.sum(axis=1), 0.0, LN2))


def kl_divergence(logits_p: ArrayLike, logits_q: ArrayLike) -> Floats:
    """Kullback-Leibler divergence sum p ln(p / q) in nats, (n,). Not symmetric."""
    log_p, log_q = _log_probability_pair(logits_p, logits_q)
    return np.asarray(np.maximum((np.exp(log_p) * (log_p - log_q)).sum(axis=1), 0.0))


def total_variation(logits_p: ArrayLike, logits_q: ArrayLike) -> Floats:
    """Half the L1 distance of the two class distributions, 0 to 1, (n,)."""
    log_p, log_q = _log_probability_pair(logits_p, logits_q)
    return np.asarray(0.5 * np.abs(np.exp(log_p) - np.exp(log_q)).sum(axis=1))


def activation_distance(logits_p: ArrayLike, logits_q: ArrayLike) -> Floats:
    """L2 distance of the two class distributions, 0 to sqrt 2, (n,).

    Golatkar et al. 2020 (arXiv:1911.04933), Chundawat et al. 2023 (arXiv:2205.08096); published
    values are the mean over rows, some the root of the mean square.
    """
    log_p, log_q = _log_probability_pair(logits_p, logits_q)
    return np.asarray(np.linalg.norm(np.exp(log_p) - np.exp(log_q), axis=1))


def zero_retrain_forgetting(logits: ArrayLike, random_logits: ArrayLike) -> float:
    """1 minus the mean Jensen-Shannon divergence in bits to a freshly initialised model, 0 to 1.

    Chundawat et al. 2023 (arXiv:2205.08096). The target is the value of the retrained model, not
    1. Values from code that averages over classes are too close to 1 and cannot be compared.
    """
    return float(1 - js_divergence(logits, random_logits).mean() / LN2)


def kolmogorov_smirnov(a: ArrayLike, b: ArrayLike) -> KolmogorovSmirnov:
    """Two-sample test of two sets of scores, (n,) and (m,); exact p-value up to 10,000 each."""
    from scipy import stats  # slow to import, and seldom needed

    result = stats.ks_2samp(as_vector(a, "scores"), as_vector(b, "scores"), method="auto")
    return KolmogorovSmirnov(float(result.statistic), float(result.pvalue))


def wasserstein(a: ArrayLike, b: ArrayLike) -> float:
    """Wasserstein-1 distance of two sets of scores, in their unit."""
    from scipy import stats

    return float(stats.wasserstein_distance(as_vector(a, "scores"), as_vector(b, "scores")))


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
