"""`workbench init P.audit`."""

from __future__ import annotations

import argparse
from pathlib import Path

from workbench.cli.output import Output
from workbench.store import Project


def configure(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", metavar="P.audit", type=Path)
    command.add_argument("--name", help="the project's name; that of the file if not given")


def execute(options: argparse.Namespace, output: Output) -> int:
    with Project.create(options.file, options.name or options.file.stem) as project:
        document = {"project": str(project.path), "name": project.name}
    output.result(document, [f"Made the project {options.file}."])
    return 0
