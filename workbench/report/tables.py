"""The tables of a report, row by row, with every number already written out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from workbench.audit.lookup import CENSORED
from workbench.core.metric_value import MetricValue
from workbench.core.vocabulary import MetricStatus, Outcome, RunRole, Split, Unit
from workbench.metrics.catalogue import CATALOGUE
from workbench.report import margins
from workbench.report.display import (
    MINUS,
    MISSING,
    TIMES,
    difference,
    duration,
    number,
    quantity,
)
from workbench.report.document import (
    BandRow,
    Candidate,
    CriterionPart,
    ForgetSetPart,
    Judgement,
    RunPart,
)
from workbench.report.runs import Key, finished, key_of
from workbench.report.wording import ROLE_NAMES, SPLIT_NAMES


@dataclass(frozen=True, slots=True)
class Cell:
    """`main` is the number, `extra` its range over seeds or its interval, `note` for hovering."""

    main: str
    extra: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A metric of the scoreboard: the first one of this name, split and group counts."""

    title: str
    metric: str
    split: Split | None = None
    group: str = ""

    def find(self, run: RunPart) -> MetricValue | None:
        for metric in run.metrics:
            same_group = not self.group or metric.group_key == self.group
            same_split = self.split is None or metric.split is self.split
            if metric.name == self.metric and same_split and same_group:
                return metric
        return None


@dataclass(frozen=True, slots=True)
class ScoreRow:
    label: str
    role: RunRole
    n_seeds: int
    outcome: Outcome | None
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class CriterionRow:
    label: str
    role: RunRole
    outcome: Outcome
    estimate: str
    interval: str
    plot: Markup
    reason: str


@dataclass(frozen=True, slots=True)
class CriterionBlock:
    """One criterion with what it demands, and how every candidate stands to it."""

    criterion: CriterionPart
    title: str
    demand: str
    axis: Markup
    rows: tuple[CriterionRow, ...]


@dataclass(frozen=True, slots=True)
class MethodRow:
    label: str
    role: RunRole
    method: str
    params: dict[str, Any]
    seeds: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NumberRow:
    metric: str
    about: str
    values: tuple[Cell, ...]
    band: Cell


def metric_title(name: str) -> str:
    card = CATALOGUE.get(name)
    return card.title if card else name


def metric_unit(name: str) -> str:
    card = CATALOGUE.get(name)
    return str(card.unit) if card else str(Unit.SCORE)


def about(split: Split | str | None, group: str) -> str:
    """`forget rows, loss`: what a number is about, beside its name."""
    rows = f"{SPLIT_NAMES[str(split)]} rows" if split else ""
    return ", ".join(part for part in (rows, group.replace("class:", "class ")) if part)


def scoreboard_columns(attack: str) -> tuple[Column, ...]:
    return (
        Column("Forget accuracy", "accuracy", Split.FORGET),
        Column("Retain accuracy", "accuracy", Split.RETAIN),
        Column("Test accuracy", "accuracy", Split.TEST),
        Column(f"Attack AUC ({attack})", "membership_auc", Split.FORGET, attack),
        Column("Steps to relearn", "relearn_steps"),
        Column("Recovered forget accuracy", "recovered_accuracy"),
    )


def scoreboard(part: ForgetSetPart, columns: Sequence[Column]) -> list[ScoreRow]:
    """Original, retrained band, held-out retrained models, candidates, straw men."""
    verdicts = {(one.role, one.label): one.verdict for one in part.candidates}
    order = (RunRole.ORIGINAL, RunRole.REFERENCE, RunRole.CONTROL)
    keys = [(run.role, run.label) for role in order for run in part.runs if run.role is role]
    keys += [(one.role, one.label) for one in part.candidates]
    rows = []
    for role, label in dict.fromkeys(keys):
        runs = [run for run in finished(part.runs, role) if run.label == label]
        verdict = verdicts.get((role, label))
        cells = [_over_seeds([column.find(run) for run in runs]) for column in columns]
        rows.append(
            ScoreRow(
                label=ROLE_NAMES[role].capitalize() if role in order else label,
                role=role,
                n_seeds=len(runs),
                outcome=verdict.outcome if verdict else None,
                cells=(*cells, _times([run.seconds for run in runs])),
            )
        )
    return rows


