"""Membership attacks as the report shows them, from the scores stored with each run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.audit.guards import Rows
from workbench.report.document import AttackPart, Histogram, Roc, RunPart
from workbench.report.reductions import shared_edges, shares, thin_roc
from workbench.report.runs import finished
from workbench.store import Project

_PREFIX = "scores/"


@dataclass(frozen=True)
class _Scored:
    """One run with its attack scores of the forget rows and of the non-members."""

    run: RunPart
    forget: NDArray[np.float64]
    non_members: NDArray[np.float64]


def artifacts_of(project: Project, run_id: int, prefix: str) -> dict[str, str]:
    """Artifact hashes of one run by name, for names that start with `prefix`, prefix removed."""
    rows = project.rows("SELECT name, hash FROM run_artifact WHERE run_id = ?", run_id)
    return {
        row["name"].removeprefix(prefix): row["hash"]
        for row in rows
        if row["name"].startswith(prefix)
    }


def attack_parts(
    project: Project, runs: Sequence[RunPart], forget_rows: Rows, non_members: Rows
) -> tuple[AttackPart, ...]:
    """One part per attack that left scores with at least one finished run.

    Empty if there are no `non_members` (row ids) to hold the forget rows against.
    """
    if not len(non_members):
        return ()
    by_attack: dict[str, list[_Scored]] = {}
    for run in finished(runs):
        for attack, digest in artifacts_of(project, run.id, _PREFIX).items():
            scores = np.asarray(project.array(digest), dtype=np.float64)
            scored = _Scored(run, scores[forget_rows], scores[non_members])
            by_attack.setdefault(attack, []).append(scored)
    return tuple(_part(attack, scored) for attack, scored in by_attack.items())


def _part(attack: str, scored: Sequence[_Scored]) -> AttackPart:
    edges = shared_edges([side for one in scored for side in (one.forget, one.non_members)])
    return AttackPart(
        attack=attack,
        n_forget=len(scored[0].forget),
        n_non_members=len(scored[0].non_members),
        rocs=tuple(_roc(attack, one) for one in scored),
        edges=edges,
        histograms=tuple(
            Histogram(
                label=one.run.label,
                role=one.run.role,
                seed=one.run.seed,
                forget=shares(one.forget, edges),
                non_member=shares(one.non_members, edges),
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
