"""What the Runs page reads of a project, and the words it makes of it. Free of Qt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.audit.plan import Plan, stored_plan
from workbench.core.errors import ProjectError
from workbench.core.metric_value import MetricValue
from workbench.core.vocabulary import RunRole, RunStatus
from workbench.store import Project, load_metrics

WAITING = (RunStatus.QUEUED,)
FAILED = (RunStatus.ERROR, RunStatus.CRASHED)
STOPPED = (RunStatus.CANCELLED, RunStatus.INTERRUPTED)
STATUS_WORDS = {
    RunStatus.QUEUED: "waiting",
    RunStatus.RUNNING: "running",
    RunStatus.DONE: "done",
    RunStatus.ERROR: "failed",
    RunStatus.CRASHED: "crashed",
    RunStatus.CANCELLED: "stopped",
    RunStatus.INTERRUPTED: "interrupted",
}
_POINTS = 2000
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LockedPlan:
    """A plan as it is offered for a look."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run as the table shows it. `started` and `finished` are ISO 8601."""

    id: int
    forget_set: str
    label: str
    role: RunRole
    seed: int
    status: RunStatus
    device: str
    started: str | None
    finished: str | None

    @property
    def wall_seconds(self) -> float | None:
        """From its start to its end, measuring included; None before it is over."""
        is_over = self.status not in (RunStatus.QUEUED, RunStatus.RUNNING)
        if not is_over or self.started is None or self.finished is None:
            return None
        start, end = map(datetime.fromisoformat, (self.started, self.finished))
        return (end - start).total_seconds()


@dataclass(frozen=True, slots=True)
class PlanRuns:
    """A locked plan and all its runs in the order in which they were queued."""

    id: int
    plan: Plan
    runs: tuple[RunRow, ...]
    is_judged: bool


class NextStep(StrEnum):
    """What can be done about the runs of a plan. The value is the text of the button."""

    START = "Start the runs"
    RESUME = "Resume"
    RETRY = "Retry failed runs"
    NOTHING = "All runs are done"


@dataclass(frozen=True, slots=True)
class Curve:
    """A live curve: seconds since the start of the run, and values, both (n,)."""

    name: str
    seconds: Values
    values: Values

    @property
    def quantity(self) -> str:
        """What it measures: the last word of its name, as in "forget loss"."""
        return self.name.rpartition(" ")[2]


@dataclass(frozen=True, slots=True)
class RunError:
    message: str
    remedy: str = ""
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class RunDetail:
    """One run, with all that is stored about it."""

    run: RunRow
    method: str
    params: dict[str, Any]
    plugin: str
    log: tuple[str, ...]
    error: RunError | None
    curves: tuple[Curve, ...]
    numbers: tuple[MetricValue, ...]


def read_locked_plans(project: Project) -> tuple[LockedPlan, ...]:
    """Every locked plan, newest first, prepared or not."""
    rows = project.rows("SELECT id, name FROM plan WHERE locked IS NOT NULL ORDER BY id DESC")
    return tuple(LockedPlan(row["id"], row["name"]) for row in rows)


def read_plan_runs(project: Project, plan_id: int) -> PlanRuns:
    """A plan with its runs. ProjectError if there is no such plan."""
    row = project.row(
        "SELECT content, forget_sets, "
        "EXISTS (SELECT 1 FROM verdict WHERE plan_id = plan.id) AS is_judged "
        "FROM plan WHERE id = ? AND locked IS NOT NULL",
        plan_id,
    )
    if row is None:
        raise ProjectError("This plan is no longer in the project.", remedy="Choose another one.")
    names = {set_id: name for name, set_id in (row["forget_sets"] or {}).items()}
    runs = project.rows(
        "SELECT id, forget_set_id, label, role, seed, status, device, started, finished "
        "FROM run WHERE plan_id = ? ORDER BY id",
        plan_id,
    )
    return PlanRuns(
        plan_id,
        stored_plan(row["content"]),
        tuple(_run_row(run, names) for run in runs),
        bool(row["is_judged"]),
    )


def read_run_detail(project: Project, run_id: int) -> RunDetail:
    """Everything stored about a run. ProjectError if there is no such run."""
    row = project.row(
        "SELECT run.*, plan.forget_sets, plugin.name AS plugin, plugin.version FROM run "
        "JOIN plan ON plan.id = run.plan_id LEFT JOIN plugin ON plugin.id = run.plugin_id "
        "WHERE run.id = ?",
        run_id,
    )
    if row is None:
        raise ProjectError(f"The project has no run {run_id}.", remedy="Choose another one.")
    names = {set_id: name for name, set_id in (row["forget_sets"] or {}).items()}
    return RunDetail(
        run=_run_row(row, names),
        method=row["method"],
        params=row["params"],
        plugin=f"{row['plugin']} {row['version']}" if row["plugin"] else "",
        log=tuple(row["log"].splitlines()),
        error=_error(row["error"]),
        curves=_curves(project, run_id),
        numbers=tuple(load_metrics(project, run_id)),
    )


def counts_in_words(runs: Iterable[RunRow]) -> str:
    """`41 of 54 done, 2 failed, 11 waiting`; states that no run is in are left out."""
    counted = Counter(run.status for run in runs)
    total = sum(counted.values())
    parts = [f"{counted[RunStatus.DONE]} of {total} done"]
    for states, word in (
        ((RunStatus.RUNNING,), "running"),
        (FAILED, "failed"),
        (STOPPED, "stopped"),
        (WAITING, "waiting"),
    ):
        n = sum(counted[state] for state in states)
        if n:
            parts.append(f"{n} {word}")
    return ", ".join(parts)


def next_step(runs: Iterable[RunRow], *, is_judged: bool) -> NextStep:
    """What to offer for a plan that is not running."""
    states = {run.status for run in runs}
    if not states:
        return NextStep.START
    if states == {RunStatus.DONE}:
        return NextStep.NOTHING if is_judged else NextStep.RESUME
    return NextStep.RETRY if states <= {RunStatus.DONE, *FAILED} else NextStep.RESUME


def thin_curve(
    name: str, seconds: Sequence[float] | Values, values: Sequence[float] | Values
) -> Curve:
    """At most about 2,000 points, evenly spread, the newest among them."""
    step = -(-len(values) // _POINTS) or 1
    newest = (len(values) - 1) % step if len(values) else 0
    return Curve(
        name,
        np.asarray(seconds[newest::step], dtype=np.float64),
        np.asarray(values[newest::step], dtype=np.float64),
    )


def _run_row(row: dict[str, Any], forget_sets: dict[int, str]) -> RunRow:
    return RunRow(
        id=row["id"],
        forget_set=forget_sets.get(row["forget_set_id"], ""),
        label=row["label"],
        role=RunRole(row["role"]),
        seed=row["seed"],
        status=RunStatus(row["status"]),
        device=row["device"] or "",
        started=row["started"],
        finished=row["finished"],
    )


def _error(stored: dict[str, Any] | None) -> RunError | None:
    if stored is None:
        return None
    return RunError(*(str(stored.get(key, "")) for key in ("message", "remedy", "traceback")))


def _curves(project: Project, run_id: int) -> tuple[Curve, ...]:
    rows = project.rows("SELECT name, hash FROM series WHERE run_id = ? ORDER BY rowid", run_id)
    found = []
    for row in rows:
        points = np.asarray(project.array(row["hash"]), dtype=np.float64).reshape(-1, 2)
        found.append(thin_curve(row["name"], points[:, 0], points[:, 1]))
    return tuple(found)