def _over_seeds(found: Sequence[MetricValue | None]) -> Cell:
    """Mean and range over seeds; a single seed shows its own interval."""
    metrics = [metric for metric in found if metric is not None]
    known = [metric for metric in metrics if metric.value is not None]
    if not known:
        reason = metrics[0].reason if metrics else "not measured"
        return Cell("not computed" if metrics else MISSING, note=reason)
    if len(known) == 1:
        return cell(known[0])
    values = [metric.value for metric in known if metric.value is not None]
    unit = str(known[0].unit)
    capped = sum(metric.ci_method == CENSORED for metric in known)
    mean = quantity(math.fsum(values) / len(values), unit)
    spread = f"{quantity(min(values), unit)} to {quantity(max(values), unit)}"
    note = f"{len(values)} seeds" + (f", {capped} stopped at the cap" if capped else "")
    return Cell(f"≥ {mean}" if capped else mean, spread, note)


def cell(metric: MetricValue) -> Cell:
    """One measured number with its interval, or the reason why there is none."""
    if metric.status is MetricStatus.NOT_COMPUTED:
        return Cell("not computed", note=metric.reason)
    main = quantity(metric.value, str(metric.unit))
    if metric.ci_method == CENSORED:
        return Cell(f"≥ {main}", "stopped at the cap")
    if metric.ci_low is None or metric.ci_high is None:
        return Cell(main)
    low, high = (quantity(edge, str(metric.unit)) for edge in (metric.ci_low, metric.ci_high))
    return Cell(main, f"{low} to {high}", f"{metric.ci_method}, n = {metric.n}")


def _times(seconds: Sequence[float | None]) -> Cell:
    known = [value for value in seconds if value is not None]
    if not known:
        return Cell(MISSING)
    mean = duration(math.fsum(known) / len(known))
    extra = f"{duration(min(known))} to {duration(max(known))}" if len(known) > 1 else ""
    return Cell(mean, extra)


def criterion_blocks(
    criteria: Sequence[CriterionPart], candidates: Sequence[Candidate]
) -> list[CriterionBlock]:
    return [_block(criterion, candidates) for criterion in criteria]


def _block(criterion: CriterionPart, candidates: Sequence[Candidate]) -> CriterionBlock:
    judged = [
        (candidate, one)
        for candidate in candidates
        for one in candidate.criteria
        if one.criterion == criterion.name
    ]
    zone = _zone(criterion, [one for _, one in judged])
    details = about(criterion.split, criterion.group)
    title = metric_title(criterion.metric) + (f", {details}" if details else "")
    demand = demanded(criterion)
    return CriterionBlock(
        criterion=criterion,
        title=title,
        demand=demand,
        axis=margins.margin_axis(zone, lambda v: _edge(criterion, v), f"Passing zone: {demand}"),
        rows=tuple(_criterion_row(criterion, zone, candidate, one) for candidate, one in judged),
    )


def demanded(criterion: CriterionPart) -> str:
    """What the criterion asks for, in words."""
    unit = metric_unit(criterion.metric)
    if criterion.kind == "upper":
        return f"at most {quantity(criterion.limit, unit)}"
    if criterion.kind == "lower":
        return f"at least {quantity(criterion.limit, unit)}"
    if criterion.scale == "ratio":
        return f"within a factor of {number(criterion.margin)} of the retrained models"
    margin = difference(criterion.margin, unit).lstrip("+")
    return f"within ±{margin} of the retrained models"


def _zone(criterion: CriterionPart, judged: Sequence[Judgement]) -> margins.Zone:
    start, end = _passing(criterion)
    found = [
        position
        for one in judged
        for value in (one.estimate, one.ci_low, one.ci_high)
        if (position := _position(criterion, value)) is not None
    ]
    return margins.Zone.around(start, end, found)


def _passing(criterion: CriterionPart) -> tuple[float | None, float | None]:
    if criterion.kind == "upper":
        return None, criterion.limit
    if criterion.kind == "lower":
        return criterion.limit, None
    margin = _position(criterion, criterion.margin) or 0.0
    return -margin, margin


