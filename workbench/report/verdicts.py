"""Stored verdicts, grouped by what they are about: candidates, controls, the whole plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.core.vocabulary import Outcome, RunRole
from workbench.report.document import Candidate, Control, Judgement, RunPart
from workbench.store import Project

_BEST_FIRST = (Outcome.PASS, Outcome.INCONCLUSIVE, Outcome.FAIL, Outcome.INVALID)


def read_judgements(project: Project, plan_id: int, forget_set_id: int) -> tuple[Judgement, ...]:
    """Every verdict on one forget set, in the order in which they were reached."""
    rows = project.rows(
        "SELECT * FROM verdict WHERE plan_id = ? AND forget_set_id = ? ORDER BY id",
        plan_id,
        forget_set_id,
    )
    return tuple(_judgement(row) for row in rows)


def plan_judgement(project: Project, plan_id: int) -> Judgement | None:
    """The verdict on the whole plan, None if it was not judged yet."""
    row = project.row(
        "SELECT * FROM verdict WHERE plan_id = ? AND forget_set_id IS NULL AND criterion = '' "
        "ORDER BY id DESC LIMIT 1",
        plan_id,
    )
    return _judgement(row) if row else None


def _judgement(row: dict[str, Any]) -> Judgement:
    return Judgement(
        label=row["label"],
        role=row["role"],
        criterion=row["criterion"],
        outcome=Outcome(row["outcome"]),
        estimate=row["estimate"],
        ci_low=row["ci_low"],
        ci_high=row["ci_high"],
        reason=row["reason"],
        detail=row["detail"],
    )


def candidates_of(
    runs: Sequence[RunPart], judgements: Sequence[Judgement]
) -> tuple[Candidate, ...]:
    """Unlearning methods first, then straw men, each in the order of its first run."""
    found = [
        candidate_of(role, label, runs, judgements)
        for role in (RunRole.CANDIDATE, RunRole.STRAW_MAN)
        for label in dict.fromkeys(run.label for run in runs if run.role is role)
    ]
    return tuple(found)


def candidate_of(
    role: RunRole, label: str, runs: Sequence[RunPart], judgements: Sequence[Judgement]
) -> Candidate:
    """The runs of one label in one role, of which there is at least one, with their verdicts."""
    own = [run for run in runs if run.role is role and run.label == label]
    judged = (one for one in judgements if one.role == role and one.label == label)
    return Candidate(
        label=label,
        role=role,
        method=own[0].method,
        params=own[0].params,
        seeds=tuple(run.seed for run in own),
        seconds=tuple(run.seconds for run in own),
        verdict=next((one for one in judged if not one.criterion), None),
        criteria=_about(judgements, role, label),
    )


def best_candidate(candidates: Sequence[Candidate]) -> Candidate | None:
    """The candidate with the best verdict, then with the most criteria met, then in plan order."""

    def merit(one: Candidate) -> tuple[int, int]:
        rank = _BEST_FIRST.index(one.verdict.outcome) if one.verdict else len(_BEST_FIRST)
        return rank, -criteria_met(one)

    audited = [one for one in candidates if one.role is RunRole.CANDIDATE]
    return min(audited, key=merit, default=None)


def criteria_met(candidate: Candidate) -> int:
    return sum(result.outcome is Outcome.PASS for result in candidate.criteria)


def whole_of(judgements: Sequence[Judgement]) -> Judgement | None:
    """The verdict on a forget set itself: about no candidate and no criterion."""
    return next((one for one in judgements if not one.label and not one.criterion), None)


def controls_of(judgements: Sequence[Judgement]) -> tuple[Control, ...]:
    """The controls, which are kept with the verdict on the forget set; empty before a verdict."""
    whole = whole_of(judgements)
    if whole is None:
        return ()
    return tuple(
        Control(
            **stored,
            criteria=_about(judgements, stored["role"], stored["label"]),
        )
        for stored in whole.detail["controls"]
    )


def _about(judgements: Sequence[Judgement], role: str, label: str) -> tuple[Judgement, ...]:
    """What the criteria say about the runs of one label."""
    return tuple(
        one for one in judgements if one.criterion and one.role == role and one.label == label
    )
