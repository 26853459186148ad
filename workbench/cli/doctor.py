"""`workbench doctor [--audit]`: this installation, its devices, and what it must get right."""

from __future__ import annotations

import argparse
import platform
import tempfile
from math import isfinite
from pathlib import Path
from typing import Any

from workbench import __version__
from workbench.cli.options import add_plugin_folders
from workbench.cli.output import Output
from workbench.jobs.gold_run import carry_out
from workbench.jobs.lane import Lane
from workbench.jobs.opening import open_pool
from workbench.jobs.protocol import Job
from workbench.metrics.known_answers import check_known_answers
from workbench.registry import Registry
from workbench.store import Project


def configure(command: argparse.ArgumentParser) -> None:
    command.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 or mps")
    command.add_argument(
        "--audit",
        action="store_true",
        help="also carry out a small audit whose verdicts are known (under a minute)",
    )
    add_plugin_folders(command)


def execute(options: argparse.Namespace, output: Output) -> int:
    registry = Registry.discover(options.plugins)
    answers = check_known_answers()
    wrong = [answer for answer in answers if not answer.correct]
    worker = _ask_worker(options.device)
    verdicts = _gold_run(options.device, output) if options.audit else []
    healthy = not wrong and not registry.broken and "problem" not in worker
    healthy = healthy and all(one["correct"] for one in verdicts)
    document = {
        "healthy": healthy,
        "version": __version__,
        "python": platform.python_version(),
        "worker": worker,
        "plugins": len(registry.plugins),
        "broken": [{"where": str(b.where), "problem": b.problem} for b in registry.broken],
        "known_answers": [
            {
                "id": a.id,
                "name": a.name,
                "expected": a.expected,
                "got": a.got if isfinite(a.got) else None,
                "correct": a.correct,
            }
            for a in answers
        ],
        "known_verdicts": verdicts,
    }
    output.result(document, _lines(document, len(wrong)))
    return 0 if healthy else 1


def _ask_worker(device: str) -> dict[str, Any]:
    with Lane(device) as lane:
        result = lane.submit(Job(id="describe", kind="describe")).wait()
    if result.result is not None:
        return result.result
    problem = result.error.message if result.error else f"the worker {result.status}"
    return {"problem": problem}


def _gold_run(device: str, output: Output) -> list[dict[str, Any]]:
    with (
        tempfile.TemporaryDirectory() as folder,
        Project.create(Path(folder) / "gold.audit", "Gold run") as project,
        open_pool(device) as pool,
    ):
        verdicts = carry_out(project, pool, output.note)
    return [
        {"of": v.label, "expected": str(v.expected), "got": str(v.got), "correct": v.correct}
        for v in verdicts
    ]


def _lines(document: dict[str, Any], wrong: int) -> list[str]:
    worker = document["worker"]
    lines = [f"workbench {document['version']}, Python {document['python']}"]
    if "problem" in worker:
        lines.append(f"compute: {worker['problem']}")
    else:
        lines.append(
            f"compute: {worker['device']} ({worker['device_name']}), "
            f"torch {worker['torch']}, {worker['threads']} threads"
        )
    lines.append(f"plugins: {document['plugins']} found, {len(document['broken'])} broken")
    lines += [f"  {broken['problem']}" for broken in document["broken"]]
    answers = document["known_answers"]
    lines.append(f"metrics: {len(answers) - wrong} of {len(answers)} known answers reproduced")
    lines += [
        f"  {a['name']}: expected {a['expected']}, got {a['got']}"
        for a in answers
        if not a["correct"]
    ]
    verdicts = document["known_verdicts"]
    if verdicts:
        right = sum(one["correct"] for one in verdicts)
        lines.append(f"gold run: {right} of {len(verdicts)} known verdicts reproduced")
        lines += [
            f"  {one['of']}: expected {one['expected']}, got {one['got']}"
            for one in verdicts
            if not one["correct"]
        ]
    lines.append("Everything is in order." if document["healthy"] else "Something is wrong.")
    return lines
