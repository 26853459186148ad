"""Find the attribution maps stored with the runs, and choose the models whose maps are shown."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.audit.explainers import failed_trials
from workbench.audit.stored_plan import Maps, StoredForgetSet, StoredPlan
from workbench.core.pictures import is_image
from workbench.core.vocabulary import RunRole
from workbench.report.document import AttributionPart, Candidate
from workbench.report.examples import Compared, attribution_part, unavailable
from workbench.report.verdicts import best_candidate, criteria_met


def attribution_parts(
    stored: StoredPlan, forget_set: StoredForgetSet, candidates: Sequence[Candidate]
) -> tuple[AttributionPart, ...]:
    """One part per explainer of the plan, with examples or the reason why there are none."""
    explainers = stored.plan.attributions
    failed = failed_trials(stored, forget_set)

    def none(why: str) -> tuple[AttributionPart, ...]:
        return tuple(unavailable(one, why, failed.get(one, "")) for one in explainers)

    if not is_image(stored.dataset.input_shape):
        shape = " by ".join(map(str, stored.dataset.input_shape))
        return none(f"Inputs of shape {shape} are not images, so no maps are drawn.")
    best = best_candidate(candidates)
    if best is None:
        return none("There is no candidate whose maps could be shown.")
    return tuple(
        _part(stored, forget_set, best, explainer, failed.get(explainer, ""))
        for explainer in explainers
    )


def _part(
    stored: StoredPlan,
    forget_set: StoredForgetSet,
    best: Candidate,
    explainer: str,
    trial_fault: str,
) -> AttributionPart:
    originals = _maps(stored, forget_set, explainer, RunRole.ORIGINAL)
    retrained = _maps(stored, forget_set, explainer, RunRole.REFERENCE)
    unlearned = _maps(stored, forget_set, explainer, RunRole.CANDIDATE, best.label)
    for what, found in (
        ("the original model", originals),
        ("the retrained models", retrained),
        (f"the candidate {best.label}", unlearned),
    ):
        if not found:
            return unavailable(explainer, f"No maps of {what} were stored.", trial_fault)
    reason = (
        f"the candidate with the best verdict, {criteria_met(best)} of {len(best.criteria)} "
        "criteria met"
    )
    compared = Compared(best.label, reason, originals[0], unlearned[0], retrained)
    return attribution_part(explainer, compared, stored.dataset, forget_set.rows, trial_fault)


def _maps(
    stored: StoredPlan,
    forget_set: StoredForgetSet,
    explainer: str,
    role: RunRole,
    label: str | None = None,
) -> tuple[Maps, ...]:
    runs = (
        run
        for run in stored.finished_runs(forget_set)
        if run.role is role and label in (None, run.label)
    )
    return tuple(maps for run in runs if (maps := stored.maps(run, explainer)) is not None)
