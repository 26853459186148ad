"""Numbers that need several models: a candidate beside the retrained band and the original.

Every model of the band is compared with the rest of the band in the same way. That is the noise
floor: two models retrained alike differ too, so no distance can be expected to be zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.audit.composites import COMPOSITES
from workbench.audit.guards import Rows, rows_by_split
from workbench.audit.measured import LEVEL, measured, median_over_rows
from workbench.audit.metric_words import ORIGINAL, RETRAINED
from workbench.audit.utility import grouping_columns
from workbench.core.dataset import Dataset
from workbench.core.metric_value import MetricValue
from workbench.core.vocabulary import Split
from workbench.metrics import Undefined
from workbench.metrics.attribution import magnitude, spearman
from workbench.metrics.distances import (
    Churn,
    activation_from_log_probabilities,
    churn,
    confusion_shift,
    js_from_log_probabilities,
    kolmogorov_smirnov_distance,
    wasserstein,
)
from workbench.metrics.distances import prediction_agreement as agreement
from workbench.metrics.representation import unbiased_cka
from workbench.metrics.scores import cross_entropy, log_probabilities, predictions
from workbench.metrics.statistics import Interval, wilson
from workbench.metrics.subgroups import group_drops, largest_drop
from workbench.metrics.weights import Tensors, unchanged_tensors, weight_distance

Features = Mapping[Split, NDArray[Any]]
Measurement = tuple[float, Interval | None, int]

BAND = "retrained band"
REST_OF_BAND = "retrained band, left one out"
FROM_BAND = (Split.FORGET, Split.TEST)
CHURNED = (Split.FORGET, Split.RETAIN, Split.TEST)
COMPARED = (
    "js_divergence",
    "prediction_agreement",
    "activation_distance",
    "confusion_shift",
    "loss_ks_distance",
    "loss_wasserstein",
    "churn",
    "negative_flips",
    "positive_flips",
    "largest_group_drop",
    "representation_alignment",
    "attribution_similarity",
    *COMPOSITES,
)
"""Every metric that is computed here or folded from such, by name."""
NO_EVIDENCE = "; no evidence, the explainer failed its trial"
NO_BAND = "There is no other retrained model to compare with."
_CHANGED: Mapping[str, Callable[[Churn], int]] = {
    "churn": lambda churned: churned.changed,
    "negative_flips": lambda churned: churned.negative,
    "positive_flips": lambda churned: churned.positive,
}
MOST_ALIGNED = 1000  # rows of each split over which representations are aligned


@dataclass(frozen=True, slots=True)
class SplitAnswers:
    """What one model says of k rows: predicted classes and losses (k,), log-probabilities (k, C).

    Predicted classes are all that is kept of splits over which only these are compared.
    """

    labels: NDArray[np.int64]
    losses: NDArray[np.float64]
    log_p: NDArray[np.float64]


Answers = Mapping[Split, SplitAnswers]
Distance = Callable[[SplitAnswers, SplitAnswers], float]
_DISTANCES: Mapping[str, Distance] = {
    "js_divergence": lambda p, q: float(js_from_log_probabilities(p.log_p, q.log_p).mean()),
    "prediction_agreement": lambda p, q: agreement(p.labels, q.labels),
    "activation_distance": lambda p, q: float(
        activation_from_log_probabilities(p.log_p, q.log_p).mean()
    ),
    "confusion_shift": lambda p, q: confusion_shift(p.labels, q.labels, p.log_p.shape[1]),
    "loss_ks_distance": lambda p, q: kolmogorov_smirnov_distance(p.losses, q.losses),
    "loss_wasserstein": lambda p, q: wasserstein(p.losses, q.losses),
}


def answers_of(logits: NDArray[Any], dataset: Dataset, forget_rows: Rows) -> Answers:
    """What a model with these logits (n, C) over the whole dataset says of the compared rows.

    Computed once for every model, however many it is compared with.
    """
    splits, answers = rows_by_split(dataset, forget_rows), {}
    labels = predictions(logits)
    for split in CHURNED:
        rows = splits[split]
        some = rows if split in FROM_BAND else rows[:0]
        log_p, losses = np.empty((0, logits.shape[1])), np.empty(0)
        if len(some):
            kept = logits[some]
            log_p, losses = log_probabilities(kept), cross_entropy(kept, dataset.targets[some])
        answers[split] = SplitAnswers(labels[rows], losses, log_p)
    return answers


def band_metrics(own: Answers, band: Sequence[Answers], *, reference: str) -> list[MetricValue]:
    """Distance of a model to the retrained band, as the mean over the models of the band.

    For a model of the band itself give the others as `band` and REST_OF_BAND as `reference`: that
    row is the noise floor of the distance. There is no interval, because distances to a common
    model are not independent.
    """
    return [
        measured(
            name,
            split,
            partial(_mean_distance, distance, own[split], [other[split] for other in band]),
            reference=reference,
        )
        for name, distance in _DISTANCES.items()
        for split in FROM_BAND
    ]


def original_metrics(
    own: Answers, original: Answers, dataset: Dataset, forget_rows: Rows
) -> list[MetricValue]:
    """Predictions that differ from the original model's, and the group that lost most by it."""
    splits = rows_by_split(dataset, forget_rows)
    metrics = []
    for split in CHURNED:
        before, after = original[split].labels, own[split].labels
        found = partial(churn, before, after, dataset.targets[splits[split]])
        for name, count in _CHANGED.items():
            metrics.append(
                measured(name, split, partial(_changed, found, count), reference=ORIGINAL)
            )
    test = splits[Split.TEST]
    before, after = original[Split.TEST].labels, own[Split.TEST].labels
    for column, groups in grouping_columns(dataset, test):
        drop = partial(_drop, before, after, dataset.targets[test], groups)
        metrics.append(
            measured("largest_group_drop", Split.TEST, drop, group_key=column, reference=ORIGINAL)
        )
    return metrics


