"""A plan on rows of people, some of which have twins: what is said before, measured and kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.audit.duplicates import WITHOUT_TWINS
from workbench.audit.plan import Plan
from workbench.audit.recomputation import recompute_aggregates
from workbench.jobs.campaign import Campaign
from workbench.jobs.lane import Lane
from workbench.jobs.lanes import LanePool
from workbench.report import collect
from workbench.store import Project, verify

N = 240


@pytest.fixture
def plan(tiny_plan: dict[str, Any], tmp_path: Path) -> Plan:
    generator = np.random.default_rng(0)
    person = np.arange(N) // 6
    x = generator.normal(size=(N, 5)).astype(np.float32)
    split = np.repeat(["train", "test", "non_member"], [120, 60, 60])
    x[60], x[61] = x[0], x[1] + 1e-3  # an exact copy, and a row that is nearly the same
    y = np.arange(N) % 2
    np.savez(tmp_path / "people.npz", x=x, y=y, split=split, subject=person)
    tiny_plan |= {
        "data": {"source": "npz", "path": "people.npz"},
        "forget_sets": [
            {"name": "people", "where": "subject in (0, 1, 2)", "non_members": "subject > 0"}
        ],
        "recovery": {"relearn_cap": 1, "relearn_seeds": [0], "retain_epochs": 1},
        "controls": {"straw_men": ["do-nothing"]},
        "evaluation_seed": 11,
    }
    return Plan.model_validate(tiny_plan)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.create(tmp_path / "p.audit", "P") as project:
        yield project


def test_guards_speak_before_the_runs_and_their_findings_are_kept(
    project: Project, plan: Plan, tmp_path: Path
) -> None:
    said: list[str] = []
    with LanePool([Lane("cpu", in_process=True)]) as pool:
        result = Campaign(project, plan, folder=tmp_path, say=said.append).run(pool)
    assert result.failed == ()
    first_run = next(i for i, line in enumerate(said) if line.startswith("[1/"))
    notes = [line for line in said[:first_run] if line.startswith("note: people: ")]
    assert notes[0].startswith("note: people: 1 forget row has an exact copy among the retain")
    assert "near twin among the retain rows by scaled distance" in notes[1]

    event = project.row("SELECT payload FROM event WHERE type = 'plan.prepared'")
    copies = event["payload"]["duplicates"]["people"]
    assert copies["exact"][0]["first_pairs"] == [[0, 60]]
    assert copies["near"][0]["found"][0]["first_pairs"] == [[1, 61]]
    assert copies["near"][1]["criterion"].startswith("cosine of embeddings")

    metrics = project.rows("SELECT name, split, group_key, ci_method, n, value FROM metric")
    without = [row for row in metrics if row["group_key"].endswith(WITHOUT_TWINS)]
    runs = sum(result.runs.values())
    assert len(without) == 2 * runs
    left_out = copies["without_twins_leaves_out"]
    assert left_out >= 2
    assert {row["n"] for row in without if row["name"] == "accuracy"} == {18 - left_out}
    by_people = [row for row in metrics if row["name"] in ("accuracy", "membership_auc")]
    assert all(row["ci_method"].startswith("by subject") for row in by_people)
    resampled = [row for row in by_people if "bootstrap" in row["ci_method"]]
    assert resampled
    assert all(row["ci_method"].endswith("seed=11") for row in resampled)

    ended = project.rows("SELECT payload FROM event WHERE type = 'run.done'")
    assert [event["payload"]["evaluation_seed"] for event in ended] == [11] * runs
    assert verify(project) == []
    assert recompute_aggregates(project) == []
    (part,) = collect(project).forget_sets
    assert [f"note: people: {note}" for note in part.notes] == notes
