"""What a linear classifier can read off the features of a model."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from workbench.metrics.arrays import Floats, as_rows
from workbench.metrics.errors import Undefined
from workbench.metrics.membership import delong_interval
from workbench.metrics.statistics import Interval

FOLDS = 5
MOST_ROWS = 2000  # of a side: more make the probe slow and its AUC hardly surer


def probe_auc(
    forgotten: ArrayLike, others: ArrayLike, *, level: float = 0.95, seed: int = 0
) -> tuple[float, Interval, int]:
    """AUC of a logistic regression on features, each row scored by a fit that never saw it.

    forgotten (m, d), others (n, d); at most 2000 rows of each, drawn by `seed`. Features are
    standardised, the classes weighted alike, and the folds are five. Returns the AUC, its DeLong
    interval and the number of rows. Undefined below five rows a side or if no feature varies.
    """
    positives, negatives = _features(forgotten), _features(others)
    if positives.shape[1] != negatives.shape[1]:
        raise ValueError(f"features of {positives.shape[1]} and {negatives.shape[1]} dimensions")
    generator = np.random.Generator(np.random.PCG64(seed))
    positives, negatives = (_at_most(side, generator) for side in (positives, negatives))
    features = np.concatenate([positives, negatives])
    if (features == features[0]).all():
        raise Undefined("The features are the same for every row, so there is nothing to probe.")
    is_forgotten = np.arange(len(features)) < len(positives)
    scores = _held_out_scores(features, is_forgotten, seed)
    value, interval = delong_interval(scores[is_forgotten], scores[~is_forgotten], level)
    return value, interval, len(features)


def _held_out_scores(features: Floats, labels: Any, seed: int) -> Floats:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    scores = np.empty(len(features))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    for fitted, held_out in folds.split(features, labels):
        probe = make_pipeline(
            StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=500)
        )
        with warnings.catch_warnings():
            # Not the last digit of the optimum matters, but the order of the rows.
            warnings.simplefilter("ignore", ConvergenceWarning)
            probe.fit(features[fitted], labels[fitted])
        scores[held_out] = probe.decision_function(features[held_out])
    return scores


def _features(values: ArrayLike) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2:
        raise ValueError(f"features need shape (rows, dimensions), got {array.shape}")
    if len(array) < FOLDS:
        raise Undefined(f"A probe needs at least {FOLDS} rows on each side, got {len(array)}.")
    return as_rows(array, "features")


def _at_most(side: Floats, generator: np.random.Generator) -> Floats:
    if len(side) <= MOST_ROWS:
        return side
    return side[np.sort(generator.choice(len(side), MOST_ROWS, replace=False))]
