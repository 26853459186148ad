"""The evidence log: a chain of events in which every row of the project has its digest.

Each event carries the hash of the one before it, so no event can be changed, inserted or removed
without changing every later hash.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from workbench.core.hashing import canonical_json, hash_bytes, hash_json

GENESIS = hash_bytes(b"")


def now() -> str:
    """UTC as ISO 8601 with milliseconds; sorts as text."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def event_hash(
    *,
    seq: int,
    prev: str,
    actor: str,
    type: str,  # noqa: A002 - the field's name in the hashed form
    time: str,
    subject: str,
    payload: dict[str, Any],
    role: str = "",
) -> str:
    """SHA-256 of the canonical JSON of all fields; an empty role is left out."""
    fields = {
        "seq": seq,
        "prev": prev,
        "actor": actor,
        "type": type,
        "time": time,
        "subject": subject,
        "payload": payload,
    }
    return hash_json(fields | ({"role": role} if role else {}))


def append_event(
    connection: sqlite3.Connection,
    kind: str,
    *,
    actor: str,
    role: str = "",
    subject: str = "",
    payload: dict[str, Any],
) -> None:
    """Append one event; the caller holds the write transaction, so nobody else takes its place."""
    last = connection.execute("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1").fetchone()
    seq, prev = (last[0] + 1, last[1]) if last else (1, GENESIS)
    time = now()
    digest = event_hash(
        seq=seq,
        prev=prev,
        actor=actor,
        type=kind,
        time=time,
        subject=subject,
        payload=payload,
        role=role,
    )
    connection.execute(
        "INSERT INTO event (seq, prev_hash, hash, actor, role, type, time, subject, payload) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (seq, prev, digest, actor, role, kind, time, subject, canonical_json(payload)),
    )


def merkle_root(leaves: Sequence[bytes]) -> str:
    """Merkle tree hash of RFC 6962, section 2.1, as hex."""
    return _merkle(leaves).hex()


def _merkle(leaves: Sequence[bytes]) -> bytes:
    if not leaves:
        return sha256().digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\x01" + _merkle(leaves[:split]) + _merkle(leaves[split:])).digest()
