"""How far a project has come on the path, and what each step still lacks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.store import Project


class Step(StrEnum):
    """The path, in its order. The value is the title of the page."""

    DATA = "Data"
    FORGET_SET = "Forget set"
    PLAN = "Plan"
    RUNS = "Runs"
    COMPARE = "Compare"
    INSPECT = "Inspect"
    PRIVACY = "Privacy"
    REPORT = "Report"


@dataclass(frozen=True)
class PathState:
    """Counts that decide what can be done next."""

    datasets: int = 0
    models: int = 0
    forget_sets: int = 0
    has_draft: bool = False
    locked_plans: int = 0
    runs: int = 0
    runs_done: int = 0
    verdicts: int = 0

    def missing(self, step: Step) -> str:
        """What the step lacks to be useful, in one sentence; "" if nothing."""
        if not self.datasets:
            return "Import a dataset first"
        match step:
            case Step.DATA:
                return "" if self.models else "Train or import a model"
            case Step.FORGET_SET:
                return "" if self.forget_sets else "Select rows and save them as a forget set"
            case Step.PLAN:
                return self._missing_plan()
            case Step.RUNS:
                return self._missing_plan() or ("" if self.runs_done else "Start the runs")
            case Step.COMPARE | Step.INSPECT | Step.PRIVACY:
                return "" if self.runs_done else "No run has finished yet"
            case Step.REPORT:
                return "" if self.verdicts else "No verdict yet: let all runs finish"

    def _missing_plan(self) -> str:
        if self.locked_plans:
            return ""
        return "Complete the draft and lock it" if self.has_draft else "Write a plan and lock it"


def read_path_state(project: Project) -> PathState:
    row = project.row(
        "SELECT (SELECT count(*) FROM dataset) AS datasets, "
        "(SELECT count(*) FROM model) AS models, "
        "(SELECT count(*) FROM forget_set) AS forget_sets, "
        "(SELECT count(*) FROM plan WHERE locked IS NULL) AS has_draft, "
        "(SELECT count(*) FROM plan WHERE locked IS NOT NULL) AS locked_plans, "
        "(SELECT count(*) FROM run) AS runs, "
        "(SELECT count(*) FROM run WHERE status = 'done') AS runs_done, "
        "(SELECT count(*) FROM verdict) AS verdicts"
    )
    if row is None:
        return PathState()
    return PathState(**{**row, "has_draft": bool(row["has_draft"])})
