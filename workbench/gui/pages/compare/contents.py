"""What the Compare page shows of one forget set."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.core.errors import ProjectError
from workbench.core.vocabulary import RunRole
from workbench.gui.pages.compare.scores import ScoreGroup, score_groups, standings
from workbench.gui.pages.compare.spreads import MethodTime, Spread, method_times, spreads
from workbench.report.contents import read_criteria
from workbench.report.runs import band_rows, finished, read_runs
from workbench.report.verdicts import candidate_of, read_judgements
from workbench.store import Project


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything the Compare page shows but the accuracy by class, which needs the outputs."""

    groups: tuple[ScoreGroup, ...]
    spreads: tuple[Spread, ...]
    times: tuple[MethodTime, ...]
    retrained: int


def read_comparison(
    project: Project, plan_id: int, forget_set_id: int, a: int, b: int
) -> Comparison:
    """Compare runs `a` and `b` of a plan on one forget set. ProjectError if one is not there."""
    runs = read_runs(project, plan_id, forget_set_id)
    by_id = {run.id: run for run in finished(runs)}
    if a not in by_id or b not in by_id:
        raise ProjectError("A model that was to be compared is no longer in the project.")
    judgements = read_judgements(project, plan_id, forget_set_id)
    criteria = read_criteria(project, plan_id)
    band = {(row.name, row.split, row.group_key): row for row in band_rows(runs)}
    judged = candidate_of(by_id[b].role, by_id[b].label, runs, judgements)
    return Comparison(
        groups=score_groups(by_id[a], by_id[b], band, standings(criteria, by_id[b], judged)),
        spreads=spreads(runs, band, criteria, judgements),
        times=method_times(runs),
        retrained=len(finished(runs, RunRole.REFERENCE)),
    )
