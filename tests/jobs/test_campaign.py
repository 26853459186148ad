"""A whole plan as a window runs it: followed, cancelled, resumed; and as the command line does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from workbench.audit.plan import Plan
from workbench.cli import main
from workbench.core.cancellation import Cancelled
from workbench.core.errors import UsageError
from workbench.jobs import protocol
from workbench.jobs.campaign import Campaign
from workbench.jobs.lane import Lane
from workbench.jobs.lanes import LanePool
from workbench.jobs.protocol import Job
from workbench.store import Project, verify
from workbench.store.journal import Edit, Journal, RowChange

Heard = list[tuple[Job, protocol.Reply]]


@pytest.fixture
def plan(tiny_plan: dict[str, Any]) -> Plan:
    tiny_plan["recovery"] = {"relearn_cap": 1, "relearn_seeds": [0], "retain_epochs": 1}
    tiny_plan["controls"] = {"straw_men": ["do-nothing"]}
    return Plan.model_validate(tiny_plan)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.create(tmp_path / "p.audit", "P") as project:
        yield project


@pytest.fixture
def pool() -> Iterator[LanePool]:
    with LanePool([Lane("cpu", in_process=True)]) as pool:
        yield pool


def status_of(project: Project, job: Job) -> str:
    row = project.row("SELECT status FROM run WHERE id = ?", job.payload["run"])
    assert row is not None
    return str(row["status"])


def numbers(project: Project) -> list[dict[str, Any]]:
    """Every metric row by what it is about; times and memory are never the same twice."""
    return project.rows(
        "SELECT forget_set.name AS forget_set, run.label, run.role, run.seed, metric.name, "
        "metric.split, metric.group_key, metric.value, metric.ci_low, metric.ci_high, metric.n, "
        "metric.reference, metric.status, metric.reason FROM metric "
        "JOIN run ON run.id = metric.run_id JOIN forget_set ON forget_set.id = run.forget_set_id "
        "WHERE metric.name NOT IN ('unlearning_seconds', 'peak_memory') ORDER BY metric.id"
    )


def test_every_message_is_heard_and_the_project_knows_before(
    project: Project, plan: Plan, pool: LanePool, tmp_path: Path
) -> None:
    heard: Heard = []
    known = []

    def follow(job: Job, message: protocol.Reply) -> None:
        heard.append((job, message))
        if isinstance(message, protocol.Outcome) and job.kind == "run":
            known.append(status_of(project, job))

    result = Campaign(project, plan, folder=tmp_path, follow=follow).run(pool)
    runs = project.rows("SELECT id FROM run ORDER BY id")
    assert known == ["done"] * len(runs)
    ids = {job.id for job, _ in heard}
    assert ids == {f"prepare:{result.plan_id}", *(f"run:{run['id']}" for run in runs)}
    assert {type(message) for _, message in heard} >= {
        protocol.Started,
        protocol.Progress,
        protocol.Series,
        protocol.Committed,
        protocol.Done,
    }


def cancel_when(
    wanted: Callable[[Job, protocol.Reply], bool], heard: Heard, cancel: threading.Event
) -> Callable[[Job, protocol.Reply], None]:
    def follow(job: Job, message: protocol.Reply) -> None:
        heard.append((job, message))
        if wanted(job, message):
            cancel.set()

    return follow


def test_a_cancelled_plan_records_every_run_and_is_resumed(
    project: Project, plan: Plan, pool: LanePool, tmp_path: Path
) -> None:
    heard: Heard = []
    cancel = threading.Event()

    def is_training(job: Job, message: protocol.Reply) -> bool:
        return job.kind == "run" and isinstance(message, protocol.Series)

    follow = cancel_when(is_training, heard, cancel)
    with pytest.raises(Cancelled):
        Campaign(project, plan, folder=tmp_path, follow=follow).run(pool, cancel)
    statuses = {row["status"] for row in project.rows("SELECT status FROM run")}
    assert statuses == {"done", "cancelled"}
    runs = project.rows("SELECT id FROM run")
    ended = [job.id for job, message in heard if isinstance(message, protocol.Outcome)]
    assert sorted(ended[1:]) == sorted(f"run:{run['id']}" for run in runs)
    assert project.rows("SELECT id FROM verdict") == []
    assert verify(project) == []

    with pytest.raises(UsageError, match="already run"):
        Campaign(project, plan, folder=tmp_path)
    result = Campaign(project, plan, folder=tmp_path, resume=True).run(pool)
    assert result.runs == {"done": len(runs)}
    assert result.failed == ()
    assert verify(project) == []


def test_a_preparation_is_cancelled_too(
    project: Project, plan: Plan, pool: LanePool, tmp_path: Path
) -> None:
    cancel = threading.Event()
    follow = cancel_when(lambda _, message: isinstance(message, protocol.Series), [], cancel)
    with pytest.raises(Cancelled):
        Campaign(project, plan, folder=tmp_path, follow=follow).run(pool, cancel)
    assert project.rows("SELECT id FROM run") == []
    assert project.rows("SELECT id FROM model") == []
    assert Campaign(project, plan, folder=tmp_path).run(pool).failed == ()


def test_resuming_judges_anew(project: Project, plan: Plan, pool: LanePool, tmp_path: Path) -> None:
    first: list[str] = []

    def cancel_candidate(job: Job, message: protocol.Reply) -> None:
        run = project.row("SELECT role FROM run WHERE id = ?", job.payload.get("run", 0))
        if run and run["role"] == "candidate" and isinstance(message, protocol.Started):
            first.append(job.id)
            pool.cancel(job.id)

    before = Campaign(project, plan, folder=tmp_path, follow=cancel_candidate).run(pool)
    assert [f"run:{run['id']}" for run in before.failed] == first
    rows = "SELECT * FROM verdict WHERE label = 'fine-tune' AND criterion = ''"
    verdict_before = project.rows(rows)
    after = Campaign(project, plan, folder=tmp_path, resume=True).run(pool)
    assert after.failed == ()
    (verdict_after,) = project.rows(rows)
    assert verdict_after not in verdict_before
    assert verdict_after["detail"]["seeds"] == [0]
    assert verify(project) == []


def test_what_a_prepared_plan_uses_may_be_renamed(
    project: Project, plan: Plan, pool: LanePool, tmp_path: Path
) -> None:
    Campaign(project, plan, folder=tmp_path).run(pool)
    journal = Journal(project)
    journal.save_forget_set(1, "first", {"rows": [0]}, project.array(_rows_artifact(project)))
    content = plan.model_dump(mode="json") | {"name": "by name"}
    content |= {"data": {"use": "digits"}, "model": {"use": "original"}}
    content["forget_sets"] = [{"name": "first", "use": "first"}]
    by_name = Plan.model_validate(content)
    before = Campaign(project, by_name, folder=tmp_path).run(pool)
    changes = tuple(
        RowChange(table=table, key={"id": 1}, values={"name": "renamed"})
        for table in ("dataset", "model")
    )
    journal.do(Edit(title="Rename", changes=changes))
    journal.rename_forget_set(2, "renamed")
    after = Campaign(project, by_name, folder=tmp_path, resume=True).run(pool)
    assert after.runs == before.runs


def _rows_artifact(project: Project) -> str:
    row = project.row("SELECT rows_artifact FROM forget_set")
    assert row is not None
    return str(row["rows_artifact"])


def test_the_command_line_and_a_followed_campaign_measure_the_same(
    project: Project, plan: Plan, pool: LanePool, tmp_path: Path
) -> None:
    Campaign(project, plan, folder=tmp_path, follow=lambda _job, _message: None).run(pool)
    path = tmp_path / "cli.audit"
    file = tmp_path / "plan.toml"
    file.write_text(_toml(plan))
    assert main(["init", str(path)]) == 0
    code = main(["run", str(file), "--project", str(path), "--in-process"])
    assert code in (0, 10, 11, 12)
    with Project.open(path) as other:
        assert numbers(other) == numbers(project)
        assert len(numbers(other)) > 100


def _toml(plan: Plan) -> str:
    content = plan.model_dump(mode="json", exclude_none=True)
    return "\n".join(f"{key} = {_inline(value)}" for key, value in content.items())


def _inline(value: Any) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{k} = {_inline(v)}" for k, v in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_inline, value)) + "]"
        case bool():
            return str(value).lower()
    return repr(value)


def test_a_forced_run_costs_no_other_run(
    project: Project, tiny_plan: dict[str, Any], tmp_path: Path
) -> None:
    slow = {"relearn_cap": 1000, "relearn_learning_rate": 1e-12, "relearn_seeds": [0]}
    tiny_plan |= {"recovery": slow, "controls": {"straw_men": []}}
    tiny_plan["reference"] = {"band_seeds": [1]}
    plan = Plan.model_validate(tiny_plan)
    forced: list[str] = []

    def force_first(job: Job, message: protocol.Reply) -> None:
        if job.kind == "run" and isinstance(message, protocol.Started) and not forced:
            forced.append(job.id)
            pool.force(job.id)

    with LanePool([Lane("cpu")], kill_when_due=False) as pool:
        result = Campaign(project, plan, folder=tmp_path, follow=force_first).run(pool)
        assert [(f"run:{run['id']}", run["status"]) for run in result.failed] == [
            (forced[0], "cancelled")
        ]
        assert result.runs == {"cancelled": 1, "done": 2}
        assert verify(project) == []
        again = Campaign(project, plan, folder=tmp_path, resume=True).run(pool)
    assert again.runs == {"done": 3}
