"""Weights and representations of two models, and what was planted or comes back."""

from __future__ import annotations

import numpy as np

from workbench.metrics import connectivity, removal, representation, weights
from workbench.metrics.known_answers.question import Question

_X = np.array([[1, 0], [2, 1], [3, 1], [4, 3]], dtype=np.float64)
_Y = np.array([[1, 1, 0], [2, 1, 1], [2, 3, 1], [4, 4, 0]], dtype=np.float64)

_BEFORE = {"a": np.array([1.0, 2.0, 2.0]), "b": np.array([[0.0, 3.0], [4.0, 0.0]])}
_AFTER = {"a": np.array([1.0, 2.0, 0.0]), "b": np.array([[0.0, 0.0], [4.0, 0.0]])}

_TRUE = np.repeat([0, 1], 50)
_PREDICTED = np.repeat([0, 1, 0, 1], [40, 10, 8, 42])


def _relative_distances() -> list[float]:
    layers = weights.layer_distances(_BEFORE, _AFTER)
    return [layers[name].relative for name in ("a", "b")]


QUESTIONS = (
    Question("kernel alignment", lambda: representation.linear_cka(_X, _Y), 0.9516766302),
    Question(
        "kernel alignment, unbiased", lambda: representation.unbiased_cka(_X, _Y), 0.9244734516
    ),
    Question(
        "distance of weights", lambda: weights.weight_distance(_BEFORE, _AFTER).l2, 3.6055512755
    ),
    Question(
        "relative distance of weights",
        lambda: weights.weight_distance(_BEFORE, _AFTER).relative,
        0.6183469424,
    ),
    Question("relative distance of each layer", _relative_distances, (0.6666667, 0.6)),
    Question(
        "cosine of weights",
        lambda: weights.weight_distance(_BEFORE, _AFTER).cosine,
        0.7859052480,
    ),
    Question("loss barrier", lambda: connectivity.loss_barrier([1.0, 2.5, 3.0]).height, 0.5),
    Question(
        "interclass confusion",
        lambda: removal.interclass_confusion(_PREDICTED, _TRUE, 0, 1).error,
        0.18,
    ),
    Question(
        "anamnesis index",
        lambda: removal.anamnesis_index([3], [True], [12], [True]).ratio,
        0.25,
    ),
)
