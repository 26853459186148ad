"""Numbers that need several models: a candidate beside the retrained band and the original.

Every model of the band is compared with the rest of the band in the same way. That is the noise
floor: two models retrained alike differ too, so no distance can be expected to be zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.audit.guards import Rows, rows_by_split
from workbench.audit.measured import LEVEL, measured
from workbench.core.dataset import Dataset
from workbench.core.metric_value import MetricValue
from workbench.core.vocabulary import Split
from workbench.metrics import Undefined
from workbench.metrics.attribution import magnitude, spearman
from workbench.metrics.distances import activation_distance, churn, js_divergence
from workbench.metrics.distances import prediction_agreement as agreement
from workbench.metrics.scores import predictions
from workbench.metrics.statistics import Interval, wilson

Logits = NDArray[Any]
Measurement = tuple[float, Interval | None, int]
Distance = Callable[[Logits, Logits], float]

BAND = "retrained band"
REST_OF_BAND = "retrained band, left one out"
ORIGINAL = "original"
FROM_BAND = (Split.FORGET, Split.TEST)
CHURNED = (Split.FORGET, Split.RETAIN, Split.TEST)
NO_BAND = "There is no other retrained model to compare with."
_DISTANCES: Mapping[str, Distance] = {
    "js_divergence": lambda p, q: float(js_divergence(p, q).mean()),
    "prediction_agreement": lambda p, q: agreement(predictions(p), predictions(q)),
    "activation_distance": lambda p, q: float(activation_distance(p, q).mean()),
}


def band_metrics(
    logits: Logits, band: Sequence[Logits], dataset: Dataset, forget_rows: Rows, *, reference: str
) -> list[MetricValue]:
    """Distance of a model to the retrained band, as the mean over the models of the band.

    Logits are (n, C) over the whole dataset. For a model of the band itself give the others as
    `band` and REST_OF_BAND as `reference`: that row is the noise floor of the distance. There is
    no interval, because distances to a common model are not independent.
    """
    splits = rows_by_split(dataset, forget_rows)
    return [
        measured(
            name,
            split,
            partial(_mean_distance, distance, logits, band, splits[split]),
            reference=reference,
        )
        for name, distance in _DISTANCES.items()
        for split in FROM_BAND
    ]


def original_metrics(
    logits: Logits, original: Logits, dataset: Dataset, forget_rows: Rows
) -> list[MetricValue]:
    """Share of predictions that differ from the original model's."""
    splits = rows_by_split(dataset, forget_rows)
    before, after = predictions(original), predictions(logits)
    return [
        measured(
            "churn",
            split,
            partial(_churn, before, after, dataset.targets, splits[split]),
            reference=ORIGINAL,
        )
        for split in CHURNED
    ]


def attribution_metrics(
    attribution: str,
    maps: NDArray[Any],
    original_maps: NDArray[Any],
    forgotten: NDArray[np.bool_],
) -> list[MetricValue]:
    """Rank correlation of attribution maps with the original's, median over rows.

    Maps are (k, ...) of the same k rows; `forgotten` (k,) marks the forget rows, the others are
    retain rows. The interval is the interquartile range over rows, which shows how rows differ,
    not how sure the median is.
    """
    return [
        measured(
            "attribution_similarity",
            split,
            partial(_similarity, maps[mask], original_maps[mask]),
            group_key=attribution,
            reference=ORIGINAL,
        )
        for split, mask in ((Split.FORGET, forgotten), (Split.RETAIN, ~forgotten))
    ]


def _mean_distance(
    distance: Distance, logits: Logits, band: Sequence[Logits], rows: Rows
) -> Measurement:
    if not band:
        raise Undefined(NO_BAND)
    values = [distance(logits[rows], other[rows]) for other in band]
    return float(np.mean(values)), None, len(rows)


def _churn(
    before: NDArray[np.int64], after: NDArray[np.int64], targets: NDArray[np.int64], rows: Rows
) -> Measurement:
    found = churn(before[rows], after[rows], targets[rows])
    return found.rate, wilson(found.changed, found.n, LEVEL), found.n


def _similarity(maps: NDArray[Any], original_maps: NDArray[Any]) -> Measurement:
    if len(maps) == 0:
        raise Undefined("No rows were explained.")
    values, undefined = [], ""
    for here, there in zip(maps, original_maps, strict=True):
        try:
            values.append(spearman(magnitude(here), magnitude(there)))
        except Undefined as fault:
            undefined = fault.reason
    if not values:
        raise Undefined(undefined)
    low, middle, high = (float(q) for q in np.quantile(values, [0.25, 0.5, 0.75]))
    method = f"interquartile range of {len(values)} of {len(maps)} rows"
    return middle, Interval(low, high, method), len(values)
