"""Judge and compare a stored plan, and write what was found into the project."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import numpy as np

from workbench.audit.comparison import (
    BAND,
    COMPARED,
    REST_OF_BAND,
    Features,
    aligned_rows,
    answers_of,
    attribution_metrics,
    band_metrics,
    original_metrics,
    representation_metrics,
)
from workbench.audit.composites import Members, composite_metrics
from workbench.audit.explainers import failed_trials
from workbench.audit.findings import (
    CandidateVerdict,
    CriterionResult,
    ForgetSetVerdict,
    PlanVerdict,
)
from workbench.audit.metric_words import ORIGINAL
from workbench.audit.stored_plan import Maps, StoredForgetSet, StoredPlan, StoredRun
from workbench.audit.verdict import judge
from workbench.core.errors import ProjectError
from workbench.core.metric_value import MetricValue
from workbench.core.vocabulary import RunRole
from workbench.store import Project, now, save_metrics

Record = dict[str, Any]


def judge_plan(project: Project, plan_id: int) -> PlanVerdict:
    """Judge a locked plan on what is stored; its verdicts take the place of earlier ones.

    ProjectError if there is no such plan, or it is not, or no longer, what was locked.
    """
    stored = StoredPlan(project, plan_id)
    verdict = verdict_of(stored)
    with project.transaction(
        "plan.judged",
        subject=f"plan:{plan_id}",
        payload={"plan": stored.plan.hash, "outcome": str(verdict.outcome)},
    ) as tx:
        tx.delete("verdict", {"plan_id": plan_id})
        for row in verdict_rows(stored, verdict):
            tx.insert("verdict", plan_id=plan_id, created=now(), **row)
    return verdict


def compare_plan(project: Project, plan_id: int) -> None:
    """Compute the metrics that need several models, for every finished run of a plan.

    They take the place of those of an earlier comparison: a run that was added since may have
    joined the band. ProjectError as in `judge_plan`, or if outputs of a finished run are missing.
    """
    stored = StoredPlan(project, plan_id)
    compared = [
        pair for forget_set in stored.forget_sets for pair in comparisons(stored, forget_set)
    ]
    with project.transaction("plan.compared", subject=f"plan:{plan_id}") as tx:
        for run, metrics in compared:
            for name in COMPARED:
                tx.delete("metric", {"run_id": run.id, "name": name})
            save_metrics(tx, run.id, run.model_id, metrics)


def verdict_of(stored: StoredPlan) -> PlanVerdict:
    evidence = [stored.evidence(forget_set) for forget_set in stored.forget_sets]
    return judge(stored.plan, evidence, stored.exploratory)


def comparisons(
    stored: StoredPlan, forget_set: StoredForgetSet
) -> Iterator[tuple[StoredRun, list[MetricValue]]]:
    """Every finished run on a forget set with its comparison metrics."""
    runs = stored.finished_runs(forget_set)
    models = {id_ for run in runs for id_ in (run.model_id, run.original_model_id)}
    answers = {
        model_id: answers_of(stored.output(model_id, "logits"), stored.dataset, forget_set.rows)
        for model_id in models
    }
    features = {model_id: _features(stored, model_id, forget_set) for model_id in models}
    alone = {run.id: stored.metrics(run.id) for run in runs}
    references = [run for run in runs if run.role is RunRole.REFERENCE]
    originals = [run for run in runs if run.role is RunRole.ORIGINAL]
    failed = failed_trials(stored, forget_set)
    for run in runs:
        others = [other for other in references if other.id != run.id]
        reference = REST_OF_BAND if run.role is RunRole.REFERENCE else BAND
        metrics = band_metrics(
            answers[run.model_id],
            [answers[other.model_id] for other in others],
            reference=reference,
        )
        metrics += original_metrics(
            answers[run.model_id], answers[run.original_model_id], stored.dataset, forget_set.rows
        )
        own = features[run.model_id]
        metrics += representation_metrics(
            own, [features[other.model_id] for other in others], reference=reference
        )
        metrics += representation_metrics(
            own, [features[run.original_model_id]], reference=ORIGINAL
        )
        members = Members(
            own=alone[run.id],
            original=alone[originals[0].id] if originals else None,
            band=[alone[other.id] for other in others],
            attack=stored.plan.controls.attack,
        )
        metrics += composite_metrics(members, reference=reference)
        for attribution in stored.plan.attributions:
            before = stored.maps(originals[0], attribution) if originals else None
            after = stored.maps(run, attribution)
            metrics += _attributions(attribution, before, after, forget_set, failed)
        yield run, metrics


def _features(stored: StoredPlan, model_id: int, forget_set: StoredForgetSet) -> Features:
    """The penultimate layer on the few rows over which it is compared; whole ones are large."""
    embedding = stored.output(model_id, "embedding")
    rows = aligned_rows(stored.dataset, forget_set.rows)
    return {split: embedding[of_split] for split, of_split in rows.items()}


def _attributions(
    attribution: str,
    before: Maps | None,
    after: Maps | None,
    forget_set: StoredForgetSet,
    failed: Collection[str],
) -> list[MetricValue]:
    if before is None or after is None:
        return []
    if not np.array_equal(before.rows, after.rows):
        raise ProjectError(
            f"The maps of {attribution!r} explain other rows than those of the original model.",
            remedy="Run the plan again.",
        )
    forgotten = np.isin(after.rows, forget_set.rows)
    return attribution_metrics(
        attribution,
        after.maps,
        before.maps,
        forgotten,
        is_evidence=attribution not in failed,
    )


def verdict_rows(stored: StoredPlan, verdict: PlanVerdict) -> Iterator[Record]:
    """Rows of the `verdict` table: the plan, then each forget set, its controls and candidates."""
    rungs = [one.rung for one in verdict.forget_sets]
    yield _row(
        outcome=str(verdict.outcome),
        reason=verdict.reason,
        detail={"rung": str(min(rungs)), "limits": verdict.limits},
    )
    for forget_set, judged in zip(stored.forget_sets, verdict.forget_sets, strict=True):
        for row in _forget_set_rows(judged):
            yield {**row, "forget_set_id": forget_set.id}


def _forget_set_rows(judged: ForgetSetVerdict) -> Iterator[Record]:
    controls = [
        {
            "name": control.name,
            "role": str(control.role),
            "label": control.label,
            "outcome": str(control.outcome),
            "reason": control.reason,
        }
        for control in judged.controls
    ]
    yield _row(
        outcome=str(judged.outcome),
        reason=judged.reason,
        detail={"rung": str(judged.rung), "controls": controls},
    )
    for control in judged.controls:
        if control.verdict is not None:
            yield from _candidate_rows(control.verdict)
    for candidate in judged.candidates:
        yield from _candidate_rows(candidate)


def _candidate_rows(candidate: CandidateVerdict) -> Iterator[Record]:
    whose = {"label": candidate.label, "role": str(candidate.role)}
    yield _row(
        **whose,
        outcome=str(candidate.outcome),
        reason=candidate.reason,
        detail={"seeds": list(candidate.seeds), "note": candidate.note},
    )
    for result in candidate.criteria:
        yield _row(
            **whose,
            criterion=result.criterion.name,
            outcome=str(result.outcome),
            estimate=result.estimate,
            ci_low=result.ci_low,
            ci_high=result.ci_high,
            reason=result.reason,
            detail=_criterion_detail(result),
        )


def _criterion_detail(result: CriterionResult) -> Record:
    return {
        "criterion": result.criterion.model_dump(mode="json"),
        "exploratory": result.exploratory,
        "p": result.p,
        "adjusted_p": result.adjusted_p,
        "candidate_values": list(result.candidate_values),
        "band_values": list(result.band_values),
    }


def _row(**values: Any) -> Record:
    """A row of the `verdict` table with nothing said where nothing is given."""
    blank = {
        "forget_set_id": None,
        "label": "",
        "role": "",
        "criterion": "",
        "estimate": None,
        "ci_low": None,
        "ci_high": None,
    }
    return blank | values
