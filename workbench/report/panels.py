"""Which figures a forget set gets, and the data of each, taken from the report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from markupsafe import Markup

from workbench.audit.metric_words import metric_in_words, metric_title, metric_unit
from workbench.core.vocabulary import RunRole, RunStatus, Unit
from workbench.report import figures
from workbench.report.display import count, number, percent, quantity
from workbench.report.document import (
    AttackPart,
    CriterionPart,
    Curve,
    ForgetSetPart,
    Histogram,
    Roc,
    RunPart,
)
from workbench.report.runs import Key, finished, key_of
from workbench.report.tables import Column
from workbench.report.verdicts import best_candidate
from workbench.report.wording import ROLE_NAMES

_ORDER = tuple(ROLE_NAMES)
OfModel = TypeVar("OfModel", Roc, Histogram)


@dataclass(frozen=True, slots=True)
class Panel:
    """One figure with its caption; `legend` explains numbered curves."""

    title: str
    note: str
    drawing: Markup
    legend: tuple[tuple[str, str], ...] = ()


def metric_panels(
    part: ForgetSetPart, criteria: Sequence[CriterionPart], columns: Sequence[Column]
) -> list[Panel]:
    """A dot plot for every metric of the scoreboard and of the criteria, each metric once."""
    wanted = [(column.metric, column.split, column.group) for column in columns]
    wanted += [(one.metric, one.split, one.group) for one in criteria]
    keys = (_measured_key(part, Column("", *one)) for one in wanted)
    return [_metric_panel(part, Column("", *key)) for key in dict.fromkeys(keys) if key]


def _measured_key(part: ForgetSetPart, column: Column) -> Key | None:
    """Name, split and group of the metric that `column` finds, None if it has no value at all."""
    found = (column.find(run) for run in finished(part.runs))
    return next((key_of(metric) for metric in found if metric and metric.value is not None), None)


def _metric_panel(part: ForgetSetPart, column: Column) -> Panel:
    unit = metric_unit(column.metric)
    rows = [
        row
        for role in _ORDER
        for label, runs in _by_label(finished(part.runs, role)).items()
        if (row := _row(label, role, runs, column, unit)).dots
    ]
    band = next(
        (
            (row.low, row.high)
            for row in part.band
            if (row.name, row.split, row.group_key) == (column.metric, column.split, column.group)
        ),
        None,
    )
    title = metric_in_words(column.metric, column.split, column.group)
    axis = f"{metric_title(column.metric)}{_unit_note(unit)}"
    described = "; ".join(f"{row.label}: {', '.join(dot.note for dot in row.dots)}" for row in rows)
    return Panel(
        title=title,
        note="",
        drawing=figures.dot_plot(rows, band, axis, lambda v: _tick(v, unit), described),
    )


def _tick(value: float, unit: str) -> str:
    return figures.share_tick(value) if unit == Unit.FRACTION else figures.plain_tick(value)


def _unit_note(unit: str) -> str:
    return "" if unit in (Unit.FRACTION, Unit.SCORE, Unit.RATIO, Unit.STEPS) else f" ({unit})"


def _by_label(runs: Iterable[RunPart]) -> dict[str, list[RunPart]]:
    grouped: dict[str, list[RunPart]] = {}
    for run in runs:
        grouped.setdefault(run.label, []).append(run)
    return grouped


def _row(
    label: str, role: RunRole, runs: Sequence[RunPart], column: Column, unit: str
) -> figures.Row:
    dots = []
    for run in runs:
        metric = column.find(run)
        if metric is None or metric.value is None:
            continue
        note = f"seed {run.seed}: {quantity(metric.value, unit)}"
        dots.append(figures.Dot(metric.value, metric.ci_low, metric.ci_high, note))
    if role is RunRole.REFERENCE:  # the band is about seeds; rows are shared by all models
        dots = [figures.Dot(dot.value, None, None, dot.note) for dot in dots]
    named = role not in (RunRole.CANDIDATE, RunRole.STRAW_MAN)
    return figures.Row(ROLE_NAMES[role] if named else label, role, tuple(dots))


def roc_panel(attack: AttackPart) -> Panel:
    """ROC of the original, of the first seed of every candidate, and the range of the band."""
    firsts: dict[str, Roc] = {}
    for roc in attack.rocs:
        if roc.role is RunRole.CANDIDATE:
            firsts.setdefault(roc.label, roc)
    tagged = [_roc_trace(roc, str(index)) for index, roc in enumerate(firsts.values(), 1)]
    originals = [_roc_trace(roc) for roc in attack.rocs if roc.role is RunRole.ORIGINAL]
    band = [_roc_trace(roc) for roc in attack.rocs if roc.role is RunRole.REFERENCE]
    legend = tuple(
        (str(index), f"{label}: {_aucs(attack, RunRole.CANDIDATE, label)}")
        for index, label in enumerate(firsts, 1)
    )
    note = (
        f"{count(attack.n_forget, 'forget row')} against {count(attack.n_non_members, 'row')} "
        f"no model was trained on. AUC of the original: {_aucs(attack, RunRole.ORIGINAL)}; "
        "of the candidates, all seeds:"
    )
    drawing = figures.roc_plot(
        [*tagged, *originals],
        band,
        1 / max(attack.n_non_members, 1),
        f"ROC curves of the attack {attack.attack}",
    )
    return Panel(f"Attack {attack.attack}", note, drawing, legend)


def _roc_trace(roc: Roc, tag: str = "") -> figures.Trace:
    return figures.Trace(roc.label, roc.role, tuple(zip(roc.fpr, roc.tpr, strict=True)), tag)


def _aucs(attack: AttackPart, role: RunRole, label: str | None = None) -> str:
    known = [
        roc.auc
        for roc in attack.rocs
        if roc.auc is not None and roc.role is role and label in (None, roc.label)
    ]
    return ", ".join(number(value) for value in known) or "not computed"


def histogram_panels(part: ForgetSetPart, attack: AttackPart) -> list[Panel]:
    """Score histograms of the original, the best candidate and one retrained model."""
    best = best_candidate(part.candidates)
    wanted = (
        (RunRole.ORIGINAL, None, "original model"),
        (RunRole.CANDIDATE, best.label if best else None, best.label if best else ""),
        (RunRole.REFERENCE, None, "a retrained model"),
    )
    found = [
        (one, title)
        for role, label, title in wanted
        if (one := _first(attack.histograms, role, label)) is not None
    ]
    top = max((max(*one.forget, *one.non_member) for one, _ in found), default=1.0)
    return [
        Panel(
            title=f"Attack {attack.attack}: {title}",
            note="",
            drawing=figures.histogram_plot(
                attack.edges,
                one.forget,
                one.non_member,
                top,
                "score, larger is more member-like",
                _spoken(attack, one, title),
            ),
        )
        for one, title in found
    ]


def _first(found: Sequence[OfModel], role: RunRole, label: str | None) -> OfModel | None:
    return next(
        (one for one in found if one.role is role and (label is None or one.label == label)), None
    )


def _spoken(attack: AttackPart, one: Histogram, title: str) -> str:
    overlap = sum(min(a, b) for a, b in zip(one.forget, one.non_member, strict=True))
    return (
        f"Scores of the attack {attack.attack} on {title}: the histograms of forget rows and "
        f"non-members overlap by {percent(overlap)}"
    )


def curve_panels(part: ForgetSetPart) -> list[Panel]:
    """Live curves of candidates: one figure per method and quantity, one line per seed."""
    panels = []
    runs = [run for run in part.runs if run.role is RunRole.CANDIDATE]
    for label, own in _by_label(runs).items():
        for name in dict.fromkeys(curve.name for run in own for curve in run.curves):
            pairs = [(run, curve) for run in own for curve in run.curves if curve.name == name]
            traces = [trace for run, curve in pairs if (trace := _trace(run, curve)).points]
            if traces:
                drawing = figures.curve_plot(traces, name, f"{name} of {label} over time")
                panels.append(Panel(f"{label}: {name}", "", drawing))
    return panels


def _trace(run: RunPart, curve: Curve) -> figures.Trace:
    points = tuple(
        (seconds, value)
        for seconds, value in zip(curve.seconds, curve.values, strict=True)
        if value is not None
    )
    ended = "" if run.status is RunStatus.DONE else f", {run.status}"
    return figures.Trace(f"seed {run.seed}{ended}", run.role, points)
