"""Arrays and small rows into and out of a project, beside what the machine can do at all."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from figures import Figures, Goal
from numpy.typing import NDArray
from timing import Clock, Sample, interleave

from workbench.core.metric_value import MetricValue
from workbench.core.vocabulary import Direction, Split, Unit
from workbench.store import Project, now, save_forget_set, save_metrics, save_model
from workbench.store.artifacts import CHUNK_BYTES
from workbench.store.connection import PAGE_SIZE
from workbench.store.contents import save_dataset

pytestmark = pytest.mark.bench

SECTION = "store"
ARRAYS, VALUES = 50, 1_000_000
ROUNDS = 5
SMALL_TRANSACTIONS = 200
GOAL = Goal(200, at_most=False)

Arrays = list[NDArray[np.float32]]


@pytest.fixture(scope="module")
def arrays() -> Arrays:
    """200 MB that no compression and no deduplication makes smaller."""
    rng = np.random.default_rng(0)
    return [rng.random(VALUES, dtype=np.float32) for _ in range(ARRAYS)]


@contextmanager
def new_project(folder: Path, *, side_folder_above_bytes: int | None = None) -> Iterator[Project]:
    with (
        TemporaryDirectory(dir=folder) as place,
        Project.create(Path(place) / "p.audit", "p") as project,
    ):
        if side_folder_above_bytes is not None:
            settings = {"side_folder_above_bytes": side_folder_above_bytes}
            with project.transaction("settings.changed") as tx:
                tx.update("project", {"id": 1}, settings=settings)
        yield project


@contextmanager
def raw_database(folder: Path) -> Iterator[sqlite3.Connection]:
    """SQLite with the durability and page size of a project, and no project around it."""
    with TemporaryDirectory(dir=folder) as place:
        with closing(sqlite3.connect(Path(place) / "raw", isolation_level=None)) as connection:
            connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("CREATE TABLE chunk (hash TEXT, seq INTEGER, data BLOB)")
            yield connection


def written(write: Callable[[], None], folder: Path) -> float:
    """Earlier writes are flushed first, so that nobody pays for another's."""
    if hasattr(os, "sync"):
        os.sync()
    del folder
    with Clock() as clock:
        write()
    return clock.seconds
