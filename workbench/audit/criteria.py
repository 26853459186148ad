"""Judge the criteria of a plan on the runs of one candidate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.audit.equivalence import Margin, Sample, compare_with_band
from workbench.audit.findings import (
    CriterionResult,
    RunEvidence,
    describe_copies,
    distinct_models,
)
from workbench.audit.ladder import MIN_BAND
from workbench.audit.limits import Limit, check_limit
from workbench.audit.lookup import CENSORED, describe_metric, find_metric, resolution, value_of
from workbench.audit.plan import Criterion
from workbench.core.metric_value import MetricValue
from workbench.core.vocabulary import Outcome
from workbench.metrics import Undefined
from workbench.metrics.statistics import benjamini_hochberg, holm


@dataclass(frozen=True, slots=True)
class _Finding:
    """A criterion before multiplicity: whether it is met, and the p-value against it."""

    met: bool = False
    p: float = 1.0
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    note: str = ""
    candidate_values: tuple[float, ...] = ()
    band_values: tuple[float, ...] = ()
    missing: str = ""


def judge_criteria(
    criteria: Sequence[Criterion],
    candidate: Sequence[RunEvidence],
    band: Sequence[RunEvidence],
    alpha: float,
    exploratory: Sequence[Criterion] = (),
) -> tuple[CriterionResult, ...]:
    """Judge every criterion on the finished runs of one candidate against the retrained band.

    Runs that ended in equal weights are one observation, on either side.

    A criterion passes when its interval lies inside the margin or limit. All primary criteria
    must pass for an overall pass, an intersection-union test that needs no correction (Berger
    1982). One exceeded criterion is enough for an overall failure, so those p-values are
    adjusted by Holm (1979) over the whole primary family, in which a criterion that could not be
    tested counts with p = 1. Criteria outside the family decide nothing; theirs are adjusted
    among themselves by Benjamini and Hochberg (1995).
    """
    judged = [(criterion, False) for criterion in criteria]
    judged += [(criterion, True) for criterion in exploratory]
    findings = [_examine(criterion, candidate, band, alpha) for criterion, _ in judged]
    decides = [criterion.primary and not added for criterion, added in judged]
    adjusted = _adjusted([finding.p for finding in findings], decides)
    return tuple(
        _result(criterion, added, finding, p, alpha)
        for (criterion, added), finding, p in zip(judged, findings, adjusted, strict=True)
    )


def _adjusted(p_values: Sequence[float], decides: Sequence[bool]) -> list[float]:
    """Each p-value after adjustment among those that decide, or among those that do not."""
    p, primary = np.array(p_values, dtype=np.float64), np.array(decides, dtype=bool)
    for chosen, adjust in ((primary, holm), (~primary, benjamini_hochberg)):
        if chosen.any():
            p[chosen] = adjust(p[chosen])
    return [float(value) for value in p]


def _examine(
    criterion: Criterion,
    candidate: Sequence[RunEvidence],
    band: Sequence[RunEvidence],
    alpha: float,
) -> _Finding:
    try:
        match criterion:
            case Criterion(kind="equivalence", margin=float(size)):
                return _equivalence(criterion, size, candidate, band, alpha)
            case Criterion(limit=float(value)):
                return _limit(criterion, value, candidate, alpha)
    except Undefined as fault:
        return _Finding(missing=fault.reason)
    raise AssertionError(criterion)  # the plan admits no other kind


def _equivalence(
    criterion: Criterion,
    size: float,
    candidate: Sequence[RunEvidence],
    band: Sequence[RunEvidence],
    alpha: float,
) -> _Finding:
    measured = _measured(candidate, criterion)
    references = len(distinct_models(band))
    if references < MIN_BAND:
        few = f"Needs at least {MIN_BAND} different retrained models, has {references}."
        raise Undefined(" ".join(filter(None, [few, describe_copies(band)])))
    reference = _measured(band, criterion)
    x, y = _sample(measured), _sample(reference)
    steps = resolution([*measured, *reference])
    comparison = compare_with_band(x, y, Margin(size, alpha, criterion.scale == "ratio", steps))
    return _Finding(
        met=comparison.within,
        p=comparison.p_beyond,
        estimate=comparison.estimate,
        low=comparison.low,
        high=comparison.high,
        note=comparison.note,
        candidate_values=x.values,
        band_values=y.values,
    )


def _limit(
    criterion: Criterion, value: float, candidate: Sequence[RunEvidence], alpha: float
) -> _Finding:
    measured = _measured(candidate, criterion)
    upper = criterion.kind == "upper"
    note = ""
    if any(m.ci_method == CENSORED for m in measured):
        if upper:
            raise Undefined("A value stopped at its cap, so nothing bounds it from above.")
        note = "Values at the cap count as the cap, which the true values are not below."
    test = check_limit(measured, Limit(value, upper, alpha), resolution(measured))
    return _Finding(
        met=test.within,
        p=test.p_beyond,
        estimate=test.estimate,
        low=test.low,
        high=test.high,
        note=note,
        candidate_values=tuple(value_of(m) for m in measured),
    )


def _measured(runs: Sequence[RunEvidence], criterion: Criterion) -> list[MetricValue]:
    models = distinct_models(runs)
    if not models:
        raise Undefined("No run finished.")
    return [find_metric(run, criterion) for run in models]


def _sample(metrics: Sequence[MetricValue]) -> Sample:
    return Sample(
        values=tuple(value_of(m) for m in metrics),
        at_cap=tuple(m.ci_method == CENSORED for m in metrics),
    )


def _result(
    criterion: Criterion, exploratory: bool, finding: _Finding, adjusted_p: float, alpha: float
) -> CriterionResult:
    if finding.missing:
        return CriterionResult(criterion, exploratory, Outcome.INCONCLUSIVE, finding.missing)
    if adjusted_p <= alpha:
        outcome = Outcome.FAIL
    else:
        outcome = Outcome.PASS if finding.met else Outcome.INCONCLUSIVE
    reason = " ".join(
        part for part in (_explain(criterion, finding, outcome), finding.note) if part
    )
    return CriterionResult(
        criterion=criterion,
        exploratory=exploratory,
        outcome=outcome,
        reason=reason,
        estimate=finding.estimate,
        ci_low=finding.low,
        ci_high=finding.high,
        p=finding.p,
        adjusted_p=adjusted_p,
        candidate_values=finding.candidate_values,
        band_values=finding.band_values,
    )


def _explain(criterion: Criterion, finding: _Finding, outcome: Outcome) -> str:
    """One sentence for the outcome, with the numbers that decided it."""
    what = describe_metric(criterion)
    found = f"{what}: {_subject(criterion)} {_number(finding.estimate)}"
    if finding.low is not None or finding.high is not None:
        low = "-∞" if finding.low is None else _number(finding.low)
        high = "∞" if finding.high is None else _number(finding.high)
        found += f", interval {low} to {high}"
    allowed = _allowed(criterion)
    match outcome:
        case Outcome.PASS:
            return f"{found}, lies within {allowed}."
        case Outcome.FAIL:
            return f"{found}, lies beyond {allowed}."
    return f"{found}, does not settle whether it is within {allowed}."


def _subject(criterion: Criterion) -> str:
    if criterion.kind != "equivalence":
        return "value"
    return (
        "ratio to the retrained band"
        if criterion.scale == "ratio"
        else "difference from the retrained band"
    )


def _allowed(criterion: Criterion) -> str:
    if criterion.kind == "upper":
        return f"the limit of at most {_number(criterion.limit)}"
    if criterion.kind == "lower":
        return f"the limit of at least {_number(criterion.limit)}"
    if criterion.scale == "ratio":
        return f"a factor of {_number(criterion.margin)}"
    return f"±{_number(criterion.margin)}"


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4g}"
