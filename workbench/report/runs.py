"""The runs of a plan as the report shows them: metrics, curves, retrained band, what is missing."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from workbench.core.metric_value import MetricValue
from workbench.core.vocabulary import MetricStatus, RunRole, RunStatus, Split
from workbench.report.document import BandRow, Curve, Failure, NotComputed, RunPart, SpreadRow
from workbench.report.reductions import thin_series
from workbench.store import Project, load_metrics

_RUNS = """
SELECT run.*, model.weights_hash, plugin.hash AS plugin_hash, environment.hash AS environment_hash
FROM run
LEFT JOIN model ON model.id = run.model_id
LEFT JOIN plugin ON plugin.id = run.plugin_id
LEFT JOIN environment ON environment.id = run.environment_id
WHERE run.plan_id = ? AND run.forget_set_id = ?
ORDER BY run.id
"""
Key = tuple[str, Split | None, str]


def read_runs(project: Project, plan_id: int, forget_set_id: int) -> tuple[RunPart, ...]:
    """Every run on one forget set, in the order in which they were queued."""
    return tuple(_run(project, row) for row in project.rows(_RUNS, plan_id, forget_set_id))


def _run(project: Project, row: dict[str, Any]) -> RunPart:
    run_id = int(row["id"])
    inputs = project.rows("SELECT name, hash FROM run_input WHERE run_id = ?", run_id)
    series = project.rows("SELECT name, hash FROM series WHERE run_id = ? ORDER BY name", run_id)
    return RunPart(
        id=run_id,
        label=row["label"],
        role=RunRole(row["role"]),
        method=row["method"],
        params=row["params"],
        seed=row["seed"],
        status=RunStatus(row["status"]),
        key=row["key"],
        weights_hash=row["weights_hash"],
        device=row["device"],
        seconds=row["seconds"],
        peak_memory=row["peak_memory"],
        started=row["started"],
        finished=row["finished"],
        plugin_hash=row["plugin_hash"],
        environment_hash=row["environment_hash"],
        inputs={one["name"]: one["hash"] for one in inputs},
        metrics=tuple(load_metrics(project, run_id)),
        curves=tuple(_curve(project, one["name"], one["hash"]) for one in series),
    )


def _curve(project: Project, name: str, digest: str) -> Curve:
    seconds, values = thin_series(np.asarray(project.array(digest), dtype=np.float64))
    return Curve(name=name, seconds=seconds, values=values)


def key_of(metric: MetricValue) -> Key:
    return metric.name, metric.split, metric.group_key


def band_rows(runs: Sequence[RunPart]) -> tuple[BandRow, ...]:
    """Mean, range and spread of every metric over the retrained models that finished."""
    values: dict[Key, list[float]] = defaultdict(list)
    for run in finished(runs, RunRole.REFERENCE):
        for metric in run.metrics:
            if metric.value is not None:
                values[key_of(metric)].append(metric.value)
    return tuple(
        BandRow(
            name=name,
            split=split,
            group_key=group,
            n=len(found),
            mean=float(np.mean(found)),
            low=min(found),
            high=max(found),
            sd=float(np.std(found, ddof=1)) if len(found) > 1 else None,
        )
        for (name, split, group), found in values.items()
    )


def spread_rows(runs: Sequence[RunPart]) -> tuple[SpreadRow, ...]:
    """Spread between training seeds beside that between unlearning seeds, where both exist."""
    retrained = _values_by_key(finished(runs, RunRole.REFERENCE))
    candidates = finished(runs, RunRole.CANDIDATE)
    rows = []
    for label in dict.fromkeys(run.label for run in candidates):
        own = _values_by_key([run for run in candidates if run.label == label])
        for key, values in own.items():
            others = retrained.get(key, [])
            if min(len(values), len(others)) < 2:
                continue
            name, split, group = key
            rows.append(
                SpreadRow(
                    label=label,
                    name=name,
                    split=split,
                    group_key=group,
                    training_sd=float(np.std(others, ddof=1)),
                    n_training=len(others),
                    unlearning_sd=float(np.std(values, ddof=1)),
                    n_unlearning=len(values),
                )
            )
    return tuple(rows)


def _values_by_key(runs: Iterable[RunPart]) -> dict[Key, list[float]]:
    """Values of every metric; models with the same weights are one observation."""
    different = {run.weights_hash or f"run {run.id}": run for run in runs}
    values: dict[Key, list[float]] = defaultdict(list)
    for run in different.values():
        for metric in run.metrics:
            if metric.value is not None:
                values[key_of(metric)].append(metric.value)
    return values


def finished(runs: Iterable[RunPart], role: RunRole | None = None) -> list[RunPart]:
    return [
        run for run in runs if run.status is RunStatus.DONE and (role is None or run.role is role)
    ]


def missing_numbers(forget_set: str, runs: Sequence[RunPart]) -> list[NotComputed]:
    """NOT_COMPUTED metrics, those with one reason on several runs gathered into one entry."""
    places: dict[tuple[Key, str], list[int]] = defaultdict(list)
    for run in runs:
        for metric in run.metrics:
            if metric.status is MetricStatus.NOT_COMPUTED:
                places[key_of(metric), metric.reason].append(run.id)
    return [
        NotComputed(
            forget_set=forget_set,
            metric=name,
            split=split,
            group_key=group,
            reason=reason,
            runs=tuple(where),
        )
        for ((name, split, group), reason), where in places.items()
    ]


def failures(project: Project, forget_set: str, runs: Sequence[RunPart]) -> list[Failure]:
    """Runs that did not finish, with the error they left."""
    return [_failure(project, forget_set, run) for run in runs if run.status is not RunStatus.DONE]


def _failure(project: Project, forget_set: str, run: RunPart) -> Failure:
    row = project.row("SELECT error FROM run WHERE id = ?", run.id)
    error = _as_dict(row["error"] if row else None)
    return Failure(
        forget_set=forget_set,
        label=run.label,
        role=run.role,
        seed=run.seed,
        status=run.status,
        message=str(error.get("message", "")),
        remedy=str(error.get("remedy", "")),
    )


def _as_dict(error: Any) -> dict[str, Any]:
    if isinstance(error, str):
        error = json.loads(error)
    return error if isinstance(error, dict) else {}
