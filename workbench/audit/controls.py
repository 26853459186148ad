"""Controls: would this audit have seen a failure, and does it leave a right answer alone?

Positive: the control attack must see the original model, or a pass means only that it is blind.
Negative: a retrained model outside the band must pass, or the criteria condemn the right answer.
The original judged like a candidate must not pass, and every straw man must fail.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from workbench.audit.findings import CandidateVerdict, ControlResult, Evidence, RunEvidence
from workbench.audit.lookup import find_metric
from workbench.audit.plan import Controls, Criterion
from workbench.core.vocabulary import Outcome, RunRole, Split
from workbench.metrics import Undefined

POSITIVE = "positive control"
NEGATIVE = "negative control"
ORIGINAL = "original judged as a candidate"
STRAW_MAN = "straw man"

JudgeRuns = Callable[[str, RunRole, Sequence[RunEvidence]], CandidateVerdict]


def check_controls(
    evidence: Evidence, controls: Controls, judge_runs: JudgeRuns
) -> tuple[ControlResult, ...]:
    """Every control of one forget set. `judge_runs` judges runs as if they were a candidate."""
    return (
        positive_control(evidence, controls),
        negative_control(evidence, judge_runs),
        *original_as_candidate(evidence, judge_runs),
        *straw_men(evidence, controls, judge_runs),
    )


def positive_control(evidence: Evidence, controls: Controls) -> ControlResult:
    """The attack sees the original if the interval of its AUC is clear of 0.5 by `min_power`.

    An AUC below 0.5 counts as seeing just as well: the rows stand out, only the other way round.
    """

    def result(outcome: Outcome, reason: str) -> ControlResult:
        return ControlResult(POSITIVE, RunRole.ORIGINAL, "", outcome, reason)

    power = Criterion(
        name=POSITIVE,
        metric="membership_auc",
        split=Split.FORGET,
        group=controls.attack,
        kind="lower",
        limit=0.5 + controls.min_power,
    )
    originals = [run for run in evidence.of_role(RunRole.ORIGINAL) if run.done]
    if not originals:
        return result(Outcome.INCONCLUSIVE, "The original model was not measured.")
    try:
        auc = find_metric(originals[0], power)
    except Undefined as missing:
        return result(Outcome.INCONCLUSIVE, missing.reason)
    if auc.ci_low is None or auc.ci_high is None:
        return result(Outcome.INCONCLUSIVE, "The AUC of the control attack has no interval.")
    found = f"AUC {auc.value:.3f}, interval {auc.ci_low:.3f} to {auc.ci_high:.3f}"
    if auc.ci_low > 0.5 + controls.min_power or auc.ci_high < 0.5 - controls.min_power:
        return result(
            Outcome.PASS, f"The attack {controls.attack!r} sees the original model ({found})."
        )
    return result(
        Outcome.INCONCLUSIVE,
        f"The attack {controls.attack!r} could not see the original model ({found}), so finding "
        "nothing in an unlearned model says nothing.",
    )


def negative_control(evidence: Evidence, judge_runs: JudgeRuns) -> ControlResult:
    runs = evidence.of_role(RunRole.CONTROL)
    if not runs:
        return ControlResult(
            NEGATIVE,
            RunRole.CONTROL,
            "",
            Outcome.INCONCLUSIVE,
            "No retrained model outside the band was judged, so nothing shows that a right "
            "answer would pass.",
        )
    verdict = judge_runs(runs[0].label, RunRole.CONTROL, runs)
    outcome, reason = {
        Outcome.PASS: (Outcome.PASS, "A retrained model outside the band passes."),
        Outcome.FAIL: (
            Outcome.INVALID,
            "A retrained model outside the band fails, so the criteria condemn the right answer.",
        ),
    }.get(
        verdict.outcome,
        (
            Outcome.INCONCLUSIVE,
            "Whether a retrained model outside the band passes is not settled.",
        ),
    )
    return ControlResult(NEGATIVE, RunRole.CONTROL, verdict.label, outcome, reason, verdict)


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
