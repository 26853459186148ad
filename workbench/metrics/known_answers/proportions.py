"""Intervals of proportions, and what counts permit to claim."""

from __future__ import annotations

from workbench.metrics import bounds, one_run, power, statistics
from workbench.metrics.known_answers.question import Question
from workbench.metrics.one_run import Guesses
from workbench.metrics.statistics import Interval

_RATES = (0.1, 0.01, 0.001, 0.0001)
_UNDETECTED = (30, 100, 300, 1000)
_RANKED = (
    (500, 0.1),
    (500, 0.01),
    (1000, 0.01),
    (5000, 0.01),
    (10_000, 0.01),
    (10_000, 0.001),
    (2995, 0.001),
    (299, 0.01),
)
_GUESSES = Guesses(canaries=1000, made=100, correct=95)
_COIN = Guesses(canaries=1000, made=100, correct=50)


def _ends(interval: Interval) -> tuple[float, float]:
    return interval.low, interval.high


QUESTIONS = (
    Question(
        "Clopper-Pearson, 90 of 100",
        lambda: _ends(statistics.clopper_pearson(90, 100)),
        (0.8237774023, 0.9509953108),
        id="A1",
    ),
    Question(
        "Clopper-Pearson, one-sided, 1 of 1000",
        lambda: statistics.clopper_pearson_upper(1, 1000),
        0.0047349936,
        id="A3",
    ),
    Question(
        "Wilson, 90 of 100",
        lambda: _ends(statistics.wilson(90, 100)),
        (0.8256343385, 0.9447708629),
        id="O8",
    ),
    Question(
        "non-members needed for a false positive rate",
        lambda: [bounds.negatives_needed(rate) for rate in _RATES],
        (29, 299, 2995, 29956),
        id="A5",
    ),
    Question(
        "true positive rate after no detection",
        lambda: [bounds.undetected_tpr_limit(n) for n in _UNDETECTED],
        (0.0950338529, 0.0295130496, 0.0099360819, 0.0029912495),
        id="AE1",
    ),
    Question(
        "rank of the certified threshold",
        lambda: [bounds.order_statistic_rank(n, rate) for n, rate in _RANKED],
        (39, 2, 5, 39, 84, 5, 1, 1),
        id="T1",
    ),
    Question(
        "band of a distribution function, 1000 values",
        lambda: bounds.dkw_half_width(1000),
        0.0429469408,
        id="O9",
    ),
    Question(
        "epsilon of 100 and 1 of 1000",
        lambda: bounds.epsilon_lower_bound(100, 1000, 1, 1000),
        2.6924765714,
        id="B1",
    ),
    Question(
        "its limits of both error rates",
        lambda: [statistics.clopper_pearson_upper(k, 1000, 0.975) for k in (1, 900)],
        (0.0055589243, 0.9178946656),
        id="B1",
    ),
    Question(
        "epsilon of an attack at chance",
        lambda: bounds.epsilon_lower_bound(500, 1000, 500, 1000),
        0.0,
        id="B3",
    ),
    Question(
        "largest epsilon that rows can show",
        lambda: [bounds.largest_certifiable_epsilon(n, n) for n in (100, 10**3, 10**4, 10**5)],
        (3.28, 5.60, 7.90, 10.21),
        tolerance=0.005,
    ),
    Question("dataset usage", lambda: bounds.dataset_usage(0.35, 0.6, 0.1), 0.5, id="AA1"),
    Question(
        "one-run epsilon, 95 of 100 right",
        lambda: one_run.epsilon_lower_bound(_GUESSES, delta=0.0),
        2.1724340432,
        id="C1",
    ),
    Question(
        "one-run epsilon at chance",
        lambda: one_run.epsilon_lower_bound(_COIN, delta=0.0),
        0.0,
        id="C3",
    ),
    Question(
        "one-run p-value at epsilon 1",
        lambda: one_run.p_value(_GUESSES, 1.0, delta=1e-5),
        6.6391447e-4,
        id="C5",
        tolerance=1e-10,
    ),
    Question(
        "rows to show equal proportions",
        lambda: [power.equivalence_sample_size(0.9, margin) for margin in (0.01, 0.02, 0.05)],
        (15_415, 3854, 617),
    ),
)