def _position(criterion: CriterionPart, value: float | None) -> float | None:
    """Where a value is drawn: ratios on a logarithmic axis, on which no change is 0."""
    if value is None or criterion.scale != "ratio" or criterion.kind != "equivalence":
        return value
    return math.log(value) if value > 0 else None


def _edge(criterion: CriterionPart, position: float) -> str:
    unit = metric_unit(criterion.metric)
    if criterion.kind != "equivalence":
        return quantity(position, unit)
    if criterion.scale == "ratio":
        return f"{TIMES}{number(math.exp(position))}"
    return difference(position, unit)


def _shown(criterion: CriterionPart, value: float | None) -> str:
    if value is None:
        return MISSING
    if criterion.kind == "equivalence" and criterion.scale == "ratio":
        return f"{TIMES}{number(value)}"
    return _edge(criterion, value)


def _criterion_row(
    criterion: CriterionPart, zone: margins.Zone, candidate: Candidate, one: Judgement
) -> CriterionRow:
    estimate = _shown(criterion, one.estimate)
    if one.ci_low is None and one.ci_high is None:
        interval = MISSING
    else:
        low = f"{MINUS}∞" if one.ci_low is None else _shown(criterion, one.ci_low)
        high = "∞" if one.ci_high is None else _shown(criterion, one.ci_high)
        interval = f"{low} to {high}"
    label = f"{candidate.label}: {estimate}, interval {interval}, {one.outcome}"
    estimate_at, low_at, high_at = (
        _position(criterion, value) for value in (one.estimate, one.ci_low, one.ci_high)
    )
    return CriterionRow(
        label=candidate.label,
        role=candidate.role,
        outcome=one.outcome,
        estimate=estimate,
        interval=interval,
        plot=margins.margin_plot(estimate_at, low_at, high_at, zone, one.outcome, label),
        reason=one.reason,
    )


def number_rows(runs: Sequence[RunPart], band: Sequence[BandRow]) -> list[NumberRow]:
    """Every metric of the runs of one label, one column a seed, with the retrained range."""
    bands = {(row.name, row.split, row.group_key): row for row in band}
    by_run = [{key_of(metric): metric for metric in run.metrics} for run in runs]
    keys: dict[Key, None] = dict.fromkeys(key for metrics in by_run for key in metrics)
    rows = []
    for key in keys:
        name, split, group = key
        found = [metrics.get(key) for metrics in by_run]
        unit = next(str(metric.unit) for metric in found if metric)
        rows.append(
            NumberRow(
                metric=metric_title(name),
                about=about(split, group),
                values=tuple(cell(metric) if metric else Cell(MISSING) for metric in found),
                band=_band_cell(bands.get(key), unit),
            )
        )
    return rows


def _band_cell(row: BandRow | None, unit: str) -> Cell:
    if row is None:
        return Cell(MISSING)
    spread = f"{quantity(row.low, unit)} to {quantity(row.high, unit)}"
    return Cell(quantity(row.mean, unit), spread if row.n > 1 else "")


def method_rows(part: ForgetSetPart) -> list[MethodRow]:
    """What ran, one row per label and role, straw men and references included."""
    grouped: dict[tuple[RunRole, str], list[RunPart]] = {}
    for run in part.runs:
        if run.role is not RunRole.ORIGINAL:
            grouped.setdefault((run.role, run.label), []).append(run)
    return [
        MethodRow(label, role, runs[0].method, runs[0].params, tuple(run.seed for run in runs))
        for (role, label), runs in grouped.items()
    ]


def environment_facts(description: dict[str, Any]) -> list[tuple[str, str]]:
    """Each entry of an environment, packages with their versions on one line."""
    return [
        (name.replace("_", " ").capitalize(), _environment_value(value))
        for name, value in description.items()
    ]


def _environment_value(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {version}" for name, version in value.items() if version)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return MISSING if value is None else str(value)


def runs_by_model(runs: Sequence[RunPart]) -> dict[tuple[RunRole, str], list[RunPart]]:
    """Finished runs by role and label, roles in the order of the scoreboard."""
    grouped: dict[tuple[RunRole, str], list[RunPart]] = {}
    for role in ROLE_NAMES:
        for run in finished(runs, role):
            grouped.setdefault((role, run.label), []).append(run)
    return grouped
