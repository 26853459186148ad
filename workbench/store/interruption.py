"""Runs whose worker died without a word."""

from __future__ import annotations

from typing import Any

from workbench.core.vocabulary import RunStatus
from workbench.store.evidence import now
from workbench.store.processes import is_gone
from workbench.store.project import Project

_RUNNING = "SELECT id, worker FROM run WHERE status = 'running' ORDER BY id"


def mark_interrupted(project: Project) -> list[int]:
    """Set runs that are `running` without a living worker to `interrupted`; their ids.

    Runs of living workers, and of workers on other hosts, are left alone.
    """
    if not any(is_gone(run["worker"]) for run in project.rows(_RUNNING)):
        return []
    with project.transaction("runs.interrupted") as tx:
        # Read again: a worker may have finished, or another process may have been here.
        runs = [int(run["id"]) for run in tx.rows(_RUNNING) if is_gone(run["worker"])]
        for run_id in runs:
            tx.update("run", {"id": run_id}, **_interrupted())
        tx.payload["runs"] = runs
    return runs


def _interrupted() -> dict[str, Any]:
    return {
        "status": str(RunStatus.INTERRUPTED),
        "finished": now(),
        "worker": None,
        "error": {
            "message": "The worker ended while the run was going on.",
            "remedy": "Run the plan again to resume it.",
        },
    }
