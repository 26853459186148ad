from __future__ import annotations

import re
import sqlite3
import threading
from importlib.resources import files

import numpy as np
import pytest

from workbench.core.errors import ProjectError
from workbench.core.vocabulary import RunStatus
from workbench.store import Project, verify
from workbench.store.columns import JSON_COLUMNS


def n_events(project: Project) -> int:
    row = project.row("SELECT count(*) AS n FROM event")
    assert row is not None
    return int(row["n"])


def add_environment(project: Project, name: str) -> None:
    with project.transaction("environment.seen") as tx:
        tx.insert("environment", hash=name, description={"name": name})


def test_rows_come_back_as_they_went_in(project: Project) -> None:
    description = {"python": "3.11", "packages": ["numpy", "ümlaut"], "threads": 2, "device": None}
    with project.transaction("x") as tx:
        row_id = tx.insert("environment", hash="h", description=description)
        inside = tx.row("SELECT * FROM environment WHERE id = ?", row_id)
        assert project.row("SELECT * FROM environment") is None, "not committed yet"
    assert inside == project.row("SELECT * FROM environment")
    assert inside == {"id": 1, "hash": "h", "description": description}


def test_json_columns_are_those_the_schema_says() -> None:
    schema = files("workbench.store").joinpath("schema.sql").read_text()
    declared = re.findall(r"^  (\w+) TEXT.*-- JSON", schema, flags=re.MULTILINE)
    assert set(declared) == JSON_COLUMNS
    other = re.findall(r"^  (\w+) (?!.*-- JSON)", schema, flags=re.MULTILINE)
    assert not JSON_COLUMNS.intersection(other), "a name must mean the same in every table"


def test_upsert_inserts_then_changes(project: Project) -> None:
    with project.transaction("x") as tx:
        one, two = tx.put_bytes(b"one"), tx.put_bytes(b"two")
        tx.insert(
            "dataset", name="d", fingerprint="f", task="t", source={}, n_rows=1, class_names=[],
            preprocessing={}, preprocessing_hash="p", arrays={}, notes="", created="now",
        )  # fmt: skip
        key = {"network_hash": "n", "dataset_id": 1, "name": "loss"}
        tx.upsert("output", **key, hash=one)
        tx.upsert("output", **key, hash=two)
    assert [row["hash"] for row in project.rows("SELECT * FROM output")] == [two]
    assert verify(project) == []


def test_update_and_delete_say_how_many_rows_they_met(project: Project) -> None:
    for name in "abc":
        add_environment(project, name)
    with project.transaction("x") as tx:
        assert tx.update("environment", {"hash": "a"}, description={"new": 1}) == 1
        assert tx.update("environment", {"hash": "none"}, description={}) == 0
        assert tx.delete("environment", {"description": {"name": "b"}}) == 1
    assert [row["hash"] for row in project.rows("SELECT * FROM environment")] == ["a", "c"]
    assert verify(project) == []


def test_numpy_and_enum_values_can_be_bound(project: Project) -> None:
    with project.transaction("x") as tx:
        tx.insert("environment", id=np.int64(5), hash=RunStatus.DONE, description={})
    assert project.row("SELECT hash FROM environment WHERE id = ?", np.int32(5)) == {"hash": "done"}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), np.float32("nan")])
def test_numbers_that_are_none_are_refused(project: Project, value: float) -> None:
    with pytest.raises(ValueError, match="'value' cannot hold"), project.transaction("x") as tx:
        tx.insert("metric", name="m", value=value)


@pytest.mark.parametrize(
    ("table", "columns", "message"),
    [
        ("environmnt", {"hash": "h"}, "no table 'environmnt'"),
        ("environment; DROP TABLE run", {"hash": "h"}, "no table"),
        ("environment", {"hash) VALUES ('x'); --": "h"}, "no column"),
        ("event", {"seq": 9}, "no table 'event'"),
        ("artifact_chunk", {"seq": 9}, "no table"),
        ("sqlite_master", {"name": "x"}, "no table"),
    ],
)
def test_identifiers_are_checked(
    project: Project, table: str, columns: dict[str, str], message: str
) -> None:
    with pytest.raises(ValueError, match=message), project.transaction("x") as tx:
        tx.insert(table, **columns)
    assert n_events(project) == 1


def test_a_primary_key_stays(project: Project) -> None:
    add_environment(project, "a")
    with pytest.raises(ValueError, match="primary key"), project.transaction("x") as tx:
        tx.update("environment", {"hash": "a"}, id=7)


def test_a_failing_transaction_leaves_nothing(project: Project) -> None:
    def write_and_fail() -> None:
        with project.transaction("x") as tx:
            tx.insert("environment", hash="h", description={})
            tx.put_bytes(b"content")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    assert project.rows("SELECT * FROM environment") == project.rows("SELECT * FROM artifact") == []
    assert n_events(project) == 1
    add_environment(project, "after")
    assert verify(project) == []


def test_constraints_hold(project: Project) -> None:
    add_environment(project, "a")
    with pytest.raises(sqlite3.IntegrityError):
        add_environment(project, "a")
    with pytest.raises(sqlite3.IntegrityError), project.transaction("x") as tx:
        tx.insert("run_input", run_id=404, name="n", hash="h")


def test_transactions_do_not_nest(project: Project) -> None:
    with (
        pytest.raises(RuntimeError, match="inside another"),
        project.transaction("x"),
        project.transaction("y"),
    ):
        pass
    add_environment(project, "still works")


def test_an_event_cannot_bring_its_own_digests(project: Project) -> None:
    with pytest.raises(ValueError, match="rows"), project.transaction("x", payload={"rows": {}}):
        pass


def test_queries_cannot_write(project: Project) -> None:
    with pytest.raises(ProjectError, match="cannot be written"):
        project.rows("DELETE FROM project")


def test_a_closed_project_says_so(project: Project) -> None:
    project.close()
    with pytest.raises(ProjectError, match="is closed"):
        project.rows("SELECT 1")


def test_threads_read_and_write_at_the_same_time(project: Project) -> None:
    faults: list[BaseException] = []

    def write(name: str) -> None:
        for i in range(15):
            add_environment(project, f"{name}{i}")

    def read() -> None:
        for _ in range(100):
            row = project.row("SELECT count(*) AS n, max(id) AS last FROM environment")
            assert row is not None
            assert row["n"] == (row["last"] or 0)

    def guarded(work: object, *args: str) -> None:
        try:
            work(*args)  # type: ignore[operator]
        except BaseException as fault:  # noqa: BLE001 - shown by the assertion below
            faults.append(fault)

    threads = [threading.Thread(target=guarded, args=(write, name)) for name in "ab"]
    threads += [threading.Thread(target=guarded, args=(read,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert n_events(project) == 31
    assert verify(project) == []
