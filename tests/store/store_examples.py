"""Projects for the tests: an empty one in two lines, and one with a row in every table."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from workbench.core.dataset import Dataset, Preprocessing
from workbench.core.metric_value import MetricValue, not_computed
from workbench.core.vocabulary import Direction, Split, Unit
from workbench.store import (
    Project,
    Transaction,
    now,
    save_dataset,
    save_environment,
    save_forget_set,
    save_metrics,
    save_model,
    save_outputs,
    save_plugin,
    worker_identity,
)

METRICS = [
    MetricValue("accuracy", 1, Split.FORGET, 0.75, Unit.FRACTION, Direction.REFERENCE, n=4),
    MetricValue(
        "membership_auc",
        1,
        Split.FORGET,
        1.0,
        Unit.FRACTION,
        Direction.REFERENCE,
        n=4,
        ci_low=0.5,
        ci_high=1.0,
        ci_method="DeLong",
        group_key="loss",
        reference="non_member",
    ),
    not_computed("churn", 1, "there is no reference"),
]


def example_dataset(name: str = "digits", n: int = 12) -> Dataset:
    rng = np.random.default_rng(n)
    return Dataset(
        name=name,
        inputs=rng.integers(0, 255, (n, 1, 4, 4), dtype=np.uint8),
        targets=np.arange(n, dtype=np.int64) % 3,
        split=np.array(["train", "test", "non_member"] * (n // 3)),
        class_names=("zero", "one", "two"),
        columns={"subject": np.array([f"P{i % 5}" for i in range(n)]), "age": np.arange(n) / 2},
        preprocessing=Preprocessing(divide_by=255.0),
        notes="made for a test",
    )


def example_tensors(seed: int = 0) -> dict[str, np.ndarray[Any, Any]]:
    rng = np.random.default_rng(seed)
    return {
        "layer.weight": rng.standard_normal((3, 16)).astype(np.float32),
        "layer.bias": np.zeros(3, np.float32),
        "norm.num_batches_tracked": np.array(7, np.int64),
    }


def add_run(tx: Transaction, *, status: str = "done", seed: int = 0, **values: Any) -> int:
    """A run with all that it refers to; call it once per seed."""
    dataset_id = save_dataset(tx, example_dataset(), {"plugin": "demo"})
    model_id = save_model(tx, f"m{seed}", {"id": "mlp"}, example_tensors(seed), source={})
    forget_set_id = save_forget_set(tx, dataset_id, "some", {"where": "x"}, np.array([0, 3]))
    plan = tx.row("SELECT id FROM plan")
    plan_id = plan["id"] if plan else tx.insert("plan", name="p", content={}, hash="h", created="t")
    return tx.insert(
        "run",
        plan_id=plan_id,
        forget_set_id=forget_set_id,
        label="ssd",
        role="candidate",
        method="ssd",
        params={"alpha": 10.0},
        seed=seed,
        status=status,
        key="k",
        original_model_id=model_id,
        queued=now(),
        **values,
    )


def populate(project: Project) -> None:
    """One row at least in every table, by the ordinary doors."""
    with project.transaction("filled", subject="project", role="analyst", payload={"n": 1}) as tx:
        run_id = add_run(tx, seconds=1, peak_memory=2**40, worker=worker_identity())
        scores = tx.put_array(np.linspace(0, 1, 40).reshape(20, 2))
        tx.put_bytes(b"a picture")
        save_environment(tx, {"python": "3.11"})
        save_plugin(tx, "ssd", "1.0", "builtin", "h", {"id": "ssd"})
        save_outputs(tx, 1, 1, {"loss": np.arange(12.0)})
        save_metrics(tx, run_id, 1, METRICS)
        tx.insert("criterion", plan_id=1, name="c", definition={}, is_primary=1, is_exploratory=0)
        tx.insert("run_input", run_id=run_id, name="dataset", hash="h")
        tx.insert("series", run_id=run_id, name="loss", hash=scores)
        tx.insert("run_artifact", run_id=run_id, name="scores/loss", hash=scores)
        tx.insert(
            "verdict",
            plan_id=1,
            forget_set_id=1,
            label="ssd",
            role="candidate",
            criterion="",
            outcome="PASS",
            estimate=0.5,
            detail={},
            reason="",
            created=now(),
        )
        tx.insert("request", external_id="R-1", received=now(), status="open", scope="all")
        tx.insert(
            "report",
            plan_id=1,
            format="html",
            profile="technical",
            file_name="r.html",
            file_hash="h",
            created=now(),
        )
        tx.insert("journal", edit={}, inverse={}, undone=0, created=now())


def tables(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table as bytes and numbers, read without our code."""
    with closing(sqlite3.connect(path)) as connection:
        connection.text_factory = bytes
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            name.decode(): connection.execute(f'SELECT * FROM "{name.decode()}"').fetchall()
            for (name,) in names
        }
