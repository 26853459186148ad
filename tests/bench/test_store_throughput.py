"""Arrays and small rows into and out of a project, beside what the machine can do at all."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from figures import Figures, Goal
from numpy.typing import NDArray
from timing import Clock, Sample, interleave, timed

from workbench.core.metric_value import MetricValue
from workbench.core.vocabulary import Direction, Split, Unit
from workbench.store import Project, now, save_metrics
from workbench.store.artifacts import CHUNK_BYTES
from workbench.store.connection import PAGE_SIZE

pytestmark = pytest.mark.bench

SECTION = "store"
ARRAYS, VALUES = 50, 1_000_000
MEGABYTES = ARRAYS * VALUES * 4 / 1e6
ROUNDS = 5
SMALL_TRANSACTIONS = 200
GOAL = Goal(200, at_most=False)

ONE_METRIC = MetricValue("accuracy", 1, Split.FORGET, 0.75, Unit.FRACTION, Direction.REFERENCE, n=4)

Arrays = list[NDArray[np.float32]]


@pytest.fixture(scope="module")
def arrays() -> Arrays:
    rng = np.random.default_rng(0)
    return [rng.random(VALUES, dtype=np.float32) for _ in range(ARRAYS)]


@contextmanager
def new_project(folder: Path, *, side: bool = False) -> Iterator[Project]:
    """An empty project; with `side` every array goes into the folder beside it."""
    with (
        TemporaryDirectory(dir=folder) as place,
        Project.create(Path(place) / "p.audit", "p") as project,
    ):
        if side:
            with project.transaction("settings.changed") as tx:
                tx.update("project", {"id": 1}, settings={"side_folder_above_bytes": 0})
        yield project


@contextmanager
def raw_database(folder: Path) -> Iterator[sqlite3.Connection]:
    """SQLite with the durability and page size of a project, and no project around it."""
    with (
        TemporaryDirectory(dir=folder) as place,
        closing(sqlite3.connect(Path(place) / "raw", isolation_level=None)) as connection,
    ):
        connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE chunk (seq INTEGER PRIMARY KEY, data BLOB)")
        connection.execute("CREATE TABLE number (name TEXT, value REAL)")
        yield connection


def put_at_once(project: Project, arrays: Arrays) -> list[str]:
    with project.transaction("arrays.stored") as tx:
        return [tx.put_array(array) for array in arrays]


def put_one_by_one(project: Project, arrays: Arrays) -> list[str]:
    return [digest for array in arrays for digest in put_at_once(project, [array])]


def put_raw(connection: sqlite3.Connection, arrays: Arrays) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for array in arrays:
        data = array.view(np.uint8).data
        connection.executemany(
            "INSERT INTO chunk (data) VALUES (?)",
            ((data[start : start + CHUNK_BYTES],) for start in range(0, len(data), CHUNK_BYTES)),
        )
    connection.execute("COMMIT")


def put_files(folder: Path, arrays: Arrays) -> None:
    for number, array in enumerate(arrays):
        with (folder / str(number)).open("wb") as file:
            file.write(array.view(np.uint8).data)
            file.flush()
            os.fsync(file.fileno())


def read(project: Project, digests: list[str]) -> Arrays:
    """Copies, since large arrays are mapped and mapping alone reads nothing."""
    return [np.array(project.array(digest)) for digest in digests]


def read_raw(connection: sqlite3.Connection) -> int:
    return sum(len(data) for (data,) in connection.execute("SELECT data FROM chunk ORDER BY seq"))


def test_arrays_are_committed(arrays: Arrays, tmp_path: Path, figures: Figures) -> None:
    def in_project(put: Callable[[Project, Arrays], list[str]], *, side: bool = False) -> float:
        with new_project(tmp_path, side=side) as project:
            with Clock() as clock:
                digests = put(project, arrays)
            kept = project.rows("SELECT storage, size FROM artifact")
            assert {row["storage"] for row in kept} == {"side" if side else "inline"}
            assert len(set(digests)) == len(kept) == ARRAYS
        return clock.seconds

    def in_raw_database() -> float:
        with raw_database(tmp_path) as connection, Clock() as clock:
            put_raw(connection, arrays)
        return clock.seconds

    def in_files() -> float:
        with TemporaryDirectory(dir=tmp_path) as place, Clock() as clock:
            put_files(Path(place), arrays)
        return clock.seconds

    def hashed() -> list[bytes]:
        return [hashlib.sha256(array.view(np.uint8).data).digest() for array in arrays]

    measured = interleave(
        ROUNDS,
        {
            "sha256": timed(hashed),
            "raw": in_raw_database,
            "files": in_files,
            "at once": partial(in_project, put_at_once),
            "one by one": partial(in_project, put_one_by_one),
            "side": partial(in_project, put_at_once, side=True),
        },
    )

    def rate(name: str, key: str, goal: Goal | None = None) -> None:
        figures.add(SECTION, name, "MB/s", measured[key].per(MEGABYTES), goal=goal)

    def ratio(name: str, key: str, *parts: str) -> None:
        least = Sample((0.0,) * ROUNDS)
        for part in parts:
            least = least.plus(measured[part])
        figures.add(SECTION, name, "ratio", measured[key].over(least))

    rate("SHA-256 of 50 arrays of 4 MB", "sha256")
    rate("bare SQLite, same bytes as blobs, one commit", "raw")
    rate("bare files, same bytes, each flushed", "files")
    rate("project, arrays inline, one commit", "at once", GOAL)
    rate("project, arrays inline, a commit each", "one by one", GOAL)
    rate("project, arrays in the side folder, one commit", "side", GOAL)
    ratio("time inline, one commit / (SHA-256 + bare SQLite)", "at once", "sha256", "raw")
    ratio("time inline, a commit each / (SHA-256 + bare SQLite)", "one by one", "sha256", "raw")
    ratio("time side folder / (SHA-256 + bare files)", "side", "sha256", "files")


def test_arrays_are_read_back(arrays: Arrays, tmp_path: Path, figures: Figures) -> None:
    with (
        new_project(tmp_path) as inline,
        new_project(tmp_path, side=True) as side,
        raw_database(tmp_path) as raw,
    ):
        inline_digests, side_digests = put_at_once(inline, arrays), put_at_once(side, arrays)
        put_raw(raw, arrays)
        for project, digests in ((inline, inline_digests), (side, side_digests)):
            for found, expected in zip(read(project, digests), arrays, strict=True):
                np.testing.assert_array_equal(found, expected)
        assert read_raw(raw) == MEGABYTES * 1e6
        measured = interleave(
            ROUNDS,
            {
                "raw": timed(lambda: read_raw(raw)),
                "inline": timed(lambda: read(inline, inline_digests)),
                "side": timed(lambda: read(side, side_digests)),
            },
        )
    note = "from the page cache of the operating system"
    for name, key in (
        ("bare SQLite, read", "raw"),
        ("project, read and copy arrays inline", "inline"),
        ("project, read and copy arrays from the side folder", "side"),
    ):
        figures.add(SECTION, name, "MB/s", measured[key].per(MEGABYTES), note=note)
        note = ""


def test_small_transactions(tmp_path: Path, figures: Figures) -> None:
    with (
        new_project(tmp_path) as project,
        raw_database(tmp_path) as raw,
        (tmp_path / "flushed").open("wb") as file,
    ):
        run_id, model_id = add_run(project)

        def one_metric() -> None:
            with project.transaction("metric.stored", subject=f"run:{run_id}") as tx:
                save_metrics(tx, run_id, model_id, [ONE_METRIC])

        def one_row() -> None:
            raw.execute("INSERT INTO number VALUES ('accuracy', 0.75)")

        def one_flush() -> None:
            file.write(bytes(PAGE_SIZE))
            file.flush()
            os.fsync(file.fileno())

        measured = interleave(
            ROUNDS,
            {
                "flush": timed(partial(repeat, one_flush)),
                "raw": timed(partial(repeat, one_row)),
                "project": timed(partial(repeat, one_metric)),
            },
        )
        repeats = (ROUNDS + 1) * SMALL_TRANSACTIONS
        (metrics,) = project.rows("SELECT count(*) AS n FROM metric")
        (events,) = project.rows("SELECT count(*) AS n FROM event WHERE type = 'metric.stored'")
        assert metrics["n"] == events["n"] == repeats
    note = f"this and the next two: {SMALL_TRANSACTIONS} a round"
    for name, key in (
        ("write and flush of one page", "flush"),
        ("bare SQLite, commits of one row", "raw"),
        ("project, commits of one metric and its event", "project"),
    ):
        figures.add(SECTION, name, "/s", measured[key].per(SMALL_TRANSACTIONS), note=note)
        note = ""
    slower = measured["project"].over(measured["raw"])
    figures.add(SECTION, "time of a small commit, project / bare SQLite", "ratio", slower)


def repeat(work: Callable[[], None]) -> None:
    for _ in range(SMALL_TRANSACTIONS):
        work()


def add_run(project: Project) -> tuple[int, int]:
    """The least rows that a metric hangs on; ids of its run and model."""
    described: dict[str, Any] = {"created": now(), "name": "x"}
    with project.transaction("run.added") as tx:
        dataset_id = tx.insert(
            "dataset",
            fingerprint="f",
            task="classification",
            source={},
            n_rows=0,
            class_names=[],
            preprocessing={},
            preprocessing_hash="p",
            arrays={},
            notes="",
            **described,
        )
        model_id = tx.insert(
            "model", architecture={}, weights_hash="w", tensors={}, source={}, **described
        )
        forget_set_id = tx.insert(
            "forget_set",
            dataset_id=dataset_id,
            version=1,
            definition={},
            rows_artifact=tx.put_array(np.arange(3)),
            n_rows=3,
            **described,
        )
        run_id = tx.insert(
            "run",
            plan_id=tx.insert("plan", content={}, hash="h", **described),
            forget_set_id=forget_set_id,
            label="x",
            role="candidate",
            method="x",
            params={},
            seed=0,
            status="done",
            key="k",
            original_model_id=model_id,
            queued=now(),
        )
    return run_id, model_id
