"""Intervals where rows are not independent: several rows of one subject.

If a subject owns more than one forget row, intervals over rows would be too narrow, so they come
from resampling subjects. The method of every such interval says so, and where a set holds one
subject only, that its rows were taken for independent: it is then about this subject.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workbench.audit.guards import Rows, subjects_sharing_rows
from workbench.audit.measured import LEVEL
from workbench.core.dataset import Dataset
from workbench.metrics.bootstrap import cluster_bootstrap
from workbench.metrics.clustered import clustered_membership, clustered_share, resamples_for
from workbench.metrics.membership import delong_interval, tpr_at_fpr
from workbench.metrics.statistics import Interval, t_interval, wilson

Rates = tuple[float, ...]

BY_SUBJECT = "by subject"
ONE_SUBJECT = "by row of one subject"


@dataclass(frozen=True)
class Subjects:
    """The subject of every row of a dataset as a number (n,), and the seed of the resampling."""

    of_row: NDArray[np.int64]
    seed: int

    def share(self, hits: NDArray[np.bool_], rows: Rows) -> Interval:
        """Interval of the share of `hits` (k,) over `rows` (k,)."""
        of_row = self.of_row[rows]
        if np.ptp(of_row) == 0:
            return _named(ONE_SUBJECT, wilson(int(hits.sum()), len(hits), LEVEL))
        return _named(BY_SUBJECT, clustered_share(hits, of_row, level=LEVEL, seed=self.seed))

    def mean(self, values: NDArray[np.float64], rows: Rows) -> Interval | None:
        """Interval of the mean of `values` (k,) over `rows` (k,); None for a single row."""
        of_row = self.of_row[rows]
        if np.ptp(of_row) == 0:
            return _named(ONE_SUBJECT, t_interval(values, LEVEL)) if len(values) > 1 else None
        count = resamples_for(len(np.unique(of_row)))
        return _named(
            BY_SUBJECT,
            cluster_bootstrap(values, of_row, level=LEVEL, resamples=count, seed=self.seed),
        )

    def membership(
        self, scores: NDArray[np.float64], members: Rows, non_members: Rows, rates: Rates
    ) -> tuple[Interval, tuple[Interval, ...]]:
        """Intervals of the AUC and of the TPR at each rate; scores over the whole dataset (n,)."""
        of_members, of_non_members = self.of_row[members], self.of_row[non_members]
        sides = {"forget": of_members, "non-member": of_non_members}
        single = [name for name, of_row in sides.items() if np.ptp(of_row) == 0]
        if len(single) == len(sides):
            return _by_row(scores[members], scores[non_members], rates)
        found = clustered_membership(
            scores[members],
            scores[non_members],
            of_members,
            of_non_members,
            rates,
            level=LEVEL,
            seed=self.seed,
        )
        how = BY_SUBJECT + "".join(f", {name} rows of one subject by row" for name in single)
        return _named(how, found.auc), tuple(_named(how, one) for one in found.tpr)


def shared_subjects(dataset: Dataset, forget_rows: Rows, seed: int) -> Subjects | None:
    """The subjects of the rows if any of them owns more than one forget row, else None."""
    of_row = subjects_sharing_rows(dataset, forget_rows)
    return None if of_row is None else Subjects(of_row, seed)


def is_by_subject(method: str) -> bool:
    """Whether an interval with this method was made here."""
    return method.startswith((BY_SUBJECT, ONE_SUBJECT))


def _by_row(
    members: ArrayLike, non_members: ArrayLike, rates: Rates
) -> tuple[Interval, tuple[Interval, ...]]:
    named = partial(_named, ONE_SUBJECT)
    _, interval = delong_interval(members, non_members, LEVEL)
    return named(interval), tuple(
        named(tpr_at_fpr(members, non_members, rate, LEVEL).interval) for rate in rates
    )


def _named(how: str, interval: Interval) -> Interval:
    return Interval(interval.low, interval.high, f"{how}: {interval.method}")
