"""Find the number a criterion is about among the metrics of a run, or say why there is none."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.audit.findings import RunEvidence
from workbench.audit.plan import Criterion, Plan
from workbench.core.metric_value import MetricValue
from workbench.core.vocabulary import MetricStatus, Unit
from workbench.metrics import Undefined

# How a metric says that its value is a cap that was reached: the true value is at least this.
CENSORED = "censored at cap"


def find_metric(run: RunEvidence, criterion: Criterion) -> MetricValue:
    """The one computed metric a criterion names on `run`. Undefined if missing or ambiguous."""
    found = [m for m in run.metrics if m.name == criterion.metric]
    if criterion.split is not None:
        found = [m for m in found if m.split is criterion.split]
    of_group = [m for m in found if m.group_key == criterion.group]
    if of_group or criterion.group:
        found = of_group
    what, where = describe_metric(criterion), f"{run.label!r} seed {run.seed}"
    if not found:
        raise Undefined(f"{what} was not measured on {where}.")
    if len(found) > 1:
        raise Undefined(f"{what} is measured in several places: name its split and group.")
    if found[0].status is not MetricStatus.OK:
        raise Undefined(f"{what} was not computed on {where}: {found[0].reason}")
    return found[0]


def value_of(metric: MetricValue) -> float:
    """The value of a computed metric; Undefined with its reason otherwise."""
    if metric.value is None:
        raise Undefined(metric.reason)
    return metric.value


def attacks_used(plan: Plan) -> tuple[str, ...]:
    """The attacks that primary criteria rest on. One that names none may rest on any."""
    named = [
        attack
        for criterion in plan.criteria
        if criterion.primary and criterion.metric.startswith("membership_")
        for attack in ([criterion.group] if criterion.group else plan.attacks)
    ]
    return tuple(dict.fromkeys(named))


def describe_metric(criterion: Criterion) -> str:
    """The metric as a reader names it: "membership_auc (forget, loss)"."""
    detail = ", ".join(part for part in (criterion.split or "", criterion.group) if part)
    return f"{criterion.metric} ({detail})" if detail else criterion.metric


def resolution(metrics: Sequence[MetricValue]) -> float:
    """Half of the smallest step these measurements can make; 0 for a continuous metric.

    A fraction of n rows moves in steps of 1/n, a count of optimiser steps in steps of 1. With
    several sizes n the coarsest counts.
    """
    units = {m.unit for m in metrics}
    if units == {Unit.STEPS}:
        return 0.5
    rows = [m.n for m in metrics if m.n > 0]
    return 0.5 / min(rows) if units == {Unit.FRACTION} and rows else 0.0
