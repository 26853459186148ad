"""Tests of paired and unpaired values, and correction for their number."""

from __future__ import annotations

from workbench.metrics import bootstrap, statistics
from workbench.metrics.known_answers.question import Question

_P_VALUES = (0.001, 0.008, 0.039, 0.041, 0.27)
_X = (0.91, 0.92, 0.93, 0.90, 0.92)
_Y = (0.94, 0.95, 0.94, 0.96, 0.95)


def _mcnemar() -> tuple[float, float]:
    result = statistics.mcnemar(3, 12)
    return result.exact, result.mid_p


def _welch() -> tuple[float, float]:
    result = statistics.welch(_X, _Y)
    return result.t, result.p_value


QUESTIONS = (
    Question("McNemar, 3 and 12: exact and mid-p", _mcnemar, (0.03515625, 0.0212707520)),
    Question("Welch: t and p", _welch, (-5.0596443, 0.0012695386)),
    Question(
        "Welch: degrees of freedom",
        lambda: statistics.welch(_X, _Y).df,
        7.3394,
        tolerance=1e-4,
    ),
    Question("Holm", lambda: statistics.holm(_P_VALUES), (0.005, 0.032, 0.117, 0.117, 0.27)),
    Question(
        "Benjamini-Hochberg",
        lambda: statistics.benjamini_hochberg(_P_VALUES),
        (0.005, 0.02, 0.05125, 0.05125, 0.27),
    ),
    Question(
        "acceleration of the bootstrap",
        lambda: bootstrap.jackknife_acceleration([0.1, 0.4, 0.35, 0.8, 0.55]),
        0.0095314475,
    ),
)
