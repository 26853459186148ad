"""Each metric over all models of a plan, and how long each method took."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import geometric_mean, mean

from workbench.audit.lookup import CENSORED
from workbench.audit.metric_words import metric_in_words
from workbench.core.vocabulary import RunRole
from workbench.gui.pages.compare.scores import (
    Number,
    in_order,
    metric_of,
    number_of,
)
from workbench.report.criteria import demanded
from workbench.report.display import TIMES, duration, number
from workbench.report.document import BandRow, CriterionPart, Judgement, RunPart
from workbench.report.runs import Key, finished, key_of
from workbench.report.tables import runs_by_model
from workbench.report.wording import ROLE_NAMES

Zone = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class Seed:
    run_id: int
    seed: int
    number: Number


@dataclass(frozen=True, slots=True)
class Model:
    """All finished runs of one label, on one metric. `name` is what a reader calls it."""

    name: str
    role: RunRole
    seeds: tuple[Seed, ...]


@dataclass(frozen=True, slots=True)
class Spread:
    """One metric over all models. `zone`: where a method's mean meets the criterion, open at None.

    The zone is that of the verdict; there is none before it, nor where a cap hides the band.
    """

    key: Key
    title: str
    unit: str
    models: tuple[Model, ...]
    band: BandRow | None
    demand: str
    zone: Zone | None


@dataclass(frozen=True, slots=True)
class MethodTime:
    """Mean seconds of a method over its seeds, and how that compares with retraining."""

    name: str
    role: RunRole
    run_id: int
    seconds: float
    n_seeds: int
    written: str
    against_retraining: str


def spreads(
    runs: Sequence[RunPart],
    band: Mapping[Key, BandRow],
    criteria: Sequence[CriterionPart],
    judgements: Sequence[Judgement],
) -> tuple[Spread, ...]:
    """One per metric that any finished run has, those with a criterion first."""
    models = runs_by_model(runs)
    units = {key_of(metric): str(metric.unit) for run in finished(runs) for metric in run.metrics}
    demands = {
        key: criterion
        for criterion in reversed(criteria)  # the first on a metric stands for it
        if (key := metric_of(criterion, finished(runs)))
    }
    return tuple(
        Spread(
            key=key,
            title=metric_in_words(*key),
            unit=units[key],
            models=tuple(_model(role, label, own, key) for (role, label), own in models.items()),
            band=band.get(key),
            demand=_demand(demands.get(key)),
            zone=_zone(key, demands.get(key), runs, judgements),
        )
        for key in sorted(in_order(units), key=lambda key: key not in demands)
    )


def _model(role: RunRole, label: str, runs: Sequence[RunPart], key: Key) -> Model:
    seeds = []
    for run in runs:
        metric = next((one for one in run.metrics if key_of(one) == key), None)
        seeds.append(Seed(run.id, run.seed, number_of(metric)))
    return Model(name_of(role, label), role, tuple(seeds))


def name_of(role: RunRole, label: str) -> str:
    """What a reader calls the models of one label."""
    return label if role in (RunRole.CANDIDATE, RunRole.STRAW_MAN) else ROLE_NAMES[role]


def _demand(criterion: CriterionPart | None) -> str:
    if criterion is None:
        return ""
    exploratory = " (exploratory)" if criterion.exploratory else ""
    return f"Must be {demanded(criterion)}{exploratory}"


def _zone(
    key: Key,
    criterion: CriterionPart | None,
    runs: Sequence[RunPart],
    judgements: Sequence[Judgement],
) -> Zone | None:
    if criterion is None:
        return None
    if criterion.kind == "upper":
        return None, criterion.limit
    if criterion.kind == "lower":
        return criterion.limit, None
    judged = next((one for one in judgements if one.criterion == criterion.name), None)
    if judged is None or _band_is_capped(key, runs):
        return None
    return _around(judged.detail["band_values"], criterion)


def _around(band: Sequence[float], criterion: CriterionPart) -> Zone | None:
    """Between which values the mean of a method is within the margin of that of the band."""
    if not band or criterion.margin is None:
        return None
    if criterion.scale == "ratio":
        if min(band) <= 0:
            return None
        centre = geometric_mean(band)
        return centre / criterion.margin, centre * criterion.margin
    centre = mean(band)
    return centre - criterion.margin, centre + criterion.margin


def _band_is_capped(key: Key, runs: Sequence[RunPart]) -> bool:
    return any(
        metric.ci_method == CENSORED
        for run in finished(runs, RunRole.REFERENCE)
        for metric in run.metrics
        if key_of(metric) == key
    )


def method_times(runs: Sequence[RunPart]) -> tuple[MethodTime, ...]:
    """Retraining first, then every method whose runs know their time."""
    retraining = _mean([run.seconds for run in finished(runs, RunRole.REFERENCE)])
    times = []
    for (role, label), own in runs_by_model(runs).items():
        seconds = _mean([run.seconds for run in own])
        if seconds is None or role not in (RunRole.REFERENCE, RunRole.CANDIDATE):
            continue
        is_reference = role is RunRole.REFERENCE
        times.append(
            MethodTime(
                name=name_of(role, label),
                role=role,
                run_id=own[0].id,
                seconds=seconds,
                n_seeds=len(own),
                written=duration(seconds),
                against_retraining="" if is_reference else _against(seconds, retraining),
            )
        )
    return tuple(times)


def _mean(seconds: Sequence[float | None]) -> float | None:
    known = [one for one in seconds if one]
    return math.fsum(known) / len(known) if known else None


def _against(seconds: float, retraining: float | None) -> str:
    if retraining is None:
        return ""
    if number(retraining / seconds, 2) == "1.0":
        return "as long as retraining"
    if seconds <= retraining:
        return f"{number(retraining / seconds, 2)}{TIMES} faster"
    return f"{number(seconds / retraining, 2)}{TIMES} slower"
