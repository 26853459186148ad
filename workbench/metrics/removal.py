"""Whether planted or relearnable knowledge is gone: confused classes, backdoors, relearning.

Every value is read beside that of retrained models under the same recipe, which is its target.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workbench.metrics.arrays import (
    Integers,
    as_labels,
    require_fraction,
    require_same_shape,
)
from workbench.metrics.errors import Undefined
from workbench.metrics.statistics import Interval, clopper_pearson, clopper_pearson_upper, wilson

SMALLEST_PLANTED_EFFECT = 0.05  # our choice: below it a residual share is division by noise


@dataclass(frozen=True, slots=True)
class InterclassConfusion:
    """Rows of two classes taken for each other, of all `n` rows of these classes."""

    confused: int
    n: int

    @property
    def error(self) -> float:
        return self.confused / self.n

    def interval(self, level: float = 0.95) -> Interval:
        """Wilson interval of the error."""
        return wilson(self.confused, self.n, level)


@dataclass(frozen=True, slots=True)
class AttackSuccess:
    """Triggered rows taken for the target class, and the exact upper limit of their share."""

    hits: int
    n: int
    upper: float

    @property
    def rate(self) -> float:
        return self.hits / self.n

    def interval(self, level: float = 0.95) -> Interval:
        """Exact interval of the rate, since claims rest on it (Clopper and Pearson 1934)."""
        return clopper_pearson(self.hits, self.n, level)


@dataclass(frozen=True, slots=True)
class Anamnesis:
    """Relearn time over that of retrained models. Around 1 is best; below 1 something was left.

    `bound` says what a step limit left unknown: the true ratio is `exact`ly this, `at least` or
    `at most` this.
    """

    ratio: float
    bound: Literal["exact", "at least", "at most"]


def interclass_confusion(
    predicted: ArrayLike, true_labels: ArrayLike, first: int, second: int
) -> InterclassConfusion:
    """Rows of class `first` predicted as `second` or the reverse. Labels (n,), without the swap.

    Interclass confusion test of Goel et al. 2022 (arXiv:2201.06640): on test rows the `error` is
    their IC-Err; on the training rows whose labels were swapped `confused` is their Fgt score.
    """
    labels, truth = as_labels(predicted), as_labels(true_labels)
    require_same_shape(labels, truth)
    if first == second:
        raise ValueError(f"two different classes are needed, got {first} twice")
    forth = (truth == first) & (labels == second)
    back = (truth == second) & (labels == first)
    n = int(np.count_nonzero((truth == first) | (truth == second)))
    if n == 0:
        raise Undefined(f"There are no rows of classes {first} and {second}.")
    return InterclassConfusion(int(np.count_nonzero(forth | back)), n)


def attack_success(
    predicted: ArrayLike, true_labels: ArrayLike, target: int, level: float = 0.95
) -> AttackSuccess:
    """Success of a backdoor from the predictions (n,) on triggered rows and their true labels (n,).

    Rows that truly are of the target class are not counted. `upper` is the one-sided
    Clopper-Pearson limit: the true rate is at most this, at confidence `level`.
    """
    labels, truth = as_labels(predicted), as_labels(true_labels)
    require_same_shape(labels, truth)
    others = truth != target
    n = int(np.count_nonzero(others))
    if n == 0:
        raise Undefined("Every triggered row is of the target class, so no attack can show.")
    hits = int(np.count_nonzero(labels[others] == target))
    return AttackSuccess(hits, n, clopper_pearson_upper(hits, n, level))


def residual_share(unlearned: float, original: float, floor: float) -> float:
    """What share of a planted effect is left: (unlearned - floor) / (original - floor).

    Rates of success; the floor is the rate of a retrained or clean model. 0 is best, and a value
    below 0 is under the floor. Undefined when the effect is below 0.05 in the original model.
    """
    for value in (unlearned, original, floor):
        require_fraction(value, "a success rate")
    if original - floor < SMALLEST_PLANTED_EFFECT:
        raise Undefined(
            f"The original model hardly shows the planted effect ({original:.3g} against "
            f"{floor:.3g} without it), so its removal cannot be seen."
        )
    return (unlearned - floor) / (original - floor)


def anamnesis_index(
    steps: ArrayLike,
    reached: ArrayLike,
    retrained_steps: ArrayLike,
    retrained_reached: ArrayLike,
) -> Anamnesis:
    """AIN: median relearn time of the unlearned model over that of retrained ones.

    Chundawat et al. 2023 (arXiv:2201.05629). Steps (k,) and (r,), one per seed; where `reached`
    is False the model was stopped at that many steps and needs more. Such a time counts in the
    median as the longest and makes it a bound. Undefined when both medians are bounds, or when
    the retrained models need no step.
    """
    time, capped = _median(steps, reached)
    reference, reference_capped = _median(retrained_steps, retrained_reached)
    if capped and reference_capped:
        raise Undefined("Both relearn times reached the step limit, so their ratio is unknown.")
    if reference == 0:
        raise Undefined("The retrained models need no step to relearn, so no ratio exists.")
    bound: Literal["exact", "at least", "at most"] = (
        "at least" if capped else "at most" if reference_capped else "exact"
    )
    return Anamnesis(time / reference, bound)


def recovered_gain(
    before: float, after: float, control_before: float, control_after: float
) -> float:
    """Forget accuracy gained by a recovery attack, less what retrained models gain under it.

    0 is best; clearly above 0 the forget rows were hidden and not removed. Fractions.
    """
    for value in (before, after, control_before, control_after):
        require_fraction(value, "an accuracy")
    return (after - before) - (control_after - control_before)


def _median(steps: ArrayLike, reached: ArrayLike) -> tuple[float, bool]:
    """The median, and whether it is only a lower bound because of times that were cut off."""
    times, done = _times(steps, reached)
    if not done.all() and done.any() and times[~done].min() < times[done].max():
        raise ValueError("a model was stopped earlier than another one needed to relearn")
    k = len(times)
    middle = np.lexsort((~done, times))[(k - 1) // 2 : k // 2 + 1]
    return float(times[middle].mean()), not bool(done[middle].all())


def _times(steps: ArrayLike, reached: ArrayLike) -> tuple[Integers, NDArray[np.bool_]]:
    times, done = as_labels(steps), np.asarray(reached)
    require_same_shape(times, done)
    if done.dtype != np.bool_:
        raise ValueError(f"`reached` must be true or false, got {done.dtype}")
    if times.min() < 0:
        raise ValueError("a number of steps cannot be negative")
    return times, done
