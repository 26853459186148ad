"""The window: how soon it is there, how smooth it stays, how fast a large project opens."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from figures import Figures, Goal
from simulated_audit import Model, reference_models, simulate
from timing import Sample, interleave, timed

from workbench.core.vocabulary import RunRole

pytestmark = pytest.mark.bench

SECTION = "window"
STARTS, OPENINGS, LOOPS = 9, 5, 3
WATCHED = 12.0  # seconds
RUNS = 500
PROBE = Path(__file__).parent / "window_probe.py"
REPOSITORY = Path(__file__).parents[2]


def probe(*arguments: str, settings: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(PROBE), *arguments],
        cwd=REPOSITORY,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "WORKBENCH_CONFIG_DIR": str(settings)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_start(figures: Figures, tmp_path: Path) -> None:
    """From the order to start Python until the window has painted and the process has ended."""
    assert probe("start", settings=tmp_path) == {"torch": False}

    def torch_alone() -> None:
        subprocess.run([sys.executable, "-c", "import torch"], check=True)

    measured = interleave(
        STARTS,
        {
            "window": timed(lambda: probe("start", settings=tmp_path)),
            "torch": timed(torch_alone),
        },
    )
    figures.add(SECTION, "start until painted", "s", measured["window"])
    figures.add(
        SECTION,
        "  / python -c 'import torch'",
        "ratio",
        measured["window"].over(measured["torch"]),
        goal=Goal(1.0),
    )


def test_opening_a_project_of_500_runs(figures: Figures, tmp_path: Path) -> None:
    seeds = tuple(range(RUNS))
    models = [*reference_models(8), Model("scrub", RunRole.CANDIDATE, 3.0, 6.0, seeds, 2.0)]
    path = tmp_path / "many.audit"
    simulate(path, models).project.close()
    opened = [probe("open", str(path), settings=tmp_path)["seconds"] for _ in range(OPENINGS)]
    figures.add(
        SECTION,
        f"open {RUNS} runs and show them",
        "s",
        Sample(tuple(opened)),
        goal=Goal(1.0),
    )


def test_event_loop(figures: Figures, tmp_path: Path) -> None:
    """Intervals of a 10 ms timer; what exceeds 10 ms is how late the window reacts."""
    found = [probe("loop", str(WATCHED), settings=tmp_path) for _ in range(LOOPS)]
    assert all(one["still_training"] for one in found)
    for state in ("idle", "training"):
        for what in ("median", "p99", "worst"):
            sample = Sample(tuple(one[state][what] for one in found))
            goal = Goal(33.0) if what == "p99" else None
            figures.add(SECTION, f"{state}: {what} of a 10 ms timer", "ms", sample, goal=goal)
