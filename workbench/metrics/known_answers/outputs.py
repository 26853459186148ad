"""Scores of single predictions, distances of two, calibration, and changed answers."""

from __future__ import annotations

import math

import numpy as np

from workbench.metrics import calibration, distances, scores
from workbench.metrics.known_answers.question import Question

_P = np.log([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4]])
_Q = np.log([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [1 / 3, 1 / 3, 1 / 3]])
_FIRST = _P[:1]
_CERTAIN = np.array([[900.0, -900.0]])

_CALIBRATED = np.vstack([_P, np.log([[0.5, 0.4, 0.1]])])
_LABELS = (0, 1, 0, 1)
_CONFIDENCE = np.array([0.95, 0.85, 0.75, 0.65, 0.55, 0.45])
_CORRECT = (1, 1, 0, 1, 0, 0)
_BINARY = np.log(np.stack([1 - _CONFIDENCE, _CONFIDENCE], axis=1))

_BEFORE, _AFTER, _TRUTH = (0, 1, 2, 1, 0, 2), (0, 1, 1, 1, 2, 2), (0, 1, 2, 1, 2, 1)


def _churn() -> tuple[float, float, float]:
    changed = distances.churn(_BEFORE, _AFTER, _TRUTH)
    return changed.rate, changed.negative_rate, changed.positive_rate


QUESTIONS = (
    Question("entropy", lambda: scores.entropy(_FIRST), 0.8018185525),
    Question(
        "modified entropy",
        lambda: scores.modified_entropy(np.repeat(_FIRST, 3, axis=0), [0, 1, 2]),
        (0.1621672450, 2.1408673445, 2.9597362560),
    ),
    Question("logit-scaled confidence", lambda: scores.margin(_FIRST, [0]), 0.8472978604),
    Question("logit margin", lambda: scores.margin([[2.0, 1.0, -1.0]], [0]), 0.8730719890),
    Question(
        "Jensen-Shannon divergence, nats",
        lambda: distances.js_divergence(_P, _Q),
        (0.00695886, 0.01016286, 0.00239484),
    ),
    Question(
        "mean Jensen-Shannon divergence, nats",
        lambda: distances.js_divergence(_P, _Q).mean(),
        0.0065055184,
    ),
    Question(
        "Jensen-Shannon distance, root of bits",
        lambda: np.sqrt(distances.js_divergence(_P, _Q) / math.log(2)),
        (0.10019734, 0.12108634, 0.0587795),
    ),
    Question(
        "Jensen-Shannon divergence of disjoint answers",
        lambda: distances.js_divergence(_CERTAIN, -_CERTAIN),
        math.log(2),
    ),
    Question(
        "zero retrain forgetting",
        lambda: distances.zero_retrain_forgetting(_P, _Q),
        0.9906145207,
    ),
    Question(
        "Kullback-Leibler divergence",
        lambda: distances.kl_divergence(_P, _Q),
        (0.02681245, 0.0375104, 0.00971231),
    ),
    Question("total variation", lambda: distances.total_variation(_P, _Q), (0.1, 0.1, 0.06666667)),
    Question(
        "activation distance",
        lambda: distances.activation_distance(_P, _Q).mean(),
        0.1214974569,
    ),
    Question(
        "activation distance, root mean square",
        lambda: distances.rms_activation_distance(_P, _Q),
        0.1247219129,
    ),
    Question("churn and flips", _churn, (1 / 3, 1 / 6, 1 / 6)),
    Question(
        "calibration error, 5 and 15 bins",
        lambda: [calibration.reliability(_CONFIDENCE, _CORRECT, b).expected_error for b in (5, 15)],
        (0.2666666667, 0.3833333333),
    ),
    Question(
        "calibration error, equal mass",
        lambda: calibration.expected_calibration_error(_CALIBRATED, _LABELS, 2, equal_mass=True),
        0.35,
    ),
    Question(
        "negative log-likelihood", lambda: calibration.nll(_CALIBRATED, _LABELS), 0.6750205079
    ),
    Question("Brier score", lambda: calibration.brier(_CALIBRATED, _LABELS), 0.39),
    Question(
        "Brier score of two classes, both counted",
        lambda: calibration.brier(_BINARY, _CORRECT),
        2 * 0.2025,
    ),
)
