"""Accuracy of predicted labels, and the composite gap scores of the unlearning literature.

The gap scores compare an unlearned model with the retrained one (or the original). They are
reported for comparison with published tables and never decide a verdict.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from workbench.metrics.arrays import (
    Floats,
    Integers,
    as_labels,
    require_fraction,
    require_same_shape,
)
from workbench.metrics.errors import Undefined

SMALLEST_AUC = 0.05  # our choice: below it a ratio of AUCs says nothing about leakage


def accuracy(predicted: ArrayLike, targets: ArrayLike) -> float:
    """Share of rows whose predicted label is the target. Both (n,) integers."""
    labels, truth = _label_pair(predicted, targets)
    return float((labels == truth).mean())


def correct_by_class(
    predicted: ArrayLike, targets: ArrayLike, n_classes: int
) -> tuple[Integers, Integers]:
    """Correct rows and all rows of each class, two (n_classes,) counts; a class may have none."""
    confusion = confusion_matrix(predicted, targets, n_classes)
    return np.diagonal(confusion).copy(), confusion.sum(axis=1)


def confusion_matrix(predicted: ArrayLike, targets: ArrayLike, n_classes: int) -> Integers:
    """Rows counted by (target, predicted), shape (n_classes, n_classes)."""
    labels, truth = _label_pair(predicted, targets)
    for name, values in (("predicted labels", labels), ("targets", truth)):
        _require_classes(values, n_classes, name)
    counts = np.bincount(truth * n_classes + labels, minlength=n_classes * n_classes)
    return counts.reshape(n_classes, n_classes)


def accuracy_by_class(predicted: ArrayLike, targets: ArrayLike) -> dict[int, float]:
    """Accuracy on the rows of each class that occurs among the targets, by class id."""
    hits, sizes, _ = _hits_and_sizes(predicted, targets)
    return {int(c): float(hits[c] / sizes[c]) for c in np.flatnonzero(sizes)}


def prediction_shares(predicted: ArrayLike, n_classes: int) -> Floats:
    """Share of rows given each label, (n_classes,), summing to 1."""
    labels = as_labels(predicted)
    _require_classes(labels, n_classes, "predicted labels")
    return np.bincount(labels, minlength=n_classes) / len(labels)


def balanced_accuracy(predicted: ArrayLike, targets: ArrayLike) -> float:
    """Mean recall over the classes that occur among the targets."""
    hits, sizes, _ = _hits_and_sizes(predicted, targets)
    present = sizes > 0
    return float((hits[present] / sizes[present]).mean())


def macro_f1(predicted: ArrayLike, targets: ArrayLike) -> float:
    """Mean F1 over the classes that occur among the targets or the predictions."""
    hits, sizes, predicted_sizes = _hits_and_sizes(predicted, targets)
    total = sizes + predicted_sizes
    occurs = total > 0
    return float((2 * hits[occurs] / total[occurs]).mean())


def average_gap(candidate: Mapping[str, float], reference: Mapping[str, float]) -> float:
    """Mean absolute difference over the same named fractions (Fan et al. 2024, arXiv:2310.12508).

    Usually forget, retain and test accuracy and one membership rate. 0 is best.
    """
    gaps = _absolute_gaps(candidate, reference)
    return math.fsum(gaps) / len(gaps)


def gap_noise_floor(retrained: Sequence[Mapping[str, float]]) -> Floats:
    """Average gap of each retrained model to the mean of all the others, (models,).

    What a perfect method would score by chance: an average gap within these is no gap. Needs at
    least two retrained models.
    """
    if len(retrained) < 2:
        raise Undefined("The noise of the gap needs at least two retrained models.")
    floor = []
    for i, held_out in enumerate(retrained):
        others = [seed for j, seed in enumerate(retrained) if j != i]
        if any(seed.keys() != held_out.keys() for seed in others):
            raise ValueError("the retrained models do not have the same members")
        mean = {name: math.fsum(seed[name] for seed in others) / len(others) for name in held_out}
        floor.append(average_gap(held_out, mean))
    return np.array(floor)


def tug_of_war(candidate: Mapping[str, float], reference: Mapping[str, float]) -> float:
    """Product of 1 - |difference| over the same named fractions; 1 is best.

    Over forget, retain and test accuracy this is ToW of Zhao et al. 2024 (arXiv:2406.01257); with
    a membership rate in place of the forget accuracy it is their ToW-MIA.
    """
    return math.prod(1 - gap for gap in _absolute_gaps(candidate, reference))


def adaptive_unlearning_score(
    original_test: float, unlearned_test: float, unlearned_forget: float
) -> float:
    """(1 - lost test accuracy) / (1 + |test - forget accuracy|). Higher is better.

    AUS of Cotogni et al. 2023 (arXiv:2312.02052). Needs no retrained model, and so assumes that
    forget rows should behave like test rows.
    """
    for value in (original_test, unlearned_test, unlearned_forget):
        require_fraction(value, "an accuracy")
    return (1 - (original_test - unlearned_test)) / (1 + abs(unlearned_test - unlearned_forget))


def nomus(test_accuracy: float, attack_accuracy: float, weight: float = 0.5) -> float:
    """NoMUS: weight * test accuracy + (1 - weight) * (1 - 2 |attack accuracy - 1/2|).

    Normalised machine unlearning score of Choi and Na 2023 (arXiv:2311.02240).
    """
    require_fraction(test_accuracy, "test accuracy")
    require_fraction(weight, "weight")
    return weight * test_accuracy + (1 - weight) * indiscernibility(attack_accuracy)


def indiscernibility(attack_accuracy: float) -> float:
    """1 - |attack accuracy - 1/2| / (1/2): 1 when the attack guesses, 0 when it always knows.

    Cadet et al. 2024 (arXiv:2410.01276).
    """
    require_fraction(attack_accuracy, "attack accuracy")
    return 1 - abs(attack_accuracy - 0.5) / 0.5


def symmetric_percentage_error(candidate: float, reference: float) -> float:
    """100 |a - b| / (|a| + |b|), in percent; 0 when both are 0 (Cadet et al. 2024)."""
    total = abs(candidate) + abs(reference)
    return 0.0 if total == 0 else 100 * abs(candidate - reference) / total


def retention_ratio(candidate: float, reference: float) -> float:
    """What share of the reference's value the candidate keeps. Undefined when that value is 0."""
    if reference == 0:
        raise Undefined("The reference value is 0, so no ratio to it exists.")
    return candidate / reference


