"""The criteria of a plan beside what was found: what each demands, and who meets it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from workbench.audit.metric_words import metric_in_words, metric_unit
from workbench.core.vocabulary import Outcome, RunRole, Unit
from workbench.report import margins
from workbench.report.display import (
    MINUS,
    MISSING,
    NBSP,
    TIMES,
    chosen,
    difference,
    number,
    quantity,
    span,
)
from workbench.report.document import Candidate, CriterionPart, Judgement


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
    demand = demanded(criterion)
    return CriterionBlock(
        criterion=criterion,
        title=criterion_title(criterion),
        demand=demand,
        axis=margins.margin_axis(zone, lambda v: _limit(criterion, v), f"Passing zone: {demand}"),
        rows=tuple(_criterion_row(criterion, zone, candidate, one) for candidate, one in judged),
    )


def demanded(criterion: CriterionPart) -> str:
    """What the criterion asks for, in words."""
    unit = metric_unit(criterion.metric)
    if criterion.kind == "upper":
        return f"at most {chosen(criterion.limit, unit)}"
    if criterion.kind == "lower":
        return f"at least {chosen(criterion.limit, unit)}"
    if criterion.scale == "ratio":
        return f"within a factor of {chosen(criterion.margin, Unit.RATIO)} of the retrained models"
    margin = _margin(criterion.margin, unit)
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


def _limit(criterion: CriterionPart, position: float) -> str:
    """An edge of the passing zone, as written above it."""
    unit = metric_unit(criterion.metric)
    if criterion.kind != "equivalence":
        return chosen(position, unit)
    if criterion.scale == "ratio":
        return f"{TIMES}{chosen(math.exp(position), Unit.RATIO)}"
    return f"{'+' if position > 0 else ''}{_margin(position, unit)}"


def _margin(value: float | None, unit: str) -> str:
    """A margin is a difference: of fractions, it is in percentage points."""
    written = chosen(value, unit)
    return written.replace("%", "pp") if unit == Unit.FRACTION else written


def _shown(criterion: CriterionPart, value: float | None) -> str:
    """An estimate or an end of its interval: the metric, a difference of it, or a ratio."""
    unit = metric_unit(criterion.metric)
    if value is None:
        return MISSING
    if criterion.kind != "equivalence":
        return quantity(value, unit)
    if criterion.scale == "ratio":
        return f"{TIMES}{number(value)}"
    return difference(value, unit)


def _criterion_row(
    criterion: CriterionPart, zone: margins.Zone, candidate: Candidate, one: Judgement
) -> CriterionRow:
    estimate, interval = _shown(criterion, one.estimate), _interval(criterion, one)
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
        reason=_reason(criterion, one),
    )


def _interval(criterion: CriterionPart, one: Judgement) -> str:
    if one.ci_low is None and one.ci_high is None:
        return MISSING
    if criterion.kind != "equivalence":
        return span(one.ci_low, one.ci_high, metric_unit(criterion.metric))
    low = f"{MINUS}∞" if one.ci_low is None else _shown(criterion, one.ci_low)
    high = "∞" if one.ci_high is None else _shown(criterion, one.ci_high)
    return f"{low} to {high}"


def _reason(criterion: CriterionPart, one: Judgement) -> str:
    """Why the outcome is what it is; in the words of the record where a plain case does not fit."""
    if one.estimate is None or one.ci_low is None or one.ci_high is None:
        return one.reason
    start, end = _passing(criterion)
    low, high = _position(criterion, one.ci_low), _position(criterion, one.ci_high)
    if low is None or high is None:
        return one.reason
    p = one.detail.get("adjusted_p")
    adjusted = "" if p is None else f" (adjusted p{NBSP}{_p_value(p)})"
    inside = (start is None or start <= low) and (end is None or high <= end)
    outside = (start is not None and high < start) or (end is not None and low > end)
    match one.outcome:
        case Outcome.PASS if inside:
            return "The whole interval lies in the zone."
        case Outcome.FAIL:
            return f"Shown to lie beyond the zone{adjusted}."
        case Outcome.INCONCLUSIVE if outside:
            return (
                "Outside the zone, but not beyond doubt once all required criteria are "
                f"counted{adjusted}."
            )
        case Outcome.INCONCLUSIVE if not inside:
            return "The interval reaches over the edge of the zone."
    return one.reason


def verdict_reason(candidate: Candidate, criteria: Sequence[CriterionPart]) -> str:
    """Why a candidate came to its verdict: the criteria that decided it, then what else did."""
    if candidate.verdict is None:
        return "It was not judged."
    parts = decisive(candidate.criteria, criteria)
    recorded = candidate.verdict.reason
    if any(one.reason and one.reason in recorded for one in candidate.criteria):
        recorded = candidate.verdict.detail.get("note", "")
    return " ".join(filter(None, [*parts, recorded]))


def decisive(judgements: Sequence[Judgement], criteria: Sequence[CriterionPart]) -> list[str]:
    """Sentences that name the required criteria which are broken, and those not settled."""
    deciding = {one.name: one for one in criteria if one.primary and not one.exploratory}
    judged = [one for one in judgements if one.criterion in deciding]
    parts = []
    for outcome, words in ((Outcome.FAIL, "Broken"), (Outcome.INCONCLUSIVE, "Not settled")):
        names = [
            criterion_title(deciding[one.criterion]) for one in judged if one.outcome is outcome
        ]
        if names:
            parts.append(f"{words}: {'; '.join(names)}.")
    return parts


def criterion_title(criterion: CriterionPart) -> str:
    """`Accuracy, forget rows`."""
    return metric_in_words(criterion.metric, criterion.split, criterion.group)


def _p_value(p: float) -> str:
    return f"<{NBSP}0.001" if p < 0.001 else f"={NBSP}{p:.3f}"
