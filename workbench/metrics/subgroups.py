"""Whether unlearning treats groups of rows differently: people of one origin, images of one site.

Groups below 20 rows are not evaluated, for privacy and because their numbers are mostly noise;
results name them. The same holds for a rate over fewer than 20 rows of a larger group, such as
the true positive rate of a group with few positives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workbench.metrics.arrays import Floats, Integers, as_labels, as_vector, require_same_shape
from workbench.metrics.errors import Undefined
from workbench.metrics.statistics import Interval, holm, mcnemar, wilson

SMALLEST_GROUP = 20

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rate:
    """`hits` of `n` rows. Its share and interval are Undefined below 20 rows."""

    hits: int
    n: int

    @property
    def share(self) -> float:
        self._require_rows()
        return self.hits / self.n

    def interval(self, level: float = 0.95) -> Interval:
        """Wilson interval of the share."""
        self._require_rows()
        return wilson(self.hits, self.n, level)

    def _require_rows(self) -> None:
        if self.n < SMALLEST_GROUP:
            raise Undefined(f"A rate over fewer than {SMALLEST_GROUP} rows is not reported.")


@dataclass(frozen=True, slots=True)
class GroupUtility:
    """How well a model serves one group; the loss in the unit it was given in."""

    name: str
    accuracy: Rate
    mean_loss: float


@dataclass(frozen=True, slots=True)
class GroupOutcomes:
    """Rows of one group predicted positive: of all rows, of the positive and the negative ones."""

    name: str
    selection: Rate
    true_positive: Rate
    false_positive: Rate


@dataclass(frozen=True, slots=True)
class GroupDrop:
    """Accuracy one group lost from one model to the next, on its n rows; negative is a gain.

    `p_value` is McNemar's exact two-sided one, `adjusted` the same after Holm over all groups.
    """

    name: str
    n: int
    drop: float
    p_value: float
    adjusted: float


@dataclass(frozen=True, slots=True)
class Grouped(Generic[T]):
    """One entry per group, in the order of their names, and the groups that are too small."""

    groups: tuple[T, ...]
    suppressed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RateGap:
    """Largest minus smallest rate among the groups, where they are, and who is not compared."""

    size: float
    highest: str
    lowest: str
    left_out: tuple[str, ...]


def group_utility(
    predicted: ArrayLike, targets: ArrayLike, losses: ArrayLike, groups: ArrayLike
) -> Grouped[GroupUtility]:
    """Accuracy and mean loss of each group. All (n,); groups are integers or texts."""
    split = _split(groups)
    right = _right(predicted, targets)
    loss = as_vector(losses, "losses")
    _require_rows(split, right, loss)
    correct, total = split.count(right), split.sum(loss)
    return split.grouped(
        lambda g: GroupUtility(
            split.names[g],
            Rate(int(correct[g]), int(split.sizes[g])),
            float(total[g] / split.sizes[g]),
        )
    )


def worst_group(utility: Grouped[GroupUtility]) -> GroupUtility:
    """The group with the lowest accuracy, the first of equals."""
    return min(_some(utility), key=lambda group: group.accuracy.share)


def group_outcomes(
    predicted: ArrayLike, targets: ArrayLike, groups: ArrayLike, positive: int
) -> Grouped[GroupOutcomes]:
    """Who is given the class `positive`, in each group. All (n,).

    With more than two classes this is that class against the rest.
    """
    split = _split(groups)
    labels, truth = as_labels(predicted), as_labels(targets)
    require_same_shape(labels, truth)
    _require_rows(split, labels)
    selected, real = labels == positive, truth == positive
    chosen, positives = split.count(selected), split.count(real)
    hits = split.count(selected & real)
    return split.grouped(
        lambda g: GroupOutcomes(
            split.names[g],
            selection=Rate(int(chosen[g]), int(split.sizes[g])),
            true_positive=Rate(int(hits[g]), int(positives[g])),
            false_positive=Rate(int(chosen[g] - hits[g]), int(split.sizes[g] - positives[g])),
        )
    )


def demographic_parity_difference(outcomes: Grouped[GroupOutcomes]) -> RateGap:
    """Gap of the selection rates (Dwork et al. 2012, arXiv:1104.3913); 0 is best."""
    return _gap(outcomes, lambda group: group.selection)


def equal_opportunity_difference(outcomes: Grouped[GroupOutcomes]) -> RateGap:
    """Gap of the true positive rates (Hardt et al. 2016, arXiv:1610.02413); 0 is best."""
    return _gap(outcomes, lambda group: group.true_positive)


def equalised_odds_difference(outcomes: Grouped[GroupOutcomes]) -> RateGap:
    """The larger of the gaps of true and of false positive rates (Hardt et al. 2016)."""
    false_positive = _gap(outcomes, lambda group: group.false_positive)
    return max(equal_opportunity_difference(outcomes), false_positive, key=lambda gap: gap.size)


def group_drops(
    before: ArrayLike, after: ArrayLike, targets: ArrayLike, groups: ArrayLike
) -> Grouped[GroupDrop]:
    """Lost accuracy of each group between the predictions of two models on the same rows (n,)."""
    split = _split(groups)
    was, remains = _right(before, targets), _right(after, targets)
    _require_rows(split, was)
    lost, gained = split.count(was & ~remains), split.count(~was & remains)
    p_values = np.ones(len(split.sizes))
    adjusted = np.ones(len(split.sizes))
    large = np.flatnonzero(split.sizes >= SMALLEST_GROUP)
    if large.size:
        p_values[large] = [mcnemar(int(lost[g]), int(gained[g])).exact for g in large]
        adjusted[large] = holm(p_values[large])
    return split.grouped(
        lambda g: GroupDrop(
            split.names[g],
            int(split.sizes[g]),
            float((lost[g] - gained[g]) / split.sizes[g]),
            float(p_values[g]),
            float(adjusted[g]),
        )
    )


def largest_drop(drops: Grouped[GroupDrop]) -> GroupDrop:
    """The group that lost most accuracy, the first of equals."""
    return max(_some(drops), key=lambda group: group.drop)


@dataclass(frozen=True, slots=True)
class _Split:
    """Rows by group: names and sizes (k,), and the group of each row (n,)."""

    names: tuple[str, ...]
    sizes: Integers
    index: Integers

    def count(self, flags: NDArray[np.bool_]) -> Integers:
        return np.bincount(self.index[flags], minlength=len(self.names))

    def sum(self, values: Floats) -> Floats:
        total = np.bincount(self.index, weights=values, minlength=len(self.names))
        return np.asarray(total, dtype=np.float64)

    def grouped(self, describe: Callable[[int], T]) -> Grouped[T]:
        large = self.sizes >= SMALLEST_GROUP
        return Grouped(
            tuple(describe(int(g)) for g in np.flatnonzero(large)),
            tuple(self.names[g] for g in np.flatnonzero(~large)),
        )


def _split(groups: ArrayLike) -> _Split:
    ids = np.asarray(groups)
    if ids.ndim != 1:
        raise ValueError(f"groups need shape (rows,), got {ids.shape}")
    if ids.size == 0:
        raise Undefined("There are no rows to compute from.")
    if ids.dtype.kind not in "iubU":
        raise ValueError(f"groups must be integers or texts, got {ids.dtype}")
    names, index, sizes = np.unique(ids, return_inverse=True, return_counts=True)
    return _Split(tuple(str(name) for name in names), sizes, index)


def _right(predicted: ArrayLike, targets: ArrayLike) -> NDArray[np.bool_]:
    labels, truth = as_labels(predicted), as_labels(targets)
    require_same_shape(labels, truth)
    return np.asarray(labels == truth)


def _require_rows(split: _Split, *values: NDArray[np.generic]) -> None:
    for array in values:
        require_same_shape(split.index, array)


def _some(grouped: Grouped[T]) -> tuple[T, ...]:
    if not grouped.groups:
        raise Undefined(f"No group has {SMALLEST_GROUP} rows.")
    return grouped.groups


def _gap(outcomes: Grouped[GroupOutcomes], rate_of: Callable[[GroupOutcomes], Rate]) -> RateGap:
    compared = [group for group in outcomes.groups if rate_of(group).n >= SMALLEST_GROUP]
    if len(compared) < 2:
        raise Undefined(f"Fewer than two groups have {SMALLEST_GROUP} rows to take this rate over.")
    highest = max(compared, key=lambda group: rate_of(group).share)
    lowest = min(compared, key=lambda group: rate_of(group).share)
    few = tuple(group.name for group in outcomes.groups if group not in compared)
    return RateGap(
        size=rate_of(highest).share - rate_of(lowest).share,
        highest=highest.name,
        lowest=lowest.name,
        left_out=outcomes.suppressed + few,
    )
