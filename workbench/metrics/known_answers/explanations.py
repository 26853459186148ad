"""Change of attribution maps, and whether a map is faithful to its model."""

from __future__ import annotations

import numpy as np

from workbench.metrics import attribution, faithfulness
from workbench.metrics.arrays import Floats
from workbench.metrics.known_answers.question import Question

_A = np.array([[0.9, 0.1], [0.4, 0.2]])
_B = np.array([[0.1, 0.8], [0.3, 0.4]])

# a linear model, whose integrated gradients from zero are weights times inputs
_GRADIENT, _ROW = np.array([1.0, -2.0, 3.0]), np.array([2.0, 1.0, -1.0])
_INTEGRATED = (2.0, -2.0, -3.0)
_FIRST_REMOVED = np.array([[2.0, 0.0, 0.0]])


def _score(rows: Floats) -> Floats:
    return np.asarray(rows @ _GRADIENT)


QUESTIONS = (
    Question("rank correlation of maps", lambda: attribution.spearman(_A, _B), -1.0),
    Question("overlap of the two largest pixels", lambda: attribution.top_k_iou(_A, _B, 0.5), 0.0),
    Question(
        "total variation of maps", lambda: attribution.total_variation_of_maps(_A, _B), 0.5625
    ),
    Question(
        "structural similarity, one window",
        lambda: attribution.ssim_one_window(_A, _B),
        -0.8334369174,
    ),
    Question(
        "area under a deletion curve",
        lambda: [
            faithfulness.area_under_curve(curve)
            for curve in ((1, 0.8, 0.5, 0.2, 0.1), (1, 0.6, 0.2, 0))
        ],
        (0.5125, 0.4333333333),
    ),
    Question(
        "completeness of integrated gradients",
        lambda: faithfulness.completeness_gap(_INTEGRATED, float(_score(_ROW))),
        0.0,
    ),
    Question(
        "infidelity",
        lambda: [
            faithfulness.infidelity(_score, _ROW, one, _FIRST_REMOVED)
            for one in (_GRADIENT, (0.0, -2.0, 3.0))
        ],
        (0.0, 4.0),
    ),
)
