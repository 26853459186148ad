"""The benchmark table: its figures, how it prints, and the file it leaves."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from timing import Sample

from workbench.compute.devices import environment

SECTIONS = ("audit pass", "duplicates", "worker", "store", "command line", "window")
THREADS = 1  # of torch, as in a worker, which has one unless told otherwise
RESULTS = Path(__file__).parent / "results" / "latest.json"


@dataclass(frozen=True)
class Goal:
    """What a median should be: at most, or at least, `bound`."""

    bound: float
    at_most: bool = True

    def __str__(self) -> str:
        return f"{'<=' if self.at_most else '>='} {self.bound:g}"

    def is_met(self, value: float) -> bool:
        return value <= self.bound if self.at_most else value >= self.bound


@dataclass(frozen=True)
class Figure:
    section: str
    name: str
    unit: str
    median: float
    min: float
    max: float
    rounds: int
    goal: str
    met: bool | None
    note: str


class Figures:
    """Collects what the benchmarks measured, in order."""

    def __init__(self) -> None:
        self.load_before = os.getloadavg()[0]
        self._figures: list[Figure] = []

    def add(
        self,
        section: str,
        name: str,
        unit: str,
        sample: Sample,
        *,
        goal: Goal | None = None,
        note: str = "",
    ) -> None:
        self._figures.append(
            Figure(
                section=section,
                name=name,
                unit=unit,
                median=sample.median,
                min=min(sample.values),
                max=max(sample.values),
                rounds=len(sample.values),
                goal=str(goal or ""),
                met=goal.is_met(sample.median) if goal else None,
                note=note,
            )
        )

    @property
    def is_complete(self) -> bool:
        return {figure.section for figure in self._figures} == set(SECTIONS)

    def table(self) -> str:
        """Median, least and largest of every figure, section by section."""
        width = max((len(figure.name) for figure in self._figures), default=0)
        head = f"{'':{width}} {'median':>10} {'min':>10} {'max':>10} {'unit':8} rounds  goal"
        lines = []
        for section in SECTIONS:
            of_section = [figure for figure in self._figures if figure.section == section]
            if of_section:
                lines += ["", f"{section.upper():{width}}{head[width:]}"]
                lines += [_line(figure, width) for figure in of_section]
        return "\n".join(lines)

    def write(self, path: Path) -> None:
        content = {
            "measured": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": describe_machine() | {"load_before": self.load_before},
            "figures": [asdict(figure) for figure in self._figures],
        }
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n")


def describe_machine() -> dict[str, Any]:
    """What the figures depend on besides the code."""
    return environment(torch.device("cpu")) | {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "threads": THREADS,
        "sqlite": sqlite3.sqlite_version,
        "load_after": os.getloadavg()[0],
    }


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor()


def _line(figure: Figure, width: int) -> str:
    numbers = " ".join(f"{n:>10.4g}" for n in (figure.median, figure.min, figure.max))
    goal = f"{figure.goal} {'met' if figure.met else 'missed'}" if figure.goal else ""
    line = f"{figure.name:{width}} {numbers} {figure.unit:8} {figure.rounds:6}  {goal}".rstrip()
    return f"{line}\n{'':{width}}   {figure.note}" if figure.note else line
