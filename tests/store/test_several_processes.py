from __future__ import annotations

import multiprocessing
import random
import time
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from workbench.store import Project, verify

SPAWN = multiprocessing.get_context("spawn")
WRITERS, TRANSACTIONS = 3, 40


def count_up(path: Path, transactions: int) -> None:
    """Read a counter, then write it increased; a lost update would leave it too low."""
    with Project.open(path) as project:
        for _ in range(transactions):
            with project.transaction("counted") as tx:
                row = tx.row("SELECT description FROM environment WHERE id = 1")
                assert row is not None
                counter = row["description"]["counter"] + 1
                tx.insert("environment", hash=f"{counter}", description={})
                tx.update("environment", {"id": 1}, description={"counter": counter})


def test_writers_in_three_processes_lose_nothing(project: Project) -> None:
    with project.transaction("x") as tx:
        tx.insert("environment", hash="counter", description={"counter": 0})
    writers = [
        SPAWN.Process(target=count_up, args=(project.path, TRANSACTIONS)) for _ in range(WRITERS)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * WRITERS
    total = WRITERS * TRANSACTIONS
    row = project.row("SELECT description FROM environment WHERE id = 1")
    assert row == {"description": {"counter": total}}
    assert project.row("SELECT count(*) AS n FROM environment") == {"n": total + 1}
    assert project.row("SELECT max(seq) AS n FROM event") == {"n": total + 2}
    assert verify(project) == []


def write_until_killed(path: Path, reports: Connection) -> None:
    with Project.open(path) as project:
        step = project.rows("SELECT count(*) AS n FROM environment")[0]["n"]
        while True:
            step += 1
            with project.transaction("stepped", payload={"step": step}) as tx:
                tx.insert("environment", hash=str(step), description={"step": step})
                # 1.6 MB lie in the file, 2.4 MB and more beside it.
                tx.put_array(np.full(200_000 + 100_000 * (step % 3), step))
            reports.send(step)


def test_a_killed_writer_never_breaks_the_file(project: Project) -> None:
    with project.transaction("x") as tx:
        tx.update("project", {"id": 1}, settings={"side_folder_above_bytes": 2_000_000})
    rng = random.Random(5)
    reported = 0
    for _ in range(12):
        reports, theirs = SPAWN.Pipe(duplex=False)
        writer = SPAWN.Process(target=write_until_killed, args=(project.path, theirs))
        writer.start()
        theirs.close()
        reported = reports.recv()  # it has begun
        time.sleep(rng.random() * 0.12)
        writer.kill()
        writer.join()
        while reports.poll():
            try:
                reported = reports.recv()
            except EOFError:
                break
        reports.close()
        with Project.open(project.path) as reopened:
            assert verify(reopened) == []
            steps = [
                row["hash"] for row in reopened.rows("SELECT hash FROM environment ORDER BY id")
            ]
        assert len(steps) >= reported, "what was reported as committed is there"
        assert steps == [str(n + 1) for n in range(len(steps))]
