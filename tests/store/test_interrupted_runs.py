from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from store_examples import add_run

from workbench.store import Project, mark_interrupted, process_start, verify, worker_identity


@pytest.fixture
def other_process() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


def test_only_runs_of_dead_workers_are_interrupted(
    project: Project, other_process: subprocess.Popen[bytes]
) -> None:
    dying = worker_identity(other_process.pid)
    workers = [
        worker_identity(),
        dying,
        worker_identity() | {"start": "another boot:1"},  # the number was given again
        worker_identity() | {"host": "elsewhere", "start": "unknown here"},
        None,
    ]
    with project.transaction("x") as tx:
        runs = [
            add_run(tx, status="running", seed=seed, worker=worker)
            for seed, worker in enumerate(workers)
        ]
        add_run(tx, status="queued", seed=99)
    assert mark_interrupted(project) == [runs[2], runs[4]]
    other_process.kill()  # and not waited for: a zombie is dead too
    while process_start(other_process.pid) is not None:
        pass
    assert mark_interrupted(project) == [runs[1]]
    assert mark_interrupted(project) == []
    statuses = [row["status"] for row in project.rows("SELECT status FROM run ORDER BY id")]
    assert statuses == [
        "running",
        "interrupted",
        "interrupted",
        "running",
        "interrupted",
        "queued",
    ]
    events = project.rows("SELECT payload FROM event WHERE type = 'runs.interrupted'")
    assert [event["payload"]["runs"] for event in events] == [[runs[2], runs[4]], [runs[1]]]
    assert verify(project) == []


def test_an_interrupted_run_says_why(project: Project) -> None:
    with project.transaction("x") as tx:
        run_id = add_run(tx, status="running")
    mark_interrupted(project)
    row = project.row("SELECT * FROM run WHERE id = ?", run_id)
    assert row is not None
    assert row["error"]["message"].startswith("The worker ended")
    assert row["worker"] is None
    assert row["finished"] is not None


def test_a_process_that_never_was_has_no_start() -> None:
    assert process_start(2**22 + 1) is None
