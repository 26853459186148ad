"""Controls: would this audit have seen a failure, and does it leave a right answer alone?

Positive: every attack that decides must see the original model, or a pass means it is blind.
Negative: a retrained model outside the band must pass, or the criteria condemn the right answer.
The original judged like a candidate must not pass, and every straw man must fail.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from workbench.audit.equivalence import Margin, Sample, compare_with_band
from workbench.audit.findings import (
    CandidateVerdict,
    ControlResult,
    Evidence,
    RunEvidence,
    distinct_models,
)
from workbench.audit.lookup import attacks_used, find_metric, value_of
from workbench.audit.plan import Controls, Criterion, Plan
from workbench.core.vocabulary import Outcome, RunRole, Split
from workbench.metrics import Undefined

POSITIVE = "positive control"
NEGATIVE = "negative control"
ORIGINAL = "original judged as a candidate"
STRAW_MAN = "straw man"
_LEAST_COMPARED = 2  # one retrained model has no spread to compare with

JudgeRuns = Callable[[str, RunRole, Sequence[RunEvidence]], CandidateVerdict]


def check_controls(
    evidence: Evidence, plan: Plan, judge_runs: JudgeRuns
) -> tuple[ControlResult, ...]:
    """Every control of one forget set. `judge_runs` judges runs as if they were a candidate."""
    attacks = dict.fromkeys((plan.controls.attack, *attacks_used(plan)))
    return (
        *(positive_control(evidence, plan, attack) for attack in attacks),
        negative_control(evidence, judge_runs),
        *original_as_candidate(evidence, judge_runs),
        *straw_men(evidence, plan.controls, judge_runs),
    )


def positive_control(evidence: Evidence, plan: Plan, attack: str) -> ControlResult:
    """An attack sees the original if its AUC is clear of 0.5, and of that of retrained models.

    The interval must leave 0.5 by more than `min_power`. With two or more retrained models the
    AUC must differ from theirs by more than `min_power` too, at the level of the plan: rows that
    stand out to models that never saw them are no sign of memory. An AUC below 0.5 counts as
    seeing just as well: the rows stand out, only the other way round.
    """
    try:
        outcome, reason = _power(evidence, plan, attack)
    except Undefined as missing:
        outcome, reason = Outcome.INCONCLUSIVE, missing.reason
    return ControlResult(POSITIVE, RunRole.ORIGINAL, attack, outcome, reason)


def _power(evidence: Evidence, plan: Plan, attack: str) -> tuple[Outcome, str]:
    power = plan.controls.min_power
    wanted = Criterion(
        name=POSITIVE,
        metric="membership_auc",
        split=Split.FORGET,
        group=attack,
        kind="lower",
        limit=0.5 + power,
    )
    originals = [run for run in evidence.of_role(RunRole.ORIGINAL) if run.done]
    if not originals:
        raise Undefined("The original model was not measured.")
    auc = find_metric(originals[0], wanted)
    if auc.ci_low is None or auc.ci_high is None:
        raise Undefined(f"The AUC of the attack {attack!r} on the original has no interval.")
    found = f"AUC {auc.value:.3f}, interval {auc.ci_low:.3f} to {auc.ci_high:.3f}"
    if auc.ci_low <= 0.5 + power and auc.ci_high >= 0.5 - power:
        return (
            Outcome.INCONCLUSIVE,
            f"The attack {attack!r} could not see the original model ({found}), so finding "
            "nothing in an unlearned model says nothing.",
        )
    unseen = [value_of(find_metric(run, wanted)) for run in distinct_models(evidence.band)]
    if len(unseen) >= _LEAST_COMPARED:
        original, band = Sample.of([value_of(auc)]), Sample.of(unseen)
        if compare_with_band(original, band, Margin(power, plan.alpha)).p_beyond > plan.alpha:
            return (
                Outcome.INCONCLUSIVE,
                f"The attack {attack!r} was not shown to tell forget rows from non-members better "
                f"on the original model ({found}) than on retrained models, which never saw them "
                f"(AUC {min(unseen):.3f} to {max(unseen):.3f}), so finding nothing in an "
                "unlearned model says nothing.",
            )
    return Outcome.PASS, f"The attack {attack!r} sees the original model ({found})."


def negative_control(evidence: Evidence, judge_runs: JudgeRuns) -> ControlResult:
    """Retrained models outside the band, judged together and, as most methods are, one by one."""

    def result(
        outcome: Outcome, reason: str, verdict: CandidateVerdict | None = None
    ) -> ControlResult:
        label = verdict.label if verdict else ""
        return ControlResult(NEGATIVE, RunRole.CONTROL, label, outcome, reason, verdict)

    runs = evidence.of_role(RunRole.CONTROL)
    if not runs:
        return result(
            Outcome.INCONCLUSIVE,
            "No retrained model outside the band was judged, so nothing shows that a right "
            "answer would pass.",
        )
    together = judge_runs(runs[0].label, RunRole.CONTROL, runs)
    alone = [judge_runs(run.label, RunRole.CONTROL, [run]) for run in distinct_models(runs)]
    if together.outcome is Outcome.FAIL:
        reason = "Retrained models outside the band fail, so the criteria condemn the right answer."
        return result(Outcome.INVALID, reason, together)
    failing = [
        seed for verdict in alone if verdict.outcome is Outcome.FAIL for seed in verdict.seeds
    ]
    if failing:
        seeds = ", ".join(map(str, failing))
        reason = (
            f"A retrained model outside the band fails when it is judged alone (seed {seeds}), so "
            "a method with one seed may fail though it is right."
        )
        return result(Outcome.INCONCLUSIVE, reason, together)
    passing = sum(verdict.outcome is Outcome.PASS for verdict in alone)
    counted = f"{passing} of {len(alone)} pass alone, as a method with one seed must."
    if together.outcome is Outcome.PASS:
        reason = "A retrained model outside the band passes."
        if len(alone) > 1:
            reason = (
                "Retrained models outside the band were judged like a candidate. Together they "
                f"pass; {counted}"
            )
        return result(Outcome.PASS, reason, together)
    reason = "Whether a retrained model outside the band passes is not settled."
    if len(alone) > 1:
        reason = f"{reason} {counted}"
    return result(Outcome.INCONCLUSIVE, reason, together)


def original_as_candidate(evidence: Evidence, judge_runs: JudgeRuns) -> tuple[ControlResult, ...]:
    runs = evidence.of_role(RunRole.ORIGINAL)
    if not runs:
        return ()
    verdict = judge_runs(runs[0].label, RunRole.ORIGINAL, runs)
    if verdict.outcome is Outcome.PASS:
        outcome = Outcome.INVALID
        reason = "The original model passes, so the criteria cannot tell forgetting from nothing."
    else:
        outcome, reason = Outcome.PASS, "The original model does not pass."
    return (ControlResult(ORIGINAL, RunRole.ORIGINAL, verdict.label, outcome, reason, verdict),)


def straw_men(
    evidence: Evidence, controls: Controls, judge_runs: JudgeRuns
) -> tuple[ControlResult, ...]:
    """Every straw man that was run, and every one the plan names that was not."""
    results = []
    labels = evidence.labels(RunRole.STRAW_MAN)
    if not labels:
        reason = "No straw man was run, so nothing shows that a wrong method would fail."
        return (ControlResult(STRAW_MAN, RunRole.STRAW_MAN, "", Outcome.INCONCLUSIVE, reason),)
    for label in labels:
        runs = evidence.of_label(RunRole.STRAW_MAN, label)
        verdict = judge_runs(label, RunRole.STRAW_MAN, runs)
        outcome, reason = {
            Outcome.FAIL: (Outcome.PASS, f"The straw man {label!r} fails, as it must."),
            Outcome.PASS: (
                Outcome.INVALID,
                f"The straw man {label!r} passes, so the criteria let a wrong method through.",
            ),
        }.get(
            verdict.outcome,
            (Outcome.INCONCLUSIVE, f"The straw man {label!r} was not shown to fail."),
        )
        results.append(ControlResult(STRAW_MAN, RunRole.STRAW_MAN, label, outcome, reason, verdict))
    for label in sorted(set(controls.straw_men or ()) - set(labels)):
        reason = f"The straw man {label!r} was not run."
        results.append(
            ControlResult(STRAW_MAN, RunRole.STRAW_MAN, label, Outcome.INCONCLUSIVE, reason)
        )
    return tuple(results)
