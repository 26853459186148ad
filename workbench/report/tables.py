"""The tables of a report, row by row, with every number already written out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from workbench.audit.explainers import TRIAL
from workbench.audit.lookup import CENSORED
from workbench.audit.metric_words import (
    SPLIT_NAMES,
    about,
    metric_title,
    metric_unit,
    reading_place,
)
from workbench.core.metric_value import MetricValue
from workbench.core.vocabulary import MetricStatus, Outcome, RunRole, Split, Unit
from workbench.report.display import MISSING, count, duration, quantity, span
from workbench.report.document import (
    AttributionPart,
    BandRow,
    ForgetSetPart,
    Report,
    RunPart,
)
from workbench.report.runs import Key, finished, key_of
from workbench.report.wording import ROLE_NAMES, listed


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
class MethodRow:
    label: str
    role: RunRole
    method: str
    params: dict[str, Any]
    seeds: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MissingRow:
    metric: str
    about: str
    forget_set: str
    reason: str
    runs: str


@dataclass(frozen=True, slots=True)
class NumberRow:
    """`name` is the id of the metric, `metric` its title."""

    name: str
    metric: str
    about: str
    values: tuple[Cell, ...]
    band: Cell


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


@dataclass(frozen=True, slots=True)
class SpreadLine:
    label: str
    metric: str
    training: Cell
    unlearning: Cell


def spread_lines(part: ForgetSetPart, columns: Sequence[Column]) -> list[SpreadLine]:
    """Standard deviations between seeds of the metrics of the scoreboard, by kind of seed."""
    titles = {(one.metric, one.split, one.group): one.title for one in columns}
    lines = []
    for row in part.spreads:
        split = row.split if (row.name, row.split, row.group_key) in titles else None
        title = titles.get((row.name, split, row.group_key))
        if title is None:
            continue
        unit = metric_unit(row.name)
        lines.append(
            SpreadLine(
                row.label,
                title,
                Cell(quantity(row.training_sd, unit), count(row.n_training, "model")),
                Cell(quantity(row.unlearning_sd, unit), count(row.n_unlearning, "model")),
            )
        )
    return lines


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
    spread = span(min(values), max(values), unit)
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
    interval = span(metric.ci_low, metric.ci_high, str(metric.unit))
    return Cell(main, interval, f"{metric.ci_method}, n = {metric.n}")


def _times(seconds: Sequence[float | None]) -> Cell:
    known = [value for value in seconds if value is not None]
    if not known:
        return Cell(MISSING)
    mean = duration(math.fsum(known) / len(known))
    extra = span(min(known), max(known), Unit.SECONDS) if len(known) > 1 else ""
    return Cell(mean, extra)


def number_rows(
    runs: Sequence[RunPart], band: Sequence[BandRow], class_names: Sequence[str]
) -> list[NumberRow]:
    """Every metric of the runs of one label, one column a seed, with the retrained range.

    In reading order, so that each family can be given a heading.
    """
    bands = {(row.name, row.split, row.group_key): row for row in band}
    by_run = [{key_of(metric): metric for metric in run.metrics} for run in runs]
    keys: dict[Key, None] = dict.fromkeys(key for metrics in by_run for key in metrics)
    rows = []
    for key in sorted(keys, key=lambda key: reading_place(key[0], key[1])):
        name, split, group = key
        found = [metrics.get(key) for metrics in by_run]
        unit = next(str(metric.unit) for metric in found if metric)
        rows.append(
            NumberRow(
                name=name,
                metric=metric_title(name),
                about=about(name, split, group, class_names),
                values=tuple(cell(metric) if metric else Cell(MISSING) for metric in found),
                band=band_cell(bands.get(key), unit),
            )
        )
    return rows


def band_cell(row: BandRow | None, unit: str) -> Cell:
    """Mean and range of the retrained models."""
    if row is None:
        return Cell(MISSING)
    return Cell(quantity(row.mean, unit), span(row.low, row.high, unit) if row.n > 1 else "")


def method_tables(
    forget_sets: Sequence[ForgetSetPart],
) -> list[tuple[str, list[MethodRow]]]:
    """What ran, with the names of the forget sets on which exactly this ran."""
    tables: list[tuple[list[str], list[MethodRow]]] = []
    for part in forget_sets:
        rows = _method_rows(part)
        same = next((names for names, known in tables if known == rows), None)
        if same is None:
            tables.append(([part.name], rows))
        else:
            same.append(part.name)
    return [(listed(names), rows) for names, rows in tables]


def _method_rows(part: ForgetSetPart) -> list[MethodRow]:
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


def missing_rows(report: Report) -> list[MissingRow]:
    """The numbers that were not computed, with their runs in as few words as are exact."""
    runs_of = {part.name: finished(part.runs) for part in report.forget_sets}
    return [
        MissingRow(
            metric=metric_title(entry.metric),
            about=about(entry.metric, entry.split, entry.group_key, report.dataset.class_names),
            forget_set=entry.forget_set,
            reason=entry.reason,
            runs=_named_runs(set(entry.runs), runs_of[entry.forget_set]),
        )
        for entry in report.not_computed
    ]


def _named_runs(ids: set[int], runs: Sequence[RunPart]) -> str:
    if ids == {run.id for run in runs}:
        return f"all {len(runs)} finished runs"
    grouped: dict[tuple[RunRole, str], list[RunPart]] = {}
    for run in runs:
        grouped.setdefault((run.role, run.label), []).append(run)
    parts = []
    for (_, label), own in grouped.items():
        seeds = [str(run.seed) for run in own if run.id in ids]
        if len(seeds) == len(own):
            parts.append(label)
        elif seeds:
            parts.append(f"{label} (seed {', '.join(seeds)})")
    return ", ".join(parts)


def trial(one: AttributionPart, part: ForgetSetPart) -> str:
    """What the trial of an explainer on the original found, in a sentence; empty without one."""
    found = [
        metric
        for run in finished(part.runs, RunRole.ORIGINAL)[:1]
        for name in TRIAL
        for metric in run.metrics
        if metric.name == name and metric.group_key == one.explainer and metric.value is not None
    ]
    told = ", ".join(
        f"{metric_title(metric.name).lower()} {cell(metric).main} (n = {metric.n})"
        for metric in found
    )
    return f"On trial with the original, on forget rows: {told}." if found else ""


def similarities(one: AttributionPart, part: ForgetSetPart) -> list[str]:
    """How similar the maps are to the original's over all explained rows, candidate and band."""
    column = Column("", "attribution_similarity", group=one.explainer)
    lines = []
    for split in (Split.FORGET, Split.RETAIN):
        of_split = replace(column, split=split)
        own = [run for run in finished(part.runs, RunRole.CANDIDATE) if run.label == one.candidate]
        unlearned = _over_seeds([of_split.find(run) for run in own])
        retrained = _over_seeds(
            [of_split.find(run) for run in finished(part.runs, RunRole.REFERENCE)]
        )
        lines.append(
            f"Median similarity to the original on {SPLIT_NAMES[split]} rows: unlearned "
            f"{unlearned.main}, retrained {retrained.main}."
        )
    return lines
