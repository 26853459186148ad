"""A whole plan, from its lock to its verdict, on one or more compute lanes. Free of torch."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.audit.evidence import compare_plan, judge_plan
from workbench.audit.findings import PlanVerdict
from workbench.audit.plan import Plan
from workbench.audit.plan_check import check_against, check_names, shortfalls
from workbench.audit.schedule import lock_plan, planned_runs, queue_runs
from workbench.core.cancellation import Cancelled
from workbench.core.errors import UsageError
from workbench.core.vocabulary import RunStatus
from workbench.jobs import protocol
from workbench.jobs.handle import JobResult, failure_of
from workbench.jobs.lanes import LanePool
from workbench.jobs.protocol import Job
from workbench.registry import Registry
from workbench.store import Project, is_gone, mark_interrupted, now


@dataclass(frozen=True)
class CampaignResult:
    """How a plan ended: its verdict, and what became of each run."""

    plan_id: int
    verdict: PlanVerdict
    runs: dict[str, int]
    failed: tuple[dict[str, Any], ...]


class Campaign:
    """One plan in one project. `say` receives one plain line per step.

    `folder` is where the plan's own file names start from. `follow` hears every message of the
    preparation ("prepare:ID") and of each run ("run:ID"), on the thread of `run`; when it hears
    how a job ended, the project says so too. UsageError, before anything is written, if the plan
    names what is not there, or ran before and this is not to `resume` it: then what is not done
    is run, whether it failed, crashed, was cancelled or interrupted, and all is judged anew.
    """

    def __init__(
        self,
        project: Project,
        plan: Plan,
        *,
        folder: Path,
        plugin_folders: Sequence[Path] = (),
        resume: bool = False,
        say: Callable[[str], None] = lambda _: None,
        follow: Callable[[Job, protocol.Reply], None] = lambda _job, _message: None,
    ) -> None:
        self._project = project
        self._plan = plan
        self._folder = folder.resolve()
        self._folders = [str(Path(folder).resolve()) for folder in plugin_folders]
        self._registry = Registry.discover(plugin_folders)
        self._say = say
        self._follow = follow
        check_against(plan, self._registry)
        if not self._is_prepared():  # else what it uses may have another name by now
            check_names(plan, project)
        if not resume:
            self._refuse_second_run()

    def run(self, pool: LanePool, cancel: threading.Event | None = None) -> CampaignResult:
        """Lock, prepare, run on the lanes of `pool`, compare and judge.

        Cancelled once `cancel` is set, when no job goes on and the project says of each run how
        it ended; what was finished is kept, and nothing is compared or judged.
        """
        cancel = cancel or threading.Event()
        mark_interrupted(self._project)
        plan_id = lock_plan(self._project, self._plan)
        for shortfall in shortfalls(self._plan):
            self._say(f"note: {shortfall}")
        self._say(f"Plan {self._plan.name!r} locked as {self._plan.hash[:12]}.")
        self._prepare(plan_id, pool, cancel)
        run_ids = queue_runs(self._project, plan_id, self._plan, self._registry)
        self._run_all(pool, run_ids, cancel)
        if cancel.is_set():
            raise Cancelled
        self._say("Comparing with the retrained models and judging.")
        compare_plan(self._project, plan_id)
        verdict = judge_plan(self._project, plan_id)
        return CampaignResult(plan_id, verdict, self._count(plan_id), self._failed(plan_id))

    def _refuse_second_run(self) -> None:
        ran = self._project.row(
            "SELECT count(*) AS n FROM run JOIN plan ON plan.id = run.plan_id WHERE plan.hash = ?",
            self._plan.hash,
        )
        if ran and ran["n"]:
            raise UsageError(
                f"The plan {self._plan.name!r} was already run in this project.",
                remedy="Add --resume to do only what is missing.",
            )

    def _is_prepared(self) -> bool:
        known = self._project.row("SELECT forget_sets FROM plan WHERE hash = ?", self._plan.hash)
        return known is not None and known["forget_sets"] is not None

    def _prepare(self, plan_id: int, pool: LanePool, cancel: threading.Event) -> None:
        job = self._job(f"prepare:{plan_id}", "prepare", plan=plan_id, folder=str(self._folder))
        (result,) = pool.map([job], on_message=self._follow, cancel=cancel)
        if result.status is RunStatus.CANCELLED:
            raise Cancelled
        if result.status is not RunStatus.DONE:
            raise failure_of(result)
        for note in (result.result or {}).get("notes", ()):
            self._say(f"note: {note}")

    def _run_all(self, pool: LanePool, run_ids: list[int], cancel: threading.Event) -> None:
        total = len(run_ids)
        described = self._described()
        outcomes: dict[str, protocol.Reply] = {}
        ended = 0

        def on_message(job: Job, message: protocol.Reply) -> None:
            if isinstance(message, protocol.Outcome):
                outcomes[job.id] = message  # told when it is in the project
            else:
                self._follow(job, message)

        def on_result(job: Job, result: JobResult) -> None:
            nonlocal ended
            ended += 1
            run_id = int(job.payload["run"])
            self._say(f"[{ended}/{total}] {described[run_id]}: {result.status}")
            self._record_end(run_id, result)
            self._follow(job, outcomes.pop(job.id))

        jobs = [self._job(f"run:{run_id}", "run", run=run_id) for run_id in run_ids]
        try:
            pool.map(jobs, on_message, on_result, cancel)
        except BaseException:  # Ctrl-C too: no run may be left that seems to go on
            self._cancel_unfinished(run_ids)
            raise

    def _described(self) -> dict[int, str]:
        return {
            row["id"]: f"{row['forget_set']}: {row['label']}, {row['role']}, seed {row['seed']}"
            for row in self._project.rows(
                "SELECT run.*, forget_set.name AS forget_set FROM run "
                "JOIN forget_set ON forget_set.id = run.forget_set_id"
            )
        }

    def _cancel_unfinished(self, run_ids: list[int]) -> None:
        for run_id in run_ids:
            self._record_end(run_id, JobResult(RunStatus.CANCELLED))

    def _record_end(self, run_id: int, result: JobResult) -> None:
        """The worker writes how a run ended; when it could not, its death is written here."""
        row = self._project.row("SELECT status, worker FROM run WHERE id = ?", run_id)
        if row is None or row["status"] not in (RunStatus.RUNNING, RunStatus.QUEUED):
            return
        if row["status"] == RunStatus.RUNNING and not is_gone(row["worker"]):
            return  # another program has it
        with self._project.transaction(f"run.{result.status}", subject=f"run:{run_id}") as tx:
            tx.update(
                "run",
                {"id": run_id},
                status=str(result.status),
                finished=now(),
                worker=None,
                error=_error_record(result),
                log="\n".join(result.log_tail),
            )

    def _job(self, id_: str, kind: str, **payload: Any) -> Job:
        return Job(
            id_, kind, {"project": str(self._project.path), "plugins": self._folders, **payload}
        )

    def _count(self, plan_id: int) -> dict[str, int]:
        rows = self._project.rows(
            "SELECT status, count(*) AS n FROM run WHERE plan_id = ? GROUP BY status", plan_id
        )
        return {row["status"]: row["n"] for row in rows}

    def _failed(self, plan_id: int) -> tuple[dict[str, Any], ...]:
        return tuple(
            self._project.rows(
                "SELECT id, label, seed, status, error FROM run "
                "WHERE plan_id = ? AND status <> 'done' ORDER BY id",
                plan_id,
            )
        )


def dry_run(plan: Plan, registry: Registry) -> list[dict[str, Any]]:
    """What a plan would execute, without executing it."""
    check_against(plan, registry)
    return [
        {
            "forget_set": one.forget_set,
            "label": one.label,
            "role": str(one.role),
            "method": one.method,
            "params": one.params,
            "seed": one.seed,
        }
        for one in planned_runs(plan, registry)
    ]


def _error_record(result: JobResult) -> dict[str, str] | None:
    if result.error is None:
        return None
    return result.error.model_dump(include={"message", "remedy", "traceback"})