def privacy_leak(
    auc_candidate: float,
    auc_reference: float,
    orientation: Literal["member", "non_member"] = "member",
) -> float:
    """100 (AUC - AUC of the retrained model) / AUC of the retrained model, in percent; 0 is best.

    With orientation "member" (members are the positives) a positive value means that the candidate
    leaks more than the retrained model. "non_member" takes 1 - AUC on both sides, the orientation
    of MUSE (Shi et al. 2024, arXiv:2407.06460), in which too little unlearning is negative.
    Undefined when the AUC in the denominator is below 0.05.
    """
    require_fraction(auc_candidate, "an AUC")
    require_fraction(auc_reference, "an AUC")
    if orientation == "non_member":
        auc_candidate, auc_reference = 1 - auc_candidate, 1 - auc_reference
    if auc_reference < SMALLEST_AUC:
        raise Undefined(
            f"The AUC of the retrained model is {auc_reference:.3g}, too close to 0 to divide by."
        )
    return 100 * (auc_candidate - auc_reference) / auc_reference


def _require_classes(labels: Integers, n_classes: int, name: str) -> None:
    if labels.min() < 0 or labels.max() >= n_classes:
        raise ValueError(f"{name} must lie in 0..{n_classes - 1}")


def _label_pair(predicted: ArrayLike, targets: ArrayLike) -> tuple[Integers, Integers]:
    labels, truth = as_labels(predicted), as_labels(targets)
    require_same_shape(labels, truth)
    return labels, truth


def _hits_and_sizes(
    predicted: ArrayLike, targets: ArrayLike
) -> tuple[Integers, Integers, Integers]:
    labels, truth = _label_pair(predicted, targets)
    n_classes = int(max(labels.max(), truth.max())) + 1
    confusion = confusion_matrix(labels, truth, n_classes)
    return np.diagonal(confusion), confusion.sum(axis=1), confusion.sum(axis=0)


def _absolute_gaps(candidate: Mapping[str, float], reference: Mapping[str, float]) -> list[float]:
    if candidate.keys() != reference.keys():
        raise ValueError(f"not the same members: {sorted(candidate)} and {sorted(reference)}")
    if not candidate:
        raise Undefined("There are no values to compare.")
    for name in candidate:
        require_fraction(candidate[name], name)
        require_fraction(reference[name], name)
    return [abs(candidate[name] - reference[name]) for name in candidate]
