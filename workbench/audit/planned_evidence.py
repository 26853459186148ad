"""What a plan can show at best, asked before anything runs: rungs, claims and power."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from workbench.audit.plan import Plan
from workbench.audit.power import POWER, CriterionPower, criterion_powers
from workbench.audit.rung_cost import RungCost, rung_costs
from workbench.audit.set_claims import (
    CLAIMED_RATES,
    SetClaims,
    all_set_claims,
)
from workbench.metrics.unseen import trials_needed
from workbench.registry import Registry
from workbench.store import Project


@dataclass(frozen=True, slots=True)
class PlannedEvidence:
    rungs: tuple[RungCost, ...]
    sets: tuple[SetClaims, ...]
    criteria: tuple[CriterionPower, ...]


def planned_evidence(project: Project | None, plan: Plan, registry: Registry) -> PlannedEvidence:
    """The rungs of the ladder for `plan`, what its sets permit to claim, and its power."""
    return PlannedEvidence(
        rungs=rung_costs(project, plan, registry),
        sets=all_set_claims(project, plan, registry),
        criteria=criterion_powers(project, plan, registry),
    )


def evidence_record(evidence: PlannedEvidence) -> dict[str, Any]:
    """The same as JSON data."""
    return {
        "rungs": [
            {**asdict(one), "needs": one.step.needs, "may_claim": one.step.claim}
            for one in evidence.rungs
        ],
        "non_members_needed": {f"{rate:g}": trials_needed(rate) for rate in CLAIMED_RATES},
        "sets": [asdict(one) for one in evidence.sets],
        "criteria": [asdict(one) for one in evidence.criteria],
    }


def power_in_words(one: CriterionPower) -> str:
    """What a criterion can decide with the seeds of the plan, in a sentence."""
    if one.passing_margin is None or one.detectable is None:
        return f"{one.criterion}: its power is not known. {one.unknown}"
    seeds = f"{one.candidate_seeds} against {one.band_seeds} seeds"
    enough = "reaches" if one.margin >= one.passing_margin else "is below"
    return (
        f"{one.criterion}: with {seeds} the margin {one.margin:g} {enough} the "
        f"{one.passing_margin:.2g} that an equal method passes with power {POWER:g}; a difference "
        f"of {one.detectable:.2g} is found to break it."
    )
