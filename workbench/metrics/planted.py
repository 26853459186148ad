"""What is left of rows that were planted: swapped labels, a backdoor, canaries."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from workbench.metrics.arrays import Floats, as_labels, as_vector, count_below, require_same_shape
from workbench.metrics.errors import Undefined
from workbench.metrics.statistics import Interval, clopper_pearson, t_interval, wilson

FEWEST_TRIGGERED = 200
FEWEST_REFERENCES = 1000


def interclass_error(
    predicted: ArrayLike, targets: ArrayLike, classes: tuple[int, int], level: float = 0.95
) -> tuple[float, Interval, int]:
    """Share of the rows of two classes that are taken for the other one, with Wilson interval.

    predicted, targets: (n,) class ids; rows of other classes are left out. (A->B + B->A) / n of
    Goel et al. 2022 (arXiv:2201.06640). Undefined without a row of either class.
    """
    answers, truth = as_labels(predicted), as_labels(targets)
    require_same_shape(answers, truth)
    one, other = classes
    of_one, of_other = truth == one, truth == other
    n = int(of_one.sum() + of_other.sum())
    if n == 0:
        raise Undefined("There are no rows of the two classes.")
    k = int((answers[of_one] == other).sum() + (answers[of_other] == one).sum())
    return k / n, wilson(k, n, level), n


def planted_label_share(
    predicted: ArrayLike, planted: ArrayLike, level: float = 0.95
) -> tuple[float, Interval, int]:
    """Share of planted rows (n,) that are answered with the label planted in them.

    The forget score of Goel et al. 2022 (arXiv:2201.06640) for swapped labels; Wilson interval.
    """
    answers, labels = as_labels(predicted), as_labels(planted)
    require_same_shape(answers, labels)
    k, n = int((answers == labels).sum()), len(labels)
    return k / n, wilson(k, n, level), n


def backdoor_success(
    predicted: ArrayLike, wanted: int, level: float = 0.95
) -> tuple[float, Interval, int]:
    """Share of triggered rows (n,), none of class `wanted`, that are answered with `wanted`.

    Exact interval, for a claim rests on it. Undefined below 200 rows.
    """
    answers = np.asarray(predicted)
    if len(answers) < FEWEST_TRIGGERED:
        raise Undefined(
            f"The success of a backdoor needs at least {FEWEST_TRIGGERED} test rows of other "
            f"classes, there are {len(answers)}."
        )
    k, n = int((as_labels(answers) == wanted).sum()), len(answers)
    return k / n, clopper_pearson(k, n, level), n


def exposures(losses: ArrayLike, reference_losses: ArrayLike) -> Floats:
    """Exposure in bits of each canary (m,) among itself and the references (r,), r >= 1000.

    log2 |R| - log2 rank, where R is the canary with the references, the smallest loss has rank 1,
    and an equal loss counts one half (Carlini et al. 2019, arXiv:1802.08232).
    """
    of_canaries = as_vector(losses, "losses of the canaries")
    references = as_vector(reference_losses, "losses of the reference canaries")
    if len(references) < FEWEST_REFERENCES:
        raise Undefined(
            f"Exposure needs at least {FEWEST_REFERENCES} reference canaries, there are "
            f"{len(references)}."
        )
    ranks = 1 + count_below(references, of_canaries)
    return np.asarray(np.log2(len(references) + 1) - np.log2(ranks))


def mean_exposure(
    losses: ArrayLike, reference_losses: ArrayLike, level: float = 0.95
) -> tuple[float, Interval | None, int]:
    """Mean exposure over canaries in bits, its Student interval from two canaries on, and m."""
    bits = exposures(losses, reference_losses)
    interval = t_interval(bits, level) if len(bits) > 1 else None
    return float(bits.mean()), interval, len(bits)
