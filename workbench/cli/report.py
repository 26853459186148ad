"""`workbench report P.audit --format html|json|pdf --out FILE`."""

from __future__ import annotations

import argparse
from pathlib import Path

from workbench.cli.output import Output
from workbench.gui.pdf import render_pdf
from workbench.report import RENDERERS, write_report
from workbench.store import Project


def configure(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", metavar="P.audit", type=Path)
    command.add_argument("--format", default="html", help="html, json or pdf")
    command.add_argument("--out", metavar="FILE", type=Path, required=True)
    command.add_argument("--profile", default="technical", help="technical")
    command.add_argument("--plan", type=int, help="the plan's number; the newest if not given")


def execute(options: argparse.Namespace, output: Output) -> int:
    with Project.open(options.file) as project:
        written = write_report(
            project,
            options.out,
            options.format,
            plan_id=options.plan,
            profile=options.profile,
            renderers={**RENDERERS, "pdf": render_pdf},
        )
    output.result({"report": str(written)}, [f"Wrote {written}."])
    return 0
