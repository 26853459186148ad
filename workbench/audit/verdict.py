"""The judge: from a locked plan and its measurements to PASS, FAIL, INCONCLUSIVE or INVALID.

Several unlearning seeds of a candidate are compared with several retrained seeds, conditional on
the fixed rows: every model is measured on the same forget and test rows, so the error of having
sampled these rows is shared and cancels (`equivalence.py`). Fixed limits keep that error
(`limits.py`). A detection is a detection: controls that lack power turn a PASS into INCONCLUSIVE
but leave a FAIL standing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from workbench.audit.controls import check_controls
from workbench.audit.criteria import judge_criteria
from workbench.audit.findings import (
    CandidateVerdict,
    ControlResult,
    Evidence,
    ForgetSetVerdict,
    PlanVerdict,
    RunEvidence,
    describe_copies,
    distinct_models,
)
from workbench.audit.ladder import LADDER, LIMITS, not_tested, rung_reached
from workbench.audit.lookup import attacks_used
from workbench.audit.plan import Criterion, Plan
from workbench.core.vocabulary import Outcome, Rung, RunRole, RunStatus

_WORST_FIRST = (Outcome.INVALID, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS)


def judge(
    plan: Plan, evidence: Sequence[Evidence], exploratory: Sequence[Criterion] = ()
) -> PlanVerdict:
    """The verdict on a whole plan; `exploratory` are criteria added after the lock.

    Candidates alone decide, over all forget sets: INVALID if the audit of any forget set is,
    else FAIL if any candidate fails, else INCONCLUSIVE if any is, else PASS.
    """
    by_name = {one.forget_set: one for one in evidence}
    forget_sets = tuple(
        judge_forget_set(plan, by_name.get(choice.name, Evidence(choice.name, ())), exploratory)
        for choice in plan.forget_sets
    )
    outcome = worst(one.outcome for one in forget_sets)
    deciding = [one for one in forget_sets if one.outcome is outcome]
    reason = " ".join(f"Forget set {one.forget_set!r}: {one.reason}" for one in deciding)
    return PlanVerdict(outcome, reason, forget_sets, LIMITS)


def judge_forget_set(
    plan: Plan, evidence: Evidence, exploratory: Sequence[Criterion] = ()
) -> ForgetSetVerdict:
    """Judge the controls, then every candidate of the plan in their light."""

    def judge_runs(label: str, role: RunRole, runs: Sequence[RunEvidence]) -> CandidateVerdict:
        return judge_candidate(plan, label, role, runs, evidence.band, exploratory)

    rung = rung_reached(
        original=any(run.done for run in evidence.of_role(RunRole.ORIGINAL)),
        retrained=len(distinct_models(evidence.band)),
    )
    controls = check_controls(evidence, plan, judge_runs)
    candidates = []
    for method in plan.methods:
        runs = evidence.of_label(RunRole.CANDIDATE, method.label)
        verdict = judge_runs(method.label, RunRole.CANDIDATE, runs)
        verdict = _complete(verdict, method.seeds)
        verdict = _in_light_of(controls, verdict)
        if verdict.outcome is Outcome.PASS:
            verdict = replace(verdict, reason=_claim(plan, verdict, rung, runs, evidence.band))
        candidates.append(verdict)
    outcome = worst(verdict.outcome for verdict in candidates)
    reason = _deciding(outcome, candidates)
    return ForgetSetVerdict(evidence.forget_set, outcome, reason, rung, tuple(candidates), controls)


def judge_candidate(
    plan: Plan,
    label: str,
    role: RunRole,
    runs: Sequence[RunEvidence],
    band: Sequence[RunEvidence],
    exploratory: Sequence[Criterion] = (),
) -> CandidateVerdict:
    """What the criteria alone say about these runs: any primary FAIL fails, all PASS passes.

    Runs that did not finish cannot pass, but a FAIL shown by the others stands. Runs that ended
    in equal weights are one observation.
    """
    results = judge_criteria(plan.criteria, runs, band, plan.alpha, exploratory)
    deciding = [result for result in results if result.decides]
    seeds = tuple(sorted(run.seed for run in runs if run.done))

    note = describe_copies(runs)

    def verdict(outcome: Outcome, *reasons: str) -> CandidateVerdict:
        reason = " ".join(filter(None, [*reasons, note]))
        return CandidateVerdict(label, role, outcome, reason, seeds, results, note)

    outcome = worst(result.outcome for result in deciding)
    if outcome is not Outcome.FAIL:
        unfinished = _unfinished(runs)
        if unfinished:
            return verdict(Outcome.INCONCLUSIVE, *unfinished)
    if not deciding:
        return verdict(outcome, "The plan has no primary criterion.")
    if outcome is Outcome.PASS:
        return verdict(outcome, "Every primary criterion is met.")
    return verdict(outcome, *(result.reason for result in deciding if result.outcome is outcome))


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """INVALID before FAIL before INCONCLUSIVE before PASS; INCONCLUSIVE if there are none."""
    found = set(outcomes)
    return next((o for o in _WORST_FIRST if o in found), Outcome.INCONCLUSIVE)


def _unfinished(runs: Sequence[RunEvidence]) -> list[str]:
    """One sentence for every run that left no model, and why."""
    return [
        f"Seed {run.seed} gave no usable model."
        if run.status is RunStatus.ERROR
        else f"Seed {run.seed} is unfinished ({run.status})."
        for run in runs
        if not run.done
    ]


def _deciding(outcome: Outcome, candidates: Sequence[CandidateVerdict]) -> str:
    """Which candidates decided the outcome of a forget set, and by which criteria."""
    deciding = [one for one in candidates if one.outcome is outcome]
    if outcome is Outcome.INVALID:
        return deciding[0].reason  # a broken control says the same of all
    named = []
    for one in deciding:
        by = [r.criterion.name for r in one.criteria if r.decides and r.outcome is outcome]
        named.append(
            f"{one.label} ({', '.join(by)})" if by and outcome is not Outcome.PASS else one.label
        )
    return f"{outcome} for {len(deciding)} of {len(candidates)} candidates: {'; '.join(named)}."


def _complete(verdict: CandidateVerdict, planned: Sequence[int]) -> CandidateVerdict:
    """A planned seed that has no finished run keeps a candidate from passing."""
    missing = sorted(set(planned) - set(verdict.seeds))
    if verdict.outcome is not Outcome.PASS or not missing:
        return verdict
    listed = ", ".join(map(str, missing))
    return replace(
        verdict, outcome=Outcome.INCONCLUSIVE, reason=f"Planned seeds without a run: {listed}."
    )


def _in_light_of(controls: Sequence[ControlResult], verdict: CandidateVerdict) -> CandidateVerdict:
    for effect in (Outcome.INVALID, Outcome.INCONCLUSIVE):
        reasons = [control.reason for control in controls if control.outcome is effect]
        if reasons and (effect is Outcome.INVALID or verdict.outcome is Outcome.PASS):
            return replace(verdict, outcome=effect, reason=" ".join(reasons))
    return verdict


def _claim(
    plan: Plan,
    verdict: CandidateVerdict,
    rung: Rung,
    runs: Sequence[RunEvidence],
    band: Sequence[RunEvidence],
) -> str:
    """What a PASS says, with everything it is conditional on, and what it leaves open."""
    judged = ", ".join(result.criterion.name for result in verdict.criteria if result.decides)
    untested = ", ".join(not_tested(plan.criteria))
    one_model = len(distinct_models(runs)) == 1
    parts = [
        f"At rung {rung}: {LADDER[rung].claim}",
        f"Judged: {judged}.",
        f"Attacks: {', '.join(attacks_used(plan)) or 'none'}.",
        f"Seeds: {len(verdict.seeds)} of the method, {len(band)} retrained.",
        verdict.note,
        "One model was judged, so this is about this model, not the method." if one_model else "",
        f"Not tested: {untested}." if untested else "",
    ]
    return " ".join(filter(None, parts))
