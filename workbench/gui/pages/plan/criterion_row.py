"""One criterion as a row of cells: what each shows, offers and takes. Free of Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from workbench.audit.criterion_check import (
    GROUP_EXAMPLES,
    group_choices,
    group_kind,
    measured_splits,
)
from workbench.audit.metric_words import SPLIT_NAMES
from workbench.audit.plan import RecoveryChoice
from workbench.core.vocabulary import Direction
from workbench.gui.widgets.param_fields import ParamField, Shape
from workbench.metrics.catalogue import CATALOGUE

Criterion = dict[str, Any]


class Column(IntEnum):
    NAME = 0
    METRIC = 1
    SPLIT = 2
    GROUP = 3
    REQUIREMENT = 4
    VALUE = 5
    PRIMARY = 6


HEADS = {
    Column.NAME: ("Name", "How the criterion is called in the verdict"),
    Column.METRIC: ("Metric", "What is measured"),
    Column.SPLIT: ("Rows", "The rows it is measured on"),
    Column.GROUP: ("Group", "The attack, class or group of rows, for metrics that have several"),
    Column.REQUIREMENT: ("Must be", "What the metric of an unlearned model must fulfil"),
    Column.VALUE: ("Margin", "The margin or limit, in the unit of the metric; 2 % is 0.02"),
    Column.PRIMARY: ("Decides", "Whether the verdict rests on it, or it only informs"),
}
_REQUIREMENTS = {
    "equivalence difference": "as retrained ±",
    "equivalence ratio": "as retrained, factor",
    "upper difference": "at most",
    "lower difference": "at least",
}
_SPLITS: Mapping[Any, str] = {None: "all", **SPLIT_NAMES}
METRICS = {
    name: card.title
    for name, card in CATALOGUE.items()
    if card.direction is not Direction.INFORMATIVE
}
_OF_THE_PLAN = "the plan's own"
_NUMBER = ParamField("margin", Shape.NUMBER)


@dataclass(frozen=True)
class Offers:
    """What a plan has that groups of metrics may name."""

    attacks: tuple[str, ...] = ()
    further_rates: tuple[float, ...] = ()

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Offers:
        """Those of a plan that may be incomplete."""
        rates = (content.get("recovery") or {}).get(
            "relearn_learning_rates", RecoveryChoice().relearn_learning_rates
        )
        known = [rate for rate in rates or () if isinstance(rate, int | float)]
        return cls(tuple(content.get("attacks", ["loss"])), tuple(known))


def choices(row: Criterion, column: Column, offers: Offers) -> tuple[tuple[Any, str], ...]:
    """Pairs of (data, words) that a cell offers; empty for free text."""
    match column:
        case Column.METRIC:
            return tuple(METRICS.items())
        case Column.SPLIT:
            return tuple((split, _SPLITS[split]) for split in _splits(row.get("metric")))
        case Column.REQUIREMENT:
            return tuple(_REQUIREMENTS.items())
        case Column.GROUP:
            groups = _groups(row.get("metric"), offers)
            return tuple((group, _in_words(group) or _OF_THE_PLAN) for group in groups)
    return ()


def has_group(row: Criterion) -> bool:
    return bool(_kind(row.get("metric")))


def placeholder(row: Criterion, column: Column) -> str:
    """What an empty cell for free text asks for, by an example."""
    example = GROUP_EXAMPLES.get(_kind(row.get("metric")), "") if column is Column.GROUP else ""
    return f"like {example}" if example else ""


def words(row: Criterion, column: Column) -> str:
    """What the cell shows."""
    found = value(row, column)
    match column:
        case Column.METRIC:
            return METRICS.get(found, str(found or ""))
        case Column.SPLIT:
            return _SPLITS.get(found, str(found))
        case Column.GROUP:
            return _in_words(found) if has_group(row) else str(found)
        case Column.REQUIREMENT:
            return _REQUIREMENTS.get(found, "")
        case Column.PRIMARY:
            return ""
    return str(found)


def value(row: Criterion, column: Column) -> Any:
    """What the cell holds, as its editor takes it."""
    match column:
        case Column.REQUIREMENT:
            kind = row.get("kind", "equivalence")
            is_ratio = kind == "equivalence" and row.get("scale") == "ratio"
            return f"{kind} {'ratio' if is_ratio else 'difference'}"
        case Column.VALUE:
            return _NUMBER.text_of(row.get(_size(row)))
        case Column.SPLIT:
            return row.get("split")
    return row.get(column.name.lower(), "")


def changed(row: Criterion, column: Column, new: Any, offers: Offers) -> Criterion:
    """The criterion with another value in one cell, and what must follow from it."""
    match column:
        case Column.REQUIREMENT:
            size = row.get(_size(row))
            kept = {name: one for name, one in row.items() if name not in ("margin", "limit")}
            kind, scale = str(new).split()
            made = {**kept, "kind": kind, "scale": scale}
            return {**made, _size(made): size}
        case Column.VALUE:
            number = _NUMBER.value_of(str(new))
            return {**row, _size(row): None if number == "" else number}
        case Column.METRIC:
            return row if new == row.get("metric") else _fitting(row, new, offers)
    return {**row, column.name.lower(): new}


def in_words(row: Criterion) -> str:
    """One line, like "forget accuracy: Accuracy, forget rows, as retrained ± 0.1"."""
    metric, rows, group, must_be, size = (words(row, column) for column in list(Column)[1:6])
    about = ", ".join(part for part in (metric, f"{rows} rows", group) if part)
    informs = "" if row.get("primary", True) else " (informs only)"
    return f"{row.get('name', '')}: {about}, {must_be} {size}{informs}"


def _fitting(row: Criterion, metric: Any, offers: Offers) -> Criterion:
    """What the new metric is not measured on would only be a fault to mend."""
    splits, groups = _splits(metric), _groups(metric, offers)
    split, group = row.get("split"), row.get("group", "")
    if groups:
        group = group if group in groups else groups[0]
    elif _kind(metric) != _kind(row.get("metric")):
        group = ""
    return {
        **row,
        "metric": metric,
        "split": split if split in splits else splits[0],
        "group": group,
    }


def _size(row: Criterion) -> str:
    return "margin" if row.get("kind", "equivalence") == "equivalence" else "limit"


def _splits(metric: object) -> tuple[str | None, ...]:
    known = measured_splits(metric) if isinstance(metric, str) and metric in METRICS else ()
    return tuple(str(split) if split else None for split in known) or tuple(_SPLITS)


def _kind(metric: object) -> str:
    return group_kind(metric) if isinstance(metric, str) else ""


def _groups(metric: object, offers: Offers) -> tuple[str, ...]:
    return group_choices(_kind(metric), offers.attacks, offers.further_rates)


def _in_words(group: object) -> str:
    """A further learning rate without its sign; any other group as it is."""
    start, _, rate = str(group).partition(":")
    return rate if start == "lr" else str(group)
