"""The trial of one explainer: what its maps of a few forget rows are worth on the original."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from torch import nn

from workbench.audit.measured import measured, median_over_rows
from workbench.audit.standard import Measurement
from workbench.compute.attribution import attribution_maps
from workbench.compute.batching import MicroBatcher
from workbench.compute.events import EventSink
from workbench.compute.input_range import InputRange, input_range
from workbench.compute.label_scores import LabelScore, label_scores
from workbench.compute.seeding import draw_seed, generator
from workbench.compute.tensors import DatasetTensors
from workbench.core.cancellation import CancelToken
from workbench.core.errors import PluginError
from workbench.core.metric_value import MetricValue
from workbench.core.params import Params
from workbench.core.pictures import is_image
from workbench.core.vocabulary import Split
from workbench.metrics import Undefined
from workbench.metrics.attribution import magnitude, spearman
from workbench.metrics.faithfulness import (
    area_under_curve,
    completeness_gap,
    deletion_curve,
    gaussian_perturbations,
    infidelity,
    insertion_curve,
)
from workbench.plugin_api import Attribution

MOST_ROWS = 8  # forget rows on which explainers are tried
STEPS = 28  # of deletion and insertion, fewer than one for each column of pixels
RANDOM_NETWORKS = 3
DISTURBANCE = 0.2  # standard deviation, as a share of the range
ADDS_UP = "integrated-gradients"
_BLUR, _BLUR_RADIUS = 5.0, 5  # an 11 x 11 window

Values = NDArray[np.float64]


@dataclass(frozen=True)
class ExplainerTrial:
    """An explainer, its `maps` (k, ...) of `rows` (k,), and what made them.

    `new_model` makes a network of the same architecture with random weights from a seed.
    """

    name: str
    explainer: Attribution[Any]
    params: Params
    model: nn.Module
    new_model: Callable[[int], nn.Module]
    data: DatasetTensors
    rows: NDArray[np.int64]
    maps: NDArray[np.float32]
    seed: int
    events: EventSink
    cancel: CancelToken

    @cached_property
    def batcher(self) -> MicroBatcher:
        return MicroBatcher(self.data.device, self.events.log)

    @cached_property
    def range(self) -> InputRange:
        return input_range(self.data)

    def inputs(self, place: int) -> Values:
        row = self.data.row_ids(self.rows[place : place + 1])
        preprocessed: Values = self.data.inputs(row)[0].cpu().double().numpy()
        return preprocessed

    def score(self, place: int, *, as_probability: bool) -> LabelScore:
        label = int(self.data.dataset.targets[self.rows[place]])
        return label_scores(
            self.model, self.data, label, self.batcher, as_probability=as_probability
        )


def trial_metrics(trial: ExplainerTrial) -> list[MetricValue]:
    """One number for each check, over the rows of the trial."""
    checks: dict[str, Callable[[ExplainerTrial, int], float]] = {
        "deletion_auc": _deletion,
        "insertion_auc": _insertion,
        "infidelity": _infidelity,
        "completeness_gap": _completeness,
    }
    found = [_over_rows(trial, "randomisation_similarity", partial(_under_random_weights, trial))]
    for name, check in checks.items():
        trial.cancel.check()
        found.append(_over_rows(trial, name, partial(_each_row, trial, check)))
    return found


def _over_rows(
    trial: ExplainerTrial, name: str, values: Callable[[], Iterator[Callable[[], float]]]
) -> MetricValue:
    def median() -> Measurement:
        return median_over_rows(list(values()))

    return measured(name, Split.FORGET, median, group_key=trial.name)


def _each_row(
    trial: ExplainerTrial, check: Callable[[ExplainerTrial, int], float]
) -> Iterator[Callable[[], float]]:
    for place in range(len(trial.rows)):
        yield partial(check, trial, place)


def _under_random_weights(trial: ExplainerTrial) -> Iterator[Callable[[], float]]:
    """For each row the mean over networks."""
    seeds = generator(trial.seed)  # not those that a training starts from
    random = [_maps_of(trial, trial.new_model(draw_seed(seeds))) for _ in range(RANDOM_NETWORKS)]
    for place, own in enumerate(trial.maps):
        yield partial(_mean_similarity, own, [maps[place] for maps in random])


def _mean_similarity(own: NDArray[Any], others: Sequence[NDArray[Any]]) -> float:
    """As `attribution_similarity` compares maps."""
    return float(np.mean([spearman(magnitude(own), magnitude(other)) for other in others]))


def _maps_of(trial: ExplainerTrial, model: nn.Module) -> NDArray[np.float32]:
    """Undefined if the explainer fails on random weights, which is no reason to lose the run."""
    try:
        return attribution_maps(
            trial.explainer,
            model,
            trial.data,
            trial.rows,
            trial.params,
            name=trial.name,
            seed=trial.seed,
            events=trial.events,
            cancel=trial.cancel,
        )
    except PluginError as fault:
        raise Undefined(fault.message) from fault


def _deletion(trial: ExplainerTrial, place: int) -> float:
    x, ranking = trial.inputs(place), magnitude(trial.maps[place])
    score = trial.score(place, as_probability=True)
    steps = min(STEPS, ranking.size)
    return area_under_curve(deletion_curve(score, x, ranking, _mean(trial, x), steps=steps))


def _insertion(trial: ExplainerTrial, place: int) -> float:
    x, ranking = trial.inputs(place), magnitude(trial.maps[place])
    score = trial.score(place, as_probability=True)
    start = _blurred(x) if is_image(x.shape) else _mean(trial, x)
    steps = min(STEPS, ranking.size)
    return area_under_curve(insertion_curve(score, x, ranking, start, steps=steps))


def _infidelity(trial: ExplainerTrial, place: int) -> float:
    x = trial.inputs(place)
    width = trial.range.width.cpu().double().numpy()
    moves = width * gaussian_perturbations(x.shape, deviation=DISTURBANCE, seed=trial.seed + place)
    score = trial.score(place, as_probability=False)
    return infidelity(score, x, trial.maps[place], moves, scaled=True)


def _completeness(trial: ExplainerTrial, place: int) -> float:
    if trial.name != ADDS_UP:
        raise Undefined("Only the maps of integrated gradients promise to add up to the logit.")
    x = trial.inputs(place)
    here, there = trial.score(place, as_probability=False)(np.stack([x, np.zeros_like(x)]))
    return completeness_gap(trial.maps[place], float(here - there))


def _mean(trial: ExplainerTrial, x: Values) -> Values:
    return np.broadcast_to(trial.range.mean.cpu().double().numpy(), x.shape)


def _blurred(x: Values) -> Values:
    blurred = ndimage.gaussian_filter(x, _BLUR, axes=(-2, -1), radius=_BLUR_RADIUS, mode="reflect")
    return np.asarray(blurred)
