"""Every number of one model that follows from its stored arrays, as measured and as verified."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from workbench.audit.guards import Rows
from workbench.audit.standard import NO_ROWS, StoredOutputs, attack_metrics, standard_metrics
from workbench.audit.utility import utility_metrics
from workbench.core.dataset import Dataset
from workbench.core.metric_value import MetricValue


def metrics_from_arrays(
    outputs: StoredOutputs,
    scores_by_attack: Mapping[str, NDArray[Any]],
    dataset: Dataset,
    forget_rows: Rows,
    non_members: Rows | None = None,
    *,
    twins: Rows = NO_ROWS,
    seed: int = 0,
) -> list[MetricValue]:
    """Standard, utility and attack metrics; see these for their arguments and errors."""
    return [
        *standard_metrics(outputs, dataset, forget_rows, twins=twins, seed=seed),
        *utility_metrics(outputs, dataset, forget_rows),
        *attack_metrics(
            scores_by_attack, dataset, forget_rows, non_members, twins=twins, seed=seed
        ),
    ]
