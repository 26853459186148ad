from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from hashlib import sha256
from typing import Any

import pytest

from workbench.store import Project, event_hash, merkle_root, now
from workbench.store.evidence import GENESIS

FIRST = "10b9e58aa0af88a730e57fb2f0a4ae368d5df6ccfedac7ea4e9ab27d6ac013dd"
SECOND = "8b855da3439a4ac72636643c6f5a881384b6bc1d16baf3b1d0525030a6365c82"


def test_genesis_is_the_hash_of_nothing() -> None:
    assert sha256(b"").hexdigest() == GENESIS


def test_event_hashes_follow_from_the_definition() -> None:
    first = event_hash(
        seq=1,
        prev=GENESIS,
        actor="a",
        type="open",
        time="2026-01-01T00:00:00Z",
        subject="model:1",
        payload={"k": 1},
    )
    second = event_hash(
        seq=2,
        prev=first,
        actor="b",
        type="sign",
        time="2026-01-01T00:01:00Z",
        subject="report:1",
        payload={},
    )
    assert (first, second) == (FIRST, SECOND)


def test_a_role_is_part_of_the_hash() -> None:
    event: dict[str, Any] = {
        "seq": 1,
        "prev": GENESIS,
        "actor": "a",
        "type": "open",
        "time": "2026-01-01T00:00:00Z",
        "subject": "model:1",
        "payload": {"k": 1},
    }
    assert event_hash(**event, role="") == FIRST
    assert event_hash(**event, role="auditor") != FIRST


def test_merkle_root_of_three_leaves() -> None:
    root = "36642e73c2540ab121e3a6bf9545b0a24982cd830eb13d3cd19de3ce6c021ec1"
    assert merkle_root([b"a", b"b", b"c"]) == root


@pytest.mark.parametrize(
    ("leaves", "root"),
    [
        # Published test vectors of certificate-transparency implementations for RFC 6962.
        ([], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ([""], "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
        (["", "00"], "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
        (
            ["", "00", "10", "2021", "3031", "40414243", "5051525354555657",
             "606162636465666768696a6b6c6d6e6f"],
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ),
    ],
)  # fmt: skip
def test_merkle_roots_of_other_sizes(leaves: list[str], root: str) -> None:
    assert merkle_root([bytes.fromhex(leaf) for leaf in leaves]) == root


def test_time_is_utc_and_sorts_as_text() -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", now())


def test_a_transaction_appends_one_event_that_names_its_rows(project: Project) -> None:
    with project.transaction(
        "plan.locked", subject="plan:1", actor="cli", role="analyst", payload={"note": "x"}
    ) as tx:
        tx.insert("environment", hash="a", description={})
        tx.insert("environment", hash="b", description={})
        tx.delete("environment", {"hash": "a"})
    last = project.rows("SELECT * FROM event ORDER BY seq")[-1]
    assert [last[k] for k in ("seq", "type", "subject", "actor", "role")] == [
        2,
        "plan.locked",
        "plan:1",
        "cli",
        "analyst",
    ]
    assert last["payload"]["note"] == "x"
    rows = last["payload"]["rows"]["environment"]
    assert rows["1"] is None
    stored = b'{"description":"{}","hash":"b","id":2}'
    assert rows["2"] == sha256(stored).hexdigest()


def test_subject_and_payload_may_be_completed_inside(project: Project) -> None:
    with project.transaction("model.imported") as tx:
        tx.subject = "model:1"
        tx.payload["file"] = "m.safetensors"
    last = project.rows("SELECT * FROM event")[-1]
    assert (last["subject"], last["payload"]["file"]) == ("model:1", "m.safetensors")


def test_the_log_refuses_changes(project: Project) -> None:
    with closing(sqlite3.connect(project.path)) as raw:
        for sql in ("UPDATE event SET actor = 'me'", "DELETE FROM event"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                raw.execute(sql)
