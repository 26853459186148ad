"""Every metric of A and B beside the retrained models, written as in the report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from workbench.audit.lookup import CENSORED
from workbench.audit.metric_words import (
    BY_CLASS,
    about,
    by_family,
    metric_title,
    reading_place,
)
from workbench.core.metric_value import MetricValue
from workbench.core.vocabulary import Outcome, RunRole
from workbench.report.criteria import criterion_blocks
from workbench.report.display import MISSING, difference
from workbench.report.document import BandRow, Candidate, CriterionPart, RunPart
from workbench.report.runs import Key, key_of
from workbench.report.tables import Cell, Column, band_cell, cell

_NOT_MEASURED = Cell(MISSING, note="Not measured on this model")


@dataclass(frozen=True, slots=True)
class Number:
    """A measured number, written and as a value with its 95 % interval, where there is one."""

    cell: Cell
    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How the runs of B's label, all seeds together, stand to a criterion of the plan.

    `outcome` is None where they were not judged; `why` then says so.
    """

    name: str
    demand: str
    importance: str
    exploratory: bool
    outcome: Outcome | None
    found: str
    why: str


@dataclass(frozen=True, slots=True)
class Score:
    """One metric of A and B beside the retrained models. `band` is None if none has it."""

    key: Key
    title: str
    about: str
    a: Number
    b: Number
    difference: Cell
    band: BandRow | None
    band_cell: Cell
    standing: Standing | None

    @property
    def place(self) -> str:
        """Where B lies against the range of the retrained models, in words."""
        if self.band is None or self.b.value is None:
            return ""
        if self.b.value < self.band.low:
            return "below the retrained range"
        return "above the retrained range" if self.b.value > self.band.high else "within it"


@dataclass(frozen=True, slots=True)
class ScoreGroup:
    title: str
    scores: tuple[Score, ...]


def number_of(metric: MetricValue | None) -> Number:
    if metric is None:
        return Number(_NOT_MEASURED)
    return Number(cell(metric), metric.value, metric.ci_low, metric.ci_high)


def score_groups(
    a: RunPart, b: RunPart, band: Mapping[Key, BandRow], judged: Mapping[Key, Standing]
) -> tuple[ScoreGroup, ...]:
    """Every metric of either run, without those by class."""
    of_a = {key_of(metric): metric for metric in a.metrics}
    of_b = {key_of(metric): metric for metric in b.metrics}
    scores = [
        _score(key, of_a.get(key), of_b.get(key), band.get(key), judged.get(key))
        for key in in_order([*of_a, *of_b])
    ]
    families = by_family(scores, lambda score: score.key[0])
    return tuple(ScoreGroup(title, tuple(own)) for title, own in families)


def _score(
    key: Key,
    a: MetricValue | None,
    b: MetricValue | None,
    band: BandRow | None,
    standing: Standing | None,
) -> Score:
    name, split, group = key
    unit = next(str(metric.unit) for metric in (a, b) if metric)
    return Score(
        key=key,
        title=metric_title(name),
        about=about(name, split, group),
        a=number_of(a),
        b=number_of(b),
        difference=_difference(a, b),
        band=band,
        band_cell=band_cell(band, unit),
        standing=standing,
    )


def _difference(a: MetricValue | None, b: MetricValue | None) -> Cell:
    if a is None or b is None or a.value is None or b.value is None:
        return Cell(MISSING, note="One of the two models lacks this number")
    if CENSORED in (a.ci_method, b.ci_method):
        return Cell(MISSING, note="One of the two stopped at the cap, so its value is not known")
    return Cell(difference(b.value - a.value, str(a.unit)))


def in_order(keys: Iterable[Key]) -> list[Key]:
    """Each metric once, in reading order, without those by class."""
    wanted = (key for key in dict.fromkeys(keys) if key[0] != BY_CLASS)
    return sorted(wanted, key=lambda key: reading_place(key[0], key[1]))


def metric_of(criterion: CriterionPart, runs: Iterable[RunPart]) -> Key | None:
    """The metric that a criterion is about, as these runs measured it."""
    column = Column("", criterion.metric, criterion.split, criterion.group)
    return next((key_of(metric) for run in runs if (metric := column.find(run))), None)


def standings(
    criteria: Sequence[CriterionPart], b: RunPart, judged: Candidate
) -> dict[Key, Standing]:
    """How the models of `b`'s label stand to the first criterion on each of its metrics."""
    found: dict[Key, Standing] = {}
    for criterion in criteria:
        key = metric_of(criterion, [b])
        if key is not None:
            found.setdefault(key, _standing(criterion, judged))
    return found


def _standing(criterion: CriterionPart, judged: Candidate) -> Standing:
    importance = (
        "exploratory: added after the plan was locked, decides nothing"
        if criterion.exploratory
        else ("required" if criterion.primary else "informative")
    )
    (block,) = criterion_blocks([criterion], [judged])
    if not block.rows:
        why = (
            "The retrained models are what methods are held against."
            if judged.role is RunRole.REFERENCE
            else "It was not judged yet."
        )
        return Standing(
            criterion.name, block.demand, importance, criterion.exploratory, None, "", why
        )
    row = block.rows[0]
    found = f"{row.estimate}, interval {row.interval}"
    return Standing(
        criterion.name,
        block.demand,
        importance,
        criterion.exploratory,
        row.outcome,
        found,
        row.reason,
    )
