"""Plans and evidence with known numbers, for the tests of the judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from workbench.audit.findings import Evidence, RunEvidence
from workbench.audit.plan import Criterion, Plan, plan_from
from workbench.core.metric_value import MetricValue, not_computed
from workbench.core.vocabulary import Direction, RunRole, RunStatus, Split, Unit

FORGET_SET = "class 3"
BAND = (0.77, 0.78, 0.79, 0.80, 0.81)  # mean .79, SD .0158
SIMILAR = (0.785, 0.79, 0.795)
FAR = (0.99, 1.0, 1.0)
UNCLEAR = (0.70, 0.79, 0.90)

EQUAL_ACCURACY: dict[str, Any] = {
    "name": "forget accuracy",
    "metric": "accuracy",
    "split": "forget",
    "margin": 0.05,
}


def criterion(**changes: Any) -> Criterion:
    return Criterion.model_validate(EQUAL_ACCURACY | changes)


def plan(*criteria: Criterion, **changes: Any) -> Plan:
    content = {
        "version": 1,
        "name": "test plan",
        "data": {"use": "digits"},
        "model": {"use": "original"},
        "forget_sets": [{"name": FORGET_SET, "where": "class == 3"}],
        "methods": [{"id": "ssd", "seeds": [0, 1, 2]}],
        "controls": {"attack": "loss", "straw_men": ["do-nothing"]},
        "criteria": [c.model_dump() for c in criteria or (criterion(),)],
    }
    return plan_from(content | changes)


def accuracy(value: float, *, split: Split = Split.FORGET, n: int = 100_000) -> MetricValue:
    return MetricValue(
        "accuracy", 1, split, value, Unit.FRACTION, Direction.REFERENCE, n=n, ci_method="wilson"
    )


def number(
    name: str,
    value: float,
    *,
    unit: Unit = Unit.NATS,
    split: Split | None = Split.FORGET,
    **more: Any,
) -> MetricValue:
    return MetricValue(name, 1, split, value, unit, Direction.REFERENCE, **more)


def steps(value: float, cap: float = 120) -> MetricValue:
    method = "censored at cap" if value >= cap else ""
    return number("relearn_steps", value, unit=Unit.STEPS, n=1, ci_method=method)


def auc(value: float, low: float, high: float, attack: str = "loss") -> MetricValue:
    return number(
        "membership_auc",
        value,
        unit=Unit.SCORE,
        group_key=attack,
        ci_low=low,
        ci_high=high,
        ci_method="delong-logit",
    )


def missing(name: str, reason: str) -> MetricValue:
    return not_computed(name, 1, reason, split=Split.FORGET)


def runs(
    role: RunRole,
    label: str,
    metrics: Sequence[MetricValue | Sequence[MetricValue]],
    status: RunStatus = RunStatus.DONE,
) -> tuple[RunEvidence, ...]:
    """One run per entry, seeds 0, 1, ..."""
    return tuple(
        RunEvidence(
            label, role, seed, status, tuple([own] if isinstance(own, MetricValue) else own)
        )
        for seed, own in enumerate(metrics)
    )


def band(values: Sequence[float] = BAND, centre: float = 0.5) -> tuple[RunEvidence, ...]:
    """`centre` is where the AUCs of the loss attack lie."""
    metrics = []
    for seed, value in enumerate(values):
        area = centre + 0.005 * (seed % 5 - 2)
        metrics.append([accuracy(value), auc(area, area - 0.06, area + 0.06)])
    return runs(RunRole.REFERENCE, "retrain", metrics)


def copies(models: Sequence[RunEvidence]) -> tuple[RunEvidence, ...]:
    """The same runs, all of one and the same model."""
    return tuple(replace(run, metrics=models[0].metrics, weights="ab" * 32) for run in models)


def candidate(values: Sequence[float] = SIMILAR, label: str = "ssd") -> tuple[RunEvidence, ...]:
    return runs(RunRole.CANDIDATE, label, [accuracy(v) for v in values])


def control(values: Sequence[float] = SIMILAR) -> tuple[RunEvidence, ...]:
    return runs(RunRole.CONTROL, "retrain", [accuracy(v) for v in values])


def original(value: float = 1.0, attack: MetricValue | None = None) -> tuple[RunEvidence, ...]:
    seen = attack or auc(0.68, 0.62, 0.74)
    return runs(RunRole.ORIGINAL, "original", [[accuracy(value), seen]])


def straw_man(values: Sequence[float] = FAR, label: str = "do-nothing") -> tuple[RunEvidence, ...]:
    return runs(RunRole.STRAW_MAN, label, [accuracy(v) for v in values])


def evidence(**replaced: tuple[RunEvidence, ...]) -> Evidence:
    """A candidate that passes with controls that behave; name the groups to replace."""
    groups = {
        "original": original(),
        "band": band(),
        "control": control(),
        "straw_man": straw_man(),
        "candidate": candidate(),
    } | replaced
    return Evidence(FORGET_SET, tuple(run for group in groups.values() for run in group))
