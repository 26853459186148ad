"""The self-test: metrics repeated on inputs whose right answer is known from elsewhere.

The answers come from the definitions, worked out independently of this code. `workbench doctor`
repeats them on the user's own machine, where a wrong build of a numerical library would show.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from workbench.metrics import (
    accuracy,
    bounds,
    calibration,
    distances,
    membership,
    scores,
    statistics,
)

_TOLERANCE = 1e-6

_MEMBERS = (0.9, 0.8, 0.7, 0.55, 0.4)
_NON_MEMBERS = (0.6, 0.5, 0.4, 0.3, 0.2, 0.1)
_P = np.log([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4]])
_Q = np.log([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [1 / 3, 1 / 3, 1 / 3]])
_FIRST = _P[:1]
_CALIBRATED = np.vstack([_P, np.log([[0.5, 0.4, 0.1]])])
_LABELS = (0, 1, 0, 1)
_UNLEARNED = {"forget": 0.80, "retain": 0.98, "test": 0.92}
_RETRAINED = {"forget": 0.90, "retain": 1.0, "test": 0.94}

_QUESTIONS: tuple[tuple[str, Callable[[], float], float], ...] = (
    ("Clopper-Pearson 90/100, low", lambda: statistics.clopper_pearson(90, 100).low, 0.8237774023),
    ("Wilson 90/100, high", lambda: statistics.wilson(90, 100).high, 0.9447708629),
    ("negatives needed for 1 % FPR", lambda: bounds.negatives_needed(0.01), 299),
    ("order statistic, 1000 at 1 %", lambda: bounds.order_statistic_rank(1000, 0.01), 5),
    ("Jensen-Shannon, nats", lambda: distances.js_divergence(_P, _Q).mean(), 0.0065055184),
    ("activation distance", lambda: distances.activation_distance(_P, _Q).mean(), 0.1214974569),
    ("entropy", lambda: scores.entropy(_FIRST)[0], 0.8018185525),
    ("modified entropy", lambda: scores.modified_entropy(_FIRST, [0])[0], 0.1621672450),
    ("logit margin", lambda: scores.margin([[2.0, 1.0, -1.0]], [0])[0], 0.8730719890),
    ("AUC", lambda: membership.auc(_MEMBERS, _NON_MEMBERS), 0.8833333333),
    (
        "DeLong variance",
        lambda: membership.delong_variance(_MEMBERS, _NON_MEMBERS),
        0.0109444444,
    ),
    (
        "DeLong interval, low",
        lambda: membership.delong_interval(_MEMBERS, _NON_MEMBERS)[1].low,
        0.5086857,
    ),
    ("TPR at 1/6 FPR", lambda: membership.tpr_at_fpr(_MEMBERS, _NON_MEMBERS, 1 / 6).tpr, 0.8),
    ("negative log likelihood", lambda: calibration.nll(_CALIBRATED, _LABELS), 0.6750205079),
    ("Brier score", lambda: calibration.brier(_CALIBRATED, _LABELS), 0.39),
    ("tug of war", lambda: accuracy.tug_of_war(_UNLEARNED, _RETRAINED), 0.86436),
    (
        "Holm, third of five",
        lambda: statistics.holm([0.001, 0.008, 0.039, 0.041, 0.27])[2],
        0.117,
    ),
    ("McNemar 3/12, exact p", lambda: statistics.mcnemar(3, 12).exact, 0.03515625),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One known answer, and what this installation gives."""

    name: str
    expected: float
    got: float

    @property
    def correct(self) -> bool:
        return abs(self.got - self.expected) <= _TOLERANCE


def check_known_answers() -> list[Answer]:
    """Compute every known answer anew."""
    return [Answer(name, expected, float(compute())) for name, compute, expected in _QUESTIONS]
