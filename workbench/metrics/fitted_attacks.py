"""Attacks that train a small classifier on one feature and count its verdicts on forget rows.

They are average-case: no figure at a low false positive rate, and moved by any gap between retain
and test accuracy. Compare with the same figure of retrained models. The training rows are a
balanced random sample of at most 5,000, since a kernel machine costs the square of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from workbench.metrics.arrays import as_vector
from workbench.metrics.errors import Undefined
from workbench.metrics.statistics import Interval, clopper_pearson

if TYPE_CHECKING:
    from sklearn.base import ClassifierMixin

LARGEST_SAMPLE = 5_000  # training rows, both sides together
FEWEST_PER_SIDE = 2
_MEMBER, _NON_MEMBER = 1, 0


@dataclass(frozen=True, slots=True)
class VerdictRate:
    """`k` of `n` forget rows got the verdict; `per_side` training rows of either kind.

    The interval is over forget rows for the classifier as it was trained.
    """

    rate: float
    k: int
    n: int
    per_side: int
    interval: Interval


def svc_non_member_rate(
    members: ArrayLike,
    non_members: ArrayLike,
    forget: ArrayLike,
    *,
    seed: int = 0,
    level: float = 0.95,
) -> VerdictRate:
    """Share of the forget set that an RBF machine (C = 3) takes for non-members.

    "MIA-efficacy": larger means more forgotten. The feature (m,), (n,), (k,) is the confidence in
    the label of retained training rows, of unseen rows and of the forget rows. Jia et al. 2023
    (arXiv:2304.04934).
    """
    from sklearn.svm import SVC  # slow to import, and seldom needed

    classifier = _fitted(SVC(C=3, kernel="rbf", gamma="auto"), members, non_members, seed)
    return classifier.rate(forget, _NON_MEMBER, level)


def logistic_member_rate(
    members: ArrayLike,
    non_members: ArrayLike,
    forget: ArrayLike,
    *,
    seed: int = 0,
    level: float = 0.95,
) -> VerdictRate:
    """Share of the forget set that logistic regression takes for members.

    Smaller means more forgotten. The feature is the entropy of the prediction, of the same three
    sets as above. Chundawat et al. 2023 (arXiv:2205.08096).
    """
    from sklearn.linear_model import LogisticRegression

    classifier = _fitted(LogisticRegression(), members, non_members, seed)
    return classifier.rate(forget, _MEMBER, level)


@dataclass(frozen=True, slots=True)
class _Fitted:
    classifier: ClassifierMixin
    per_side: int

    def rate(self, forget: ArrayLike, verdict: int, level: float) -> VerdictRate:
        features = as_vector(forget, "forget features")
        n = len(features)
        k = int((self.classifier.predict(features[:, None]) == verdict).sum())
        return VerdictRate(k / n, k, n, self.per_side, clopper_pearson(k, n, level))


def _fitted(
    classifier: ClassifierMixin, members: ArrayLike, non_members: ArrayLike, seed: int
) -> _Fitted:
    x, y = as_vector(members, "member features"), as_vector(non_members, "non-member features")
    per_side = min(len(x), len(y), LARGEST_SAMPLE // 2)
    if per_side < FEWEST_PER_SIDE:
        raise Undefined("A classifier needs two members and two non-members or more.")
    generator = np.random.Generator(np.random.PCG64(seed))
    sample = [generator.permutation(side)[:per_side] for side in (x, y)]
    order = generator.permutation(2 * per_side)
    kinds = np.repeat([_MEMBER, _NON_MEMBER], per_side)
    classifier.fit(np.concatenate(sample)[order, None], kinds[order])
    return _Fitted(classifier, per_side)
