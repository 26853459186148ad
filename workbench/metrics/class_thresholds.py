"""One decision threshold for every class, as classes differ in how confident a model is.

Song and Mittal 2021 (arXiv:2003.10595). A row is called a member when its score is strictly
above the threshold of its class. A class too rare to have a threshold of its own takes that of
all rows, and is named.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from workbench.metrics.arrays import Booleans, Floats, Integers, as_labelled
from workbench.metrics.membership import roc_curve, tpr_at_fpr

FEWEST_NON_MEMBERS = 50


@dataclass(frozen=True, slots=True)
class ClassThresholds:
    """`by_class` has the thresholds of classes that could be fitted, `overall` serves all others.

    `pooled_classes` are those seen in fitting that were too rare.
    """

    by_class: dict[int, float]
    overall: float
    pooled_classes: tuple[int, ...]

    def calls(self, scores: ArrayLike, labels: ArrayLike) -> Booleans:
        """Which rows (n,) are called members."""
        values, classes = as_labelled(scores, labels, "scores")
        seen, index = np.unique(classes, return_inverse=True)
        limits = np.array([self.by_class.get(int(label), self.overall) for label in seen])
        return np.asarray(values > limits[index])


def most_accurate_thresholds(
    members: ArrayLike,
    member_labels: ArrayLike,
    non_members: ArrayLike,
    non_member_labels: ArrayLike,
) -> ClassThresholds:
    """Thresholds of best balanced accuracy on rows whose membership is known, of a shadow model.

    A class needs 50 non-members and a member. Judge the thresholds on other rows.
    """
    x, x_labels = as_labelled(members, member_labels, "member scores")
    y, y_labels = as_labelled(non_members, non_member_labels, "non-member scores")

    def fit(label: int) -> float:
        return _most_accurate(x[x_labels == label], y[y_labels == label])

    present = set(x_labels.tolist())
    return _by_class(y_labels, present, fit, _most_accurate(x, y))


def thresholds_at_fpr(non_members: ArrayLike, labels: ArrayLike, fpr: float) -> ClassThresholds:
    """Lowest thresholds with an empirical false positive rate <= fpr in every class.

    From population scores (n,) and their labels; a class needs 50 of them.
    """
    y, y_labels = as_labelled(non_members, labels, "non-member scores")

    def fit(label: int) -> float:
        of_class = y[y_labels == label]
        return tpr_at_fpr(of_class, of_class, fpr).threshold

    present = set(y_labels.tolist())
    return _by_class(y_labels, present, fit, tpr_at_fpr(y, y, fpr).threshold)


def _by_class(
    non_member_labels: Integers, present: set[int], fit: Callable[[int], float], overall: float
) -> ClassThresholds:
    labels, counts = np.unique(non_member_labels, return_counts=True)
    sizes = dict(zip(labels.tolist(), counts.tolist(), strict=True))
    fitted = {c for c in present if sizes.get(c, 0) >= FEWEST_NON_MEMBERS}
    pooled = sorted((present | set(sizes)) - fitted)
    return ClassThresholds({c: fit(c) for c in sorted(fitted)}, overall, tuple(pooled))


def _most_accurate(members: Floats, non_members: Floats) -> float:
    fpr, tpr, thresholds = roc_curve(members, non_members)
    return float(thresholds[(tpr - fpr).argmax()])
