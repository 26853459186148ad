"""Compute every number that follows from stored arrays again, and compare."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

from workbench.audit.evidence import comparisons, verdict_of, verdict_rows
from workbench.audit.from_arrays import metrics_from_arrays
from workbench.audit.planted_metrics import swap_metrics
from workbench.audit.standard import StoredOutputs
from workbench.audit.stored_plan import StoredForgetSet, StoredPlan
from workbench.core.errors import WorkbenchError
from workbench.core.metric_value import MetricValue
from workbench.store import Fault, Project

_RELATIVE, _ABSOLUTE = 1e-9, 1e-12  # platforms round sums differently in the last digits
_VERDICT_KEY = ("forget_set_id", "label", "role", "criterion")

Key = tuple[Any, ...]


def recompute_aggregates(project: Project) -> list[Fault]:
    """Metrics and verdicts that do not follow from the stored outputs, scores and metrics.

    Covers what the audit computes from arrays; times, memory and recovery tests cannot be
    repeated without the models. Plans that were never judged are left out.
    """
    judged = project.rows("SELECT DISTINCT plan_id FROM verdict ORDER BY plan_id")
    return [fault for row in judged for fault in _of_plan(project, row["plan_id"])]


def _of_plan(project: Project, plan_id: int) -> Iterator[Fault]:
    try:
        stored = StoredPlan(project, plan_id)
        for forget_set in stored.forget_sets:
            yield from _metric_faults(stored, forget_set)
        yield from _verdict_faults(stored)
    except WorkbenchError as fault:
        yield Fault(f"plan {plan_id}", fault.message)


def _metric_faults(stored: StoredPlan, forget_set: StoredForgetSet) -> Iterator[Fault]:
    twins, seed = stored.duplicates(forget_set).twinned, stored.plan.evaluation_seed
    for run, compared in comparisons(stored, forget_set):
        outputs = StoredOutputs(
            logits=stored.output(run.model_id, "logits"),
            loss=stored.output(run.model_id, "loss"),
            embedding=stored.output(run.model_id, "embedding"),
        )
        expected = [
            *metrics_from_arrays(
                outputs,
                stored.scores(run),
                stored.dataset,
                forget_set.rows,
                forget_set.non_members,
                twins=twins,
                seed=seed,
            ),
            *swap_metrics(outputs.logits, stored.dataset, stored.plantings),
            *compared,
        ]
        written = {_key(metric): metric for metric in stored.metrics(run.id)}
        for metric in expected:
            if not _agree(metric, written.get(_key(metric))):
                yield Fault(
                    f"run {run.id}, {metric.name}",
                    "the stored value does not follow from the stored arrays",
                )


def _verdict_faults(stored: StoredPlan) -> Iterator[Fault]:
    expected = _outcomes(verdict_rows(stored, verdict_of(stored)))
    written = _outcomes(stored.verdicts())
    for key in sorted(expected.keys() | written.keys(), key=str):
        if expected.get(key) != written.get(key):
            where = ", ".join(str(part) for part in key if part) or "overall"
            yield Fault(
                f"plan {stored.id}, verdict {where}",
                f"recorded is {written.get(key)}, the stored metrics give {expected.get(key)}",
            )


def _outcomes(rows: Iterable[dict[str, Any]]) -> dict[Key, str]:
    return {tuple(row[name] for name in _VERDICT_KEY): row["outcome"] for row in rows}


def _key(metric: MetricValue) -> Key:
    return (metric.name, metric.split, metric.group_key, metric.reference)


def _agree(expected: MetricValue, written: MetricValue | None) -> bool:
    if written is None or written.status is not expected.status or written.n != expected.n:
        return False
    pairs = (
        (expected.value, written.value),
        (expected.ci_low, written.ci_low),
        (expected.ci_high, written.ci_high),
    )
    return all(_close(a, b) for a, b in pairs)


def _close(a: float | None, b: float | None) -> bool:
    if a is None or b is None:
        return a is b
    return math.isclose(a, b, rel_tol=_RELATIVE, abs_tol=_ABSOLUTE)
