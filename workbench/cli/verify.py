"""`workbench verify P.audit`."""

from __future__ import annotations

import argparse
from pathlib import Path

from workbench.audit.recomputation import recompute_aggregates
from workbench.cli.output import Output
from workbench.store import Project, verify


def configure(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", metavar="P.audit", type=Path)


def execute(options: argparse.Namespace, output: Output) -> int:
    with Project.open(options.file, read_only=True) as project:
        faults = verify(project) or recompute_aggregates(project)
        events = project.row("SELECT count(*) AS n, max(seq) AS head FROM event")
        head = project.row("SELECT hash FROM event ORDER BY seq DESC LIMIT 1")
    document = {
        "intact": not faults,
        "events": events["n"] if events else 0,
        "head": head["hash"] if head else None,
        "faults": [{"where": fault.where, "problem": fault.problem} for fault in faults],
    }
    if faults:
        lines = [f"{options.file} was changed after it was written:"]
        lines += [f"  {fault.where}: {fault.problem}" for fault in faults]
    else:
        lines = [
            f"{options.file} is intact: {document['events']} events, every row and artifact as "
            "written, aggregates recomputed.",
            f"head {document['head']}",
        ]
    output.result(document, lines)
    return 1 if faults else 0
