"""The report as one self-contained, offline HTML file that needs no script to be read."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from workbench.audit import metric_words
from workbench.core import palette
from workbench.core.locations import RESOURCES
from workbench.core.vocabulary import Outcome, RunRole
from workbench.report import (
    controls,
    criteria,
    display,
    icons,
    panels,
    pictures,
    tables,
    wording,
)
from workbench.report.document import Candidate, ForgetSetPart, MetricDefinition, Report

_TEMPLATES = RESOURCES / "report"


def render_html(report: Report) -> str:
    """One file: styles, figures and pictures are inside it, nothing is loaded from elsewhere."""
    styles = (_TEMPLATES / "report.css").read_text(encoding="utf-8")
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            styles=Markup(palette.css_variables() + styles),  # noqa: S704 - our own file
            sections=[_section(report, part) for part in report.forget_sets],
            methods=tables.method_tables(report.forget_sets),
            missing=tables.missing_rows(report),
            rows_in_words=wording.rows_in_words(report.dataset.rows),
            classes_in_words=wording.classes_in_words(report.dataset.class_names),
            shows_rows=any(
                one.examples for part in report.forget_sets for one in part.attributions
            ),
        )
    )


def _section(report: Report, part: ForgetSetPart) -> dict[str, Any]:
    """What the template shows of one forget set."""
    attack = control_attack(report)
    columns = tables.scoreboard_columns(attack)
    straw_men = [one for one in part.candidates if one.role is RunRole.STRAW_MAN]
    candidates = [one for one in part.candidates if one.role is RunRole.CANDIDATE]
    return {
        "part": part,
        "anchor": f"forget-set-{part.id}",
        "columns": columns,
        "scores": tables.scoreboard(part, columns),
        "spreads": tables.spread_lines(part, columns),
        "criteria": criteria.criterion_blocks(report.criteria, candidates),
        "verdicts": _with_reasons(candidates, report),
        "straw_men": _with_reasons(straw_men, report),
        "controls": controls.questions(part.controls, report.criteria),
        "control_line": controls.in_one_line(part.controls),
        "tally": wording.tally_line(candidates),
        "metric_panels": panels.metric_panels(part, report.criteria, columns),
        "roc_panels": [panels.roc_panel(one) for one in part.attacks],
        "histogram_panels": _histograms(part, attack, shown=True),
        "more_histogram_panels": _histograms(part, attack, shown=False),
        "curve_panels": panels.curve_panels(part),
        "numbers": [
            (label, role, runs, tables.number_rows(runs, part.band, report.dataset.class_names))
            for (role, label), runs in tables.runs_by_model(part.runs).items()
        ],
    }


def _histograms(part: ForgetSetPart, control_attack: str, *, shown: bool) -> list[panels.Panel]:
    """Those of the control attack are shown at once, those of the others can be opened."""
    return [
        panel
        for one in part.attacks
        if (one.attack == control_attack) == shown
        for panel in panels.histogram_panels(part, one)
    ]


def _with_reasons(candidates: Sequence[Candidate], report: Report) -> list[tuple[Candidate, str]]:
    return [(one, criteria.verdict_reason(one, report.criteria)) for one in candidates]


def control_attack(report: Report) -> str:
    """The attack of the plan's positive control, shown in the scoreboard."""
    return str(report.plan.content.get("controls", {}).get("attack", ""))


def _by_family(rows: Sequence[tables.NumberRow | MetricDefinition]) -> list[tuple[str, list[Any]]]:
    return metric_words.by_family(rows, lambda row: row.name)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "count": display.count,
        "duration": display.duration,
        "moment": display.moment,
        "number": display.number,
        "whole": display.whole,
        "percent": display.percent,
        "quantity": display.quantity,
        "settings": display.settings,
        "size": display.size,
        "span": display.span,
        "outcome_icon": icons.outcome_icon,
        "role_key": icons.role_key,
        "photograph": pictures.photograph,
        "heat_map": pictures.heat_map,
        "similarities": tables.similarities,
        "trial": tables.trial,
        "environment_facts": tables.environment_facts,
        "by_family": _by_family,
        "metric_title": metric_words.metric_title,
        "about": metric_words.about,
    }
    environment.globals |= {
        "colour_bar": pictures.colour_bar,
        "Outcome": Outcome,
        "RunRole": RunRole,
        "outcome_meanings": wording.OUTCOME_MEANINGS,
        "role_names": wording.ROLE_NAMES,
        "control_answers": controls.ANSWERS,
        "split_names": metric_words.SPLIT_NAMES,
        "directions": metric_words.DIRECTIONS,
        "demanded": criteria.demanded,
        "MISSING": display.MISSING,
    }
    return environment
