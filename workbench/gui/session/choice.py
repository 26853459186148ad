"""What every page looks at: one plan, one forget set, models A and B, one row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from workbench.core.vocabulary import RunRole, RunStatus
from workbench.store import Project


@dataclass(frozen=True)
class RunOption:
    """A finished run of a plan, as it can be chosen for A or B."""

    id: int
    forget_set_id: int
    label: str
    role: RunRole
    seed: int
    model_id: int

    @property
    def title(self) -> str:
        match self.role:
            case RunRole.ORIGINAL:
                return "original"
            case RunRole.REFERENCE:
                return f"retrained, seed {self.seed}"
            case RunRole.CONTROL:
                return f"retrained (control), seed {self.seed}"
        return f"{self.label}, seed {self.seed}"


@dataclass(frozen=True)
class PlanOption:
    """A plan that was prepared: its forget sets by id, with the plan's names, and its runs."""

    id: int
    name: str
    dataset_id: int
    original_model_id: int
    forget_sets: dict[int, str]
    runs: tuple[RunOption, ...]

    def runs_on(self, forget_set_id: int | None) -> tuple[RunOption, ...]:
        return tuple(run for run in self.runs if run.forget_set_id == forget_set_id)


@dataclass(frozen=True)
class Chosen:
    """Ids, None where nothing is chosen. `a` and `b` are runs; `row` is a row of the dataset."""

    plan: int | None = None
    forget_set: int | None = None
    a: int | None = None
    b: int | None = None
    row: int | None = None


class Choice(QObject):
    """The one choice all pages share. `changed` follows any change of it or of its options."""

    changed = Signal()
    row_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._options: tuple[PlanOption, ...] = ()
        self._chosen = Chosen()

    @property
    def options(self) -> tuple[PlanOption, ...]:
        """Newest plan first."""
        return self._options

    @property
    def chosen(self) -> Chosen:
        return self._chosen

    @property
    def plan(self) -> PlanOption | None:
        return next((one for one in self._options if one.id == self._chosen.plan), None)

    @property
    def a(self) -> RunOption | None:
        return self._run(self._chosen.a)

    @property
    def b(self) -> RunOption | None:
        return self._run(self._chosen.b)

    def references(self) -> tuple[RunOption, ...]:
        """The retrained models of the band on the chosen forget set."""
        if self.plan is None:
            return ()
        runs = self.plan.runs_on(self._chosen.forget_set)
        return tuple(run for run in runs if run.role is RunRole.REFERENCE)

    def set_options(self, options: tuple[PlanOption, ...]) -> None:
        """Offer what the project has now, keeping what is chosen where it is still there."""
        if options != self._options:
            self._options = options
            self._settle(self._chosen)
            self.changed.emit()

    def set(self, **ids: int | None) -> None:
        """Choose plan, forget_set, a, b or row by id; what no longer fits is chosen anew."""
        before = self._chosen
        self._settle(replace(before, **ids))
        if replace(self._chosen, row=None) != replace(before, row=None):
            self.changed.emit()
        if self._chosen.row != before.row:
            self.row_changed.emit()

    def _run(self, run_id: int | None) -> RunOption | None:
        return (
            next((run for run in self.plan.runs if run.id == run_id), None) if self.plan else None
        )

    def _settle(self, wanted: Chosen) -> None:
        """The nearest choice that exists: the newest plan, original against first candidate."""
        plan = next((one for one in self._options if one.id == wanted.plan), None)
        plan = plan or next(iter(self._options), None)
        if plan is None:
            self._chosen = Chosen(row=wanted.row)
            return
        forget_set = wanted.forget_set
        if forget_set not in plan.forget_sets:
            forget_set = next(iter(plan.forget_sets), None)
        runs = plan.runs_on(forget_set)
        self._chosen = Chosen(
            plan.id,
            forget_set,
            _nearest(runs, self._run(wanted.a), wanted.a, RunRole.ORIGINAL),
            _nearest(runs, self._run(wanted.b), wanted.b, RunRole.CANDIDATE),
            wanted.row,
        )


def _nearest(
    runs: tuple[RunOption, ...], before: RunOption | None, wanted: int | None, default: RunRole
) -> int | None:
    """The wanted run, else its like on this forget set, else the first in the default role."""
    if any(run.id == wanted for run in runs):
        return wanted
    if before:
        alike = (before.label, before.role, before.seed)
        for run in runs:
            if (run.label, run.role, run.seed) == alike:
                return run.id
    return next((run.id for run in runs if run.role is default), None)


def read_options(project: Project) -> tuple[PlanOption, ...]:
    """Every plan that was prepared, newest first, with its finished runs."""
    plans = project.rows(
        "SELECT id, name, dataset_id, original_model_id, forget_sets FROM plan "
        "WHERE locked IS NOT NULL AND forget_sets IS NOT NULL ORDER BY id DESC"
    )
    return tuple(_plan_option(project, row) for row in plans)


def _plan_option(project: Project, row: dict[str, Any]) -> PlanOption:
    runs = project.rows(
        "SELECT id, forget_set_id, label, role, seed, model_id FROM run "
        "WHERE plan_id = ? AND status = ? ORDER BY id",
        row["id"],
        str(RunStatus.DONE),
    )
    return PlanOption(
        id=row["id"],
        name=row["name"],
        dataset_id=row["dataset_id"],
        original_model_id=row["original_model_id"],
        forget_sets=dict(sorted((set_id, name) for name, set_id in row["forget_sets"].items())),
        runs=tuple(RunOption(**{**run, "role": RunRole(run["role"])}) for run in runs),
    )
