"""Membership attacks as the report shows them, from the scores stored with each run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.audit.stored_plan import StoredForgetSet, StoredPlan
from workbench.core.vocabulary import RunRole
from workbench.report.document import AttackPart, Histogram, Roc, RunPart
from workbench.report.reductions import shares, thin_roc
from workbench.report.score_axis import ScoreAxis

# Models that no unlearning method touched: a diverged one would stretch the axis of all.
_SOUND = (RunRole.ORIGINAL, RunRole.REFERENCE, RunRole.CONTROL)


@dataclass(frozen=True)
class _Scored:
    """One run with its attack scores of the forget rows and of the non-members."""

    run: RunPart
    forget: NDArray[np.float64]
    non_members: NDArray[np.float64]


def attack_parts(
    stored: StoredPlan, forget_set: StoredForgetSet, runs: Sequence[RunPart]
) -> tuple[AttackPart, ...]:
    """One part per attack that left scores with at least one finished run.

    Empty if there are no non-members to hold the forget rows against.
    """
    if not len(forget_set.non_members):
        return ()
    by_id = {run.id: run for run in runs}
    by_attack: dict[str, list[_Scored]] = {}
    for finished in stored.finished_runs(forget_set):
        for attack, values in stored.scores(finished).items():
            scores = np.asarray(values, dtype=np.float64)
            by_attack.setdefault(attack, []).append(
                _Scored(by_id[finished.id], scores[forget_set.rows], scores[forget_set.non_members])
            )
    return tuple(
        _part(attack, by_attack[attack]) for attack in stored.plan.attacks if attack in by_attack
    )


def _part(attack: str, scored: Sequence[_Scored]) -> AttackPart:
    sound = [one for one in scored if one.run.role in _SOUND] or scored
    axis = ScoreAxis.around([side for one in sound for side in (one.forget, one.non_members)])
    return AttackPart(
        attack=attack,
        n_forget=len(scored[0].forget),
        n_non_members=len(scored[0].non_members),
        rocs=tuple(_roc(attack, one) for one in scored),
        edges=axis.edges,
        histograms=tuple(
            Histogram(
                label=one.run.label,
                role=one.run.role,
                seed=one.run.seed,
                forget=shares(one.forget, axis.edges),
                non_member=shares(one.non_members, axis.edges),
            )
            for one in scored
        ),
    )


def _roc(attack: str, scored: _Scored) -> Roc:
    fpr, tpr = thin_roc(scored.forget, scored.non_members)
    named = (m for m in scored.run.metrics if m.name == "membership_auc" and m.group_key == attack)
    auc = next(named, None)
    return Roc(
        label=scored.run.label,
        role=scored.run.role,
        seed=scored.run.seed,
        auc=auc.value if auc else None,
        fpr=fpr,
        tpr=tpr,
    )