def weight_metrics(tensors: Tensors, original: Tensors) -> list[MetricValue]:
    """How far the weights moved from the original's, and how many tensors did not move at all."""

    def relative() -> Measurement:
        return weight_distance(original, tensors).relative, None, 0

    def unchanged() -> Measurement:
        return len(unchanged_tensors(original, tensors)) / len(original), None, len(original)

    return [
        measured("weight_distance", None, relative, reference=ORIGINAL),
        measured("unchanged_tensors", None, unchanged, reference=ORIGINAL),
    ]


def aligned_rows(dataset: Dataset, forget_rows: Rows) -> dict[Split, Rows]:
    """The rows over which representations are compared, the same for every model."""
    splits = rows_by_split(dataset, forget_rows)
    return {split: _spread(splits[split], MOST_ALIGNED) for split in FROM_BAND}


def representation_metrics(
    features: Features, others: Sequence[Features], *, reference: str
) -> list[MetricValue]:
    """Alignment of the penultimate layer with that of other models, mean over these.

    Features are (k, d) by split, of the `aligned_rows`. The group says whom it was held against:
    a model has one number for the retrained ones, and one for the original.
    """
    group = ORIGINAL if reference == ORIGINAL else RETRAINED
    return [
        measured(
            "representation_alignment",
            split,
            partial(_mean_alignment, of_split, [other[split] for other in others]),
            group_key=group,
            reference=reference,
        )
        for split, of_split in features.items()
    ]


def attribution_metrics(
    attribution: str,
    maps: NDArray[Any],
    original_maps: NDArray[Any],
    forgotten: NDArray[np.bool_],
    *,
    is_evidence: bool = True,
) -> list[MetricValue]:
    """Rank correlation of attribution maps with the original's, median over rows.

    Maps are (k, ...) of the same k rows; `forgotten` (k,) marks the forget rows, the others are
    retain rows. The interval is the interquartile range over rows, which shows how rows differ,
    not how sure the median is. It is marked where the explainer failed its trial (`explainers`).
    """
    found = [
        measured(
            "attribution_similarity",
            split,
            partial(_similarity, maps[mask], original_maps[mask]),
            group_key=attribution,
            reference=ORIGINAL,
        )
        for split, mask in ((Split.FORGET, forgotten), (Split.RETAIN, ~forgotten))
    ]
    if is_evidence:
        return found
    return [
        replace(one, ci_method=f"{one.ci_method}{NO_EVIDENCE}") if one.ci_method else one
        for one in found
    ]


def _mean_distance(
    distance: Distance, own: SplitAnswers, band: Sequence[SplitAnswers]
) -> Measurement:
    if not band:
        raise Undefined(NO_BAND)
    if len(own.labels) == 0:
        raise Undefined("There are no rows.")
    return float(np.mean([distance(own, other) for other in band])), None, len(own.labels)


def _mean_alignment(features: NDArray[Any], others: Sequence[NDArray[Any]]) -> Measurement:
    if not others:
        raise Undefined(NO_BAND)
    values = [unbiased_cka(features, other) for other in others]
    return float(np.mean(values)), None, len(features)


def _changed(found: Callable[[], Churn], count: Callable[[Churn], int]) -> Measurement:
    churned = found()
    changed = count(churned)
    return changed / churned.n, wilson(changed, churned.n, LEVEL), churned.n


def _drop(
    before: NDArray[np.int64],
    after: NDArray[np.int64],
    targets: NDArray[np.int64],
    groups: NDArray[Any],
) -> Measurement:
    worst = largest_drop(group_drops(before, after, targets, groups))
    return worst.drop, None, worst.n


def _spread(rows: Rows, most: int) -> Rows:
    """At most so many of the rows, evenly spread over them."""
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).astype(np.int64)]


def _similarity(maps: NDArray[Any], original_maps: NDArray[Any]) -> Measurement:
    pairs = zip(maps, original_maps, strict=True)
    return median_over_rows([partial(_alike, here, there) for here, there in pairs])


def _alike(here: NDArray[Any], there: NDArray[Any]) -> float:
    return spearman(magnitude(here), magnitude(there))
